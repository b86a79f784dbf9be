"""What a baseline is once its file has been read: exclusions, tests of them, and what is wrong with the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from carlang.diagnostics import Diagnostic
from carlang.errors import CompileError, WrongUseError
from carlang.importers import Case
from carlang.source import Source, Span

ANY = "*"
"""Stands for every analytic."""


class BaselineError(CompileError, WrongUseError):
    """A baseline has errors, so that nothing was run with it; `diagnostics` holds all of them."""


@dataclass(frozen=True, slots=True)
class Exactly:
    """A text that a field has to be, in which `*` and variables such as `%temp%` stand for themselves."""

    text: str


Value = str | int | float | bool | Exactly | None
"""What a field has to be: a pattern, a number, a truth value, a text without wildcards, or missing."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Rows that are not to be shown: those of an output whose fields are each like one of some values.

    `output` is None for all outputs of the analytic. `count`, `hosts`, `first` and `last` say what it was made from,
    and nothing hangs on them. One with a `review` takes nothing away until somebody has removed that key; it may lack
    fields, which somebody has to find.
    """

    analytic: str
    output: str | None
    fields: Mapping[str, tuple[Value, ...]]
    count: int | None = None
    hosts: int | None = None
    first: str | None = None
    last: str | None = None
    note: str = ""
    review: str = ""
    span: Span = field(default=Span(0, 0), compare=False, repr=False)
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)
    """Places in the file: of the values of `analytic` and `output`, and of the names of fields, `fields.exe`."""

    def is_for(self, analytic: str, output: str) -> bool:
        """Tell whether it speaks of an output; ids have no case."""
        named = self.analytic == ANY or self.analytic.casefold() == analytic.casefold()
        return named and self.output in {None, output}


@dataclass(frozen=True, slots=True)
class Baseline:
    """Exclusions, and tests of them. `made` says what they were made from."""

    file: str
    exclusions: tuple[Exclusion, ...] = ()
    tests: tuple[Case, ...] = ()
    made: Mapping[str, str | int] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    source: Source | None = field(default=None, compare=False, repr=False)

    def line(self, exclusion: Exclusion) -> int:
        """Return the line of the file on which an exclusion stands; 0 where there is no file."""
        return self.source.location(exclusion.span).line if self.source else 0
