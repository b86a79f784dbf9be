"""Expressions as they are written, read at the rows that they stand at: their types, and their values in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from carlang.syntax import ast
from tests.textual import functions
from tests.textual.functions import AGGREGATES
from tests.textual.model_file import NUMBERS, TEXTS
from tests.textual.processes import Lives, process_term
from tests.textual.values import (
    address,
    block,
    compared,
    expression,
    held,
    length,
    lower,
    member,
    moment,
    nearest_whole,
    number,
    shaped,
    texts_in,
    told_apart,
)
from tests.textual.views import Computed, Constant, Meaning, Place, Stream, Term, View, path_of

Test = Callable[[Place], bool]
LITERAL = ast.StringLit | ast.NumberLit | ast.DurationLit | ast.BoolLit | ast.AddressLit
CONDITION = ast.Or | ast.And | ast.Not | ast.Comparison | ast.In | ast.TextTest | ast.Between | ast.Exists
_TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class UnreadableError(Exception):
    """A program asks for what this reading does not know."""


@dataclass(frozen=True)
class AnyText:
    """A test of which one side is `any`, every text of a row in turn."""

    view: View
    columns: Sequence[str]
    left: ast.Expr
    right: ast.Expr
    word: ast.Expr

    def some(self, read: Callable[[View, ast.Expr, ast.Expr], Test]) -> Test:
        """Return the test that some text passes, under a name that no program can have."""
        one = replace(self.view, columns={**self.view.columns, " ": "string"})
        sides = [ast.Name(" ", side.span) if side is self.word else side for side in (self.left, self.right)]
        test = read(one, *sides)
        return lambda p: any(test(replace(p, text=text)) for text in self._texts(p.row))

    def _texts(self, row: Mapping[str, Any]) -> Iterator[str]:
        for column in self.columns:
            yield from texts_in(row.get(column), record=self.view.columns[column] == "record")


@dataclass
class Reader:
    """Reads expressions under the names that a program has given so far."""

    now: datetime
    names: dict[str, Meaning] = field(default_factory=dict)
    lives: Lives = field(default_factory=lambda: Lives(()))

    # ---- values

    def value(self, view: View, written: ast.Expr) -> Term:  # noqa: C901, PLR0911  # a case a form
        """Return an expression as a term."""
        written = self.substituted(view, written)
        match written:
            case ast.StringLit(text):
                return Term("string", lambda _: text)
            case ast.NumberLit(value):
                return Term("float" if isinstance(value, float) else "integer", lambda _: value)
            case ast.DurationLit(microseconds):
                return Term("duration", lambda _: microseconds)
            case ast.BoolLit(truth):
                return Term("boolean", lambda _: truth)
            case ast.NullLit():
                return Term("null", lambda _: None)
            case ast.NowLit():
                return Term("time", lambda _: self.now)
            case ast.AddressLit(text):
                return Term("ip", lambda _: text)
            case ast.Name() | ast.Member():
                return self._named(view, written)
            case ast.Negative(operand):
                inner = self.value(view, operand)
                return Term(inner.type, lambda p: None if (v := inner.at(p)) is None else held(-v))
            case ast.Arithmetic():
                return self._arithmetic(view, written)
            case ast.Call():
                return self._call(view, written)
            case ast.Element(of, index):
                return self._element(view, of, index)
            case ast.IfElse():
                return self._chosen(view, written)
        if isinstance(written, CONDITION):
            return Term("boolean", self.condition(view, written))
        raise UnreadableError(written)

    def substituted(self, view: View, written: ast.Expr) -> ast.Expr:
        """Return what a constant's name stands for; a field of the rows comes before it."""
        if isinstance(written, ast.Name) and view.bare(written.ident) is None:
            meaning = self.names.get(written.ident)
            return meaning.written if isinstance(meaning, Constant) else written
        return written

    def _named(self, view: View, written: ast.Name | ast.Member) -> Term:
        path = path_of(written)
        if path is None:
            raise UnreadableError(written)
        if path == [" "]:
            return Term("string", lambda p: p.text)
        if len(path) == 1 and view.bare(path[0]) is None:
            meaning = self.names.get(path[0])
            if isinstance(meaning, Computed):
                return meaning.term
        if column := view.column(path):
            return Term(view.columns[column], lambda p: p.row.get(column))
        if found := self.of_process(view, path):
            return found[1]
        record = view.column(path[:-1]) if len(view.without_own_name(path)) > 1 else None
        if record is not None and view.columns[record] == "record":
            return Term("string", lambda p: member(p.row.get(record), path[-1]))
        if "event_data" in view.columns and len(path) == 1:  # raw log records: a name that is no field is a member
            return Term("string", lambda p: member(p.row.get("event_data"), path[0]))
        raise UnreadableError(".".join(path))

    def _element(self, view: View, written: ast.Expr, index: int) -> Term:
        """Read an item of a list, from its end where the number is below zero."""
        written = self.substituted(view, written)
        if isinstance(written, ast.ListLit):
            items = [self.value(view, item) for item in written.items]
            inside = -len(items) <= index < len(items)
            kind = items[0].type if items else "string"
            return items[index] if inside else Term(kind, lambda _: None)
        whole = self.value(view, written)

        def at(place: Place) -> Any:
            items = whole.at(place)
            return None if items is None or not -len(items) <= index < len(items) else items[index]

        return Term(whole.type.removeprefix("list:"), at)

    def _chosen(self, view: View, written: ast.IfElse) -> Term:
        """Read an `if` as a value, of the one type that all of its values have; texts written out take the others'."""
        tests, values = [], []
        last: ast.Expr = written
        while isinstance(last, ast.IfElse):
            tests.append(self.condition(view, last.condition))
            values.append(self.substituted(view, last.then))
            last = last.otherwise
        values.append(self.substituted(view, last))
        kind = _of_all([self.value(view, each).type for each in values if not isinstance(each, LITERAL)])
        terms = [self._side(view, each, kind) for each in values]
        kind = _of_all([kind, *(term.type for term in terms)])
        terms = [_numeric(term) for term in terms] if kind in NUMBERS else terms

        def at(place: Place) -> Any:
            chosen = next((term for test, term in zip(tests, terms, strict=False) if test(place)), terms[-1])
            value = chosen.at(place)
            return float(value) if value is not None and kind == "float" else value

        return Term(kind, at)

    def _side(self, view: View, written: ast.Expr, kind: str) -> Term:
        if isinstance(written, ast.StringLit) and kind in ("time", "duration"):
            return self._constant(written, kind)
        term = self.value(view, written)
        plain = isinstance(written, ast.StringLit) and kind in ("path", "name", "guid", "hash")
        return Term(kind, term.at) if plain else term

    def of_process(self, view: View, path: Sequence[str]) -> tuple[str, Term] | None:
        """Return the field of the process behind rows that a path asks for, and the name of its column."""
        rest = view.without_own_name(path)
        # A stream that is called `process` comes first where no name stands before it.
        if len(rest) == len(path) and path[0].casefold() == "process" and isinstance(self.names.get(path[0]), Stream):
            return None
        return process_term(view, rest, self.lives)

    def _arithmetic(self, view: View, written: ast.Arithmetic) -> Term:
        sides = [self.substituted(view, side) for side in (written.left, written.right)]
        left, right = (self.value(view, side) for side in sides)
        if left.type == "time" and isinstance(sides[1], ast.StringLit):
            right = self._constant(sides[1], "time")
        if right.type == "time" and isinstance(sides[0], ast.StringLit):
            left = self._constant(sides[0], "time")
        sign = written.operator
        left, right = _numeric(left), _numeric(right)
        kind = _arithmetic_type(left.type, sign, right.type)

        def compute(place: Place) -> Any:
            a, b = left.at(place), right.at(place)
            return None if a is None or b is None else _computed(sign, a, b, kind)

        return Term(kind, compute)

    # ---- calls

    def _call(self, view: View, call: ast.Call) -> Term:
        name = call.function.ident.casefold()
        if name.startswith("top") and name[3:].isdigit():
            return self._aggregate(view, "top", call, int(name[3:]))
        if self.is_element(view, call):
            return self._element(view, call.arguments[0], 0 if name == "first" else -1)
        several = name in ("min", "max") and len(call.arguments) > 1
        if name in AGGREGATES and not several:
            return self._aggregate(view, AGGREGATES[name], call, self._second(view, call))
        arguments = [self.value(view, argument) for argument in call.arguments]
        if name == "cidr_match":
            first, *blocks = arguments
            ranges = [block(each.at(Place({}))) for each in blocks]
            return Term("boolean", lambda p: any(_lies_in(first.at(p), each) for each in ranges))
        beside_number = name == "coalesce" and any(argument.type in NUMBERS for argument in arguments)
        if beside_number or name in ("abs", "round", "min", "max"):
            arguments = [_numeric(argument) for argument in arguments]
        kinds = [argument.type for argument in arguments]
        return Term(
            functions.result_type(name, kinds),
            lambda p: functions.call(name, kinds, [argument.at(p) for argument in arguments]),
        )

    def is_element(self, view: View, call: ast.Call) -> bool:
        """Tell whether a call is `first` or `last` of a list, an element of it."""
        name = call.function.ident.casefold()
        return name in ("first", "last") and len(call.arguments) == 1 and self._is_list(view, call.arguments[0])

    def _is_list(self, view: View, written: ast.Expr) -> bool:
        """Tell whether an expression is a list by itself, whatever rows there are."""
        written = self.substituted(view, written)
        if isinstance(written, ast.Call):
            name = written.function.ident.casefold()
            return name in ("split", "values", "top", "rare") or (name.startswith("top") and name[3:].isdigit())
        path = path_of(written)
        column = view.column(path) if path else None
        meaning = self.names.get(path[0]) if path and len(path) == 1 else None
        if column is None and isinstance(meaning, Computed):
            return meaning.term.type.startswith("list:")
        return isinstance(written, ast.ListLit) or (column is not None and view.columns[column].startswith("list:"))

    def _second(self, view: View, call: ast.Call) -> Any:
        return self.value(view, call.arguments[1]).at(Place({})) if len(call.arguments) > 1 else None

    def _aggregate(self, view: View, name: str, call: ast.Call, extra: Any) -> Term:
        """Read an aggregate: over the stream that its argument names, the rows of a group, or all rows at hand."""
        argument = call.arguments[0] if call.arguments else None
        stream = self.stream_of(view, argument)
        if stream is not None:
            inner = View(stream.columns, stream.owners, frozenset((path_of(argument) or [])[:1]))  # type: ignore[arg-type]  # a path
            argument = None if isinstance(argument, ast.Name) else argument
        else:
            inner = view.members or view
            # `count(s)` in a condition on rows, or groups, of s counts them.
            own = isinstance(argument, ast.Name) and argument.ident in view.names and not inner.column([argument.ident])
            argument = None if name == "count" and own else argument
        term = self.value(inner, argument) if argument is not None else Term("integer", lambda _: 1)

        if name in ("sum", "avg", "median", "stdev", "percentile", "min", "max"):
            term = _numeric(term)

        def over(rows: Any) -> Any:
            values = [term.at(Place(row)) for row in rows]
            return functions.aggregate(name, term.type, rows, values, extra, distinct=call.distinct)

        kind = functions.aggregate_type(name, term.type)
        if stream is None and view.members is not None:
            return Term(kind, lambda place: over(place.members))
        known = stream.rows if stream is not None else view.all_rows
        if known is None:
            raise UnreadableError(f"{name} has no rows to run over")
        once = over(known)
        return Term(kind, lambda _: once)

    def stream_of(self, view: View, argument: ast.Expr | None) -> Stream | None:
        """Return the stream that an aggregate's argument names; what the rows at hand have comes before it."""
        path = path_of(argument) if argument is not None else None
        if not path or path[0] in view.names:
            return None
        at_hand = view.members or view
        if at_hand.exactly(path) or (len(path) == 1 and at_hand.bare(path[0])):
            return None
        meaning = self.names.get(path[0])
        return meaning if isinstance(meaning, Stream) else None

    # ---- conditions

    def condition(self, view: View, written: ast.Expr) -> Test:
        """Return an expression as a condition: true or false, never missing."""
        match self.substituted(view, written):
            case ast.Or(operands):
                either = [self.condition(view, operand) for operand in operands]
                return lambda p: any(test(p) for test in either)
            case ast.And(operands):
                all_of = [self.condition(view, operand) for operand in operands]
                return lambda p: all(test(p) for test in all_of)
            case ast.Not(operand):
                inner = self.condition(view, operand)
                return lambda p: not inner(p)
            case ast.Comparison(operands, operators):
                pairs = zip(operators, pairwise(operands), strict=True)
                links = [self._comparison(view, sign, left, right) for sign, (left, right) in pairs]
                return lambda p: all(link(p) for link in links)
            case ast.In(item, container, negated):
                return _perhaps_not(self._contained(view, item, container), negated=negated)
            case ast.TextTest(test, subject, pattern, negated):
                return _perhaps_not(self._text_test(view, test, subject, pattern), negated=negated)
            case ast.Between(subject, low, high, negated):
                above = self._comparison(view, ">=", subject, low)
                below = self._comparison(view, "<=", subject, high)
                return _perhaps_not(lambda p: above(p) and below(p), negated=negated)
            case ast.IfElse(asked, then, otherwise):
                choose, first, second = (self.condition(view, part) for part in (asked, then, otherwise))
                return lambda p: first(p) if choose(p) else second(p)
            case ast.Exists(operand, negated):
                present = self.value(view, operand)
                return lambda p: (present.at(p) is None) == negated
            case other:
                truth = self.value(view, other)
                return lambda p: truth.at(p) is True

    def _comparison(self, view: View, sign: str, left: ast.Expr, right: ast.Expr) -> Test:
        if texts := self._any(view, left, right):
            equal = texts.some(lambda inner, one, other: self._comparison(inner, "==", one, other))
            return _perhaps_not(equal, negated=sign == "!=")
        left, right = self.substituted(view, left), self.substituted(view, right)
        if isinstance(left, ast.NullLit):
            left, right = right, left
        if isinstance(right, ast.NullLit):
            asked = self.value(view, left)
            return lambda p: (asked.at(p) is None) == (sign == "==")
        if isinstance(right, LITERAL) and not isinstance(left, LITERAL):
            return self._with_literal(self.value(view, left), sign, right, stars=True)
        if isinstance(left, LITERAL) and not isinstance(right, LITERAL):
            return self._with_literal(self.value(view, right), _TURNED[sign], left, stars=False)
        if isinstance(left, LITERAL) and isinstance(right, LITERAL):
            return self._with_literal(self.value(view, left), sign, right, stars=True)
        a, b = _alike(self.value(view, left), sign, self.value(view, right))
        if sign == "!=":  # the exact negation of ==, also where a side is missing
            return lambda p: not compared("==", a.at(p), b.at(p))
        return lambda p: compared(sign, a.at(p), b.at(p))

    def _with_literal(self, subject: Term, sign: str, literal: LITERAL, *, stars: bool) -> Test:
        if sign == "!=":
            equal = self._with_literal(subject, "==", literal, stars=stars)
            return lambda p: not equal(p)
        if sign == "==" and (test := self._literal_test(subject, literal, stars=stars)):
            return test
        if isinstance(literal, ast.NumberLit):
            subject = _numeric(subject)
        if subject.type == "ip" or isinstance(literal, ast.AddressLit):
            other = address(_text(literal))
            return lambda p: _compared_addresses(sign, subject.at(p), other)
        wanted = self._constant(literal, subject.type).at(Place({}))
        return lambda p: compared(sign, subject.at(p), wanted)

    def _literal_test(self, subject: Term, literal: LITERAL, *, stars: bool) -> Test | None:
        """Return the test that a value equals a literal where that is more than equality: shapes and addresses."""
        text = _text(literal) if isinstance(literal, ast.StringLit | ast.AddressLit) else None
        if isinstance(literal, ast.AddressLit) or (subject.type == "ip" and text is not None and "*" not in text):
            wanted = block(str(text))
            return lambda p: _lies_in(subject.at(p), wanted)
        if text is None or not stars or subject.type not in TEXTS:
            return None
        fits = shaped(text, path=subject.type == "path")
        return lambda p: (value := subject.at(p)) is not None and fits(value)

    def _constant(self, literal: LITERAL, kind: str) -> Term:
        """Return a literal as a value of the type of what it stands beside."""
        match literal:
            case ast.StringLit(text) if kind in NUMBERS:
                return Term(kind, lambda _: number(text))
            case ast.StringLit(text) if kind == "time":
                return Term(kind, lambda _: moment(text))
            case ast.StringLit(text) if kind == "duration":
                return Term(kind, lambda _: length(text))
            case ast.StringLit(text) if kind == "boolean":
                return Term(kind, lambda _: text.casefold() == "true")
            case ast.NumberLit(value) if kind in TEXTS:
                return Term(kind, lambda _: str(value))
        return self.value(View(), literal)

    def _any(self, view: View, left: ast.Expr, right: ast.Expr) -> AnyText | None:
        """Return the texts that a test of `any` is made of; a name of the program comes before the word."""
        for side in (left, right):
            path = path_of(side)
            known = path is not None and len(path) == 1 and path[0] in self.names
            if path and not known and (columns := view.texts_of_any(path)) is not None:
                return AnyText(view, columns, left, right, side)
        return None

    def _contained(self, view: View, item: ast.Expr, container: ast.Expr) -> Test:
        if (values := self._values_of_stream(view, container)) is not None:
            one, other = _alike(self.value(view, item), "==", values[0])
            there = {told_apart(other.at(Place(row))) for row in values[1]} - {None}
            return lambda p: told_apart(one.at(p)) in there
        if texts := self._any(view, item, container):
            return texts.some(self._contained)
        container = self.substituted(view, container)
        subject = self.value(view, item)
        match container:
            case ast.ListLit(items):
                tests = [self._is_one(view, subject, self.substituted(view, each)) for each in items]
                return lambda p: any(test(p) for test in tests)
            case ast.AddressLit(text):
                wanted = block(text)
                return lambda p: _lies_in(subject.at(p), wanted)
            case ast.StringLit(text) if subject.type == "ip" and "*" not in text:
                wanted = block(text)
                return lambda p: _lies_in(subject.at(p), wanted)
            case ast.StringLit(text) if "*" in text and subject.type in TEXTS:
                fits = shaped(text, path=subject.type == "path")
                return lambda p: (value := subject.at(p)) is not None and fits(value)
        whole = self.value(view, container)
        return lambda p: _holds(whole.at(p), subject.at(p))

    def _values_of_stream(self, view: View, container: ast.Expr) -> tuple[Term, Sequence[dict[str, Any]]] | None:
        """Return what `s` or `unique(s.f)` stands for behind `in`: a field, and the rows that have it."""
        match container:
            case ast.Name(name) if view.bare(name) is None and isinstance(stream := self.names.get(name), Stream):
                (column,) = stream.columns
            case ast.Call(function, (ast.Member(ast.Name(name), ast.Name(field)),)) if isinstance(
                stream := self.names.get(name), Stream
            ):
                if function.ident.casefold() != "unique":
                    return None
                column = str(View.of(stream).column([field]))
            case _:
                return None
        return Term(stream.columns[column], lambda p: p.row.get(column)), stream.rows

    def _is_one(self, view: View, subject: Term, item: ast.Expr) -> Test:
        if isinstance(item, ast.NullLit):
            return lambda p: subject.at(p) is None
        if isinstance(item, LITERAL):
            return self._with_literal(subject, "==", item, stars=True)
        one, other = _alike(subject, "==", self.value(view, item))
        return lambda p: compared("==", one.at(p), other.at(p))

    def _text_test(self, view: View, test: str, subject: ast.Expr, pattern: ast.Expr) -> Test:
        if texts := self._any(view, subject, pattern):
            return texts.some(lambda inner, one, other: self._text_test(inner, test, one, other))
        tested = self.value(view, subject)
        pattern = self.substituted(view, pattern)
        choices = pattern.items if isinstance(pattern, ast.ListLit) else (pattern,)
        tests = [self._one_text_test(view, test, tested, self.substituted(view, choice)) for choice in choices]
        return lambda p: any(each(p) for each in tests)

    def _one_text_test(self, view: View, test: str, tested: Term, choice: ast.Expr) -> Test:
        if test == "match" and isinstance(choice, ast.StringLit):
            # A constant stands for its text as it is written.
            regex = expression(choice.value if choice.pattern is None else choice.pattern)
            return lambda p: (text := tested.at(p)) is not None and regex.search(text) is not None
        if isinstance(choice, ast.StringLit) and tested.type in TEXTS:
            before, behind = {"contains": (".*", ".*"), "startswith": ("", ".*"), "endswith": (".*", "")}[test]
            fits = shaped(choice.value, path=tested.type == "path", before=before, behind=behind)
            return lambda p: (text := tested.at(p)) is not None and fits(text)
        other = self.value(view, choice)
        return lambda p: _tested(test, tested.at(p), other.at(p))


def _of_all(kinds: Sequence[str]) -> str:
    """Return the type of what is of one of some types."""
    known = set(kinds) - {"null"}
    if len(known) < 2:
        return next(iter(known), "null")
    if known & NUMBERS and known <= {*NUMBERS, "id"}:
        return "float" if "float" in known else "integer"
    if known <= TEXTS:
        return "string"
    raise UnreadableError(known)


def _numeric(term: Term) -> Term:
    """Return a record's id as the number that its digits are; all else as it is."""
    if term.type != "id":
        return term
    return Term("integer", lambda p: None if (text := term.at(p)) is None else functions.call("to_int", ["id"], [text]))


def _alike(a: Term, sign: str, b: Term) -> tuple[Term, Term]:
    """Return two sides of a comparison, ids as numbers beside numbers and where the sign asks for the order of two."""
    beside_numbers = a.type in NUMBERS or b.type in NUMBERS
    in_order = a.type == b.type and sign in ("<", "<=", ">", ">=")
    return (_numeric(a), _numeric(b)) if beside_numbers or in_order else (a, b)


def _perhaps_not(test: Test, *, negated: bool) -> Test:
    return (lambda p: not test(p)) if negated else test


def _text(literal: LITERAL) -> str:
    return literal.text if isinstance(literal, ast.AddressLit) else str(getattr(literal, "value", ""))


def _lies_in(text: str | None, wanted: range) -> bool:
    known = None if text is None else address(text)
    return known is not None and known in wanted


def _compared_addresses(sign: str, text: str | None, other: int | None) -> bool:
    return compared(sign, None if text is None else address(text), other)


def _holds(container: Any, item: Any) -> bool:
    if container is None or item is None:
        return False
    if isinstance(container, list):
        return told_apart(item) in [told_apart(each) for each in container]
    return lower(item) in lower(container)


def _tested(test: str, text: Any, other: Any) -> bool:
    if test == "contains":
        return _holds(text, other)
    if text is None or other is None:
        return False
    ends: Mapping[str, Callable[[str, str], bool]] = {"startswith": str.startswith, "endswith": str.endswith}
    return ends[test](lower(text), lower(other))


def _arithmetic_type(left: str, sign: str, right: str) -> str:
    if left in NUMBERS and right in NUMBERS:
        return "float" if sign == "/" or "float" in (left, right) else "integer"
    if (left, sign, right) in {("time", "-", "time"), ("duration", "+", "duration"), ("duration", "-", "duration")}:
        return "duration"
    if "time" in (left, right):
        return "time"
    return "float" if left == right else "duration"


def _computed(sign: str, a: Any, b: Any, kind: str) -> Any:
    if isinstance(a, datetime) and isinstance(b, datetime):
        return (a - b) // timedelta(microseconds=1)
    if isinstance(a, datetime):
        return a + timedelta(microseconds=b if sign == "+" else -b)
    if isinstance(b, datetime):
        return b + timedelta(microseconds=a)
    if sign in "/%" and b == 0:
        return None
    if sign == "%":
        rest = abs(a) % abs(b)
        outcome = -rest if a < 0 else rest
    else:
        outcome = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if sign == "/" else None}[sign]
    if kind == "duration":
        return nearest_whole(outcome)
    return float(outcome) if kind == "float" else held(outcome)
