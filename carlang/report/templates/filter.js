// Which rows are shown: all that the chips, the search and the range of time let through. Chips of one kind are
// alternatives, so that two hosts are the rows of either; those that say `not` take away.

const filter = { chips: [], text: '', from: -Infinity, to: Infinity, order: 'time' };
let shown = [];
let atAnyTime = []; // what would be shown without the range of time: the timeline draws it around the range
let ordered = [];
let round = 0;
const listeners = [];
const whenFiltered = (listener) => listeners.push(listener);
const isFiltering = () => filter.chips.length > 0 || filter.text !== '' || filter.from > -Infinity;

const isSame = (one, other) => one.kind === other.kind && one.value.toLowerCase() === other.value.toLowerCase();

/** Narrow the rows to those with a value, or with `not` to those without it; one that is there already goes or turns. */
function addChip(kind, value, not = false) {
  const chip = { kind, value, not };
  filter.chips = [...filter.chips.filter((each) => !isSame(each, chip)), chip];
  return applyFilter();
}

function removeChip(chip) {
  filter.chips = filter.chips.filter((each) => !isSame(each, chip));
  return applyFilter();
}

const hasChip = (kind, value) => filter.chips.some((each) => !each.not && isSame(each, { kind, value }));
const toggleChip = (kind, value) => (hasChip(kind, value) ? removeChip({ kind, value }) : addChip(kind, value));

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
    return (row) => incidentOf(row)?.id === chip.value;
  }
  const wanted = chip.value.toLowerCase();
  const numbers = new Set();
  lowered.forEach((text, number) => { if (text === wanted) numbers.add(number); });
  const names = KINDS[chip.kind] ?? [chip.kind];
  return (row) => columnsOf(outputOf(row), names).some((column) => numbers.has(cell(row, column)));
}

/** Return functions that each tell whether the chips of one kind let a row through, and one for each that says `not`. */
function chipTests() {
  const kinds = new Map();
  const tests = [];
  for (const chip of filter.chips) {
    const test = chipTest(chip);
    if (chip.not) tests.push((row) => !test(row));
    else kinds.set(chip.kind, [...(kinds.get(chip.kind) ?? []), test]);
  }
  for (const some of kinds.values()) tests.push(some.length === 1 ? some[0] : (row) => some.some((test) => test(row)));
  return tests;
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
  address.note();
  const mine = ++round;
  const isStale = () => mine !== round;
  const tests = chipTests();
  if (filter.text) tests.push(await textTest(filter.text, isStale));
  const { from, to } = filter;
  const passed = [];
  const passedAtAnyTime = [];
  const isDone = !isStale() && await inSlices(ordered.length, (at) => {
    const row = ordered[at];
    if (!tests.every((test) => test(row))) return;
    passedAtAnyTime.push(row);
    if (from === -Infinity || (rows.time[row] >= from && rows.time[row] <= to)) passed.push(row);
  }, isStale);
  if (!isDone) return;
  shown = passed;
  atAnyTime = passedAtAnyTime;
  for (const listener of listeners) listener();
  announce(`${counted(shown.length, 'hit')} of ${rows.count.toLocaleString('en')}`);
}

let inTime = null; // all rows in the order of time, those without one last

/** Put rows in order: by time, or the heaviest first, of the same weight by time. */
async function sortRows(order) {
  filter.order = order;
  await breathe();
  if (!inTime) {
    const times = Float64Array.from(rows.time, (time) => (Number.isNaN(time) ? Infinity : time));
    inTime = Uint32Array.from({ length: rows.count }, (_, row) => row);
    inTime.sort((a, b) => (times[a] < times[b] ? -1 : Number(times[a] > times[b])));
    await breathe();
  }
  ordered = inTime;
  if (order === 'weight') {
    const weights = Float64Array.from({ length: rows.count }, (_, row) => weightOf(row));
    ordered = inTime.slice().sort((a, b) => weights[b] - weights[a]);
  }
  return applyFilter();
}
