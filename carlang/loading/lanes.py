"""Records that wait until they are enough for a run of their mappings' queries."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from carlang.mapping.mapper import Lane

_ENOUGH = 8192
_FULL = 16 << 20
_MOST = 48 << 20


class Lanes:
    """Gathers records by lane: to begin a query takes as long as some hundred rows."""

    def __init__(self) -> None:
        self._tables: dict[Lane, list[pa.Table]] = {}
        self._rows: dict[Lane, int] = {}
        self._sizes: dict[Lane, int] = {}
        self._known: set[Lane] = set()

    def add(self, lane: Lane, rows: pa.Table) -> bool:
        """Take records; returns whether they are the first of their lane."""
        new = lane not in self._known
        self._known.add(lane)
        self._tables.setdefault(lane, []).append(rows)
        self._rows[lane] = self._rows.get(lane, 0) + rows.num_rows
        self._sizes[lane] = self._sizes.get(lane, 0) + rows.nbytes
        return new

    def full(self) -> Iterator[tuple[Lane, pa.Table]]:
        """Take out what is enough for a run, and the most where all together is too much to keep."""
        for lane in list(self._tables):
            if self._rows[lane] >= _ENOUGH or self._sizes[lane] >= _FULL:
                yield lane, self._taken(lane)
        while sum(self._sizes.values()) >= _MOST:
            most = max(self._sizes, key=lambda lane: self._sizes[lane])
            yield most, self._taken(most)

    def all(self) -> Iterator[tuple[Lane, pa.Table]]:
        """Take out everything, the most first, so that several threads are done at about the same time."""
        for lane in sorted(self._tables, key=lambda lane: self._rows[lane], reverse=True):
            yield lane, self._taken(lane)

    def clear(self) -> None:
        """Let everything go."""
        for kept in (self._tables, self._rows, self._sizes):
            kept.clear()

    def _taken(self, lane: Lane) -> pa.Table:
        del self._rows[lane], self._sizes[lane]
        return pa.concat_tables(self._tables.pop(lane)).combine_chunks()
