"""A bound condition as a detection, by the names that sensors have for its fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, summarize_address_range

from carlang.model.types import Kind, Type
from carlang.outgoing.detection import NEVER, Detection, Item, every, negated, some
from carlang.outgoing.fields import Part, RuleFields
from carlang.outgoing.meanings import meaning
from carlang.outgoing.texts import (
    absent,
    base_name_test,
    extension_test,
    host_test,
    keyword,
    missing_texts,
    regex_test,
    text_test,
    without_missing,
)
from carlang.outgoing.unwritable import UnwritableError
from carlang.resolve.bound import (
    Affix,
    Aggregate,
    AllOf,
    AnyOf,
    Apply,
    Arith,
    BoundExpr,
    Choice,
    Compare,
    Complement,
    Const,
    Contains,
    EachText,
    ElementOf,
    FieldRef,
    InBlock,
    InStream,
    Items,
    Matches,
    MemberRef,
    Now,
    OneOf,
    Param,
    Pattern,
    Present,
    ProcessField,
    RegexTest,
    Scalar,
    SomeText,
    Truth,
    Wildcard,
)
from carlang.resolve.inputs import Given

_ORDER = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
_DIGITS = {"MD5": 32, "SHA1": 40, "SHA256": 64, "IMPHASH": 32}
_OF_PATHS = ("base_name", "extension")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_IPV4 = 0xFFFF << 32
"""Where IPv4 addresses begin among all, which are numbers of 128 bits."""
_PATH = Type(Kind.PATH)


@dataclass(frozen=True, slots=True)
class Member:
    """What a rule calls a field, of which type it is here, and which texts of records stand for no value of it."""

    name: str
    type: Type
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of a program as detections of rules for one log source; `given` are the values of its inputs."""

    fields: RuleFields
    given: Given

    def detection(self, condition: BoundExpr) -> Detection:
        """Return a condition as a detection; raises `UnwritableError` with the place of what has no form."""
        try:
            return self._detection(condition)
        except UnwritableError as error:
            if error.span is None:
                error.span = condition.span
            raise

    def _detection(self, condition: BoundExpr) -> Detection:  # noqa: C901, PLR0911  # a case a node
        if items := self.fields.by_value.get(meaning(condition)):
            return some(items)
        match condition:
            case AllOf(conditions) | AnyOf(conditions):
                together = every if isinstance(condition, AllOf) else some
                return together(map(self.detection, conditions))
            case Complement(inner):
                return negated(self.detection(inner))
            case OneOf(subject, values):
                return some(self.detection(Compare("==", subject, value)) for value in values)
            case Compare(operator, left, right):
                return self._compared(operator, self._value(left), self._value(right))
            case Matches(subject, pattern):
                return self._text(subject, pattern)
            case Contains(container, item):
                return self._affixed(container, self._value(item), "contains")
            case Affix(test, subject, affix):
                return self._affixed(subject, self._value(affix), test)
            case RegexTest(subject, regex):
                return self._regex(subject, regex)
            case InBlock(subject, low, high):
                return self._block(subject, low, high)
            case Present(operand):
                return self._present(operand)
            case Truth(operand):
                return self._truth(operand)
            case SomeText(_, test):
                return self._keyword(test)
            case _:
                raise UnwritableError(f"{_PHRASES.get(type(condition), 'a value')} has no form in a Sigma rule")

    def group_key(self, expr: BoundExpr) -> str:
        """Return what a rule calls a field that events are grouped by; raises `UnwritableError`."""
        match expr:
            case FieldRef(column) if (part := self.fields.parts.get(column)) and part.kind == "host":
                return part.member  # names of a host, with its domain or without
            case _:
                return self._member(expr).name

    # ---- values ------------------------------------------------------------------------------------------------------

    def _value(self, expr: BoundExpr) -> BoundExpr:
        """Return an expression, an input as the value that it has."""
        if not isinstance(expr, Param):
            return expr
        value = self.given.get((expr.name, expr.type.kind))
        if value is None:
            raise UnwritableError(f"the input `{expr.name}` has no value: --param {expr.name}=…", expr.span)
        return value

    def _member(self, expr: BoundExpr) -> Member:
        """Return what a rule calls an expression; raises `UnwritableError` where no sensor has it."""
        records = self.fields.source.entry.records
        match expr:
            case MemberRef(FieldRef("event_data"), member) if records:
                return Member(member, expr.type, ())
            case Apply("to_string" | "to_number", (operand,)):
                return self._member(operand)
        if name := self.fields.held.get(meaning(expr)):
            return Member(name, expr.type, () if records else missing_texts(expr.type))
        raise UnwritableError(self._why_no_member(expr), expr.span)

    def _why_no_member(self, expr: BoundExpr) -> str:
        source = log_source_text(self.fields)
        match expr:
            case FieldRef(column) if column in self.fields.parts:
                part = self.fields.parts[column]
                return f"`{column}` is a part of `{part.member}`, which a rule cannot compare so"
            case FieldRef(column) if column in self.fields.by_algorithm:
                return f"`{column}` is one of the list `{self.fields.by_algorithm[column][0]}`, which is compared whole"
            case FieldRef(column):
                return f"no field of rules for {source} is `{column}`"
            case ProcessField(column, generation):
                return f"no field of rules for {source} is `{'.'.join(['process', *['parent'] * generation, column])}`"
            case MemberRef(_, member):
                return f"no field of rules for {source} is a record's member `{member}`"
            case Const() | Param():
                return "two values that do not depend on the event are compared"
            case Apply(function):
                return f"`{function}` has no form in a Sigma rule"
            case _:
                return f"{_PHRASES.get(type(expr), 'a computed value')} has no form in a Sigma rule"

    # ---- tests -------------------------------------------------------------------------------------------------------

    def _compared(self, operator: str, left: BoundExpr, right: BoundExpr) -> Detection:
        if isinstance(left, Const):
            left, right, operator = right, left, _TURNED[operator]
        match right:
            case Const(value=str(text)) if operator == "==":
                return self._text(left, (text,))
            case Const(value=bool(truth)) if operator == "==":
                return Item(self._member(left).name, (), ("true" if truth else "false",))
            case Const(value=int() | float() as number, type=kind) if kind.is_number:
                part, time = _part_of_time(left)
                modifiers = (*part, *((_ORDER[operator],) if operator != "==" else ()))
                return Item(self._member(time).name, modifiers, (number,))
            case Const(type=kind):
                raise UnwritableError(f"{kind.phrase} is compared by `{operator}`, for which a Sigma rule has no form")
        if operator != "==":
            self._member(left), self._member(right)  # what is none of them has a reason of its own
            raise UnwritableError(f"two fields are compared by `{operator}`; a Sigma rule asks whether they are equal")
        return self._field_test(left, right, ())

    def _field_test(self, left: BoundExpr, right: BoundExpr, modifiers: Sequence[str]) -> Detection:
        """Return that a field is, contains, begins or ends with another, both of which have a value."""
        member, other = self._member(left), self._member(right)
        test = Item(member.name, ("fieldref", *modifiers), (other.name,))
        if not modifiers:  # what equals a value is one
            return without_missing(test, member.name, member.missing)
        return without_missing(without_missing(test, member.name, member.missing), other.name, other.missing)

    def _affixed(self, subject: BoundExpr, affix: BoundExpr, test: str) -> Detection:
        if isinstance(affix, Const) and isinstance(affix.value, str):
            return self._text(subject, _PATTERNS[test](affix.value))
        return self._field_test(subject, affix, (test,))

    def _text(self, subject: BoundExpr, pattern: Pattern) -> Detection:
        if subject.type.kind is Kind.LIST:
            raise UnwritableError("a list is asked for an item, and a rule's field is one text")
        match subject:
            case Apply("lower" | "upper", (operand,)) if all(isinstance(part, str) for part in pattern):
                return self._text(operand, pattern)  # texts compare without case
            case Apply("basename", (operand,)):
                return self._part(Part("base_name", self._member(operand).name), pattern, operand.type)
            case FieldRef(column) if column in self.fields.by_algorithm:
                return self._hash(column, pattern)
            case FieldRef(column) if column in self.fields.parts:
                return self._part(self.fields.parts[column], pattern, subject.type)
            case _:
                member = self._member(subject)
                return text_test(member.name, pattern, member.missing)

    def _part(self, part: Part, pattern: Pattern, kind: Type) -> Detection:
        # A part that is empty, as that of a path which ends with a separator, is a missing value.
        pattern = tuple(each for each in pattern if each)
        if not pattern:
            return NEVER
        match part.kind:
            case "base_name":
                test = base_name_test(part.member, pattern, missing_texts(_PATH))
            case "extension":
                test = extension_test(part.member, pattern)
            case "host":
                test = host_test(part.member, pattern)
            case _:
                test = _number_test(part.member, pattern, missing_texts(kind))
        return every([part.when, test]) if part.when else test

    def _hash(self, column: str, pattern: Pattern) -> Detection:
        name, algorithm = self.fields.by_algorithm[column]
        match pattern:
            case [str(digits)] if _HEX.fullmatch(digits) and len(digits) == _DIGITS[algorithm]:
                known = digits
            case [str(digits), Wildcard.RUN] if _HEX.fullmatch(digits) and len(digits) <= _DIGITS[algorithm]:
                known = digits
            case [Wildcard.RUN]:
                known = ""  # that there is one
            case _:
                why = f"`{column}` is one of the list `{name}`, in which a rule finds a whole hash, or how one begins"
                raise UnwritableError(why)
        return Item(name, ("contains",), (f"{algorithm}={known}",))

    def _regex(self, subject: BoundExpr, regex: str) -> Detection:
        member = self._member(subject)
        return regex_test(member.name, regex, member.missing)

    def _block(self, subject: BoundExpr, low: int, high: int) -> Detection:
        member = self._member(subject)
        # A text of a record may spell one address in several ways; as a value it would be one of these alone.
        if low == high and subject.type.kind is Kind.IP:
            address = IPv4Address(low - _IPV4) if low >> 32 == _IPV4 >> 32 else IPv6Address(low)
            return Item(member.name, (), (str(address),))
        if low >> 32 == high >> 32 == _IPV4 >> 32:
            blocks: Iterable[object] = summarize_address_range(IPv4Address(low - _IPV4), IPv4Address(high - _IPV4))
        else:
            blocks = summarize_address_range(IPv6Address(low), IPv6Address(high))
        return Item(member.name, ("cidr",), tuple(map(str, blocks)))

    def _present(self, operand: BoundExpr) -> Detection:
        match operand:
            case FieldRef(column) if column in self.fields.by_algorithm:
                return self._hash(column, (Wildcard.RUN,))
            case FieldRef(column) if column in self.fields.parts and self.fields.parts[column].kind in _OF_PATHS:
                return self._part(self.fields.parts[column], (Wildcard.RUN,), operand.type)
            case FieldRef(column) if column in self.fields.parts:
                return negated(absent(self.fields.parts[column].member, missing_texts(operand.type)))
            case _:
                member = self._member(operand)
                return negated(absent(member.name, member.missing))

    def _truth(self, operand: BoundExpr) -> Detection:
        match operand:
            case FieldRef() | MemberRef() | ProcessField():
                return Item(self._member(operand).name, (), ("true",))
            case _:  # a test by a function
                return self.detection(operand)

    def _keyword(self, test: BoundExpr) -> Detection:
        match test:
            case Contains(EachText(), Const(value=str(text))):
                return keyword(_PATTERNS["contains"](text))
            case Matches(EachText(), pattern):
                return keyword(pattern)
            case RegexTest(EachText(), regex):
                return regex_test("", regex, ())
            case AnyOf(conditions):
                return some(map(self._keyword, conditions))
            case _:
                return keyword(())


def _part_of_time(expr: BoundExpr) -> tuple[tuple[str, ...], BoundExpr]:
    """Return the modifier for a part of a time, and the time that it is of; of any other expression itself."""
    match expr:
        case Apply("year" | "hour" as part, (FieldRef() as time,)):
            return (part,), time
        case Apply("to_int", (Apply("substring", (Apply("to_string", (FieldRef() as time,)), at, length)),)):
            match at, length:
                case Const(value=int(begin)), Const(value=2) if (
                    begin in _PARTS_BY_PLACE and time.type.kind is Kind.TIME
                ):
                    return (_PARTS_BY_PLACE[begin],), time
    return (), expr


# Where these stand in `2013-05-13T09:58:00.000000Z`, which is what a time is as a text.
_PARTS_BY_PLACE = {5: "month", 8: "day", 14: "minute"}


def _number_test(name: str, pattern: Pattern, missing: Sequence[str]) -> Detection:
    """Return the test of what stands in a registry value: a number, which Sysmon writes in hexadecimal, or the text."""
    match pattern:
        case [str(text)]:
            pass
        case _:
            raise UnwritableError(f"numbers stand in `{name}` in hexadecimal, of which a rule asks for whole ones")
    if re.match(r"[DQ]WORD \(0x", text, re.IGNORECASE):
        return NEVER  # it is kept as a number
    tests = [text_test(name, pattern, missing)]
    if re.fullmatch(r"0|[1-9][0-9]{0,19}", text):
        number = int(text)
        high, low = divmod(number, 1 << 32)
        if not high:
            tests.append(Item(name, (), (f"DWORD (0x{low:08x})",)))
        tests.append(Item(name, (), (f"QWORD (0x{high:08x}-0x{low:08x})",)))
    return some(tests)


def log_source_text(fields: RuleFields) -> str:
    """Return what a log source is called in messages."""
    entry, service = fields.source.entry, fields.source.service
    parts = [entry.category, service] if entry.category or service else [entry.product]
    return " ".join(f"`{part}`" for part in parts if part)


def _contains(text: str) -> Pattern:
    return (Wildcard.RUN, text, Wildcard.RUN)


def _startswith(text: str) -> Pattern:
    return (text, Wildcard.RUN)


def _endswith(text: str) -> Pattern:
    return (Wildcard.RUN, text)


_PATTERNS = {"contains": _contains, "startswith": _startswith, "endswith": _endswith}
_PHRASES: Mapping[type, str] = {
    Arith: "arithmetic",
    Choice: "`if`",
    ElementOf: "an element of a list",
    InStream: "membership in a stream",
    Items: "a list",
    Now: "`now`",
    Scalar: "an aggregate over all rows of a stream",
    Aggregate: "an aggregate",
}
