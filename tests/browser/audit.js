// What would keep a reader from the page: text of too little contrast, controls without a name, ids twice, references
// to nothing, controls within controls, headings that skip a level. A sentence each.
() => {
  const LEAST_CONTRAST = 4.5; // WCAG 2.2, 1.4.3, for text of the usual size
  const faults = new Set();
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const colours = new Map();
  /** Return red, green, blue and opacity of a colour, however CSS writes it. */
  const parsed = (colour) => {
    if (!colours.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      colours.set(colour, [red, green, blue, alpha / 255]);
    }
    return colours.get(colour);
  };
  const over = ([r, g, b, alpha], below) => [r, g, b].map((part, at) => part * alpha + below[at] * (1 - alpha));
  const backgroundOf = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(parsed(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const luminance = (colour) => colour.map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.unseen');
  const told = (element) => `${element.localName}.${element.className}: ${element.textContent.trim().slice(0, 40)}`;

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const measured = new Map(); // of each pair of colours once, as most elements share a few
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !isSeen(element) || element.closest('script, svg')) continue;
    const background = backgroundOf(element);
    const colour = over(parsed(getComputedStyle(element).color), background);
    const pair = `${colour} ${background}`;
    if (!measured.has(pair)) measured.set(pair, contrast(colour, background));
    if (measured.get(pair) < LEAST_CONTRAST) faults.add(`contrast ${measured.get(pair).toFixed(2)}: ${told(element)}`);
  }
  if (!measured.size) faults.add('no text was measured');

  const CONTROLS = 'button, a[href], input, select, summary, [role="tab"], [role="listbox"], [role="tabpanel"]';
  const labelled = (element) => [element.getAttribute('aria-label'), element.textContent, element.labels?.[0]?.textContent,
    document.getElementById(element.getAttribute('aria-labelledby'))?.textContent].some((text) => text?.trim());
  for (const element of document.querySelectorAll(CONTROLS)) {
    if (isSeen(element) && !labelled(element)) faults.add(`no name: ${told(element)}`);
    if (element.matches('button, a, summary') && element.parentElement.closest('button, a, summary')) faults.add(`within a control: ${told(element)}`);
  }
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.add(`id twice: ${id}`);
  for (const name of ['aria-controls', 'aria-labelledby', 'aria-activedescendant']) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      if (!ids.includes(element.getAttribute(name))) faults.add(`${name} of nothing: ${element.getAttribute(name)}`);
    }
  }
  let last = 0;
  for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
    if (!isSeen(heading)) continue;
    const level = Number(heading.localName[1]);
    if (level > last + 1) faults.add(`heading skips a level: ${told(heading)}`);
    last = level;
  }
  return [...faults];
}
