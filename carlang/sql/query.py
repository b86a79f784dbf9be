"""What the lowering of one stream needs of the query that it is part of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from carlang.resolve.bound import BoundStream
from carlang.sql.expressions import Expressions
from carlang.sql.fragments import SQL


class Query(Protocol):
    """A query at work: its tables, and what lowers its expressions."""

    def table(self, stream: BoundStream) -> SQL:
        """Return a stream as something to select from."""
        ...

    def expressions(self, computed: Mapping[int, str] | None = None) -> Expressions:
        """Return what lowers expressions; `computed` are those that are columns already, by identity."""
        ...
