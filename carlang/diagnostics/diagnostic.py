"""What a diagnostic is: a code, a place, a sentence, and what helps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from carlang.diagnostics.codes import Code, Severity
from carlang.source import Location, Source, Span


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that explains the first, with a few words to stand under it."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """The replacement of a span of the program by a text; an empty span is an insertion."""

    span: Span
    text: str


class Applicability(Enum):
    """How much a repair can be relied on.

    A certain one cannot mean something else than what was meant, a likely one could, a sketch has to be filled in or
    chosen from before it means anything.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    SKETCH = "sketch"


@dataclass(frozen=True, slots=True)
class Repair:
    """A mechanical repair: edits that do not overlap, and how much it can be relied on."""

    edits: tuple[Edit, ...]
    applicability: Applicability = Applicability.CERTAIN

    @property
    def certain(self) -> bool:
        """Whether it may be applied without asking."""
        return self.applicability is Applicability.CERTAIN


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A fault of a program or a remark on it.

    `message` is a sentence without a full stop, `label` the words under the underlined place, `labels` other places
    in the same source, `help` what to do about it. Built by chaining: `Diagnostic.at(...).with_label(...)`.
    """

    code: Code
    message: str
    source: Source
    span: Span
    label: str = ""
    labels: tuple[Label, ...] = ()
    help: str | None = None
    repair: Repair | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def severity(self) -> Severity:
        """The weight of the code."""
        return self.code.severity

    @property
    def location(self) -> Location:
        """The place in the document, with lines and columns from 1."""
        return self.source.location(self.span)

    def with_label(self, text: str) -> Diagnostic:
        """Return the diagnostic with these words under its place."""
        return replace(self, label=text)

    def pointing_to(self, span: Span, text: str) -> Diagnostic:
        """Return the diagnostic with one more place that explains it."""
        return replace(self, labels=(*self.labels, Label(span, text)))

    def with_help(self, text: str) -> Diagnostic:
        """Return the diagnostic with the advice `text`."""
        return replace(self, help=text)

    def with_note(self, text: str) -> Diagnostic:
        """Return the diagnostic with one more remark."""
        return replace(self, notes=(*self.notes, text))

    def repaired_by(self, text: str, span: Span | None = None, *, certain: bool = True) -> Diagnostic:
        """Return the diagnostic with a repair that puts `text` in the place of `span`, or of its own span.

        A repair that is not `certain` is a likely one.
        """
        applicability = Applicability.CERTAIN if certain else Applicability.LIKELY
        return replace(self, repair=Repair((Edit(span or self.span, text),), applicability))

    def sketched_by(self, text: str, span: Span | None = None) -> Diagnostic:
        """Return the diagnostic with a sketch of a repair, which has to be filled in or thought over."""
        return replace(self, repair=Repair((Edit(span or self.span, text),), Applicability.SKETCH))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Tell whether any of the diagnostics stops a run."""
    return any(d.severity is Severity.ERROR for d in diagnostics)
