"""What carlang raises. `CarlangError` is the root; a message says cause and remedy."""

from __future__ import annotations

from collections.abc import Sequence

from carlang.diagnostics import Diagnostic, render_all


class CarlangError(Exception):
    """Root of everything that carlang raises on purpose."""


class CompileError(CarlangError):
    """A program or an analytic file has errors; `diagnostics` holds all of them, warnings included."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(render_all(diagnostics).rstrip())
        self.diagnostics = tuple(diagnostics)


class StoreError(CarlangError):
    """An event store cannot be opened, read or written."""


class IngestError(CarlangError):
    """A source of raw logs, or a mapping file, cannot be used."""


class IngestOptionError(IngestError, ValueError):
    """What an ingest is told to do cannot be: there is no such sensor, action or way to find duplicates."""


class EngineError(CarlangError):
    """A query failed, ran out of memory or out of time."""
