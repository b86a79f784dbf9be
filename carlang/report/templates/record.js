// A row in full, beside the list: every field that has a value, to narrow the list by or to copy.

class RecordPane {
  constructor() {
    this.body = h('div');
    this.element = h('aside', { class: 'record', 'aria-label': 'Record', hidden: '', tabindex: '-1' },
      h('div', { class: 'bar' }, h('h2', {}, 'Record'), button('Close', () => this.close(), { title: 'Esc' })), this.body);
  }

  open(row) {
    this.opener = document.activeElement;
    const output = outputOf(row);
    const incident = incidents[rows.incident[row]];
    this.body.replaceChildren(
      h('p', {}, levelMark(output.level), ' ', h('span', { class: 'id' }, output.analytic), ' ', output.title),
      h('p', { class: 'meta' }, `output ${output.output} · row ${rowNumber(row) + 1} · `, ...output.techniques.map((name) => (
        button(name, () => addChip('technique', name), { class: 'tag', title: `only ${name}` })))),
      incident ? button(`Incident: ${incident.hits.length > 1 ? `${counted(incident.hits.length, 'kind')} of hits` : 'this hit'}`,
        () => page.showIncident(incident.id), { class: 'wide' }) : '',
      this.fields(row, output));
    this.element.hidden = false;
    this.element.focus();
  }

  fields(row, output) {
    const list = h('dl');
    output.fields.forEach((name, column) => {
      const number = cell(row, column);
      if (number < 0) return;
      const text = texts[number];
      const shared = { title: `${name} ${text}` };
      list.append(h('dt', output.tested.includes(name) ? { class: 'tested', title: 'the analytic looks at it' } : {}, name), h('dd', {}, h('span', { class: 'value' }, text), h('span', { class: 'tools' },
        button('only', () => addChip(fieldOf(name), text), { ...shared, 'aria-label': `only rows with this ${name}` }),
        button('copy', () => copy(text), { ...shared, 'aria-label': `copy ${name}` }))));
    });
    return list;
  }

  close() {
    if (this.element.hidden) return false;
    this.element.hidden = true;
    this.opener?.focus();
    return true;
  }
}
