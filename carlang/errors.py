"""What carlang raises. `CarlangError` is the root; a message says cause and remedy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from carlang.diagnostics import Diagnostic, render_all


class CarlangError(Exception):
    """Root of everything that carlang raises on purpose."""

    def __reduce__(self) -> tuple[Callable[..., CarlangError], tuple[object, ...]]:
        # Python would call the class with the message, which is not what those with parts of their own are made of:
        # an error that comes out of another process broke the pool there.
        return _remade, (type(self), self.args, self.__dict__)


def _remade(cls: type[CarlangError], args: tuple[object, ...], parts: dict[str, object]) -> CarlangError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(parts)
    return error


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
