// How many rows there were when: bars of levels, of the range that is looked at. A drag narrows it.

const BINS = 120;
const HEIGHT = 90;

class Timeline {
  constructor() {
    this.bars = svg('g');
    this.brush = svg('rect', { class: 'brush', y: 0, height: HEIGHT, width: 0 });
    this.svg = svg('svg', {
      viewBox: `0 0 ${BINS} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', class: 'timeline',
      pointerdown: (event) => this.press(event), pointermove: (event) => this.drag(event),
      pointerup: () => this.release(), dblclick: () => setRange(-Infinity, Infinity),
    }, this.bars, this.brush);
    this.from = h('span');
    this.to = h('span');
    this.note = h('span', { class: 'meta timeline-note' });
    this.element = h('section', { class: 'result', 'aria-label': 'Timeline' },
      h('div', { class: 'bar' }, h('h2', {}, 'Timeline'), this.note,
        button('+', () => this.scale(0.5), { title: 'Look closer', 'aria-label': 'Zoom in' }),
        button('−', () => this.scale(2), { title: 'Look from afar', 'aria-label': 'Zoom out' }),
        button('←', () => this.move(-0.5), { 'aria-label': 'Earlier' }),
        button('→', () => this.move(0.5), { 'aria-label': 'Later' }),
        button('All', () => setRange(-Infinity, Infinity), { 'aria-label': 'All times' })),
      this.svg, h('div', { class: 'bar ends meta' }, this.from, this.to));
    whenFiltered(() => this.draw());
  }

  range() {
    if (filter.from > -Infinity) return [filter.from, filter.to];
    let [first, last] = [Infinity, -Infinity];
    for (const row of shown) {
      if (rows.time[row] < first) first = rows.time[row];
      if (rows.time[row] > last) last = rows.time[row];
    }
    return first === Infinity ? null : [first, Math.max(last, first + 1000)];
  }

  draw() {
    this.span = this.range();
    this.bars.replaceChildren();
    this.element.hidden = this.span === null;
    if (this.span === null) return;
    const [first, last] = this.span;
    const bins = Array.from({ length: BINS }, () => LEVELS.map(() => 0));
    for (const row of shown) {
      const bin = Math.floor(((rows.time[row] - first) / (last - first)) * BINS);
      if (bin >= 0 && bin <= BINS) bins[Math.min(bin, BINS - 1)][LEVELS.indexOf(outputOf(row).level)]++;
    }
    // A single hit beside a thousand has to be seen, so bars grow with the logarithm.
    const tall = Math.log1p(Math.max(1, ...bins.map((bin) => bin.reduce((sum, count) => sum + count))));
    bins.forEach((bin, at) => this.bars.append(...this.column(bin, at, tall)));
    this.from.textContent = moment(first);
    this.to.textContent = `${moment(last)} UTC`;
    this.note.textContent = 'heights are logarithmic; drag to look closer, double-click for all';
    this.svg.setAttribute('aria-label', `${counted(shown.length, 'hit')} from ${moment(first)} to ${moment(last)}`);
  }

  column(bin, at, tall) {
    const total = bin.reduce((sum, count) => sum + count);
    let below = HEIGHT;
    return bin.flatMap((count, level) => {
      if (!count) return [];
      const height = (count / total) * (Math.log1p(total) / tall) * (HEIGHT - 4);
      below -= height;
      return [svg('rect', { class: `level ${LEVELS[level]}`, x: at + 0.08, width: 0.84, y: below, height })];
    });
  }

  place(event) {
    const box = this.svg.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  }

  press(event) {
    if (event.button !== 0) return;
    this.svg.setPointerCapture(event.pointerId);
    this.start = this.end = this.place(event);
  }

  drag(event) {
    if (this.start === undefined) return;
    this.end = this.place(event);
    this.brush.setAttribute('x', Math.min(this.start, this.end) * BINS);
    this.brush.setAttribute('width', Math.abs(this.end - this.start) * BINS);
  }

  release() {
    const { start, end } = this;
    this.start = undefined;
    this.brush.setAttribute('width', 0);
    // Less than a bar is a click and no range.
    if (start === undefined || Math.abs(end - start) < 1 / BINS) return;
    const [first, last] = this.span;
    const at = (share) => Math.floor(first + share * (last - first));
    setRange(at(Math.min(start, end)), at(Math.max(start, end)) + 1);
  }

  scale(factor) {
    if (!this.span) return;
    const [first, last] = this.span;
    const half = Math.max(500, ((last - first) / 2) * factor);
    setRange((first + last) / 2 - half, (first + last) / 2 + half);
  }

  move(share) {
    if (!this.span) return;
    const by = (this.span[1] - this.span[0]) * share;
    setRange(this.span[0] + by, this.span[1] + by);
  }
}
