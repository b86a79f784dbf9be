// How many rows there were when: bars of levels over the range that is looked at, and below them the whole of time with
// that range marked in it. A drag over either narrows it; the mark can be moved and its ends pulled.

const BINS = 120;
const HEIGHT = 90;
const OVERVIEW_HEIGHT = 26;
const SHORTEST = 1000; // milliseconds: most clocks of logs tell no less
const LATEST = 8.64e15; // milliseconds from 1970, either way, that a date can be
const GRIP = 8; // CSS pixels on either side of an end of the mark that take hold of it
const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const STEPS = [SECOND, 5 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY,
  14 * DAY, 30 * DAY, 91 * DAY, 182 * DAY, 365 * DAY];

/** Return how many rows there are of each level in each of so many equal parts of a range. */
function binned(some, first, last, count) {
  const bins = Array.from({ length: count }, () => LEVELS.map(() => 0));
  const levels = outputs.map((output) => LEVELS.indexOf(output.level));
  for (const row of some) {
    const bin = Math.floor(((rows.time[row] - first) / (last - first)) * count);
    if (bin >= 0 && bin <= count) bins[Math.min(bin, count - 1)][levels[outputOf(row).number]]++;
  }
  return bins;
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

class Timeline {
  constructor() {
    this.bars = svg('g');
    this.brush = svg('rect', { class: 'brush', y: 0, height: HEIGHT, width: 0 });
    this.svg = this.chart('timeline', HEIGHT, (event) => this.press(event), this.bars, this.brush);
    this.allBars = svg('g');
    this.mark = svg('rect', { class: 'brush', y: 0, height: OVERVIEW_HEIGHT, width: 0 });
    this.overview = this.chart('overview', OVERVIEW_HEIGHT, (event) => this.pressOverview(event), this.allBars, this.mark);
    this.overview.setAttribute('aria-label', 'All hits, the range that is looked at marked');
    this.ticks = h('div', { class: 'ticks', 'aria-hidden': 'true' });
    this.from = this.end('From', 'from');
    this.to = this.end('To', 'to');
    this.element = h('section', { class: 'result', 'aria-label': 'Timeline' },
      h('div', { class: 'bar' }, h('h2', {}, 'Timeline'), h('span', { class: 'meta timeline-note' }, 'heights are logarithmic; drag to look closer, double-click for all'),
        button('+', () => this.scale(0.5), { title: 'Look closer', 'aria-label': 'Zoom in' }),
        button('−', () => this.scale(2), { title: 'Look from afar', 'aria-label': 'Zoom out' }),
        button('←', () => this.move(-0.5), { 'aria-label': 'Earlier' }),
        button('→', () => this.move(0.5), { 'aria-label': 'Later' }),
        button('All', () => setRange(-Infinity, Infinity), { 'aria-label': 'All times' })),
      this.svg, this.ticks, this.overview,
      h('div', { class: 'bar starts meta' }, h('label', {}, 'From ', this.from), h('label', {}, 'to ', this.to), 'UTC'));
    whenFiltered(() => this.draw());
    // How many ticks fit is known when the chart is in sight.
    new ResizeObserver(() => this.span && this.drawTicks()).observe(this.svg);
  }

  chart(name, height, press, ...content) {
    return svg('svg', {
      viewBox: `0 0 ${BINS} ${height}`, preserveAspectRatio: 'none', role: 'img', class: name, pointerdown: press,
      pointermove: (event) => this.drag?.(event), dblclick: () => setRange(-Infinity, Infinity),
      pointerup: () => this.release(), pointercancel: () => { this.drag = this.dropped = null; this.draw(); },
    }, ...content);
  }

  end(label, name) {
    return h('input', {
      class: 'end', 'aria-label': `${label}, UTC`, spellcheck: 'false', autocomplete: 'off', size: 19, name, change: () => this.typed(),
    });
  }

  /** Take the range that was typed; what is no time is said to be none. */
  typed() {
    const [from, to] = [this.from, this.to].map(({ value }) => {
      const [day, time = '00:00'] = value.trim().replace(/Z$/, '').split(/[ T]+/);
      return Date.parse(`${day}T${time}Z`);
    });
    this.from.setAttribute('aria-invalid', String(!(from <= (Number.isNaN(to) ? Infinity : to))));
    this.to.setAttribute('aria-invalid', String(!(to >= (Number.isNaN(from) ? -Infinity : from))));
    // A second is written without its fractions, and all of it is meant.
    if (from <= to) setRange(from, to + SECOND - 1);
  }

  extent(some) {
    let [first, last] = [Infinity, -Infinity];
    for (const row of some) {
      if (rows.time[row] < first) first = rows.time[row];
      if (rows.time[row] > last) last = rows.time[row];
    }
    return first === Infinity ? null : [first, Math.max(last, first + SHORTEST)];
  }

  draw() {
    this.all = this.extent(ordered);
    this.element.hidden = this.all === null;
    if (this.all === null) return;
    this.span = filter.from > -Infinity ? [filter.from, filter.to] : this.extent(shown) ?? this.all;
    const [first, last] = this.span;
    this.fill(this.bars, binned(shown, first, last, BINS), HEIGHT, (at) => {
      const [from, to] = [at, at + 1].map((each) => first + (each / BINS) * (last - first));
      return `${moment(from)} to ${moment(to)}`;
    });
    this.fill(this.allBars, binned(atAnyTime, ...this.all, BINS), OVERVIEW_HEIGHT);
    this.showMark(...this.span);
    this.drawTicks();
    for (const [input, time] of [[this.from, first], [this.to, last]]) {
      input.value = moment(time);
      input.removeAttribute('aria-invalid');
    }
    this.svg.setAttribute('aria-label', `${counted(shown.length, 'hit')} from ${moment(first)} to ${moment(last)}`);
  }

  /** Draw bins as bars. A single hit beside a thousand has to be seen, so they grow with the logarithm. */
  fill(group, bins, height, label) {
    const tall = Math.log1p(Math.max(1, ...bins.map(sum)));
    group.replaceChildren(...bins.flatMap((bin, at) => {
      const total = sum(bin);
      if (!total) return [];
      let below = height;
      const title = label && svg('title', {}, `${label(at)}: ${LEVELS.flatMap((level, rank) => (bin[rank] ? [`${bin[rank]} ${level}`] : [])).join(', ')}`);
      return [svg('g', {}, title, ...bin.map((count, rank) => {
        const part = (count / total) * (Math.log1p(total) / tall) * (height - 4);
        below -= part;
        return count > 0 && svg('rect', { class: `level ${LEVELS[rank]}`, x: at + 0.08, width: 0.84, y: below, height: part });
      }))];
    }));
  }

  drawTicks() {
    const [first, last] = this.span;
    const most = Math.max(2, Math.floor(this.svg.clientWidth / 150));
    const step = STEPS.find((each) => (last - first) / each <= most) ?? Math.ceil((last - first) / most / (365 * DAY)) * 365 * DAY;
    const ticks = [];
    for (let time = Math.ceil(first / step) * step; time <= last; time += step) {
      const tick = h('span', {}, moment(time).slice(...(step >= DAY ? [0, 10] : [5, step >= MINUTE ? 16 : 19])));
      tick.style.left = `${(100 * (time - first)) / (last - first)}%`;
      ticks.push(tick);
    }
    this.ticks.replaceChildren(...ticks);
  }

  showMark(from, to) {
    const [first, last] = this.all;
    const [left, right] = [from, to].map((time) => Math.min(1, Math.max(0, (time - first) / (last - first))) * BINS);
    this.mark.setAttribute('x', left);
    this.mark.setAttribute('width', filter.from > -Infinity || this.drag ? Math.max(right - left, 0.4) : 0);
  }

  /** Return how far to the right in a chart an event is, from 0 to 1. */
  share(chart, event) {
    const box = chart.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  }

  press(event) {
    if (event.button !== 0 || !this.span) return;
    this.svg.setPointerCapture(event.pointerId);
    const start = this.share(this.svg, event);
    let end = start;
    this.drag = (moved) => {
      end = this.share(this.svg, moved);
      this.brush.setAttribute('x', Math.min(start, end) * BINS);
      this.brush.setAttribute('width', Math.abs(end - start) * BINS);
    };
    this.dropped = () => {
      this.brush.setAttribute('width', 0);
      // Less than a bar is a click and no range.
      if (Math.abs(end - start) >= 1 / BINS) this.narrow(this.span, Math.min(start, end), Math.max(start, end));
    };
  }

  /** Move the mark, or pull one of its ends, or where neither is draw another. */
  pressOverview(event) {
    if (event.button !== 0 || !this.all) return;
    this.overview.setPointerCapture(event.pointerId);
    const [first, last] = this.all;
    const start = this.share(this.overview, event);
    const [left, right] = filter.from > -Infinity ? [filter.from, filter.to].map((time) => (time - first) / (last - first)) : [NaN, NaN];
    const grip = GRIP / this.overview.clientWidth;
    let [one, other] = [start, start];
    this.drag = (moved) => {
      const now = this.share(this.overview, moved);
      if (Math.abs(start - left) < grip) [one, other] = [now, right];
      else if (Math.abs(start - right) < grip) [one, other] = [left, now];
      else if (start > left && start < right) [one, other] = [left + now - start, right + now - start];
      else [one, other] = [start, now];
      this.showMark(...[Math.min(one, other), Math.max(one, other)].map((share) => first + share * (last - first)));
    };
    this.dropped = () => { if (one !== other) this.narrow(this.all, Math.min(one, other), Math.max(one, other)); };
  }

  release() {
    const { dropped } = this;
    this.drag = this.dropped = null;
    dropped?.();
  }

  narrow([first, last], left, right) {
    setRange(...this.around(first + left * (last - first), first + right * (last - first)));
  }

  /** Return a range that is not shorter than the shortest, in whole milliseconds, within JavaScript's calendar. */
  around(from, to) {
    const lacking = Math.max(0, SHORTEST - (to - from)) / 2;
    return [Math.max(-LATEST, Math.floor(from - lacking)), Math.min(LATEST, Math.ceil(to + lacking))];
  }

  scale(factor) {
    if (!this.span) return;
    const [first, last] = this.span;
    const half = ((last - first) / 2) * factor;
    const [from, to] = this.around((first + last) / 2 - half, (first + last) / 2 + half);
    if (from <= this.all[0] && to >= this.all[1]) setRange(-Infinity, Infinity);
    else setRange(from, to);
  }

  move(share) {
    if (!this.span) return;
    const by = Math.round((this.span[1] - this.span[0]) * share);
    setRange(...this.around(this.span[0] + by, this.span[1] + by));
  }
}
