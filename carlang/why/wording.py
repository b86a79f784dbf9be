"""What programs call things: conditions as they are written and where, values by their names, and what is not said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from carlang.model import Column
from carlang.model.types import field_of
from carlang.resolve import bound
from carlang.resolve.bound import BoundStream
from carlang.results import WrittenCondition, shortened
from carlang.source import Span
from carlang.why.conditions import Condition, Operand
from carlang.why.passages import Passage, Text

_LONGEST_NAME = 60
"""How many characters of an expression a value is called by."""

_IDENTITY = ("time", "hostname", "record_id")
_MOST_NAMES = 6
"""How many columns a row is known by where no three of them tell."""


def written(condition: Condition, text: Text) -> WrittenCondition:
    """Return a condition as its program has it, on one line."""
    if condition.span is None:
        return WrittenCondition("a condition that is not written")
    span = condition.span if text.source is None else _unwrapped(condition.span, text.source.text)
    positive = placed(span, text)
    return replace(positive, text=f"not ({positive.text})") if condition.negated else positive


def placed(span: Span, text: Text) -> WrittenCondition:
    """Return what stands at a place of a program, on one line."""
    if text.source is None:
        whose = text.analytic or "an analytic that this one runs"
        return WrittenCondition(f"a condition of {whose}", analytic=text.analytic)
    line, column = text.source.position(span.start)
    return WrittenCondition(_on_a_line(text.source.text[span.start : span.end]), line, column, text.analytic)


def begun(passage: Passage) -> WrittenCondition:
    """Return what a passage begins with, as its program has it."""
    if passage.made.span is None or passage.text.source is None:
        return WrittenCondition(_kind(passage.made), analytic=passage.text.analytic)
    begins = placed(passage.made.span, passage.text)
    group = passage.made.group if isinstance(passage.made, bound.Aggregated) else None
    if group is None or group.span is None or group.span == passage.made.span:
        return begins
    of_groups = placed(group.span, passage.text)
    return replace(of_groups, text=f"{of_groups.text} | {begins.text}")


def label(operand: Operand, text: Text) -> str:
    """Return what a value is called: the name of its field, else the expression as it is written."""
    if operand.label:
        return operand.label
    if isinstance(operand.written, bound.FieldRef):
        value = operand.value
        of_part = isinstance(value, bound.FieldRef) and value.column.endswith(f".{operand.written.column}")
        return value.column if of_part and isinstance(value, bound.FieldRef) else operand.written.column
    span = operand.written.span
    if span is None or text.source is None:
        return "value"
    return shortened(_on_a_line(text.source.text[span.start : span.end]), _LONGEST_NAME)


def identity(stream: BoundStream) -> list[Column]:
    """Return the columns by which a reader knows a row: of groups their keys, else times, hosts and records."""
    match stream:
        case bound.NamedStream(stream=source):
            return identity(source)
        case bound.Grouped(keys=keys, columns=columns):
            names = [*(key.name for key in keys), "count", "first_time", "last_time"]
            return _named(columns, names)
        case bound.Aggregated(columns=columns):
            return [c for c in columns if not c.name.startswith("#")][:_MOST_NAMES]
        case _:
            known = [c for c in stream.columns if field_of(c.name) in _IDENTITY]
            return known or list(stream.columns[:_MOST_NAMES])


def unsaid(passage: Passage) -> str:
    """Return a sentence on what is not said of the rows that a passage begins with; empty where all is."""
    match passage.made:
        case bound.Events() | bound.NamedStream() | bound.Filtered() | bound.Derived() | bound.Projected():
            return ""
        case bound.Sorted() | bound.Cut() | bound.Deduplicated() | bound.Distinct():
            return ""
        case bound.Joined():
            return f"which rows come nearest to being joined in {passage.stream}"
        case bound.Grouped() | bound.Aggregated():
            windows = passage.made if isinstance(passage.made, bound.Grouped) else passage.made.group
            if isinstance(windows.period, bound.Windows):
                return f"what the windows of {passage.stream} make of their conditions"
            return f"which rows a group of {passage.stream} is made of"
        case bound.Sequenced():
            return f"how far the sequence {passage.stream} gets with which events"
        case bound.Together():
            return f"which events come nearest to being together in {passage.stream}"
        case bound.Difference():
            return f"which rows {passage.stream} takes away"
        case bound.Union():
            return f"which side of {passage.stream} a row is of"
        case bound.Related():
            return f"which processes come nearest to those of {passage.stream}"
        case _:
            assert_never(passage.made)


def _unwrapped(span: Span, program: str) -> Span:
    """Return what stands inside of the parentheses that are around all of a condition, without blanks."""
    inner = program[span.start : span.end]
    start = span.start + len(inner) - len(inner.lstrip())
    inner = inner.strip()
    if inner.startswith("(") and _closing(inner) == len(inner) - 1:
        return _unwrapped(Span(start + 1, start + len(inner) - 1), program)
    return Span(start, start + len(inner))


def _closing(text: str) -> int:
    """Return where the parenthesis closes that a text opens with, which may hold texts in quotes; -1 if nowhere."""
    depth, quote, escaped = 0, "", False
    for index, character in enumerate(text):
        if quote:
            if character == quote and not escaped:
                quote = ""
            escaped = character == "\\" and not escaped
        elif character in "\"'":
            quote = character
        else:
            depth += (character == "(") - (character == ")")
            if not depth:
                return index
    return -1


def _kind(stream: BoundStream) -> str:
    return type(stream).__name__.lower()


def _named(columns: Iterable[Column], names: Iterable[str]) -> list[Column]:
    by_name = {c.name: c for c in columns}
    return [by_name[name] for name in dict.fromkeys(names) if name in by_name]


def _on_a_line(text: str) -> str:
    return " ".join(text.split())
