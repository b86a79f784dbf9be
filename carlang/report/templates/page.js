// The page: what can be chosen above it, its views, and the keys.

const VIEWS = ['Summary', 'Incidents', 'Hits', 'Entities', 'Analytics', 'Not seen'];
const KEYS = [['/', 'search'], ['j, k', 'next and previous hit'], ['Enter', 'open the hit'], ['Esc', 'close, or take the filter away'],
  ['1 to 6, ← →', 'the views'], ['t', 'dark or light'], ['?', 'these keys']];

const page = {
  views: {}, tabs: {},

  start() {
    document.documentElement.classList.add('scripted-page');
    const main = document.querySelector('main');
    for (const element of document.querySelectorAll('[data-view]')) this.views[element.dataset.view] = element;
    for (const name of VIEWS) {
      this.views[name] ??= h('div', { 'data-view': name });
      furnish(this.views[name], { role: 'tabpanel', id: `view-${slug(name)}`, 'aria-labelledby': `tab-${slug(name)}`, tabindex: '0' }, []);
    }
    this.record = new RecordPane();
    this.hits = new HitList(this.record);
    this.incidents = new IncidentList(this.views.Incidents);
    this.entities = new Entities();
    this.views.Hits.append(new Timeline().element, this.sorting(), this.hits.element);
    this.views.Entities.append(this.entities.element);
    const footer = main.querySelector('footer');
    footer.before(...VIEWS.map((name) => this.views[name]), this.record.element);
    main.querySelector('header').after(this.bar());
    whenFiltered(() => this.drawChips());
    whenFiltered(() => this.drawLevels());
    this.analytics = new AnalyticList(this.views.Analytics);
    document.addEventListener('keydown', (event) => this.key(event));
    window.addEventListener('beforeprint', () => {
      this.isPrinting = true;
      this.refold = [this.incidents.unfold(), this.analytics.unfold()];
    });
    window.addEventListener('afterprint', () => {
      for (const refold of this.refold ?? []) refold();
      setTimeout(() => { this.isPrinting = false; }); // what folds says so in a task of its own
    });
    window.addEventListener('hashchange', () => this.isReady && address.follow());
    quicken();
    this.theme(recall('theme'));
    this.show('Summary');
  },

  async loaded() {
    await load((share) => { this.progress.textContent = `reading ${Math.round(share * 100)} %`; });
    await sortRows('time');
    this.isReady = true;
    await address.follow();
    this.progress.remove();
    document.documentElement.dataset.ready = '';
  },

  bar() {
    this.search = h('input', { type: 'search', placeholder: 'Search all hits  ( / )', 'aria-label': 'Search all hits', input: () => this.typed() });
    this.chips = h('div', { class: 'chips' });
    this.progress = h('span', { class: 'meta', role: 'status' }, 'reading');
    const tabs = VIEWS.map((name) => (this.tabs[name] = button(name, () => this.show(name), {
      role: 'tab', id: `tab-${slug(name)}`, 'aria-controls': `view-${slug(name)}`, 'aria-selected': 'false', tabindex: '-1' })));
    return h('div', { class: 'top' }, h('div', { class: 'bar' },
      h('div', { role: 'tablist', 'aria-label': 'Views', class: 'tabs', keydown: (event) => this.keyOnTabs(event) }, ...tabs),
      this.search, this.progress, button('Theme', () => this.theme(this.isDark() ? 'light' : 'dark'), { title: 't' }),
      button('?', () => this.help(), { 'aria-label': 'Keys' })), this.chips);
  },

  sorting() {
    const select = h('select', { 'aria-label': 'Order', change: () => sortRows(select.value) },
      h('option', { value: 'time' }, 'earliest first'), h('option', { value: 'weight' }, 'heaviest first'));
    this.levels = LEVELS.map((level) => button(level, () => toggleChip('level', level), { class: `level ${level}`, 'aria-pressed': 'false' }));
    return h('div', { class: 'bar' }, h('h2', {}, 'Hits'), select, ...this.levels);
  },

  typed() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      filter.text = this.search.value.trim();
      if (filter.text && !['Incidents', 'Entities', 'Analytics'].includes(this.shown)) this.show('Hits');
      applyFilter();
      address.note({ isTyped: true });
    }, 150); // until somebody who types has paused
  },

  drawChips() {
    const chips = filter.chips.map((chip) => button(`${chip.not ? 'not ' : ''}${chip.kind}: ${chip.value} ×`, () => removeChip(chip),
      { class: chip.not ? 'tag not' : 'tag', title: 'take away' }));
    if (filter.from > -Infinity) chips.push(button(`${moment(filter.from)} to ${moment(filter.to)} ×`, () => setRange(-Infinity, Infinity), { class: 'tag' }));
    if (isFiltering()) chips.push(button('Take all away', () => this.clear()), h('span', { class: 'meta' }, `${counted(shown.length, 'hit')} of ${rows.count.toLocaleString('en')}`));
    this.chips.replaceChildren(...chips);
  },

  drawLevels() {
    for (const each of this.levels) each.setAttribute('aria-pressed', String(hasChip('level', each.textContent)));
  },

  clear() {
    this.search.value = '';
    return clearFilter();
  },

  show(name) {
    this.shown = name;
    for (const each of VIEWS) {
      this.views[each].hidden = each !== name;
      this.tabs[each].setAttribute('aria-selected', String(each === name));
      this.tabs[each].tabIndex = each === name ? 0 : -1;
    }
    this.tabs[name].scrollIntoView({ block: 'nearest', inline: 'nearest' });
    if (name === 'Hits') this.hits.draw();
    if (name === 'Entities') this.entities.draw();
    address.note();
  },

  showHits(kind, value) {
    this.show('Hits');
    window.scrollTo(0, 0);
    return addChip(kind, value);
  },

  showIncident(id) {
    this.record.close();
    this.show('Incidents');
    this.incidents.open(id);
  },

  showAnalytic(output) {
    this.record.close();
    this.show('Analytics');
    this.uncover(document.getElementById(`r${output.number + 1}`));
  },

  /** Bring an element into sight, whatever is folded around it. */
  uncover(element) {
    for (let each = element; each; each = each.parentElement) if (each.localName === 'details') each.open = true;
    element?.scrollIntoView();
  },

  async showProcess(node) {
    this.show('Hits');
    filter.chips = [{ kind: 'host', value: node.host }, { kind: 'pid', value: String(node.pid) }];
    await applyFilter();
  },

  isDark() {
    const { theme } = document.documentElement.dataset;
    return theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  },

  theme(name) {
    if (name !== 'dark' && name !== 'light') return;
    document.documentElement.dataset.theme = name;
    try { localStorage.setItem('carlang-theme', name); } catch { /* a browser may keep nothing for files */ }
  },

  help() {
    this.dialog ??= document.body.appendChild(h('dialog', { 'aria-label': 'Keys' }, h('h2', {}, 'Keys'),
      h('dl', {}, ...KEYS.flatMap(([key, does]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, does)])), button('Close', () => this.dialog.close())));
    this.dialog.showModal();
  },

  keyOnTabs(event) {
    const at = VIEWS.indexOf(this.shown);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.show(VIEWS.at(next % VIEWS.length));
    this.tabs[this.shown].focus();
  },

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.dialog?.open) return;
    if (event.key === 'Escape') {
      if (!this.record.close()) this.clear();
      return;
    }
    if (event.target.closest('input, select, textarea')) return;
    if (event.key === 'Enter') {
      if (this.shown === 'Hits' && !event.target.closest('button, a, summary')) this.hits.open();
      return;
    }
    const actions = {
      '/': () => this.search.focus(), '?': () => this.help(), t: () => this.theme(this.isDark() ? 'light' : 'dark'),
      j: () => this.step(1), k: () => this.step(-1),
    };
    const action = actions[event.key] ?? (VIEWS[event.key - 1] && (() => this.show(VIEWS[event.key - 1])));
    if (!action) return;
    event.preventDefault();
    action();
  },

  step(by) {
    if (!shown.length) return;
    if (this.shown !== 'Hits') this.show('Hits');
    this.hits.go(this.hits.at + by);
    if (!this.record.element.hidden) this.record.open(shown[this.hits.at]);
    else this.hits.list.focus({ preventScroll: true });
  },
};

function recall(name) {
  try { return localStorage.getItem(`carlang-${name}`); } catch { return null; }
}

/** Make buttons of what the page says without its script: hosts, techniques, levels, hours, incidents. */
function quicken() {
  const press = (element, action) => element.replaceChildren(button(element.textContent, action, { class: 'link' }));
  for (const element of document.querySelectorAll('[data-only]')) {
    const pairs = JSON.parse(element.dataset.only);
    press(element, () => {
      page.show('Hits');
      window.scrollTo(0, 0);
      for (const [kind, value] of pairs) addChip(kind, value);
    });
  }
  for (const element of document.querySelectorAll('[data-hour]')) {
    const from = Date.parse(element.dataset.hour);
    press(element, () => { page.show('Hits'); setRange(from, from + HOUR - 1); });
  }
  for (const element of document.querySelectorAll('[data-opens]')) press(element, () => page.showIncident(element.dataset.opens));
}

page.start();
// The rows stand below this script, and are there when the document is.
document.addEventListener('DOMContentLoaded', () => page.loaded());
