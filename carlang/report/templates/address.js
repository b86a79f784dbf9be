// What is looked at stands behind the `#` of the page's address: the view, the filter, the incident and the record. So it
// can be sent to somebody, and the browser's back button takes back a step.
//
//     #hits?only.host=alice&not.exe=at.exe&search=dump&from=2019-06-21T07:00:00Z&to=2019-06-21T08:00:00Z&row=52.3
//     #incident-75735eb1

const slug = (view) => view.toLowerCase().replaceAll(' ', '-');

const address = {
  incident: null, row: null, written: null, isPlanned: false, isTyped: false,

  text() {
    const told = new URLSearchParams();
    for (const { kind, value, not } of filter.chips) told.append(`${not ? 'not' : 'only'}.${kind}`, value);
    if (filter.text) told.set('search', filter.text);
    if (filter.from > -Infinity) {
      told.set('from', new Date(filter.from).toISOString());
      told.set('to', new Date(filter.to).toISOString());
    }
    if (this.row) told.set('row', this.row);
    const query = told.toString();
    return `#${page.shown === 'Incidents' && this.incident ? `incident-${this.incident}` : slug(page.shown)}${query && `?${query}`}`;
  },

  /** Write the address once what is going on now is done; what somebody types is one step, not one a letter. */
  note({ isTyped = false } = {}) {
    this.isTyped = isTyped;
    if (this.isPlanned || this.written === null) return;
    this.isPlanned = true;
    queueMicrotask(() => { this.isPlanned = false; this.write(); });
  },

  write() {
    const text = this.text();
    if (text === this.written) return;
    const isStep = !this.isTyped || !this.written.includes('search=');
    this.written = text;
    if (isStep) location.hash = text;
    else location.replace(text);
    this.seen = location.hash; // which is how the browser spells it
  },

  /** Show what the address says; called when it changes, and when all rows are there. */
  async follow() {
    if (this.written !== null && location.hash === this.seen) return;
    this.seen = location.hash;
    const [name, query = ''] = this.seen.slice(1).split(/\?(.*)/s);
    const view = VIEWS.find((each) => slug(each) === name);
    const target = view || !name ? null : document.getElementById(name);
    this.incident = name.startsWith('incident-') ? name.slice('incident-'.length) : null;
    // Who began to look around before all rows were there goes on with that.
    const isUnasked = this.written === null && !name;
    page.show(view ?? target?.closest('[data-view]')?.dataset.view ?? (this.incident ? 'Incidents' : isUnasked ? page.shown : 'Summary'));
    if (target || isUnasked) page.uncover(target);
    else await this.restore(new URLSearchParams(query));
    this.written = target ? '' : this.text();
  },

  async restore(told) {
    this.row = told.get('row');
    const { incident, row } = this;
    filter.text = told.get('search') ?? '';
    const [from, to] = ['from', 'to'].map((name) => Date.parse(told.get(name) ?? ''));
    [filter.from, filter.to] = from <= to ? [from, to] : [-Infinity, Infinity];
    filter.chips = [];
    for (const [name, value] of told) {
      const [sense, kind] = name.split(/\.(.*)/s);
      if (kind && (sense === 'only' || sense === 'not')) filter.chips.push({ kind, value, not: sense === 'not' });
    }
    page.search.value = filter.text;
    this.written = this.text();
    await applyFilter();
    if (incident !== null) page.incidents.open(incident);
    if (row === null) page.record.close();
    else page.record.openNamed(row);
  },
};
