"""What carlang raises. `CarlangError` is the root; a message says cause and remedy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from carlang.diagnostics import Diagnostic, render_all
from carlang.escapes import printable

Path = tuple[str | int, ...]
"""The way to a value: keys of mappings and indices of sequences, from the outermost."""


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


class WrongUseError(CarlangError):
    """Something was asked for that cannot be: an option, a target, a value of an input, a file of settings."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a value of a data file; line and column count from 1, offsets are into its text."""

    message: str
    path: Path
    line: int
    column: int
    start: int
    end: int
    kind: str = ""


class DataFileError(WrongUseError):
    """A data file cannot be read or breaks its schema; `faults` holds everything found, in the file's order."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        self.name = name
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line, fault.column)))
        super().__init__("\n".join(printable(f"{name}:{f.line}:{f.column}: {_described(f)}") for f in self.faults))


def _described(fault: Fault) -> str:
    way = ".".join(str(part) for part in fault.path)
    return f"`{way}`: {fault.message}" if way else fault.message


class StoreError(CarlangError):
    """An event store cannot be opened, read or written."""


class IngestError(CarlangError):
    """A source of raw logs, or a mapping file, cannot be used."""


class IngestOptionError(WrongUseError, IngestError, ValueError):
    """What an ingest is told to do cannot be: there is no such sensor, action or way to find duplicates."""


class EngineError(CarlangError):
    """A query failed, ran out of memory or out of time."""
