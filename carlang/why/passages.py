"""The streams that lead up to an output, each with its conditions as ones on rows from which all of them can be asked.

A passage is a stream of filters, one behind another, whatever is derived, selected or sorted in between: conditions are
moved down to the rows that the first of them filters, with what is derived written out. There it ends in a search, a
join, groups or whatever else makes rows of its own, and the streams that go into that have passages of their own. The
conditions on groups are moved in the same way onto all groups, with the aggregates that they ask for as columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from carlang.model.types import Column
from carlang.resolve import bound
from carlang.resolve.bound import BoundExpr, BoundStream
from carlang.source import Source
from carlang.why.conditions import Change, Condition, changed, expression, taken_apart, tests

_MOST_NODES = 2_000
"""How many nodes a condition may have once all that is derived for it is written out: each derived value may double
it. Beyond, the rows that have the derived value are where the passage ends."""


@dataclass(frozen=True, slots=True)
class Text:
    """The program that something is written in, None where it cannot be told; `analytic` is the id of another one."""

    source: Source | None
    analytic: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition of a stream, as one on the rows of a passage's base."""

    stream: str
    text: Text
    condition: Condition

    @property
    def expression(self) -> BoundExpr:
        """The condition as one expression."""
        return expression(self.condition)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stream: the rows that it begins with, and the conditions that these have to meet, in the order of the program.

    `made` is the base as the program has it, which has other columns than the base where conditions are on groups.
    `implied` are conditions that all rows of the base meet, as those of the parts of a join are.
    """

    stream: str
    base: BoundStream
    made: BoundStream
    text: Text
    asked: tuple[Asked, ...]
    implied: tuple[Asked, ...] = ()

    @property
    def sources(self) -> tuple[BoundStream, ...]:
        """The streams that the rows of the base are made of, those of lives, which no program names, not among them."""
        match self.made:
            case bound.Aggregated(group=group):  # a row a group, as the groups themselves are
                return group.inputs
            case bound.Related(input=source):
                return (source,)
            case _:
                return bound.inputs(self.made)


def passages(output: bound.BoundOutput, source: Source, find: Callable[[str], Source | None]) -> Mapping[int, Passage]:
    """Return the passages that lead up to an output by the identity of their streams.

    Each comes behind those that its base is made of, the output's own last. `find` gives the programs of other
    analytics that this one runs.
    """
    walk = _Walk(find)
    walk.visit(output.stream, Text(source), output.name)
    return walk.passages


class _Walk:
    """A way down from an output; a stream with a name is come to once."""

    def __init__(self, find: Callable[[str], Source | None]) -> None:
        self._find = find
        self._seen: set[int] = set()
        self.passages: dict[int, Passage] = {}

    def visit(self, stream: BoundStream, text: Text, name: str) -> None:
        """Gather the passages up to a stream."""
        if id(stream) in self._seen:
            return
        self._seen.add(id(stream))
        passage = self._passage(stream, text, name)
        for below in passage.sources:
            self.visit(below, passage.text, name)
        for asked in passage.asked:
            for node in bound.walk(asked.expression):
                if isinstance(node, bound.Scalar | bound.InStream):
                    self.visit(node.stream, asked.text, name)
        self.passages[id(stream)] = passage

    def _passage(self, stream: BoundStream, text: Text, name: str) -> Passage:
        first: str | None = None
        here, asked, node = name, list[Asked](), stream
        while True:
            match node:
                case bound.NamedStream():
                    text, here = self._text_below(node, text), node.name
                    first, node = first or here, node.stream
                case bound.Filtered(source, condition):
                    asked[:0] = [Asked(here, text, each) for each in taken_apart(condition)]
                    node = source
                case bound.Derived(input=source) | bound.Projected(input=source):
                    moved = _moved(asked, _values(node))
                    if moved is None:
                        break
                    asked, node = moved, source
                case bound.Sorted(input=source):
                    node = source
                case _:
                    break
        base, of_groups = _without_having(node)
        asked[:0] = [Asked(here, text, each) for each in of_groups]
        return Passage(first or name, base, node, text, tuple(asked), tuple(self._implied(node, text, here)))

    def _implied(self, stream: BoundStream, text: Text, name: str) -> list[Asked]:  # a case a stream
        """Return the conditions that all rows of a stream are known to meet, on its columns, in the program's order."""
        match stream:
            case bound.NamedStream(name=of, stream=source):
                return self._implied(source, self._text_below(stream, text), of)
            case bound.Filtered(source, condition):
                conditions = [Asked(name, text, each) for each in taken_apart(condition)]
                return [*self._implied(source, text, name), *conditions]
            case bound.Derived(source, column):
                return [each for each in self._implied(source, text, name) if column.name not in _columns(each)]
            case bound.Projected(source, items):
                return list(_selected(self._implied(source, text, name), items))
            case bound.Sorted(source) | bound.Cut(source) | bound.Deduplicated(source) | bound.Difference(left=source):
                return self._implied(source, text, name)
            case bound.Joined(parts, condition, _, optional):
                of_parts = self._of_parts([part for part in parts if part.name not in optional], text)
                joined = [] if optional else [Asked(name, text, each) for each in taken_apart(condition)]
                return [*of_parts, *(each for each in joined if each.condition.span)]
            case bound.Together(parts):
                return self._of_parts(parts, text)
            case bound.Sequenced():
                # Of a step that comes several times, the row has the last event alone.
                single = [step for step in stream.present if step.times == 1]
                of_steps = [(step.condition, step) for step in single if step.condition is not None]
                conditions = [Asked(name, text, each) for condition, _ in of_steps for each in taken_apart(condition)]
                return [*self._of_parts(single, text), *conditions]
            case _:
                return []

    def _of_parts(self, parts: Iterable[bound.StreamPart], text: Text) -> list[Asked]:
        return [each for part in parts for each in _of_part(part, self._implied(part.stream, text, part.name))]

    def _text_below(self, named: bound.NamedStream, text: Text) -> Text:
        """Return the program that the stream with a name is written in: keys begin with the id of another analytic."""
        analytic, _, _ = named.key.rpartition(".")
        if analytic and analytic != text.analytic:
            return Text(self._find(analytic), analytic)
        if text.source is not None and _RUN.match(text.source.text, named.span.end):
            return Text(None)  # of the other analytic, unless what comes next has a name that says so
        return text


_RUN = re.compile(r"\s*=\s*run\b", re.IGNORECASE)


def _values(stream: bound.Derived | bound.Projected) -> Change:
    """Return what gives the value of a column, in terms of the rows that a stream takes."""
    values = (
        {stream.column.name: stream.value}
        if isinstance(stream, bound.Derived)
        else {item.column.name: item.value for item in stream.items}
    )
    return lambda node: values.get(node.column) if isinstance(node, bound.FieldRef) else None


def _moved(asked: Sequence[Asked], change: Change) -> list[Asked] | None:
    """Return conditions on the rows below, with what columns stand for; None where they cannot be asked there."""
    moved = [replace(each, condition=changed(each.condition, change)) for each in asked]
    return moved if all(_can_be_asked(each.condition) for each in moved) else None


def _can_be_asked(condition: Condition) -> bool:
    """Tell whether a condition is small enough, and asks for processes by fields of rows alone."""
    nodes = [node for test in tests(condition) for node in bound.walk(test.test)]
    identities = (node.identity for node in nodes if isinstance(node, bound.ProcessField))
    of_fields = all(isinstance(each, bound.FieldRef) for identity in identities for each in identity.fields)
    return of_fields and len(nodes) <= _MOST_NODES


# ---- groups ----------------------------------------------------------------------------------------------------------


def _without_having(stream: BoundStream) -> tuple[BoundStream, list[Condition]]:
    """Return groups without conditions on them, and the conditions as ones on their rows; other streams as they are."""
    group = stream.group if isinstance(stream, bound.Aggregated) else stream
    if not isinstance(group, bound.Grouped) or not group.having:
        return stream, []
    items = list(stream.items) if isinstance(stream, bound.Aggregated) else _own(group.columns)
    columns = _ColumnsOfGroups()
    conditions = [changed(part, columns.of) for each in group.having for part in taken_apart(each)]
    items += columns.items
    base = bound.Aggregated(replace(group, having=()), tuple(items), tuple(item.column for item in items), stream.span)
    return base, conditions


def _own(columns: Iterable[Column]) -> list[bound.Item]:
    return [bound.Item(c, bound.FieldRef(c.name, c.type)) for c in columns]


class _ColumnsOfGroups:
    """Columns for what conditions ask of groups; their names begin with `#`, which no name of a program can."""

    def __init__(self) -> None:
        self.items: list[bound.Item] = []

    def of(self, node: BoundExpr) -> BoundExpr | None:
        """Return the column that stands for an aggregate, or for a column that groups have of their own."""
        if not isinstance(node, bound.Aggregate | bound.FieldRef):
            return None
        for item in self.items:
            if item.value == node:
                return bound.FieldRef(item.column.name, node.type, node.span)
        column = Column(f"#of groups {len(self.items)}", node.type)
        self.items.append(bound.Item(column, node))
        return bound.FieldRef(column.name, node.type, node.span)


# ---- what is known of rows beyond conditions ----------------------------------------------------------------------


def _of_part(part: bound.StreamPart, asked: Iterable[Asked]) -> Iterator[Asked]:
    """Yield conditions on the rows of a part as ones on rows of what it is a part of."""
    for each in asked:
        names = {name: f"{part.name}.{name}" for name in _columns(each)}
        yield replace(each, condition=changed(each.condition, _named_as(names)))


def _selected(asked: Iterable[Asked], items: Sequence[bound.Item]) -> Iterator[Asked]:
    """Yield conditions as ones on what is selected, those that ask for nothing else."""
    names = {i.value.column: i.column.name for i in items if isinstance(i.value, bound.FieldRef)}
    for each in asked:
        if _columns(each) <= names.keys():
            yield replace(each, condition=changed(each.condition, _named_as(names)))


def _columns(asked: Asked) -> set[str]:
    exprs = (e for test in tests(asked.condition) for e in (test.test, *(o.value for o in test.operands)))
    return {name for expr in exprs for name in bound.row_fields(expr)}


def _named_as(names: Mapping[str, str]) -> Change:
    return lambda node: (
        replace(node, column=names.get(node.column, node.column)) if isinstance(node, bound.FieldRef) else None
    )
