// The analytics that found something: folded, each with how many of its rows the filter leaves.

class AnalyticList {
  constructor(element) {
    this.sections = [...element.querySelectorAll('details[data-output]')];
    for (const section of this.sections) {
      section.open = false;
      section.querySelector('.count').after(section.left = h('span'));
      const name = `${section.dataset.analytic} ${section.dataset.output}`;
      section.querySelector('summary').after(h('p', { class: 'bar starts' }, button('All its hits', () => page.showHits('output', name))));
    }
    whenFiltered(() => this.draw());
  }

  unfold() {
    const folded = this.sections.filter((section) => !section.open);
    for (const section of folded) section.open = true;
    return () => { for (const section of folded) section.open = false; };
  }

  draw() {
    const counts = new Map();
    if (isFiltering()) for (const row of shown) counts.set(outputOf(row).number, (counts.get(outputOf(row).number) ?? 0) + 1);
    for (const section of this.sections) {
      const left = counts.get(Number(section.id.slice(1)) - 1) ?? 0;
      section.hidden = isFiltering() && !left;
      section.left.textContent = isFiltering() ? ` · ${left.toLocaleString('en')} after the filter` : '';
    }
  }
}
