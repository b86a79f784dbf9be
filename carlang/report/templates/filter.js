// Which rows are shown: all that every chip, the search and the range of time let through.

const filter = { chips: [], text: '', from: -Infinity, to: Infinity, order: 'time' };
let shown = [];
let ordered = [];
let round = 0;
const listeners = [];
const whenFiltered = (listener) => listeners.push(listener);
const isFiltering = () => filter.chips.length > 0 || filter.text !== '' || filter.from > -Infinity;

function addChip(kind, value) {
  const isSame = (chip) => chip.kind === kind && chip.value.toLowerCase() === value.toLowerCase();
  if (!filter.chips.some(isSame)) filter.chips.push({ kind, value });
  return applyFilter();
}

function removeChip(chip) {
  filter.chips = filter.chips.filter((each) => each !== chip);
  return applyFilter();
}

function setRange(from, to) {
  filter.from = from;
  filter.to = to;
  return applyFilter();
}

function clearFilter() {
  Object.assign(filter, { chips: [], text: '', from: -Infinity, to: Infinity });
  return applyFilter();
}

/** Return for each output whether a chip about outputs lets it through; null for chips about values. */
function outputTest({ kind, value }) {
  switch (kind) {
    case 'level': return (output) => output.level === value;
    case 'analytic': return (output) => output.analytic === value;
    case 'technique': return (output) => output.techniques.includes(value);
    case 'output': return (output) => `${output.analytic} ${output.output}` === value;
    default: return null;
  }
}

/** Return a function that tells whether a row has a value in one of the columns that a chip is about. */
function chipTest(chip) {
  const ofOutput = outputTest(chip);
  if (ofOutput) {
    const lets = outputs.map(ofOutput);
    return (row) => lets[outputOf(row).number];
  }
  if (chip.kind === 'incident') {
    return (row) => rows.incident[row] >= 0 && incidents[rows.incident[row]].id === chip.value;
  }
  const wanted = chip.value.toLowerCase();
  const numbers = new Set();
  lowered.forEach((text, number) => { if (text === wanted) numbers.add(number); });
  const names = KINDS[chip.kind] ?? [chip.kind];
  return (row) => columnsOf(outputOf(row), names).some((column) => numbers.has(cell(row, column)));
}

/** Return a function that tells whether any value of a row, or what found it, contains a text. */
async function textTest(text, isStale) {
  const wanted = text.toLowerCase();
  const has = new Uint8Array(texts.length);
  await inSlices(texts.length, (number) => { if (lowered[number].includes(wanted)) has[number] = 1; }, isStale);
  const named = outputs.map((output) => [output.analytic, output.title, output.output, ...output.techniques]
    .some((name) => name.toLowerCase().includes(wanted)));
  return (row) => {
    const { output, columns } = parts[rows.part[row]];
    if (named[output.number]) return true;
    const offset = rows.offset[row];
    for (const held of columns) {
      const number = typeof held === 'number' ? held : held[offset];
      if (number >= 0 && has[number]) return true;
    }
    return false;
  };
}

async function applyFilter() {
  const mine = ++round;
  const isStale = () => mine !== round;
  const tests = filter.chips.map(chipTest);
  if (filter.text) tests.push(await textTest(filter.text, isStale));
  const { from, to } = filter;
  if (from > -Infinity) tests.push((row) => rows.time[row] >= from && rows.time[row] <= to);
  const passed = [];
  const isDone = !isStale() && await inSlices(ordered.length, (at) => {
    const row = ordered[at];
    if (tests.every((test) => test(row))) passed.push(row);
  }, isStale);
  if (!isDone) return;
  shown = passed;
  for (const listener of listeners) listener();
  announce(`${counted(shown.length, 'hit')} of ${rows.count.toLocaleString('en')}`);
}

const byTime = (a, b) => (Number.isNaN(rows.time[a]) ? Infinity : rows.time[a])
  - (Number.isNaN(rows.time[b]) ? Infinity : rows.time[b]) || a - b;

/** Put rows in order: by time, those without one last, or by the weight of what found them. */
async function sortRows(order) {
  filter.order = order;
  await breathe();
  const weight = (row) => outputOf(row).weight ?? 0;
  ordered = Uint32Array.from({ length: rows.count }, (_, row) => row);
  ordered.sort(order === 'weight' ? (a, b) => weight(b) - weight(a) || byTime(a, b) : byTime);
  return applyFilter();
}
