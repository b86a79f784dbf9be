"""What a dialect of SQL gives, and how it refuses what it does not have.

`Dialect` holds what every engine that follows the standard runs alike, as tables from a name of the language to its
lowering. An engine's own class adds to the tables and replaces the methods that refuse here. A name without a lowering
raises `UnsupportedError`: no construct reaches an engine in a form that nobody has checked there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, NoReturn, ParamSpec

import sqlglot.errors
from sqlglot import exp

from carlang import sql
from carlang.errors import CarlangError
from carlang.model.schema import Class
from carlang.model.types import Kind, Type
from carlang.resolve import Given
from carlang.resolve.bound import BoundExpr, BoundOutput, Pattern, Wildcard
from carlang.sql.fragments import SQL, folded, text, wrapped

if TYPE_CHECKING:
    from carlang.sql.selections import Conditions, Selection, Source

P = ParamSpec("P")


class UnsupportedError(CarlangError):
    """A dialect has no form for something that a program uses; `construct` says for what, `dialect` which."""

    def __init__(self, construct: str, dialect: str) -> None:
        super().__init__(f"the dialect {dialect} has no {construct}")
        self.construct = construct
        self.dialect = dialect


@dataclass(frozen=True, slots=True)
class Operands:
    """What a function, an aggregate or an operator is applied to.

    The arguments in SQL with the types that they have in the language, and the type of the result.
    """

    arguments: tuple[SQL, ...]
    types: tuple[Type, ...]
    type: Type
    distinct: bool = False
    """Of `count` alone: each value counts once."""
    timed: bool = True
    """Of aggregates: the rows have a column `time`, by which the first and the last of them are told."""
    has_query: bool = False
    """Of operators: an operand holds a query of its own, the aggregate of a stream."""
    window: Callable[[SQL], SQL] | None = None
    """Of aggregates: what makes one over the rows of a window around each row, instead of over those of a group."""

    def aggregated(self, aggregate: SQL) -> SQL:
        """Return the engine's aggregate over the rows that are asked for."""
        return self.window(aggregate) if self.window else aggregate


@dataclass(frozen=True, slots=True)
class ProcessKeys:
    """What rows have to tell by which process each is of, lowered; a key that they do not have is None."""

    guid: SQL | None
    host: SQL | None
    pid: SQL | None
    time: SQL | None


Lowering = Callable[[Operands], SQL]
"""Gives the SQL of an application."""


def _comparison(node: type[exp.Binary]) -> Lowering:
    def lowering(operands: Operands) -> SQL:
        left, right = comparable(operands)
        return node(this=wrapped(left), expression=wrapped(right))

    return lowering


def _one_of(operands: Operands) -> SQL:
    subject, *values = comparable(operands)
    return exp.In(this=subject, expressions=values)


def comparable(operands: Operands) -> list[SQL]:
    """Return operands in the form in which they are compared: texts without case."""
    pairs = zip(operands.arguments, operands.types, strict=True)
    return [folded(argument) if of.is_string else argument for argument, of in pairs]


def _count(operands: Operands) -> SQL:
    if not operands.arguments:
        return operands.aggregated(exp.Count(this=exp.Star()))
    if operands.distinct:
        return operands.aggregated(exp.Count(this=exp.Distinct(expressions=comparable(operands))))
    return operands.aggregated(exp.Count(this=operands.arguments[0]))


class Dialect:
    """Standard SQL. An engine's dialect inherits from it, and says more."""

    name: ClassVar[str] = "standard"
    writer: ClassVar[str] = ""
    """What sqlglot calls the dialect in which texts, identifiers and types are written."""

    types: ClassVar[Mapping[Kind, str]] = {
        Kind.INTEGER: "bigint",
        Kind.PORT: "bigint",
        Kind.DURATION: "bigint",  # microseconds: engines' intervals have months, which have no length
        Kind.FLOAT: "double",
        Kind.BOOLEAN: "boolean",
        Kind.TIME: "timestamptz",
    }
    """The types in which values are stored; of kinds that are not here, as texts."""

    functions: ClassVar[Mapping[str, Lowering]] = {
        "lower": lambda operands: exp.Lower(this=operands.arguments[0]),
        "upper": lambda operands: exp.Upper(this=operands.arguments[0]),
        "coalesce": lambda operands: exp.Coalesce(this=operands.arguments[0], expressions=[*operands.arguments[1:]]),
    }
    """The functions of one row. Others differ between engines: in what overflows, in what of nothing gives nothing."""

    aggregates: ClassVar[Mapping[str, Lowering]] = {"count": _count}
    """The functions of many rows; `values`, `top` and `rare` of rows `#value`, `#folded`, `#count` (see `ranking`)."""

    operators: ClassVar[Mapping[str, Lowering]] = {
        "==": _comparison(exp.EQ),
        "<": _comparison(exp.LT),
        "<=": _comparison(exp.LTE),
        ">": _comparison(exp.GT),
        ">=": _comparison(exp.GTE),
        "in": _one_of,
    }
    """The operators of the bound tree. Arithmetic is not here: the standard fails where the language has nothing."""

    def function(self, name: str, operands: Operands) -> SQL:
        """Apply a function of one row."""
        return self._lowering(self.functions, name, f"function `{name}`")(operands)

    def aggregate(self, name: str, operands: Operands) -> SQL:
        """Apply a function of many rows."""
        return self._lowering(self.aggregates, name, f"aggregate `{name}`")(operands)

    def operator(self, name: str, operands: Operands) -> SQL:
        """Apply an operator."""
        return self._lowering(self.operators, name, f"operator `{name}`")(operands)

    def _lowering(self, table: Mapping[str, Lowering], name: str, construct: str) -> Lowering:
        if name not in table:
            self.refuse(construct)
        return table[name]

    def refuse(self, construct: str) -> NoReturn:
        """Raise `UnsupportedError` for a construct that the dialect does not have."""
        raise UnsupportedError(construct, self.name)

    def type_of(self, kind: Kind) -> str:
        """Return the SQL type in which values of a kind are stored."""
        return self.types.get(kind, "varchar")

    def matches(self, subject: SQL, pattern: Pattern) -> SQL:
        """Return the test that a text, in lower case, matches a pattern with wildcards as a whole."""
        texts = "".join(part for part in pattern if isinstance(part, str))
        escape = next((c for c in _ESCAPES if c not in texts), _ESCAPES[0])
        pieces = [_like_piece(part, escape) for part in pattern]
        test = exp.Like(this=subject, expression=folded(text("".join(pieces))))
        if not any(c in texts for c in f"%_{escape}"):
            return test
        return exp.Escape(this=test, expression=text(escape))

    def member(self, record: SQL, name: str) -> SQL:  # noqa: ARG002  # what a dialect with JSON takes
        """Return a member of an open record: as it is written, else one that differs in case and underscores only."""
        self.refuse("members of open records")

    def record_parts(self, record: SQL) -> Mapping[str, SQL]:  # noqa: ARG002  # the same
        """Return what a look-up of any member of an open record begins with, by `RECORD_PARTS`."""
        self.refuse("members of open records")

    def member_of_parts(self, parts: Mapping[str, SQL], name: str) -> SQL:  # noqa: ARG002  # the same
        """Return the member that `member` does, from the parts of its record."""
        self.refuse("members of open records")

    def element(self, items: SQL, index: int) -> SQL:  # noqa: ARG002  # the same
        """Return an item of a list, from 0 on or from -1 at the end backwards; missing where there is none."""
        self.refuse("elements of lists")

    def leaves(self, record: SQL) -> SQL:  # noqa: ARG002  # the same
        """Return the list of an open record's values, those inside of others too, as texts; missing of no record."""
        self.refuse("every text of an event")

    def some_item(self, items: SQL, test: Callable[[SQL], SQL]) -> SQL:  # noqa: ARG002  # the same
        """Return the test that some item of a list passes a test."""
        self.refuse("every text of an event")

    def with_values(self, values: Sequence[SQL], body: Callable[[Sequence[SQL]], SQL]) -> SQL:  # noqa: ARG002  # the same
        """Return what `body` makes of some values, each computed once and outside of what it makes."""
        self.refuse("every text of an event")

    def in_block(self, address: SQL, low: int, high: int) -> SQL:  # noqa: ARG002  # the same
        """Return the test that a text is an IP address between two others, given as 128-bit numbers."""
        self.refuse("blocks of IP addresses")

    def microseconds(self, time: SQL) -> SQL:  # noqa: ARG002  # the same
        """Return a time as a number of microseconds from a fixed point, so that differences are exact."""
        self.refuse("times as microseconds")

    def union_by_name(self, left: exp.Query, right: exp.Query) -> exp.SetOperation:  # noqa: ARG002  # the same
        """Return the rows of both queries, columns matched by name; what one lacks is missing in its rows."""
        self.refuse("union by name")

    def parquet_rows(self, paths: Sequence[str], *, alike: bool) -> SQL:  # noqa: ARG002  # the same
        """Return the rows of Parquet files as something to select from; `alike` says that all have the same columns."""
        self.refuse("tables of Parquet files")

    def stored(self, value: SQL, type_: str, wanted: str) -> SQL:  # noqa: ARG002  # the same
        """Return a value that a file holds under a SQL type as another one; missing where it does not fit."""
        self.refuse("values of files cast to the model's types")

    def row_number_in_files(self, first_file: int) -> SQL:  # noqa: ARG002  # the same
        """Return a number for each row of `parquet_rows`, other than those of files that are numbered differently."""
        self.refuse("numbers of rows in files")

    def row_number_in_memory(self, first: int) -> SQL:  # noqa: ARG002  # the same
        """Return a number for each row of a table in memory, from `first` on."""
        self.refuse("numbers of rows in memory")

    def host_label(self, hostname: SQL) -> SQL:  # noqa: ARG002  # the same
        """Return the name of a host without its domain; an address as it is."""
        self.refuse("names of hosts")

    def full_name(self, *names: SQL) -> SQL:  # noqa: ARG002  # the same
        """Return the first of some names of a host that has a domain; missing where none has."""
        self.refuse("names of hosts")

    def lives(self, order: Sequence[SQL]) -> Mapping[str, exp.Query]:  # noqa: ARG002  # the same
        """Return the tables of the lives of processes, from `#starts` and `#ends`; `order` is that of results."""
        self.refuse("the lives of processes")

    def behind(self, rows: SQL, keys: ProcessKeys) -> exp.Query:  # noqa: ARG002  # the same
        """Return rows with the number, in `#starts`, of the start of the process behind each, as `#behind`."""
        self.refuse("the process behind an event")

    def roots(self, rows: SQL, keys: ProcessKeys) -> exp.Query:  # noqa: ARG002  # the same
        """Return the processes that rows are of: a number, `#root`, and that of the start, `#top`."""
        self.refuse("trees of processes")

    def relatives(self, kin: str, table_of_roots: str) -> exp.Query:  # noqa: ARG002  # the same
        """Return relatives of roots: the number of the start, `#n`, `#root` and `depth`."""
        self.refuse("trees of processes")

    def present_items(self, values: Sequence[SQL]) -> SQL:  # noqa: ARG002  # the same
        """Return the list of those of some values that are not missing."""
        self.refuse("lists of values")

    def text_of(self, lowering: Callable[P, SQL], *arguments: P.args, **options: P.kwargs) -> str:
        """Return what a lowering gives as text; of the engine's dialect it may be known from an earlier run."""
        return self.text(lowering(*arguments, **options))

    def query_of(
        self,
        output: BoundOutput,
        now: datetime,
        given: Given,
        tied: Collection[Class] = (),
        exclusions: Sequence[BoundExpr] = (),
    ) -> str:
        """Return the query of an output, as `lower` gives it, as text; it may be known as well."""
        return self.text_of(sql.lower, output, self, now, given, tied, exclusions)

    def conditions_of(
        self, selection: Selection, source: Source, now: datetime, given: Given, *, of_pool: bool
    ) -> Conditions:
        """Return the condition of a selection, as `lower_conditions` gives it; it may be known as well."""
        return sql.lower_conditions(selection, source, now, given, of_pool=of_pool)

    def text(self, query: SQL, *, pretty: bool = True) -> str:
        """Return a query or statement, which is done with then, as text."""
        try:
            # To copy a tree takes as long as to build it; the writer rewrites some of its nodes in their place.
            return query.sql(
                dialect=self.writer, pretty=pretty, copy=False, unsupported_level=sqlglot.errors.ErrorLevel.RAISE
            )
        except sqlglot.errors.UnsupportedError as error:
            raise UnsupportedError(f"form: {error}", self.name) from error


RECORD_PARTS = ("record", "names", "ways")
"""What a look-up of a member begins with: the record, if it is one, its names, folded, and the way to each."""

# Characters that patterns seldom hold, so that they read as they were written; no backslash, which is in most paths.
_ESCAPES = "~!^#$"


def _like_piece(part: str | Wildcard, escape: str) -> str:
    if isinstance(part, Wildcard):
        return "%" if part is Wildcard.RUN else "_"
    for special in (escape, "%", "_"):  # the escape first, else it would escape itself
        part = part.replace(special, escape + special)
    return part
