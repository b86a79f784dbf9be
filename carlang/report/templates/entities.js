// Hosts, users, images, hashes and addresses, with how many of the rows that are left have them.

const ENTITIES_AT_ONCE = 100;

class Entities {
  constructor() {
    this.body = h('div', { class: 'grid' });
    this.element = h('div', {}, h('h2', {}, 'Entities'), h('p', { class: 'note' }, 'Of the hits that the filter leaves.'), this.body);
    this.isStale = true;
    whenFiltered(() => { this.isStale = true; if (!this.element.parentElement?.hidden) this.draw(); });
  }

  async draw() {
    if (!this.isStale) return;
    this.isStale = false;
    const mine = round;
    const sections = [];
    for (const [kind, names] of Object.entries(KINDS)) {
      const counts = new Map();
      const isDone = await inSlices(shown.length, (at) => this.count(shown[at], names, counts), () => mine !== round);
      if (!isDone) return;
      if (counts.size) sections.push(this.section(kind, counts));
    }
    this.body.replaceChildren(...sections);
  }

  count(row, names, counts) {
    const here = new Set();
    for (const column of columnsOf(outputOf(row), names)) {
      const number = cell(row, column);
      if (number >= 0) here.add(lowered[number]);
    }
    const rank = LEVELS.indexOf(outputOf(row).level);
    for (const text of here) {
      const known = counts.get(text) ?? { count: 0, rank, row };
      known.count++;
      known.rank = Math.min(known.rank, rank);
      counts.set(text, known);
    }
  }

  section(kind, counts) {
    const most = [...counts].sort(([a, one], [b, other]) => one.rank - other.rank || other.count - one.count || (a < b ? -1 : 1));
    const items = most.slice(0, ENTITIES_AT_ONCE).map(([text, { count, rank }]) => h('li', {},
      levelMark(LEVELS[rank]), button(text, () => page.showHits(kind, text), { class: 'link', title: `hits with ${text}` }),
      h('span', { class: 'meta' }, count.toLocaleString('en')),
      button('copy', () => copy(text), { 'aria-label': `copy ${text}` })));
    const more = most.length - items.length;
    return h('section', { class: 'result' }, h('h3', {}, `${counted(most.length, kind === 'address' || kind === 'hash' ? `${kind}e` : kind)}`),
      h('ul', { class: 'plain entities' }, ...items), more > 0 && h('p', { class: 'note' }, `${more.toLocaleString('en')} more`));
  }
}
