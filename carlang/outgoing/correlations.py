"""Bursts, `together` and sequences as Sigma's correlations, the other way round of `sigma/correlating.py`.

A correlation refers to rules, one for each log source of the streams that it is of. An event that lacks one of the
fields of `group-by` is of no group there, while missing values are equal here: so what goes out has to ask that they
are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carlang.outgoing.conditions import Conditions
from carlang.outgoing.meanings import meaning
from carlang.outgoing.selected import Selected, selected
from carlang.outgoing.streams import Branch
from carlang.outgoing.unwritable import UnwritableError
from carlang.resolve.bound import (
    Affix,
    Aggregate,
    Aggregated,
    AnyOf,
    BoundExpr,
    BoundStream,
    Compare,
    Complement,
    Const,
    Contains,
    FieldRef,
    Grouped,
    InBlock,
    Matches,
    NamedStream,
    OneOf,
    Param,
    Present,
    Projected,
    RegexTest,
    Sequenced,
    Step,
    StreamPart,
    Together,
    Windows,
    conjuncts,
)
from carlang.resolve.inputs import Given
from carlang.source import Span

_OPERATORS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "==": "eq", "!=": "neq"}
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "=="}
_VALUES = {"sum": "value_sum", "avg": "value_avg", "median": "value_median"}
_MAY_BE_MISSING = {*_VALUES, "percentile"}
"""Measures that there are none of where no event has a number."""
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_SECOND = 1_000_000  # durations are kept in microseconds


@dataclass(frozen=True, slots=True)
class Part:
    """A rule that a correlation refers to, and a name for it."""

    name: str
    selected: Selected


@dataclass(frozen=True, slots=True)
class Correlated:
    """A correlation and its rules; `group_by` has by column what it is called in each rule."""

    kind: str
    parts: tuple[Part, ...]
    group_by: Mapping[str, tuple[str, ...]]
    timespan: str
    condition: Mapping[str, Any] | None

    def section(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the correlation as a rule has it, `names` being those of its rules."""
        aliases = {
            column: dict(zip(names, fields, strict=True))
            for column, fields in self.group_by.items()
            if len(set(fields)) > 1
        }
        keys = [column if column in aliases else fields[0] for column, fields in self.group_by.items()]
        section: dict[str, Any] = {
            "type": self.kind,
            "rules": list(names),
            "group-by": keys,
            "timespan": self.timespan,
            "aliases": aliases,
            "condition": dict(self.condition) if self.condition else None,
        }
        return {key: value for key, value in section.items() if value}


def correlated(stream: BoundStream, given: Given) -> Correlated | None:
    """Return the correlation that a stream is, None for one that is none; raises `UnwritableError`."""
    while isinstance(stream, NamedStream | Projected):
        stream = stream.stream if isinstance(stream, NamedStream) else stream.input
    match stream:
        case Aggregated(group=Grouped(period=Windows()) as group) | (Grouped(period=Windows()) as group):
            return _burst(group, given)
        case Together(parts=parts, keys=keys, within=within):
            referred = tuple(_only(part, given) for part in parts)
            return Correlated("temporal", referred, _keys(referred, keys, given), _timespan(within, given), None)
        case Sequenced(steps=steps, keys=keys, within=within):
            return _sequence(stream, steps, keys, within, given)
        case _:
            return None


def _sequence(
    stream: Sequenced, steps: Sequence[Step], keys: Sequence[str], within: BoundExpr | None, given: Given
) -> Correlated:
    if stream.until is not None:
        raise UnwritableError("`until` has no form in a Sigma correlation", stream.span)
    if within is None:
        raise UnwritableError("a Sigma correlation has a timespan, and this sequence has no `within`", stream.span)
    for step in steps:
        if step.absent or step.condition is not None or step.times > 1 or step.is_repeated:
            raise UnwritableError(
                "a step that is absent, repeated or has a condition has no form in a Sigma correlation", step.span
            )
    referred = tuple(_only(step, given) for step in steps)
    return Correlated("temporal_ordered", referred, _keys(referred, keys, given), _timespan(within, given), None)


def _only(part: StreamPart, given: Given) -> Part:
    """Return the one rule that a part of a correlation is."""
    rules = selected(part.stream, given, part.span)
    if len(rules) > 1:
        raise UnwritableError("its events are of several log sources, and a Sigma rule has one", part.span)
    return Part(part.name, rules[0])


def _burst(group: Grouped, given: Given) -> Correlated:
    period = group.period
    if not isinstance(period, Windows) or group.having or len(period.conditions) != 1:
        raise UnwritableError("a Sigma correlation has one condition, on the events of a time frame", group.span)
    parts: list[Part] = []
    for number, source in enumerate(group.inputs):
        name = source.name if isinstance(source, NamedStream) else f"events_{number + 1}"
        rules = selected(source, given, group.span)
        if {rule.fields for rule in rules} & {part.selected.fields for part in parts}:
            raise UnwritableError("an event that is of both streams counts twice here, and once in Sigma", group.span)
        parts += [Part(name if len(rules) == 1 else f"{name}_{at + 1}", rule) for at, rule in enumerate(rules)]
    kind, condition = _measure(period.conditions[0], parts, given)
    if kind != "value_count" and any(len(part.selected.branches) > 1 for part in parts):
        raise UnwritableError("an event of both parts of a union counts twice here, and once in Sigma", group.span)
    keys = _keys(parts, [key.name for key in group.keys], given)
    return Correlated(kind, tuple(parts), keys, _timespan(period.length, given), condition)


def _measure(condition: BoundExpr, parts: Sequence[Part], given: Given) -> tuple[str, dict[str, Any]]:
    """Return the type of a correlation that a condition on a time frame asks for, and its condition."""
    match condition:
        case AnyOf((Compare("<", measure, number), Compare(">", other, same))) if (other, same) == (measure, number):
            operator = "!="
        case Complement(Compare("==", measure, number)):
            operator = "!="
            if isinstance(measure, Aggregate) and measure.function in _MAY_BE_MISSING:
                why = f"`{measure.function}` of nothing differs from every number here, and from none in Sigma"
                raise UnwritableError(f"{why}: ask for `<` or `>`", condition.span)
        case Compare(operator, (Const() | Param()) as number, measure):
            operator = _TURNED[operator]
        case Compare(operator, measure, number):
            pass
        case _:
            raise UnwritableError("a Sigma correlation compares a count or a sum with a number", condition.span)
    compared: dict[str, Any] = {_OPERATORS[operator]: _number(number, given)}
    match measure:
        case Aggregate("count", (), _) | FieldRef("count"):
            return "event_count", compared
        case Aggregate("count", (FieldRef() as field,), True):
            return "value_count", {"field": _field(field, parts, given), **compared}
        case Aggregate(function, (FieldRef() as field,), False) if function in _VALUES:
            return _VALUES[function], {"field": _field(field, parts, given), **compared}
        case Aggregate("percentile", (FieldRef() as field, percentile), False):
            compared = {"field": _field(field, parts, given), **compared}
            return "value_percentile", {**compared, "percentile": _number(percentile, given)}
        case _:
            raise UnwritableError("a Sigma correlation has no such measure of a time frame", condition.span)


def _field(column: FieldRef, parts: Sequence[Part], given: Given) -> str:
    names = {name for part in parts for name in _names(part, column, given)}
    if len(names) > 1:
        raise UnwritableError(f"`{column.column}` has several names in the log sources", column.span)
    return names.pop()


# ---- keys and lengths ------------------------------------------------------------------------------------------------


def _keys(parts: Sequence[Part], keys: Sequence[str], given: Given) -> dict[str, tuple[str, ...]]:
    """Return by column what it is called in each rule; raises `UnwritableError` where it may be missing."""
    fields: dict[str, tuple[str, ...]] = {}
    for key in keys:
        names: list[str] = []
        for part in parts:
            types = {column.name: column.type for branch in part.selected.branches for column in branch.known}
            name, *others = dict.fromkeys(_names(part, FieldRef(key, types[key]), given))
            if others:
                raise UnwritableError(f"`{key}` has several names in one log source", part.selected.branches[0].span)
            _check_present(part, FieldRef(key, types[key]))
            names.append(name)
        fields[key] = tuple(names)
    return fields


def _names(part: Part, column: FieldRef, given: Given) -> Iterator[str]:
    for branch in part.selected.branches:
        yield Conditions(part.selected.fields, given).group_key(branch.in_own_fields(column))


def _check_present(part: Part, column: FieldRef) -> None:
    for branch in part.selected.branches:
        asked = meaning(branch.in_own_fields(column))
        if not any(asked == meaning(each) for each in _present(branch)):
            raise UnwritableError(
                f"rows without `{column.column}` are a group here and of none in Sigma: "
                f"filter the stream by `{column.column} exists` first",
                branch.span,
            )


def _present(branch: Branch) -> Iterator[BoundExpr]:
    """Yield what has a value wherever the conditions of a branch hold."""
    for condition in branch.conditions:
        for test in conjuncts(condition):
            match test:
                case Present(operand):
                    yield operand
                case OneOf(subject=subject) | Matches(subject=subject) | RegexTest(subject=subject):
                    yield subject
                case InBlock(subject=subject) | Affix(subject=subject) | Contains(container=subject):
                    yield subject
                case Compare(_, left, right):
                    yield from (left, right)
                case _:
                    pass


def _timespan(length: BoundExpr, given: Given) -> str:
    """Return a duration as Sigma writes it, in the largest unit that it is a number of."""
    microseconds = _number(length, given)
    seconds, rest = divmod(int(microseconds), _SECOND)
    if rest or seconds <= 0:
        raise UnwritableError("a Sigma timespan is a whole number of seconds, and at least one", length.span)
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _number(expr: BoundExpr, given: Given) -> int | float:
    value = given.get((expr.name, expr.type.kind)) if isinstance(expr, Param) else expr
    match value:
        case Const(value=bool()):
            pass
        case Const(value=int() | float() as number):
            return number
    span: Span | None = expr.span
    raise UnwritableError("a Sigma correlation compares with a number that is known beforehand", span)
