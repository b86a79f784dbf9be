"""Portions of what passes guards: pairs of a leaf and an event, and the distinct rows of texts that are to be tested.

Where many events pass a guard, most of them are turned away by the rest of the condition. Whether they are is asked
once of each combination of the texts that it looks at, however many events have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from carlang.plan.files import Leaf
from carlang.plan.matching import Numbers

LEAF, NUMBER, COMBINATION = "#leaf", "#number", "#combination"
"""The columns of pairs of a leaf and an event's number; a combination of texts has a number as well."""

_MANY = 500
"""How many events of a batch make it worth while to test a leaf's condition: fewer are kept as they are."""

_PAIRS, _COMBINATIONS = 1_000_000, 100_000
"""How many pairs, or combinations of texts, make up a portion: some twenty megabytes."""

_HELD = 64 * 2**20
"""How many bytes of long texts a portion may hold: those of row groups, of which it needs some."""

_ENCODED = pa.dictionary(pa.int32(), pa.string())

_LARGEST_KEY = 2**62


@dataclass(frozen=True, slots=True)
class Portion:
    """Pairs of a leaf and an event, and the combinations of texts, each of a leaf, that some of them have.

    A pair that has one counts if its leaf's condition holds of that, one without it in any case.
    """

    pairs: pa.Table
    combinations: pa.Table


class PortionBuilder:
    """Gathers what passes until it makes up a portion; `columns` are the tested ones and `long` those of long texts."""

    def __init__(self, leaves: Sequence[Leaf], columns: Sequence[str], long: Sequence[str]) -> None:
        self._leaves = leaves
        self._columns = columns
        self._long = long
        self._is_tested = np.array([bool(leaf.tested) for leaf in leaves], dtype=np.bool_)
        numbers = [(LEAF, pa.int32()), (NUMBER, pa.int64()), (COMBINATION, pa.int64())]
        self._pair_schema = pa.schema([*numbers, *((name, _ENCODED) for name in long)])
        self._combination_schema = pa.schema([numbers[0], numbers[2], *((name, pa.string()) for name in columns)])
        self._clear()

    def _clear(self) -> None:
        self._pairs = [self._pair_schema.empty_table()]
        self._combinations = [self._combination_schema.empty_table()]
        self._pair_count = self._combination_count = self._held = 0

    @property
    def is_full(self) -> bool:
        """Whether a portion should be taken."""
        return self._pair_count > _PAIRS or self._combination_count > _COMBINATIONS or self._held > _HELD

    def add(self, batch: pa.Table, leaves: Numbers, rows: Numbers, first: int) -> None:
        """Add pairs of a leaf and a row of a batch, whose first row has the number `first`."""
        counts = np.bincount(leaves, minlength=len(self._leaves))
        of_tested = self._is_tested & (counts >= _MANY)
        rest = ~of_tested[leaves]
        names = [name for name in dict.fromkeys((*self._columns, *self._long)) if name in batch.column_names]
        texts = batch.select(names).unify_dictionaries().combine_chunks()
        self._held += sum(_encoded(texts[name]).dictionary.nbytes for name in names if name in self._long)
        self._add_pairs(texts, leaves[rest], rows[rest], first, None)
        for leaf in np.flatnonzero(of_tested):
            of_leaf = rows[leaves == leaf]
            combination = self._add_combinations(texts, int(leaf), of_leaf)
            self._add_pairs(texts, np.full(len(of_leaf), leaf), of_leaf, first, combination)

    def portion(self) -> Portion:
        """Return what was gathered, and begin anew."""
        portion = Portion(pa.concat_tables(self._pairs), pa.concat_tables(self._combinations))
        self._clear()
        return portion

    def _add_pairs(
        self, texts: pa.Table, leaves: Numbers, rows: Numbers, first: int, combination: Numbers | None
    ) -> None:
        of_pairs = pa.nulls(len(rows), pa.int64()) if combination is None else pa.array(combination)
        long = [
            _encoded(texts[name]).take(pa.array(rows)) if name in texts.column_names else pa.nulls(len(rows), _ENCODED)
            for name in self._long
        ]
        columns = [pa.array(leaves.astype(np.int32)), pa.array(rows + first), of_pairs, *long]
        self._pairs.append(pa.table(columns, self._pair_schema))
        self._pair_count += len(rows)

    def _add_combinations(self, texts: pa.Table, leaf: int, rows: Numbers) -> Numbers:
        """Add the combinations that rows have for a leaf, and return the number of that of each row."""
        asked = {name: _codes(texts[name]) for name in self._leaves[leaf].tested if name in texts.column_names}
        examples, combination = _distinct([(codes[rows], count) for codes, count in asked.values()], len(rows))
        values = [
            _values(texts[name], rows[examples]) if name in asked else pa.nulls(len(examples), pa.string())
            for name in self._columns
        ]
        numbers = np.arange(len(examples)) + self._combination_count
        columns = [pa.array(np.full(len(examples), leaf, dtype=np.int32)), pa.array(numbers), *values]
        self._combinations.append(pa.table(columns, self._combination_schema))
        self._combination_count += len(examples)
        return combination + (self._combination_count - len(examples))


def _codes(column: pa.ChunkedArray) -> tuple[Numbers, int]:
    """Return which value of its dictionary each row of a column has, and how many there are with the missing one."""
    encoded = _encoded(column)
    count = len(encoded.dictionary)
    return encoded.indices.fill_null(count).to_numpy(zero_copy_only=False).astype(np.int64), count + 1


def _values(column: pa.ChunkedArray, rows: Numbers) -> pa.Array:
    return _encoded(column).take(pa.array(rows)).dictionary_decode()


def _encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return a column that is one array as numbers of texts."""
    array = column.combine_chunks()
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    return encoded.cast(_ENCODED)


def _distinct(columns: Sequence[tuple[Numbers, int]], rows: int) -> tuple[Numbers, Numbers]:
    """Return a row of each combination of codes, and for each row the index of its combination."""
    keys, size = np.zeros(rows, dtype=np.int64), 1
    for codes, count in columns:
        if size > _LARGEST_KEY // count:
            known, keys = np.unique(keys, return_inverse=True)
            size = len(known)
        keys, size = keys * count + codes, size * count
    _, examples, combination = np.unique(keys, return_index=True, return_inverse=True)
    return examples, combination
