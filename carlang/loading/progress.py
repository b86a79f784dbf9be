"""How an ingest tells how far it is."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable  # what is none is refused before an ingest begins
class Progress(Protocol):
    """Something that shows progress; sizes are bytes of the sources as they lie on disk."""

    def start(self, total: int) -> None:
        """Begin; `total` is the size of all sources."""
        ...

    def file(self, name: str) -> None:
        """Turn to the next source."""
        ...

    def advance(self, size: int) -> None:
        """Move on by so many bytes; together they make the total."""
        ...
