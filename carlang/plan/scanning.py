"""The events that pass guards: Parquet files read once, only the columns that guards ask for.

Columns of texts are read with their dictionaries, so that each distinct value of a row group is looked at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from carlang.deadline import check_time
from carlang.plan.files import FILE_SHIFT, EventFile, Leaf, UnfitError
from carlang.plan.guards import Atom, Form
from carlang.plan.matching import ColumnMatcher, Fan, Numbers
from carlang.plan.portions import Portion, PortionBuilder

_MOST_ROWS = 262_144
"""How many rows are looked through at once, twice as many as a row group of ours has."""

_LONG = 16
"""How many bytes a row a column takes whose texts are long; what repeats itself takes as little as numbers do."""

_SAMPLED_GROUPS, _SAMPLED_ROWS = 6, 8192
"""How many row groups are sampled at most, and how many rows of each: what one in ten thousand rows passes is seen in
the whole of it. A group is unpacked as a whole whatever is taken of it, so there are few, and many rows of each."""

_FEWER_FOR_EXPRESSIONS = 8
"""Of so many sampled rows one is searched for regular expressions: each of them costs what all texts cost together."""

_FEW = 1024
"""So many rows are searched for everything."""


def survivors(files: Sequence[EventFile], leaves: Sequence[Leaf], long: Sequence[str] = ()) -> Iterator[Portion]:
    """Yield which events pass which leaves, in portions of a bounded size, with the texts of their `long` columns.

    Raises `UnfitError` where a file cannot be read or holds other values than texts and whole numbers where they are
    asked for; `TimeUpError` where the task at hand has no time left.
    """
    try:
        yield from _survivors(files, leaves, long)
    except (OSError, pa.ArrowException) as error:
        raise UnfitError(f"the events cannot be read for their guards: {error}") from error


def _survivors(files: Sequence[EventFile], leaves: Sequence[Leaf], long: Sequence[str]) -> Iterator[Portion]:
    matchers = {action: _Matchers(leaves, action) for action in {file.action for file in files}}
    tested = tuple(dict.fromkeys(column for leaf in leaves for column in leaf.tested))
    gathered = PortionBuilder(leaves, tested, long)
    for file in files:
        matcher = matchers[file.action]
        for first, batch in _row_groups(file.path, matcher.columns, (*tested, *long)):
            check_time()
            passing, rows = matcher.matches(batch)
            gathered.add(batch, passing, rows, (file.number << FILE_SHIFT) + first)
            if gathered.is_full:
                yield gathered.portion()
    yield gathered.portion()


def long_columns(files: Sequence[EventFile], columns: Collection[str]) -> tuple[str, ...]:
    """Return those of some columns whose texts take much room in the first of the files: to read them again costs most.

    Raises `UnfitError` where it cannot be read.
    """
    try:
        metadata = pq.read_metadata(files[0].path)
    except (OSError, pa.ArrowException) as error:
        raise UnfitError(f"the events cannot be read for their guards: {error}") from error
    if not metadata.num_row_groups:
        return ()
    group = metadata.row_group(0)
    chunks = [group.column(index) for index in range(group.num_columns)]
    return tuple(
        chunk.path_in_schema
        for chunk in chunks
        if chunk.path_in_schema in columns and chunk.total_uncompressed_size > _LONG * group.num_rows
    )


def shares(files: Sequence[EventFile], atoms: Sequence[Atom]) -> Mapping[Atom, float]:
    """Return which share of the events passes each atom, by a sample that is spread over the files.

    Raises as `survivors` does.
    """
    of_texts = [atom for atom in atoms if atom.test is not Form.MATCHES]
    expressions = [atom for atom in atoms if atom.test is Form.MATCHES]
    samples = [_Sample(of_texts, 1), _Sample(expressions, _FEWER_FOR_EXPRESSIONS)]
    columns = list(dict.fromkeys(atom.column for atom in atoms))
    try:
        for batch in _sampled(files, columns):
            check_time()
            for sample in samples:
                sample.take(batch)
    except (OSError, pa.ArrowException) as error:
        raise UnfitError(f"the events cannot be read for their guards: {error}") from error
    return {atom: share for sample in samples for atom, share in sample.shares()}


class _Sample:
    """How many rows of a sample pass each of some atoms, counted in one of so many rows."""

    def __init__(self, atoms: Sequence[Atom], one_of: int) -> None:
        self._atoms = atoms
        self._one_of = one_of
        self._matchers = _Matchers([Leaf(frozenset(), (atom,)) for atom in atoms], None)
        self._passing = np.zeros(len(atoms), dtype=np.int64)
        self._total = 0

    def take(self, batch: pa.Table) -> None:
        """Count rows of the sample."""
        rows = batch.select([column for column in self._matchers.columns if column in batch.column_names])
        if len(rows) > _FEW:
            rows = rows.take(pa.array(range(0, len(rows), self._one_of)))
        self._total += batch.num_rows if not rows.num_columns else rows.num_rows
        if rows.num_columns:
            reached, _ = self._matchers.matches(rows)
            self._passing += np.bincount(reached, minlength=len(self._atoms))

    def shares(self) -> Iterator[tuple[Atom, float]]:
        """Yield each atom with the share of the rows that pass it."""
        for atom, count in zip(self._atoms, self._passing, strict=True):
            yield atom, float(count) / max(self._total, 1)


class _Matchers:
    """The matchers of all columns for events of an action, or of any."""

    def __init__(self, leaves: Sequence[Leaf], action: str | None) -> None:
        atoms: dict[str, list[tuple[Atom, int]]] = {}
        for index, leaf in enumerate(leaves):
            if action is None or action in leaf.actions:
                for atom in leaf.atoms:
                    atoms.setdefault(atom.column, []).append((atom, index))
        self._columns = {column: ColumnMatcher(of) for column, of in atoms.items()}
        self._width = len(leaves)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that atoms ask for."""
        return tuple(self._columns)

    def matches(self, batch: pa.Table) -> tuple[Numbers, Numbers]:
        """Return pairs of a leaf and a row of the batch that passes it, each once, by row."""
        keys = [np.empty(0, dtype=np.int64)]
        for column in self._columns.keys() & set(batch.column_names):
            first = 0
            for chunk in batch[column].chunks:
                rows, leaves = _rows_of(chunk, self._columns[column])
                keys.append((rows + first) * self._width + leaves)
                first += len(chunk)
        once = np.unique(np.concatenate(keys))
        return once % self._width, once // self._width


def _rows_of(chunk: pa.Array, matcher: ColumnMatcher) -> tuple[Numbers, Numbers]:
    """Return pairs of a row and a leaf that its value passes."""
    encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
    values, leaves = matcher.matches(encoded.dictionary)
    count = len(encoded.dictionary)
    if not len(values):
        return values, leaves
    indexes = encoded.indices.fill_null(count).to_numpy(zero_copy_only=False)
    is_passing = np.zeros(count + 1, dtype=np.bool_)  # the last is that of missing values
    is_passing[values] = True
    (rows,) = np.nonzero(is_passing[indexes])
    return Fan(values, leaves, count).reach(indexes[rows].astype(np.int64), rows)


def _row_groups(path: Path, guarded: Iterable[str], wanted: Iterable[str]) -> Iterator[tuple[int, pa.Table]]:
    """Yield the row groups of a file with the number of their first row, and of some columns those that there are.

    None where it has no guarded column: no row passes then.
    """
    file, present = _opened(path, dict.fromkeys([*guarded, *wanted]))
    first = 0
    for group in range(file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if not set(guarded).isdisjoint(present):
            yield from _batches(file, group, present, first)
        first += rows


def _batches(file: pq.ParquetFile, group: int, columns: list[str], first: int) -> Iterator[tuple[int, pa.Table]]:
    """Yield a row group as a whole, or in pieces where other writers than ours have made it large."""
    if file.metadata.row_group(group).num_rows <= _MOST_ROWS:
        yield first, file.read_row_group(group, columns=columns)
        return
    for batch in file.iter_batches(_MOST_ROWS, row_groups=[group], columns=columns):
        yield first, pa.Table.from_batches([batch])
        first += batch.num_rows


def _sampled(files: Sequence[EventFile], columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield rows of some row groups, taken at equal distances: rows that stand together are alike."""
    groups = [(file, g) for file in files for g in range(pq.read_metadata(file.path).num_row_groups)]
    step = max(1, -(-len(groups) // _SAMPLED_GROUPS))
    for file, group in groups[step // 2 :: step]:
        opened, present = _opened(file.path, columns)
        if not present:
            continue
        rows = opened.read_row_group(group, columns=present)
        taken = rows.take(pa.array(range(0, len(rows), max(1, len(rows) // _SAMPLED_ROWS))))
        # Without the values that no row of the sample has.
        yield pa.table({name: _decoded(taken[name]) for name in present})


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_dictionary(column.type):
        return column
    return pa.chunked_array([chunk.dictionary_decode() for chunk in column.chunks], column.type.value_type)


def _opened(path: Path, columns: Iterable[str]) -> tuple[pq.ParquetFile, list[str]]:
    """Open a file, and tell which of some columns it has."""
    names = pq.read_schema(path)
    present = [column for column in columns if column in names.names]
    texts = [column for column in present if pa.types.is_string(names.field(column).type)]
    return pq.ParquetFile(path, read_dictionary=texts), present
