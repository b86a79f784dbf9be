// Incidents with their hits in order and the tree of their processes; what a filter leaves of them.

const INCIDENTS_AT_ONCE = 40;
const HITS_AT_ONCE = 20;
const PROCESSES_AT_MOST = 500; // a tree of more takes a browser long to lay out, and nobody reads it
const PROCESSES_ON_PAPER = 50; // a page of them

class IncidentList {
  constructor(element) {
    this.element = element;
    this.list = h('div');
    this.count = h('p', { class: 'meta' });
    this.most = INCIDENTS_AT_ONCE;
    element.replaceChildren(h('h2', {}, 'Incidents'), this.count, this.list);
    whenFiltered(() => { this.most = INCIDENTS_AT_ONCE; this.draw(); });
  }

  draw() {
    const within = new Set();
    if (isFiltering()) for (const row of shown) within.add(incidentOf(row));
    const left = incidents.filter((incident) => !isFiltering() || within.has(incident));
    const all = `${counted(left.length, 'incident')}${isFiltering() ? ` of ${incidents.length.toLocaleString('en')}` : ''}`;
    this.count.textContent = incidents.length ? `${all}, the heaviest first${leftOut.incidents && `; ${leftOut.incidents}`}` : 'No incident.';
    const open = new Set([...this.list.querySelectorAll('details.incident[open]')].map((each) => each.dataset.incident));
    if (!left.some(({ id }) => id === address.incident)) address.incident = null;
    this.list.replaceChildren(...left.slice(0, this.most).map((incident) => this.incident(incident, open.has(incident.id))));
    if (left.length > this.most) {
      this.list.append(button(`Show more of ${(left.length - this.most).toLocaleString('en')}`, () => { this.most *= 2; this.draw(); }, { class: 'wide' }));
    }
  }

  incident(incident, isOpen) {
    const leading = incident.hits.reduce((most, hit) => (hit.weight > most.weight ? hit : most));
    const about = [short(incident.first), few(incident.hosts), few([...new Set([...leading.techniques, ...incident.techniques])]),
      counted(incident.count, 'hit'), incident.times > 1 && `${incident.times} times`];
    const element = h('details', {
      class: 'incident', 'data-incident': incident.id, open: isOpen && '',
      toggle: () => {
        if (element.open) element.fill();
        if (page.isPrinting) return;
        if (element.open) address.incident = incident.id;
        else if (address.incident === incident.id) address.incident = null;
        address.note();
      },
    }, h('summary', {}, levelMark(incident.level), ' ', h('b', {}, incident.weight.toFixed(1)), ' ',
      leading.title || leading.analytic, h('span', { class: 'meta' }, about.filter(Boolean).join(' · ')),
      h('code', { class: 'line' }, leading.told)));
    element.fill = () => { if (element.children.length === 1) element.append(...this.inside(incident)); };
    return element;
  }

  inside(incident) {
    const tools = h('p', { class: 'bar starts' }, button('Its hits in the list', () => page.showHits('incident', incident.id)),
      ...incident.hosts.slice(0, 5).map((host) => button(host, () => addChip('host', host), { class: 'tag', title: `only ${host}` })),
      ...incident.techniques.slice(0, 12).map((name) => button(name, () => addChip('technique', name), { class: 'tag', title: `only ${name}` })),
      incident.techniques.length > 12 && h('span', { class: 'meta' }, counted(incident.techniques.length - 12, 'more technique')));
    const hits = h('ol', { class: 'plain' });
    const more = button('', () => this.drawHits(incident, hits, more, hits.children.length * 5), { class: 'wide' });
    this.drawHits(incident, hits, more, HITS_AT_ONCE);
    if (!incident.processes.length) return [tools, hits, more];
    return [tools, hits, more, h('h3', {}, 'Processes'), processTree(incident)];
  }

  /** Put the heaviest hits into a list, so many of them, in the order in which they happened. */
  drawHits(incident, list, more, most) {
    const heaviest = [...incident.hits].sort((one, other) => other.weight - one.weight).slice(0, most);
    const drawn = new Set(heaviest);
    list.replaceChildren(...incident.hits.filter((hit) => drawn.has(hit)).map((hit) => this.hit(hit)));
    const left = incident.hits.length - heaviest.length;
    more.textContent = `The ${heaviest.length.toLocaleString('en')} heaviest, in order of time; show more of ${left.toLocaleString('en')}`;
    more.hidden = left === 0;
  }

  hit(hit) {
    const also = hit.also.map(({ analytic }) => analytic).join(', ');
    return h('li', {}, h('span', { class: 'meta' }, short(hit.first)), ' ', levelMark(hit.level), ' ',
      hit.title || hit.analytic, hit.count > 1 ? ` ×${hit.count.toLocaleString('en')}` : '',
      ' ', h('span', { class: 'meta' }, [...hit.techniques.slice(0, 6), also && `also ${also}`].filter(Boolean).join(' · ')),
      h('code', {}, hit.told), weightOfHit(hit));
  }

  /** Open what is listed, for paper has nothing to click on; returns what closes it again. */
  unfold() {
    const folded = [...this.list.querySelectorAll('details.incident:not([open])')];
    for (const element of folded) {
      element.fill();
      element.open = true;
    }
    return () => { for (const element of folded) element.open = false; };
  }

  open(id) {
    const number = incidents.findIndex((incident) => incident.id === id);
    this.most = Math.max(this.most, number + 1);
    this.draw();
    const element = [...this.list.children].find((each) => each.dataset.incident === id);
    if (!element) return;
    address.incident = id;
    element.open = true;
    element.scrollIntoView({ block: 'start' });
    element.querySelector('summary').focus({ preventScroll: true });
  }
}

const few = (names) => names.slice(0, 3).join(', ') + (names.length > 3 ? ` +${names.length - 3}` : '');
const short = (time) => (time ?? '').slice(0, 19).replace('T', ' ');

/** Return the processes of an incident as a tree that folds; a process leads to the rows that name it. */
function processTree(incident) {
  const nodes = incident.processes.slice(0, PROCESSES_AT_MOST);
  const known = new Set(nodes.map((node) => node.key));
  const below = new Map();
  for (const node of nodes) {
    const parent = known.has(node.parent) && node.parent !== node.key ? node.parent : null;
    below.set(parent, [...(below.get(parent) ?? []), node]);
  }
  const onPaper = new Set(nodes.slice(0, PROCESSES_ON_PAPER));
  const branch = (node) => {
    const children = below.get(node.key);
    const about = [node.pid !== null && `pid ${node.pid}`, short(node.time), node.host];
    // Beside what unfolds and not within it, where a reader by ear would not come upon it.
    const hits = node.pid !== null && button('its hits', () => page.showProcess(node), { class: 'tag beside', 'aria-label': `hits of process ${node.pid}` });
    const line = [h('b', {}, node.exe || '?'), ' ', h('span', { class: 'meta' }, about.filter(Boolean).join(' · ')), ' ',
      node.command_line && h('code', {}, node.command_line)];
    const where = onPaper.has(node) ? '' : 'screen';
    if (!children) return h('li', { class: `leaf ${where}` }, hits, ...line);
    return h('li', { class: where }, hits, h('details', { open: '' }, h('summary', {}, ...line), h('ul', {}, ...children.map(branch))));
  };
  const left = incident.processes.length - nodes.length;
  return h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Processes' },
    h('ul', { class: 'tree' }, ...(below.get(null) ?? []).map(branch)), left > 0 && h('p', { class: 'note' }, counted(left, 'more process')),
    nodes.length > PROCESSES_ON_PAPER && h('p', { class: 'note paper' }, counted(nodes.length - PROCESSES_ON_PAPER, 'more process')));
}
