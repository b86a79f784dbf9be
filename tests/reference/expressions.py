"""Expressions of the bound program over one row, or over the rows of a group."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from carlang.model.types import Kind, Type
from carlang.resolve import Given
from carlang.resolve import bound as b
from tests.reference.aggregates import aggregate, at_the_end
from tests.reference.functions import call, whole, within_64_bits
from tests.reference.order import Row, moment, same
from tests.reference.processes import Keys, Processes, keys
from tests.reference.texts import address, finds, fold, matches

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Run:
    """What is the same in a whole run: its instant, the values of inputs, and how scalars are computed."""

    now: datetime
    given: Given = field(default_factory=dict)
    rows_of: Callable[[b.BoundStream], Sequence[Row]] = lambda _: ()
    processes: Callable[[b.Lives], Processes] = lambda _: Processes((), (), ())


@dataclass(frozen=True)
class Place:
    """What an expression stands at: a row, and where it is one of groups, the rows of the group in order of time."""

    run: Run
    row: Row = field(default_factory=dict)
    members: Sequence[Row] = ()
    each_text: str | None = None

    def at(self, row: Row) -> Place:
        """Return the place of another row."""
        return replace(self, row=row, members=())


def holds(place: Place, condition: b.BoundExpr) -> bool:
    """Tell whether a condition holds; a missing value is no truth."""
    return evaluate(place, condition) is True


def evaluate(place: Place, expr: b.BoundExpr) -> Any:  # noqa: C901, PLR0911, PLR0912  # a case a node
    """Return the value of an expression, None where it is missing."""
    match expr:
        case b.FieldRef(column):
            return place.row.get(column)
        case b.MemberRef(record, member):
            return _member(evaluate(place, record), member)
        case b.Const(value):
            return value
        case b.Now():
            return place.run.now
        case b.Items(items):
            return [evaluate(place, item) for item in items]
        case b.ElementOf(items, index):
            return _element(evaluate(place, items), index)
        case b.Choice():
            return evaluate(place, _chosen(place, expr))
        case b.EachText():
            return place.each_text
        case b.Arith():
            return _arithmetic(expr, evaluate(place, expr.left), evaluate(place, expr.right))
        case b.Apply(function, arguments):
            return call(
                function, [_argument(place, function, argument, in_base=len(arguments) > 1) for argument in arguments]
            )
        case b.Param(name, kind):
            return evaluate(place, place.run.given[name, kind.kind])
        case b.Aggregate():
            return _aggregate(place, expr, place.members)
        case b.Scalar(stream, inner):
            return _aggregate(place, inner, place.run.rows_of(stream))
        case b.ProcessField():
            return _of_process(place, expr)
        case (
            b.Truth()
            | b.Compare()
            | b.OneOf()
            | b.InStream()
            | b.Matches()
            | b.RegexTest()
            | b.InBlock()
            | b.Contains()
            | b.Affix()
            | b.SomeText()
            | b.Present()
            | b.AllOf()
            | b.AnyOf()
            | b.Complement()
        ):
            return _condition(place, expr)
        case _:
            assert_never(expr)


def identified(row: Row, identity: b.Identity) -> Keys:
    """Return what says which process a row is of."""
    columns = (identity.guid, identity.pid, identity.host, identity.time)
    return keys(row, *(column.column if column else "" for column in columns))


def at(row: Row, column: b.FieldRef | None) -> Any:
    """Return the value of a column that a row may not have."""
    return row.get(column.column) if column else None


def _of_process(place: Place, expr: b.ProcessField) -> Any:
    processes = place.run.processes(expr.lives)
    number = processes.behind(identified(place.row, expr.identity))
    for _ in range(expr.generation):
        number = None if number is None else processes.parent(number)
    return None if number is None else processes.starts[number].get(expr.column)


def _argument(place: Place, function: str, expr: b.BoundExpr, *, in_base: bool) -> Any:
    """Return an argument; a text of a duration is of its seconds, and a number of an id is of digits alone."""
    value = evaluate(place, expr)
    alone = function == "to_int" or (function == "to_number" and not in_base)
    if alone and expr.type.kind is Kind.ID and value is not None:
        return value if re.fullmatch("[0-9]+", value) else None
    seconds = function in ("to_string", "concat", "to_int") and expr.type.kind is Kind.DURATION
    return value / 1_000_000 if seconds and value is not None else value


_Condition = (
    b.Truth
    | b.Compare
    | b.OneOf
    | b.InStream
    | b.Matches
    | b.RegexTest
    | b.InBlock
    | b.Contains
    | b.Affix
    | b.SomeText
    | b.Present
    | b.AllOf
    | b.AnyOf
    | b.Complement
)


def _condition(place: Place, expr: _Condition) -> bool:  # noqa: C901, PLR0911, PLR0912  # a case a node
    match expr:
        case b.AllOf(conditions):
            return all(holds(place, condition) for condition in conditions)
        case b.AnyOf(conditions):
            return any(holds(place, condition) for condition in conditions)
        case b.Complement(condition):
            return not holds(place, condition)
        case b.SomeText(values, test):
            texts = [text for value in values for text in _texts(evaluate(place, value), value.type)]
            return any(holds(replace(place, each_text=text), test) for text in texts)
        case b.Present(operand):
            return evaluate(place, operand) is not None
        case b.Truth(operand):
            return evaluate(place, operand) is True
        case b.Compare(sign, left, right):
            return _compare(sign, evaluate(place, left), evaluate(place, right))
        case b.OneOf(subject, values):
            found = evaluate(place, subject)
            return any(_compare("==", found, evaluate(place, value)) for value in values)
        case b.InStream(subject, stream, value):
            item = evaluate(place, subject)
            there = [evaluate(place.at(row), value) for row in place.run.rows_of(stream)]
            return any(_compare("==", item, other) for other in there)
        case b.Matches(subject, pattern):
            return _text_test(evaluate(place, subject), lambda text: matches(text, pattern))
        case b.RegexTest(subject, regex):
            return _text_test(evaluate(place, subject), lambda text: finds(text, regex))
        case b.InBlock(subject, low, high):
            return _text_test(evaluate(place, subject), lambda text: _in_block(text, low, high))
        case b.Contains(container, item):
            return _contains(evaluate(place, container), evaluate(place, item))
        case b.Affix(test, subject, affix):
            return _affix(test, evaluate(place, subject), evaluate(place, affix))
        case _:
            assert_never(expr)


def _chosen(place: Place, choice: b.Choice) -> b.BoundExpr:
    """Return the value of an `if`: that behind the first condition that holds."""
    for test, value in zip(choice.conditions, choice.values, strict=True):
        if holds(place, test):
            return value
    return choice.otherwise


def _element(items: Any, index: int) -> Any:
    return None if items is None or not -len(items) <= index < len(items) else items[index]


def _texts(value: Any, kind: Type) -> list[str]:
    """Return the texts that a value is made of: itself, the items of a list, the leaves of a record."""
    if kind.kind is Kind.LIST:
        return value or []
    if kind.kind is Kind.RECORD:
        data = _parsed(value) if isinstance(value, str) else value
        return list(_leaves(data)) if isinstance(data, Mapping | list) else []
    return [] if value is None else [value]


def _leaves(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping | list):
        for inner in data.values() if isinstance(data, Mapping) else data:
            yield from _leaves(inner)
    elif data is not None:
        yield data if isinstance(data, str) else json.dumps(data)


def _compare(sign: str, left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    return _ORDER[sign](same(left), same(right))


def _text_test(subject: Any, test: Callable[[str], bool]) -> bool:
    return subject is not None and test(subject)


def _in_block(text: str, low: int, high: int) -> bool:
    found = address(text)
    return found is not None and low <= found <= high


def _contains(container: Any, item: Any) -> bool:
    if container is None or item is None:
        return False
    if isinstance(container, list):
        return any(same(member) == same(item) for member in container)
    return fold(item) in fold(container)


def _affix(test: str, subject: Any, affix: Any) -> bool:
    if subject is None or affix is None:
        return False
    folded, end = fold(subject), fold(affix)
    return folded.startswith(end) if test == "startswith" else folded.endswith(end)


def _member(record: Any, member: str) -> str | None:
    """Return a member of a record as text: that of this name, else the first that differs in case, `_` and blanks."""
    data = _parsed(record) if isinstance(record, str) else record
    if not isinstance(data, Mapping):
        return None
    alike = (name for name in data if _plain(name) == _plain(member))
    found = (data[name] for name in (member, *alike) if data.get(name) is not None)
    value = next(found, None)
    return value if value is None or isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _parsed(record: str) -> Any:
    try:
        return json.loads(record)
    except ValueError:
        return None


def _plain(name: str) -> str:
    return fold(name).replace("_", "").replace(" ", "")


def _arithmetic(expr: b.Arith, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    kinds = (expr.left.type.kind, expr.right.type.kind)
    if Kind.TIME in kinds:
        return _with_time(expr.operator, left, right)
    value = within_64_bits(_number(expr.operator, left, right))
    if value is not None and expr.type.kind is Kind.DURATION:
        return whole(value)
    return float(value) if value is not None and expr.type.kind is Kind.FLOAT else value


def _with_time(sign: str, left: Any, right: Any) -> Any:
    if isinstance(left, datetime) and isinstance(right, datetime):
        return (left - right) // timedelta(microseconds=1)
    if isinstance(left, datetime):
        return left + timedelta(microseconds=right if sign == "+" else -right)
    return right + timedelta(microseconds=left)


def _number(sign: str, left: Any, right: Any) -> Any:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right if right else None
        case _:
            return _remainder(left, right) if right else None


def _remainder(left: Any, right: Any) -> Any:
    """Return the remainder with the sign of what is divided."""
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def _aggregate(place: Place, expr: b.Aggregate, rows: Sequence[Row]) -> Any:
    value = expr.arguments[:1]
    constant = expr.arguments[1].value if len(expr.arguments) > 1 and isinstance(expr.arguments[1], b.Const) else None
    values = [evaluate(place.at(row), value[0]) for row in rows] if value else []
    if expr.function in ("first", "last"):
        return at_the_end(expr.function, list(zip(map(moment, rows), values, strict=True)))
    if value and not rows:
        values = [None]
    found = aggregate(expr.function, len(rows), values, constant, distinct=expr.distinct)
    if found is not None and expr.type.kind is Kind.DURATION:
        return whole(found)
    return float(found) if found is not None and expr.type.kind is Kind.FLOAT else within_64_bits(found)
