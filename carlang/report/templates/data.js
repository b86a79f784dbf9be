// What the page holds: outputs, incidents, and rows as columns of numbers that stand for texts.

const LEVELS = ['critical', 'high', 'medium', 'low', 'informational'];
const KINDS = {
  host: ['hostname', 'fqdn', 'src_hostname', 'dest_hostname', 'src_fqdn', 'dest_fqdn', 'target_host'],
  user: ['user', 'target_user', 'target_user_name', 'src_user', 'dest_user', 'logon_user'],
  image: ['exe', 'image_path', 'parent_exe', 'parent_image_path', 'src_image_path', 'tgt_image_path', 'module_path'],
  hash: ['md5_hash', 'sha1_hash', 'sha256_hash', 'imphash', 'md5', 'sha1', 'sha256', 'hash', 'hashes'],
  address: ['src_ip', 'dest_ip', 'local_address', 'remote_address', 'ip', 'client_ip', 'local_ip', 'remote_ip', 'source_ip'],
};

const outputs = [];
const incidents = [];
const hitsOfIncidents = []; // those of all incidents, each with the number of its `incident`
const texts = [];
const lowered = [];
const numberOf = new Map();
const parts = [];
const rows = { count: 0, part: [], offset: [], time: [], hit: [] };
let hitOfRow = new Map();
const leftOut = { rows: '', incidents: '' }; // what to say where the page has not all

const fieldOf = (name) => name.slice(name.lastIndexOf('.') + 1);

/** Tell whether conditions of an output look at one of its columns. */
const isTested = (output, name) => output.tested.includes(name);

function textNumber(text) {
  let number = numberOf.get(text);
  if (number === undefined) {
    number = texts.push(text) - 1;
    lowered.push(text.toLowerCase());
    numberOf.set(text, number);
  }
  return number;
}

const readers = {
  left_out(read) { Object.assign(leftOut, read); },
  output(read) {
    outputs[read.number] = read;
    read.fields = [...read.names, ...read.constants.map(([name]) => name)];
    read.fixed = read.constants.map(([, value]) => textNumber(value));
  },
  incident(read) {
    const number = incidents.push(read) - 1;
    for (const hit of read.hits) {
      hit.incident = number;
      const own = hitsOfIncidents.push(hit) - 1;
      for (let at = 0; at < hit.rows.length; at += 2) hitOfRow.set(`${hit.rows[at]} ${hit.rows[at + 1]}`, own);
    }
  },
  rows(read) {
    const numbers = read.texts.map(textNumber);
    const columns = read.columns.map((column) => (typeof column === 'number'
      ? (column < 0 ? -1 : numbers[column])
      : Int32Array.from(column, (local) => (local < 0 ? -1 : numbers[local]))));
    const output = outputs[read.output];
    const part = parts.push({ output, first: read.first, columns: [...columns, ...output.fixed] }) - 1;
    for (let offset = 0; offset < read.count; offset++) {
      rows.part.push(part);
      rows.offset.push(offset);
      rows.time.push(read.times?.[offset] ?? NaN);
      rows.hit.push(hitOfRow.get(`${read.output} ${read.first + offset}`) ?? -1);
    }
    rows.count += read.count;
  },
};

/** Read the blocks of the page, each in a task of its own, and take them out of the document. */
async function load(progress) {
  const blocks = [...document.querySelectorAll('script[data-kind]')];
  let until = performance.now() + SLICE;
  for (const [number, block] of blocks.entries()) {
    readers[block.dataset.kind](JSON.parse(block.textContent));
    block.remove();
    if (performance.now() > until) {
      progress(number / blocks.length);
      await breathe();
      until = performance.now() + SLICE;
    }
  }
  hitOfRow = new Map();
}

const outputOf = (row) => parts[rows.part[row]].output;
const hitOf = (row) => hitsOfIncidents[rows.hit[row]];
const incidentOf = (row) => incidents[hitOf(row)?.incident];
const weightOf = (row) => hitOf(row)?.weight ?? 0;
const rowNumber = (row) => parts[rows.part[row]].first + rows.offset[row];

/** Return the number of the text that a row has in a column, -1 for none. */
function cell(row, column) {
  const held = parts[rows.part[row]].columns[column];
  return typeof held === 'number' ? held : held[rows.offset[row]];
}

/** Return the columns of an output whose fields are among some names, in the order of the names. */
function columnsOf(output, names) {
  output.columnsOf ??= new Map();
  if (!output.columnsOf.has(names)) {
    const columns = names.flatMap((name) => output.fields.flatMap((field, at) => (fieldOf(field) === name ? [at] : [])));
    output.columnsOf.set(names, columns);
  }
  return output.columnsOf.get(names);
}

/** Return the first text that a row has in columns of some names; else nothing. */
function valueOf(row, names) {
  for (const column of columnsOf(outputOf(row), names)) {
    const number = cell(row, column);
    if (number >= 0) return texts[number];
  }
  return '';
}

const ALWAYS_TOLD = new Set([...KINDS.host, ...KINDS.user, 'time', 'first_time', 'last_time', 'earliest_time', 'latest_time']);
const FIRST_TOLD = ['command_line', 'content', 'key', 'file_path', 'image_path', 'query', 'url_full', 'task_name',
  'service_name', 'name', 'share_name', 'pipe_name', 'module_path', 'dest_ip', 'event_code'];

/** Return what tells most of a row in a line: the usual fields, else what the analytic looks at, else what there is. */
function told(row) {
  const text = valueOf(row, FIRST_TOLD);
  if (text) return text;
  const output = outputOf(row);
  const pairs = output.fields.flatMap((name, column) => (cell(row, column) >= 0 && !ALWAYS_TOLD.has(fieldOf(name))
    ? [{ text: `${name} ${texts[cell(row, column)]}`, isLookedAt: isTested(output, name) }] : []));
  const tested = pairs.filter(({ isLookedAt }) => isLookedAt);
  return [...tested, ...pairs.filter(({ isLookedAt }) => !isLookedAt)].slice(0, 4).map((pair) => pair.text).join(', ');
}

/** Return a time as text; one that JavaScript's calendar does not reach, as its milliseconds. */
function moment(time) {
  if (Number.isNaN(time)) return '';
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString().replace('T', ' ').slice(0, -5) : `${time} ms`;
}
