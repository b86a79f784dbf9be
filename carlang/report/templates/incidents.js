// Incidents with their hits in order and the tree of their processes; what a filter leaves of them.

const INCIDENTS_AT_ONCE = 40;

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
    if (isFiltering()) for (const row of shown) within.add(rows.incident[row]);
    const left = incidents.filter((_, number) => !isFiltering() || within.has(number));
    this.count.textContent = `${counted(left.length, 'incident')}, the heaviest first`;
    this.list.replaceChildren(...left.slice(0, this.most).map((incident) => this.incident(incident)));
    if (left.length > this.most) {
      this.list.append(button(`Show more of ${left.length - this.most}`, () => { this.most *= 2; this.draw(); }, { class: 'wide' }));
    }
  }

  incident(incident) {
    const leading = incident.hits.reduce((most, hit) => (hit.weight > most.weight ? hit : most));
    const about = [incident.first?.slice(0, 19).replace('T', ' '), few(incident.hosts), few(incident.techniques),
      counted(incident.count, 'hit'), incident.times > 1 && `${incident.times} times`];
    const element = h('details', {
      class: 'incident', 'data-incident': incident.id,
      toggle: () => { if (element.open && element.children.length === 1) element.append(...this.inside(incident)); },
    }, h('summary', {}, levelMark(incident.level), ' ', h('b', {}, incident.weight.toFixed(1)), ' ',
      leading.title || leading.analytic, h('span', { class: 'meta' }, about.filter(Boolean).join(' · '))));
    return element;
  }

  inside(incident) {
    const hits = h('ol', { class: 'plain' }, ...incident.hits.map((hit) => this.hit(hit)));
    const tools = h('p', { class: 'bar' }, button('Its hits in the list', () => page.showHits('incident', incident.id)),
      ...incident.hosts.slice(0, 5).map((host) => button(host, () => addChip('host', host), { class: 'tag' })));
    if (!incident.processes.length) return [tools, hits];
    return [tools, hits, h('h3', {}, 'Processes'), processTree(incident)];
  }

  hit(hit) {
    const line = hit.values.command_line || Object.entries(hit.values).map(([name, value]) => `${name} ${value}`).join(', ');
    return h('li', {}, h('span', { class: 'meta' }, (hit.first ?? '').slice(0, 19).replace('T', ' ')), ' ', levelMark(hit.level), ' ',
      hit.title || hit.analytic, hit.count > 1 ? ` ×${hit.count}` : '', h('code', {}, line),
      h('details', { class: 'why' }, h('summary', {}, 'Why this weight'), h('p', { class: 'meta' }, hit.why)));
  }

  open(id) {
    const number = incidents.findIndex((incident) => incident.id === id);
    this.most = Math.max(this.most, number + 1);
    this.draw();
    const element = [...this.list.children].find((each) => each.dataset.incident === id);
    if (!element) return;
    element.open = true;
    element.scrollIntoView({ block: 'start' });
    element.querySelector('summary').focus();
  }
}

const few = (names) => names.slice(0, 3).join(', ') + (names.length > 3 ? ` +${names.length - 3}` : '');

/** Return the processes of an incident as a tree that folds; a process leads to the rows that name it. */
function processTree(incident) {
  const known = new Set(incident.processes.map((node) => node.key));
  const below = (parent) => incident.processes.filter((node) => (known.has(node.parent) ? node.parent : null) === parent);
  const branch = (node) => {
    const children = below(node.key);
    const line = [h('b', {}, node.exe || '?'), ' ',
      h('span', { class: 'meta' }, [node.pid !== null && `pid ${node.pid}`, node.time?.slice(0, 19).replace('T', ' '), node.host].filter(Boolean).join(' · ')),
      ' ', node.pid === null ? '' : button('its hits', () => page.showProcess(node), { class: 'tag', 'aria-label': `hits of process ${node.pid}` }),
      node.command_line && h('code', {}, node.command_line)];
    if (!children.length) return h('li', { class: 'leaf' }, ...line);
    return h('li', {}, h('details', { open: '' }, h('summary', {}, ...line), h('ul', {}, ...children.map(branch))));
  };
  return h('ul', { class: 'tree' }, ...below(null).map(branch));
}
