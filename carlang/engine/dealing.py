"""Rows that several outputs share, dealt to each as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from carlang.results import Rows, Spool, TakenRows

_BATCH = 10_000
"""How many rows of an output are kept at once."""


class Dealer:
    """Gives outputs their rows out of a stream of rows in which each row stands once.

    As long as all rows are few, they are held as one table, from which each output takes its own when they are read.
    What is more is dealt, block by block, to the outputs, whose rows the spool then keeps.
    """

    def __init__(self, spool: Spool, numbers: Sequence[npt.NDArray[np.int64]]) -> None:
        """`numbers` are, for each output, the numbers of its rows in the stream, ascending."""
        self._spool = spool
        self._numbers = numbers
        self._parts: list[list[Any]] = [[] for _ in numbers]
        self._block: list[pa.RecordBatch] = []
        self._size = 0
        self._first = 0
        self._is_dealt = False

    def take(self, batch: pa.RecordBatch) -> None:
        """Take the next rows of the stream."""
        self._block.append(batch)
        self._size += batch.nbytes
        if self._size > self._spool.most // 2:
            self._deal()

    def dealt(self, schema: pa.Schema) -> list[Rows]:
        """Return the rows of each output, after the last of the stream."""
        if not self._is_dealt and self._spool.hold(self._size):
            table = pa.Table.from_batches(self._block, schema=schema).combine_chunks()
            return [TakenRows(table, pa.array(each)) for each in self._numbers]
        self._deal()
        return [self._spool.rows(schema, parts) for parts in self._parts]

    def _deal(self) -> None:
        self._is_dealt = True
        if not self._block:
            return
        table = pa.Table.from_batches(self._block).combine_chunks()
        end = self._first + table.num_rows
        for numbers, parts in zip(self._numbers, self._parts, strict=True):
            begin, after = np.searchsorted(numbers, [self._first, end])
            for start in range(begin, after, _BATCH):
                wanted = numbers[start : min(start + _BATCH, after)] - self._first
                (batch,) = table.take(pa.array(wanted)).combine_chunks().to_batches()
                parts.append(self._spool.add(batch))
        self._block, self._size, self._first = [], 0, end
