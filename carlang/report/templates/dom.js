// Elements are made, never parsed: what an event says is text wherever it stands.

const SVG = 'http://www.w3.org/2000/svg';

/** Make an element; attributes that are functions are listeners, `false`, null and undefined are left out. */
function h(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function button(text, action, attributes = {}) {
  return h('button', { type: 'button', click: action, ...attributes }, text);
}

const plural = (noun) => (/(s|sh)$/.test(noun) ? `${noun}es` : `${noun}s`);
const counted = (number, noun) => `${number.toLocaleString('en')} ${number === 1 ? noun : plural(noun)}`;

function levelMark(level) {
  return h('span', { class: `level ${level}` }, level);
}

/** Return to the browser, so that it can draw and listen; what follows is a task of its own. */
const breathe = () => new Promise((done) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { port1.close(); done(); };
  port2.postMessage(0);
});

// A frame at 60 Hz has 16 ms, and what feels immediate takes less than 100: work pauses well before that.
const SLICE = 24;

/** Call `step` for each number below `total`, pausing; returns false if `isStale` said that nobody wants it any more. */
async function inSlices(total, step, isStale = () => false) {
  let until = performance.now() + SLICE;
  for (let number = 0; number < total; number++) {
    step(number);
    // To ask what time it is at each step would cost more than many steps do.
    if ((number & 255) === 255 && performance.now() > until) {
      await breathe();
      if (isStale()) return false;
      until = performance.now() + SLICE;
    }
  }
  return true;
}

let announcer = null;

/** Say something to whoever does not see what has changed. */
function announce(text) {
  announcer ??= document.body.appendChild(h('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' }));
  announcer.textContent = text;
}

/** Copy a text, and say so on the button that was pressed. */
async function copy(text, pressed) {
  let isCopied = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages from a file have no clipboard in some browsers, or must ask; what is selected can be copied in all.
    const area = (pressed?.parentElement ?? document.body).appendChild(h('textarea', { class: 'unseen', 'aria-hidden': 'true', readonly: '' }));
    area.value = text;
    area.select();
    isCopied = document.execCommand('copy');
    area.remove();
    pressed?.focus({ preventScroll: true });
  }
  announce(isCopied ? 'copied' : 'this browser does not let a page copy');
  if (!pressed) return;
  pressed.dataset.name ??= pressed.textContent;
  pressed.textContent = isCopied ? 'copied' : 'no';
  setTimeout(() => { pressed.textContent = pressed.dataset.name; }, 1200);
}
