"""Records that wait until they are enough for a run of their mappings' queries."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from carlang.mapping.router import Route
from carlang.readers import budget, tuning


class WaitingRecords:
    """Gathers records by route: to begin a query takes as long as some hundred rows."""

    def __init__(self) -> None:
        self._tables: dict[Route, list[pa.Table]] = {}
        self._rows: dict[Route, int] = {}
        self._sizes: dict[Route, int] = {}

    def add(self, route: Route, rows: pa.Table) -> None:
        """Take records."""
        self._tables.setdefault(route, []).append(rows)
        self._rows[route] = self._rows.get(route, 0) + rows.num_rows
        self._sizes[route] = self._sizes.get(route, 0) + rows.nbytes

    def full(self) -> Iterator[tuple[Route, pa.Table]]:
        """Take out what is enough for a run, and the most where all together is too much to keep."""
        for route in list(self._tables):
            if self._rows[route] >= tuning.ROWS_OF_ROUTE or self._sizes[route] >= budget.within(tuning.BYTES_OF_ROUTE):
                yield route, self._take(route)
        while sum(self._sizes.values()) >= budget.within(tuning.BYTES_OF_ROUTES):
            largest = max(self._sizes, key=lambda route: self._sizes[route])
            yield largest, self._take(largest)

    def all(self) -> Iterator[tuple[Route, pa.Table]]:
        """Take out everything, the most first, so that several threads are done at about the same time."""
        for route in sorted(self._tables, key=lambda route: self._rows[route], reverse=True):
            yield route, self._take(route)

    def clear(self) -> None:
        """Let everything go."""
        for kept in (self._tables, self._rows, self._sizes):
            kept.clear()

    def _take(self, route: Route) -> pa.Table:
        del self._rows[route], self._sizes[route]
        return pa.concat_tables(self._tables.pop(route)).combine_chunks()
