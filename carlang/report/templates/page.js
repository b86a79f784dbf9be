// The page: what can be chosen above it, its views, and the keys.

const VIEWS = ['Summary', 'Incidents', 'Hits', 'Entities', 'Analytics', 'Not seen'];
const KEYS = [['/', 'search'], ['j, k', 'next and previous hit'], ['Enter', 'open the hit'], ['Esc', 'close, or take the filter away'],
  ['1 to 6', 'the views'], ['t', 'dark or light'], ['?', 'these keys']];

const page = {
  views: {}, tabs: {},

  start() {
    document.documentElement.classList.add('scripted-page');
    const main = document.querySelector('main');
    for (const element of document.querySelectorAll('[data-view]')) this.views[element.dataset.view] = element;
    for (const name of VIEWS) this.views[name] ??= h('div', { 'data-view': name });
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
    document.addEventListener('keydown', (event) => this.key(event));
    window.addEventListener('hashchange', () => this.follow());
    for (const host of document.querySelectorAll('[data-kind="host"]')) {
      host.replaceChildren(button(host.textContent, () => this.showHits('host', host.dataset.value), { class: 'link' }));
    }
    for (const item of document.querySelectorAll('.technique.hit[data-technique] b')) {
      const { technique } = item.parentElement.dataset;
      item.replaceChildren(button(technique, () => this.showHits('technique', technique), { class: 'link' }));
    }
    for (const item of document.querySelectorAll('[data-opens]')) {
      const name = item.querySelector('.name');
      name.replaceChildren(button(name.textContent, () => this.showIncident(item.dataset.opens), { class: 'link' }));
    }
    for (const section of document.querySelectorAll('section[data-output]')) {
      const name = `${section.dataset.analytic} ${section.dataset.output}`;
      section.querySelector('h3').after(button('All its hits', () => this.showHits('output', name)));
    }
    this.theme(recall('theme'));
    this.show('Summary');
    this.follow();
  },

  async loaded() {
    await load((share) => { this.progress.textContent = `reading ${Math.round(share * 100)} %`; });
    await sortRows('time');
    this.progress.remove();
    document.documentElement.dataset.ready = '';
  },

  bar() {
    this.search = h('input', { type: 'search', placeholder: 'Search all hits  ( / )', 'aria-label': 'Search all hits', input: () => this.typed() });
    this.chips = h('div', { class: 'chips' });
    this.progress = h('span', { class: 'meta', role: 'status' }, 'reading');
    const tabs = VIEWS.map((name) => (this.tabs[name] = button(name, () => this.show(name), { role: 'tab', 'aria-selected': 'false' })));
    return h('div', { class: 'top' }, h('div', { class: 'bar' }, h('div', { role: 'tablist', 'aria-label': 'Views', class: 'tabs' }, ...tabs),
      this.search, this.progress, button('Theme', () => this.theme(this.isDark() ? 'light' : 'dark'), { title: 't' }),
      button('?', () => this.help(), { 'aria-label': 'Keys' })), this.chips);
  },

  sorting() {
    const select = h('select', { 'aria-label': 'Order', change: () => sortRows(select.value) },
      h('option', { value: 'time' }, 'earliest first'), h('option', { value: 'weight' }, 'heaviest first'));
    return h('div', { class: 'bar' }, h('h2', {}, 'Hits'), select,
      ...LEVELS.map((level) => button(level, () => addChip('level', level), { class: `level ${level}` })));
  },

  typed() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      filter.text = this.search.value.trim();
      if (filter.text && !['Incidents', 'Entities'].includes(this.shown)) this.show('Hits');
      applyFilter();
    }, 150); // until somebody who types has paused
  },

  drawChips() {
    const chips = filter.chips.map((chip) => button(`${chip.kind}: ${chip.value} ×`, () => removeChip(chip), { class: 'tag', title: 'take away' }));
    if (filter.from > -Infinity) chips.push(button(`${moment(filter.from)} to ${moment(filter.to)} ×`, () => setRange(-Infinity, Infinity), { class: 'tag' }));
    if (isFiltering()) chips.push(button('Take all away', () => this.clear()), h('span', { class: 'meta' }, `${counted(shown.length, 'hit')} of ${rows.count.toLocaleString('en')}`));
    this.chips.replaceChildren(...chips);
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
    }
    if (name === 'Hits') this.hits.draw();
    if (name === 'Entities') this.entities.draw();
  },

  showHits(kind, value) {
    this.show('Hits');
    return addChip(kind, value);
  },

  showIncident(id) {
    this.record.close();
    this.show('Incidents');
    this.incidents.open(id);
  },

  async showProcess(node) {
    this.show('Hits');
    filter.chips = [{ kind: 'host', value: node.host }, { kind: 'pid', value: String(node.pid) }];
    await applyFilter();
  },

  follow() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const view = target && target.closest('[data-view]');
    if (!view) return;
    this.show(view.dataset.view);
    target.scrollIntoView();
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
    if (this.shown !== 'Hits') this.show('Hits');
    this.hits.go(this.hits.at + by);
    if (!this.record.element.hidden) this.record.open(shown[this.hits.at]);
    else this.hits.list.focus({ preventScroll: true });
  },
};

function recall(name) {
  try { return localStorage.getItem(`carlang-${name}`); } catch { return null; }
}

page.start();
// The rows stand below this script, and are there when the document is.
document.addEventListener('DOMContentLoaded', () => page.loaded());
