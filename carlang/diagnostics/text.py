"""Diagnostics as text, with the lines of the document they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from carlang.diagnostics.codes import Severity
from carlang.diagnostics.diagnostic import Applicability, Diagnostic
from carlang.escapes import printable

_COLOURS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.HINT: "1;36"}
_GUTTER = "1;34"
_APPLIED = {
    Applicability.CERTAIN: "certain, `--fix` applies it",
    Applicability.LIKELY: "likely, `--fix --likely` applies it",
    Applicability.SKETCH: "a sketch, to be thought over",
}
# A line of minified or generated text would bury its own message. 160 columns are more than a program in the canonical
# layout has, and still two lines on a common terminal.
_WIDEST = 160
_BLANK = re.compile(r"[^\S\n\r\v\f\x1c-\x1f\x85\u2028\u2029]")


def render_all(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """Return all diagnostics as text, each followed by an empty line."""
    return "".join(render(d, colour=colour) + "\n\n" for d in diagnostics)


def render(diagnostic: Diagnostic, *, colour: bool = False) -> str:
    """Return a diagnostic as text: its message, its place, the lines in question with what is underlined, its help."""
    paint = _Paint(enabled=colour)
    shade = _COLOURS[diagnostic.severity]
    location = diagnostic.location
    marks = _marks(diagnostic)
    width = len(str(max(mark.line for mark in marks)))
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code.name}]", shade)
    arrow = paint("-->", _GUTTER)
    lines = [
        f"{head}: {printable(diagnostic.message)}",
        f"{' ' * width}{arrow} {printable(location.file or '<program>')}:{location.line}:{location.column}",
    ]
    lines += _snippet(diagnostic, marks, width, paint)
    bar = paint("=", _GUTTER)
    lines += [f"{' ' * width} {bar} note: {printable(note)}" for note in diagnostic.notes]
    if diagnostic.help:
        lines.append(f"{' ' * width} {bar} help: {printable(diagnostic.help)}")
    # The repair of a hint is an advice: a hint is no fault, and no command applies it.
    if diagnostic.repair and diagnostic.severity is not Severity.HINT:
        lines.append(f"{' ' * width} {bar} repair: {_APPLIED[diagnostic.repair.applicability]}")
    return "\n".join(lines)


def _shown(line: str) -> str:
    """Return a line, or its beginning, as it is shown; blanks of every width are one column."""
    return printable(_BLANK.sub(" ", line))


@dataclass(frozen=True, slots=True)
class _Paint:
    enabled: bool

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.enabled else text


@dataclass(frozen=True, slots=True)
class _Mark:
    """An underlined range on one line of what is shown; columns from 1, `end` exclusive."""

    line: int
    start: int
    end: int
    text: str
    main: bool


def _marks(diagnostic: Diagnostic) -> list[_Mark]:
    marks = []
    spans = [(diagnostic.span, diagnostic.label, True)]
    spans += [(label.span, label.text, False) for label in diagnostic.labels]
    for span, text, main in spans:
        location = diagnostic.source.location(span)
        # What goes on over several lines is underlined to the end of its first.
        last = location.end_column if location.end_line == location.line else 0
        content = _line(diagnostic, location.line)
        end = last or len(content) + 1
        start = len(_shown(content[: location.column - 1])) + 1
        end = len(_shown(content[: end - 1])) + 1
        marks.append(_Mark(location.line, start, max(end, start + 1), text, main))
    return sorted(marks, key=lambda mark: (mark.line, mark.start))


def _line(diagnostic: Diagnostic, number: int) -> str:
    lines = diagnostic.source.document_lines
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _snippet(diagnostic: Diagnostic, marks: list[_Mark], width: int, paint: _Paint) -> list[str]:
    bar = paint("|", _GUTTER)
    lines = [f"{' ' * width} {bar}"]
    shade = _COLOURS[diagnostic.severity]
    shown: int | None = None
    for mark in marks:
        if mark.line != shown:
            if shown is not None and mark.line > shown + 1:
                lines.append(paint("...", _GUTTER))
            shown = mark.line
            window = _window(mark, _shown(_line(diagnostic, mark.line)))
            number = paint(f"{mark.line:>{width}}", _GUTTER)
            lines.append(f"{number} {bar} {window.text}".rstrip())
        start = window.column(mark.start)
        length = max(window.column(mark.end) - start, 1)
        underline = ("^" if mark.main else "-") * length + (f" {printable(mark.text)}" if mark.text else "")
        lines.append(f"{' ' * width} {bar} {' ' * start}{paint(underline, shade if mark.main else _GUTTER)}")
    return lines


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of a line that is shown: all of it, or the neighbourhood of the place on a very long one."""

    text: str
    offset: int
    lead: int

    def column(self, column: int) -> int:
        inside = min(max(column - 1 - self.offset, 0), len(self.text))
        return inside + self.lead


def _window(mark: _Mark, line: str) -> _Window:
    if len(line) <= _WIDEST:
        return _Window(line, 0, 0)
    # A third of the window before the place, two behind it: what is underlined is explained by what follows.
    offset = max(0, min(mark.start - 1 - _WIDEST // 3, len(line) - _WIDEST))
    part = line[offset : offset + _WIDEST]
    lead = "…" if offset else ""
    tail = "…" if offset + _WIDEST < len(line) else ""
    return _Window(lead + part + tail, offset, len(lead))
