// The list of rows. Of however many there are, those that are in sight are elements.

const MARGIN = 8;

class HitList {
  constructor(record) {
    this.record = record;
    this.at = 0;
    this.space = h('div', { class: 'space' });
    this.list = h('div', {
      class: 'hits', role: 'listbox', tabindex: '0', 'aria-label': 'Hits', scroll: () => this.plan(),
      keydown: (event) => this.key(event),
    }, this.space);
    this.count = h('p', { class: 'meta', 'data-count': '' });
    this.element = h('section', {}, this.count, this.list);
    whenFiltered(() => this.reset());
    new ResizeObserver(() => this.plan()).observe(this.list);
  }

  reset() {
    this.at = 0;
    this.list.scrollTop = 0;
    this.count.textContent = `${counted(shown.length, 'hit')}${isFiltering() ? ` of ${rows.count.toLocaleString('en')}` : ''}${leftOut.rows && `; ${leftOut.rows}`}`;
    this.draw();
  }

  plan() {
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); });
  }

  draw() {
    // The stylesheet says how high a row is: on a phone it has two lines.
    const height = parseFloat(getComputedStyle(this.list).getPropertyValue('--row')) || 34;
    this.height = height;
    this.space.style.height = `${shown.length * height}px`;
    const first = Math.max(0, Math.floor(this.list.scrollTop / height) - MARGIN);
    const last = Math.min(shown.length, Math.ceil((this.list.scrollTop + this.list.clientHeight) / height) + MARGIN);
    const drawn = [];
    for (let at = first; at < last; at++) drawn.push(this.row(at));
    this.space.replaceChildren(...drawn);
    if (this.at >= first && this.at < last) this.list.setAttribute('aria-activedescendant', `hit-${this.at}`);
    else this.list.removeAttribute('aria-activedescendant');
  }

  row(at) {
    const row = shown[at];
    const output = outputOf(row);
    const element = h('div', {
      class: 'hit-row', id: `hit-${at}`, role: 'option', 'aria-selected': String(at === this.at),
      'aria-setsize': shown.length, 'aria-posinset': at + 1, click: () => { this.go(at); this.record.open(row); },
    }, levelMark(output.level), h('span', { class: 'when' }, moment(rows.time[row])),
    h('span', { class: 'where' }, valueOf(row, KINDS.host)), h('span', { class: 'who' }, valueOf(row, KINDS.user)),
    h('span', { class: 'title' }, output.title || output.analytic), h('span', { class: 'what' }, told(row)));
    element.style.top = `${at * this.height}px`;
    return element;
  }

  go(at) {
    if (!shown.length) return;
    this.at = Math.min(shown.length - 1, Math.max(0, at));
    const top = this.at * this.height;
    const { scrollTop, clientHeight } = this.list;
    if (top < scrollTop) this.list.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.list.scrollTop = top + this.height - clientHeight;
    this.draw();
  }

  open() {
    if (shown.length) this.record.open(shown[this.at]);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.list.clientHeight / this.height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) {
      event.preventDefault();
      this.go(this.at + steps[event.key]);
    }
  }
}
