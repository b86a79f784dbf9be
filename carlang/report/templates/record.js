// A row in full, beside the list: every field that has a value, to narrow the list by, to take away or to copy.

class RecordPane {
  constructor() {
    this.body = h('div');
    this.element = h('aside', { class: 'record', 'aria-label': 'Record', hidden: '', tabindex: '-1' },
      h('div', { class: 'bar' }, h('h2', {}, 'Record'),
        button('↑', () => page.step(-1), { 'aria-label': 'Previous hit', title: 'k' }),
        button('↓', () => page.step(1), { 'aria-label': 'Next hit', title: 'j' }),
        button('Close', () => this.close(), { title: 'Esc' })), this.body);
  }

  open(row) {
    // From one record to the next, what was in use before the first of them stays what comes back.
    if (this.element.hidden) this.opener = document.activeElement;
    const output = outputOf(row);
    this.body.replaceChildren(
      h('p', {}, levelMark(output.level), ' ', h('span', { class: 'id' }, output.analytic), ' ', output.title),
      h('p', { class: 'meta' }, `output ${output.output} · row ${(rowNumber(row) + 1).toLocaleString('en')} `, ...output.techniques.map((name) => (
        button(name, () => addChip('technique', name), { class: 'tag', title: `only ${name}` })))),
      output.credit && h('p', { class: 'meta' }, `by ${output.credit}`),
      h('p', { class: 'bar starts' }, incidentOf(row) && button('Its incident', () => page.showIncident(incidentOf(row).id)),
        button('Its analytic', () => page.showAnalytic(output)),
        button('Copy all', (event) => copy(this.asText(row), event.currentTarget))),
      hitOf(row) ? weightOfHit(hitOf(row)) : '',
      output.false_positives.length > 0 && h('details', {}, h('summary', {}, 'Known to match without being an attack'),
        h('ul', { class: 'note' }, ...output.false_positives.map((text) => h('li', {}, text)))),
      this.fields(row, output));
    this.element.hidden = false;
    document.documentElement.classList.add('with-record');
    this.element.scrollTop = 0;
    this.element.focus({ preventScroll: true });
    address.row = `${output.number}.${rowNumber(row)}`;
    address.note();
  }

  /** Open the row of an output by the numbers of both, `52.3`, where the page has it and the filter leaves it. */
  openNamed(name) {
    const [output, number] = name.split('.').map(Number);
    const at = shown.findIndex((row) => outputOf(row).number === output && rowNumber(row) === number);
    if (at < 0) return;
    page.hits.go(at);
    this.open(shown[at]);
  }

  /** Return the fields that have a value, each with its number among the columns and its text. */
  filled(row) {
    return outputOf(row).fields.flatMap((name, column) => {
      const number = cell(row, column);
      return number < 0 ? [] : [[name, texts[number]]];
    });
  }

  asText(row) {
    return this.filled(row).map(([name, text]) => `${name}: ${text}`).join('\n');
  }

  fields(row, output) {
    return h('dl', {}, ...this.filled(row).flatMap(([name, text]) => {
      const isLookedAt = isTested(output, name);
      const title = `${name} ${text}`.slice(0, LONGEST_TITLE);
      return [h('dt', isLookedAt ? { class: 'tested', title: 'the analytic looks at it' } : {}, name),
        h('dd', {}, h('span', { class: 'value' }, isLookedAt ? h('mark', {}, text) : text), h('span', { class: 'tools' },
          button('only', () => addChip(fieldOf(name), text), { title, 'aria-label': `only rows with this ${name}` }),
          button('not', () => addChip(fieldOf(name), text, true), { title, 'aria-label': `not rows with this ${name}` }),
          button('copy', (event) => copy(text, event.currentTarget), { title, 'aria-label': `copy ${name}` })))];
    }));
  }

  close() {
    if (this.element.hidden) return false;
    this.element.hidden = true;
    document.documentElement.classList.remove('with-record');
    this.opener?.focus();
    address.row = null;
    address.note();
    return true;
  }
}

const LONGEST_TITLE = 300; // of a command line that a browser shows beside the pointer

/** Return the sum that is the weight of a hit, to be unfolded: each term, its points and what they are for. */
function weightOfHit(hit) {
  const terms = hit.terms.map(([name, points, text]) => h('tr', { class: points ? '' : 'none' },
    h('td', { class: 'number' }, points > 0 ? `+${points}` : String(points).replace('-', '−')), h('td', {}, name), h('td', {}, text)));
  return h('details', { class: 'why' }, h('summary', {}, 'Weight ', h('b', {}, hit.weight.toFixed(1))), h('table', {},
    h('thead', {}, h('tr', {}, h('th', { class: 'number' }, 'Points'), h('th', {}, 'Term'), h('th', {}, 'For'))),
    h('tbody', {}, ...terms, h('tr', {}, h('td', { class: 'number' }, h('b', {}, hit.weight.toFixed(1))), h('td', {}, h('b', {}, 'sum')), h('td', {})))));
}
