"""Rows that several outputs share, dealt to each as they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from carlang.results import Rows, Spool, Stored, TakenRows

_BATCH = 10_000
"""How many rows of an output are kept at once."""

_BLOCK = 32 * 10**6
"""How many bytes of rows are gathered before they are held or dealt: where they are dealt, each output then gets some
hundred rows at once rather than some."""


class Dealer:
    """Gives outputs their rows out of a stream of rows in which each row stands once.

    As long as the spool may hold all rows in memory, they stand there once, and each output takes its own when they
    are read. Where they are too many, they are dealt to the outputs, whose rows the spool then keeps.
    """

    def __init__(self, spool: Spool, numbers: Sequence[npt.NDArray[np.int64]]) -> None:
        """`numbers` are, for each output, the numbers of its rows in the stream, ascending."""
        self._spool = spool
        self._numbers = numbers
        self._dealt: list[list[tuple[int, pa.RecordBatch | Stored]]] | None = None
        self._blocks: list[tuple[int, pa.Table]] = []
        self._waiting: list[pa.RecordBatch] = []
        self._size = 0
        self._end = 0

    def take(self, batch: pa.RecordBatch) -> None:
        """Take the next rows of the stream."""
        self._waiting.append(batch)
        self._size += batch.nbytes
        if self._size > min(_BLOCK, self._spool.most):
            self._close()

    def rows(self, schema: pa.Schema) -> list[Rows]:
        """Return the rows of each output, after the last of the stream."""
        self._close()
        if self._dealt is not None:
            return [self._spool.rows(schema, parts) for parts in self._dealt]
        return [TakenRows(schema, tuple(self._of_blocks(numbers))) for numbers in self._numbers]

    def _close(self) -> None:
        """Hold the rows that wait, or deal them."""
        if not self._waiting:
            return
        block = self._end, pa.Table.from_batches(self._waiting).combine_chunks()
        self._end += block[1].num_rows
        self._waiting, self._size = [], 0
        if self._dealt is None and self._spool.hold(block[1].nbytes):
            self._blocks.append(block)
            return
        if self._dealt is None:
            self._dealt = [[] for _ in self._numbers]
        while self._blocks:
            self._spool.release(self._blocks[0][1].nbytes)
            self._deal(*self._blocks.pop(0), self._dealt)
        self._deal(*block, self._dealt)

    def _deal(self, first: int, table: pa.Table, dealt: Sequence[list[tuple[int, pa.RecordBatch | Stored]]]) -> None:
        for numbers, parts in zip(self._numbers, dealt, strict=True):
            of_block = _within(numbers, first, table.num_rows)
            for start in range(0, len(of_block), _BATCH):
                (batch,) = table.take(pa.array(of_block[start : start + _BATCH])).combine_chunks().to_batches()
                parts.append(self._spool.add(batch))

    def _of_blocks(self, numbers: npt.NDArray[np.int64]) -> Iterator[tuple[pa.Table, pa.Array]]:
        for first, table in self._blocks:
            of_block = _within(numbers, first, table.num_rows)
            if len(of_block):
                yield table, pa.array(of_block)


def _within(numbers: npt.NDArray[np.int64], first: int, count: int) -> npt.NDArray[np.int64]:
    """Return those of some numbers that are among `count` ones from `first` on, counted from there."""
    begin, end = np.searchsorted(numbers, [first, first + count])
    return numbers[begin:end] - first
