"""The language's functions and aggregates: one entry each says what it is called, takes, gives and does.

The grammar's list of names, the checks of calls, the reference's tables and an editor's help are read from here. What a
function is in SQL is not: that is a dialect's own table, held to the same names by a test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from carlang.model.types import BOOLEAN, DURATION, FLOAT, INTEGER, STRING, Kind, Type

ResultType = Callable[[tuple[Type, ...]], Type | None]
"""The type of a call by the types of its arguments; None where it does not take them."""


class Accepts(Enum):
    """What an argument may be; the values are the words that diagnostics use."""

    TEXT = "text"
    TEXT_OR_LIST = "text or list"
    CONVERTIBLE = "text, number or truth value"
    NUMBER = "number"
    TIME = "time"
    VALUE = "value"  # anything but a record or a list
    ALIKE = "value of one type with the others"
    ORDERED = "number, time or duration of one type with the others"
    ADDRESS = "address"
    # These are written out in the program: the query is made with them, not run with them.
    POSITION = "position"  # a whole number, 0 or more
    BASE = "a whole number from 2 to 36, written out"
    BLOCK = "block"
    REGEX = "regex"
    PERCENTAGE = "a number from 0 to 100, written out"
    HOW_MANY = "a whole number above 0, written out"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: its name, what it may be, whether it can be left out, and whether more may follow."""

    name: str
    accepts: Accepts
    required: bool = True
    repeats: bool = False


class Form(Enum):
    """Whether a function is of the values of one row or of those of many."""

    SCALAR = "function"
    AGGREGATE = "aggregate"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    `usage` shows how it is called, the form that a diagnostic recalls first. `gives` says what the result is, `edges`
    what it is in the cases that a reader would ask about: for an aggregate, of no values. `expands` says that a call is
    other nodes in the bound program, so that no dialect has it as a function.
    """

    name: str
    form: Form
    parameters: tuple[Parameter, ...]
    result: ResultType
    usage: tuple[str, ...]
    gives: str
    edges: str = ""
    aliases: tuple[str, ...] = ()
    expands: bool = False

    @property
    def least(self) -> int:
        """How many arguments a call has at least."""
        return sum(parameter.required for parameter in self.parameters)

    @property
    def most(self) -> int | None:
        """How many arguments a call has at most; None where there is no such number."""
        return None if any(parameter.repeats for parameter in self.parameters) else len(self.parameters)

    @property
    def documentation(self) -> str:
        """What it does, in one paragraph."""
        if not self.edges:
            return f"Gives {self.gives}."
        return f"Gives {self.gives}; {'of no values ' if self.form is Form.AGGREGATE else ''}{self.edges}."

    def parameter(self, index: int) -> Parameter:
        """Return the parameter that the argument at an index is for, counted from 0."""
        return self.parameters[min(index, len(self.parameters) - 1)]


# ---- result types ----------------------------------------------------------------------------------------------------


def _always(result: Type) -> ResultType:
    return lambda _: result


def _number_in_base(types: tuple[Type, ...]) -> Type:
    return INTEGER if len(types) > 1 else FLOAT


def _first(types: tuple[Type, ...]) -> Type:
    return next((t for t in types if t.kind is not Kind.NULL), types[0])


def _widest(types: tuple[Type, ...]) -> Type:
    return FLOAT if any(t.kind is Kind.FLOAT for t in types) else _first(types)


def _is_single(of: Type) -> bool:
    return of.kind not in (Kind.RECORD, Kind.LIST, Kind.NULL)


def _list(types: tuple[Type, ...]) -> Type | None:
    return Type(Kind.LIST, item=types[0]) if _is_single(types[0]) else None


def _mean(types: tuple[Type, ...]) -> Type | None:
    if types[0].kind is Kind.DURATION:
        return DURATION
    return FLOAT if types[0].is_number else None


def _sum(types: tuple[Type, ...]) -> Type | None:
    return INTEGER if types[0].is_number and types[0].kind is not Kind.FLOAT else _mean(types)


def _same(types: tuple[Type, ...]) -> Type | None:
    if not _is_single(types[0]):
        return None
    # A port is a port where it was read; the greatest of some is a number like any other.
    return INTEGER if types[0].kind is Kind.PORT else types[0]


def _extreme(types: tuple[Type, ...]) -> Type | None:
    return None if types[0].kind is Kind.BOOLEAN else _same(types)


# ---- functions of one row --------------------------------------------------------------------------------------------

_TEXT = Parameter("text", Accepts.TEXT)
_PATH = Parameter("path", Accepts.TEXT)
_NUMBER = Parameter("number", Accepts.NUMBER)
_INSTANT = Parameter("time", Accepts.TIME)


def _scalar(  # the parts of an entry, each by name
    parameters: Iterable[Parameter],
    result: Type | ResultType,
    *usage: str,
    gives: str,
    edges: str = "",
    expands: bool = False,
) -> Function:
    kind = _always(result) if isinstance(result, Type) else result
    name = usage[0].partition("(")[0]
    return Function(name, Form.SCALAR, tuple(parameters), kind, usage, gives, edges, expands=expands)


def _by_name(functions: Iterable[Function]) -> Mapping[str, Function]:
    return {function.name: function for function in functions}


SCALARS: Mapping[str, Function] = _by_name(
    (
        _scalar([_TEXT], STRING, "lower(text)", gives="the text in lower case"),
        _scalar([_TEXT], STRING, "upper(text)", gives="the text in upper case"),
        _scalar(
            [Parameter("text", Accepts.TEXT_OR_LIST)],
            INTEGER,
            "length(text)",
            "length(list)",
            gives="the number of its characters, of its items",
        ),
        _scalar([_TEXT], STRING, "trim(text)", gives="the text without white space at both ends"),
        _scalar(
            [Parameter("value", Accepts.VALUE, repeats=True)],
            STRING,
            "concat(value, value, …)",
            gives="the values as one text",
            edges="any types; missing if one is",
        ),
        _scalar(
            [_TEXT, Parameter("start", Accepts.POSITION), Parameter("length", Accepts.POSITION, required=False)],
            STRING,
            "substring(text, start from 0, length)",
            "substring(text, start)",
            gives="a part of the text; the first character is 0",
            edges="past the end, an empty text; positions are whole numbers written out",
        ),
        _scalar(
            [_TEXT, Parameter("old", Accepts.TEXT), Parameter("new", Accepts.TEXT)],
            STRING,
            "replace(text, old, new)",
            gives="the text with every `old` replaced",
            edges="counts case; an empty `old` changes nothing",
        ),
        _scalar(
            [_TEXT, Parameter("separator", Accepts.TEXT)],
            Type(Kind.LIST, item=STRING),
            "split(text, separator)",
            gives="a list of the parts between separators",
            edges="counts case",
        ),
        _scalar(
            [
                _TEXT,
                Parameter("part", Accepts.TEXT),
                Parameter("start", Accepts.POSITION, required=False),
            ],
            INTEGER,
            "index_of(text, part)",
            "index_of(text, part, start from 0)",
            gives="where `part` stands first in the text, from `start` on; the first character is 0",
            edges="without case; missing where it does not; `start` is written out",
        ),
        _scalar(
            [_PATH],
            Type(Kind.NAME),
            "basename(path)",
            gives="what stands behind the last `\\` or `/`",
            edges="the whole text where there is none",
        ),
        _scalar(
            [_PATH],
            Type(Kind.PATH),
            "dirname(path)",
            gives="what stands before the last `\\` or `/`",
            edges="missing where there is none",
        ),
        _scalar(
            [_PATH],
            STRING,
            "extension(path)",
            gives="the end of the file's name from its last point, `.exe`",
            edges="missing where there is none",
        ),
        _scalar(
            [_TEXT, Parameter("re", Accepts.REGEX)],
            STRING,
            'regex_extract(text, "re")',
            gives="what the first group of the expression matches, without a group the whole match",
            edges="missing where nothing, or an empty text, is found",
        ),
        _scalar(
            [Parameter("ip", Accepts.ADDRESS), Parameter("block", Accepts.BLOCK, repeats=True)],
            BOOLEAN,
            "cidr_match(ip, block, …)",
            gives="whether the address lies in one of the blocks",
            edges="false where the address is missing or none; blocks are written out",
            expands=True,
        ),
        _scalar([_NUMBER], _first, "abs(number)", gives="the number without its sign"),
        _scalar(
            [_NUMBER, Parameter("digits", Accepts.POSITION, required=False)],
            FLOAT,
            "round(number, digits)",
            "round(number)",
            gives="the number rounded, a float",
            edges="halves away from zero",
        ),
        *(
            _scalar(
                [Parameter("a", Accepts.ORDERED), Parameter("b", Accepts.ORDERED, repeats=True)],
                _widest,
                f"{name}(a, b, …)",
                gives=f"the {which} of two or more numbers, times or durations",
                edges="missing ones do not count; of one type",
            )
            for name, which in (("min", "least"), ("max", "greatest"))
        ),
        _scalar(
            [Parameter("a", Accepts.ALIKE, repeats=True)],
            _widest,
            "coalesce(a, b, …)",
            gives="the first that is not missing",
            edges="of one type",
        ),
        _scalar(
            [Parameter("value", Accepts.CONVERTIBLE)],
            INTEGER,
            "to_int(value)",
            gives="a whole number: of a text in decimal or `0x…`, of a float without its fraction, of truth 1 or 0",
            edges="missing where the text is no whole number, or a record id not all digits",
        ),
        _scalar(
            [Parameter("value", Accepts.CONVERTIBLE), Parameter("base", Accepts.BASE, required=False)],
            _number_in_base,
            "to_number(value)",
            "to_number(text, base)",
            gives="a fraction, `1.5`, `2e3`, `0x1F`; with a base a whole number written in it, 16 also behind `0x`",
            edges="missing where the text is no such number; the base is a whole number from 2 to 36, written out",
        ),
        _scalar(
            [Parameter("value", Accepts.VALUE)],
            STRING,
            "to_string(value)",
            gives="a text: times as `2013-05-13T09:58:00.000000Z`, durations in seconds",
        ),
        _scalar([_INSTANT], INTEGER, "year(time)", gives="the year, in UTC"),
        _scalar([_INSTANT], INTEGER, "hour(time)", gives="the hour from 0 to 23, in UTC"),
        _scalar([_INSTANT], INTEGER, "day_of_week(time)", gives="the day from 1, Monday, to 7, Sunday, in UTC"),
    )
)
"""The functions of one row by name, in the order of the reference."""


# ---- aggregates ------------------------------------------------------------------------------------------------------

_FIELD = Parameter("f", Accepts.VALUE)


def _aggregate(  # the parts of an entry, each by name
    result: ResultType,
    *usage: str,
    gives: str,
    of_no_values: str = "missing",
    second: Parameter | None = None,
    aliases: tuple[str, ...] = (),
) -> Function:
    parameters = (_FIELD, second) if second else (_FIELD,)
    name = usage[0].partition("(")[0]
    return Function(name, Form.AGGREGATE, parameters, result, usage, gives, of_no_values, aliases)


_HOW_MANY = Parameter("n", Accepts.HOW_MANY)

AGGREGATES: Mapping[str, Function] = _by_name(
    (
        Function(
            "count",
            Form.AGGREGATE,
            (Parameter("f", Accepts.VALUE, required=False),),
            _always(INTEGER),
            ("count()", "count(s)", "count(f)", "count(distinct f)"),
            "the number of rows; of those in which `f` has a value; of its different values, texts without case",
            "0",
        ),
        _aggregate(_sum, "sum(f)", gives="the sum; of whole numbers a whole number"),
        _aggregate(_extreme, "min(f)", gives="the least; of numbers, times, durations, and of texts without case"),
        _aggregate(_extreme, "max(f)", gives="the greatest; of numbers, times, durations, and of texts without case"),
        _aggregate(_mean, "avg(f)", gives="the mean, a float", aliases=("average",)),
        _aggregate(_mean, "median(f)", gives="the middle value; between two, their mean"),
        _aggregate(
            _mean,
            "stdev(f)",
            gives="the standard deviation of a sample",
            of_no_values="missing, also of one value",
            aliases=("standard_deviation",),
        ),
        _aggregate(
            _mean,
            "percentile(f, p)",
            gives="the value below which `p` per cent lie; `p` from 0 to 100, between two values in proportion",
            second=Parameter("p", Accepts.PERCENTAGE),
        ),
        _aggregate(
            _same,
            "first(f)",
            gives="the value of the earliest row that has one; of rows at one time, the least value",
        ),
        _aggregate(
            _same,
            "last(f)",
            gives="the value of the latest row that has one; of rows at one time, the greatest value",
        ),
        _aggregate(_list, "values(f)", gives="a list of the different values, in order", of_no_values="empty list"),
        _aggregate(
            _list,
            "top(f, n)",
            "TOP30(f)",
            gives="a list of the `n` commonest values, the commonest first; of equally common ones in order",
            of_no_values="empty list",
            second=_HOW_MANY,
        ),
        _aggregate(
            _list,
            "rare(f, n)",
            gives="a list of the `n` rarest values, the rarest first",
            of_no_values="empty list",
            second=_HOW_MANY,
        ),
    )
)
"""The functions of many rows by name, in the order of the reference."""

NUMBERED_TOP = re.compile(r"top\d+", re.IGNORECASE | re.ASCII)
"""`TOP30(user)`, which is `top(user, 30)`."""

STREAM_FUNCTIONS = frozenset({"unique"})
"""What is written like a call and gives a stream: `unique(s.user)`."""

_AGGREGATES_BY_ANY_NAME = {name: f for f in AGGREGATES.values() for name in (f.name, *f.aliases)}

CALL_NAMES = frozenset({*SCALARS, *_AGGREGATES_BY_ANY_NAME, *STREAM_FUNCTIONS})
"""Every name that is a function's where it stands before a parenthesis, in lower case; `top30` and its like besides."""


def scalar(name: str) -> Function | None:
    """Return the function of one row that has this name, in any case of letters, or None."""
    return SCALARS.get(name.casefold())


def aggregate(name: str) -> Function | None:
    """Return the aggregate that has this name or alias, in any case of letters, or None; `top30` is none of them."""
    return _AGGREGATES_BY_ANY_NAME.get(name.casefold())


def regex_parameters(name: str) -> frozenset[int]:
    """Return which arguments of a function are regular expressions, counted from 0."""
    function = scalar(name)
    parameters = function.parameters if function else ()
    return frozenset(i for i, parameter in enumerate(parameters) if parameter.accepts is Accepts.REGEX)
