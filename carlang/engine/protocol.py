"""What an engine is to a session: it runs SQL in its own dialect and gives Arrow tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from carlang.results import Rows, table_of

if TYPE_CHECKING:
    from carlang.sql import Dialect


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a query in their order; `total` counts those as well that a limit cut off.

    `excluded` are the numbers of rows that exclusions took away, by the exclusion; they are not in `total`.
    """

    rows: Rows = field(repr=False)
    total: int
    excluded: tuple[int, ...] = ()

    @property
    def table(self) -> pa.Table:
        """The rows as an Arrow table."""
        return table_of(self.rows)


class Engine(Protocol):
    """Runs statements and queries one at a time. All of its methods raise `EngineError` for what fails."""

    @property
    def dialect(self) -> Dialect:
        """The dialect of the SQL that it runs."""
        ...

    def execute(
        self, statement: str, tables: Mapping[str, pa.Table] | None = None, *, takes_time: bool = False
    ) -> None:
        """Run a statement that gives no rows; it can read `tables` under their names, which are gone afterwards.

        One that `takes_time` has as much of it as a query.
        """
        ...

    def query(self, text: str, limit: int | None = None) -> Answer:
        """Run a query, and keep the first `limit` rows of it, or all."""
        ...

    def query_without(self, text: str, exclusions: int, limit: int | None = None) -> Answer:
        """Run a query whose last column says which of so many exclusions a row is like, and take such rows away."""
        ...

    def read(
        self, text: str, take: Callable[[pa.RecordBatch], object], tables: Mapping[str, pa.Table] | None = None
    ) -> pa.Schema:
        """Run a query, and have all of its rows taken batch by batch; returns their schema.

        It can read `tables` under their names, which are gone afterwards.
        """
        ...

    def close(self) -> None:
        """Give back what the engine holds."""
        ...
