// Hosts, users, images, hashes and addresses, with how many of the rows that are left have them.

const ENTITIES_AT_ONCE = 20;

class Entities {
  constructor() {
    this.body = h('div', { class: 'grid tops' });
    this.element = h('div', {}, h('h2', {}, 'Entities'), h('p', { class: 'note' },
      'In the hits that the filter leaves; the mark is the highest level of a hit that has the value.'), this.body);
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
      if (counts.size) sections.push(new EntitySection(kind, counts).element);
    }
    if (!sections.length) sections.push(h('p', { class: 'note' }, 'None.'));
    this.body.replaceChildren(...sections);
  }

  count(row, names, counts) {
    const here = new Map();
    for (const column of columnsOf(outputOf(row), names)) {
      const number = cell(row, column);
      if (number >= 0) here.set(lowered[number], texts[number]);
    }
    const rank = LEVELS.indexOf(outputOf(row).level);
    const others = [...here.keys()];
    for (const [lower, text] of here) {
      // A host that is named with and without its domain in one row is one; Windows logs `-` where it knows no address.
      if (lower === '-' || others.some((name) => lower.startsWith(`${name}.`) && names === KINDS.host)) continue;
      const known = counts.get(lower) ?? { text, count: 0, rank };
      known.count++;
      known.rank = Math.min(known.rank, rank);
      counts.set(lower, known);
    }
  }
}

class EntitySection {
  constructor(kind, counts) {
    this.kind = kind;
    this.most = [...counts.values()].sort((one, other) => one.rank - other.rank || other.count - one.count || (one.text < other.text ? -1 : 1));
    this.list = h('ul', { class: 'plain entities' });
    this.more = button('', () => this.draw(this.list.children.length * 5), { class: 'wide' });
    this.element = h('section', { class: 'result' }, h('div', { class: 'bar' }, h('h3', {}, counted(counts.size, kind)),
      button('Copy all', (event) => copy(this.most.map(({ text }) => text).join('\n'), event.currentTarget), { 'aria-label': `copy all ${plural(kind)}` })),
    this.list, this.more);
    this.draw(ENTITIES_AT_ONCE);
  }

  draw(most) {
    this.list.replaceChildren(...this.most.slice(0, most).map((entity) => this.item(entity)));
    const left = this.most.length - this.list.children.length;
    this.more.textContent = `Show more of ${left.toLocaleString('en')}`;
    this.more.hidden = left === 0;
  }

  item({ text, count, rank }) {
    return h('li', {}, levelMark(LEVELS[rank]),
      button(text, () => page.showHits(this.kind, text), { class: 'link', title: `hits with ${text}`.slice(0, LONGEST_TITLE) }),
      h('span', { class: 'meta' }, count.toLocaleString('en')), h('span', { class: 'tools' },
        button('not', () => addChip(this.kind, text, true), { 'aria-label': `not ${text}` }),
        button('copy', (event) => copy(text, event.currentTarget), { 'aria-label': `copy ${text}` })));
  }
}
