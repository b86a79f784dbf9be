"""DuckDB's dialect: its tables of lowerings, and its forms for records, addresses, times and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from sqlglot import exp

from carlang.resolve.bound import Pattern, Wildcard
from carlang.sql.dialect import Dialect, Lowering, ProcessKeys
from carlang.sql.duckdb import processes
from carlang.sql.duckdb.addresses import in_block
from carlang.sql.duckdb.aggregates import AGGREGATES
from carlang.sql.duckdb.functions import FUNCTIONS
from carlang.sql.duckdb.operators import OPERATORS, folded_items, microseconds
from carlang.sql.duckdb.pieces import try_cast
from carlang.sql.fragments import SQL, call, cast, folded, number, present, text, when

_NESTED = ("STRUCT", "MAP", "UNION")
_OPTIONS = (
    # Folders `object=…` hold what the columns say already, and would be columns once more.
    ("hive_partitioning", exp.false),
)
_OF_DIFFERENT_FILES = (*_OPTIONS, ("union_by_name", exp.true))
"""To see which columns files have, each is opened once more, in each statement that is planned."""


class DuckDBDialect(Dialect):
    """DuckDB has a form for everything."""

    name: ClassVar[str] = "duckdb"
    writer: ClassVar[str] = "duckdb"
    functions: ClassVar[Mapping[str, Lowering]] = {**Dialect.functions, **FUNCTIONS}
    aggregates: ClassVar[Mapping[str, Lowering]] = {**Dialect.aggregates, **AGGREGATES}
    operators: ClassVar[Mapping[str, Lowering]] = {**Dialect.operators, **OPERATORS}

    def matches(self, subject: SQL, pattern: Pattern) -> SQL:
        """Return the test that a text, in lower case, matches a pattern; its plainest form where one is faster."""
        run = Wildcard.RUN
        match pattern:
            case (str(head), last) if last is run:
                return exp.StartsWith(this=subject, expression=folded(text(head)))
            case (first, str(tail)) if first is run:
                return exp.EndsWith(this=subject, expression=folded(text(tail)))
            case (first, str(middle), last) if first is run and last is run:
                return exp.Contains(this=subject, expression=folded(text(middle)))
        return super().matches(subject, pattern)

    def member(self, record: SQL, name: str) -> SQL:
        """Look a member up as it is written, else under the name that differs in case, underscores and blanks only.

        A text that is no JSON has no members.
        """
        keys = call("json_keys", record.copy())
        index = call("list_position", folded_items(keys, underscores=False), _spelled_alike(name))
        pointer = _pointer(call("list_extract", keys.copy(), index))
        in_any_case = call("json_extract_string", record.copy(), pointer)
        value = exp.Coalesce(this=_as_written(record, name), expressions=[in_any_case])
        return when(call("json_valid", record.copy()), value)

    def record_parts(self, record: SQL) -> Mapping[str, SQL]:
        """Return the record if it is JSON, its names without case, underscores and blanks, and the way to each."""
        of_json = when(call("json_valid", record), record.copy())
        keys = call("json_keys", of_json.copy())
        key = exp.to_identifier("key")
        ways = exp.Lambda(this=_pointer(exp.Column(this=key.copy())), expressions=[key])
        return {
            "record": of_json,
            "names": folded_items(keys, underscores=False),
            "ways": call("list_transform", keys.copy(), ways),
        }

    def member_of_parts(self, parts: Mapping[str, SQL], name: str) -> SQL:
        """Look a member up as `member` does."""
        index = call("list_position", parts["names"], _spelled_alike(name))
        in_any_case = call("json_extract_string", parts["record"], call("list_extract", parts["ways"], index))
        return exp.Coalesce(this=_as_written(parts["record"].copy(), name), expressions=[in_any_case])

    def element(self, items: SQL, index: int) -> SQL:
        """Return an item of a list; DuckDB counts from 1, and from -1 backwards as well."""
        return call("list_extract", items, number(index + 1 if index >= 0 else index))

    def leaves(self, record: SQL) -> SQL:
        """Return the values in a text of JSON that have none inside them, as texts; a text that is none has none."""
        inner = when(call("json_valid", record), call("json_extract", record.copy(), text("$..*")))
        leaf = exp.to_identifier("leaf")
        kind = call("json_type", exp.Column(this=leaf.copy()))
        nested = exp.In(this=kind, expressions=[text(word) for word in ("OBJECT", "ARRAY", "NULL")])
        test = exp.Lambda(this=exp.Not(this=nested), expressions=[leaf.copy()])
        plain = exp.Lambda(
            this=call("json_extract_string", exp.Column(this=leaf.copy()), text("$")), expressions=[leaf.copy()]
        )
        return call("list_transform", call("list_filter", inner, test), plain)

    def some_item(self, items: SQL, test: Callable[[SQL], SQL]) -> SQL:
        """Return the test that some item of a list passes a test."""
        item = exp.to_identifier("#item", quoted=True)
        tested = exp.Lambda(this=test(exp.Column(this=item.copy())), expressions=[item])
        return call("list_bool_or", call("list_transform", items, tested))

    def with_values(self, values: Sequence[SQL], body: Callable[[Sequence[SQL]], SQL]) -> SQL:
        """Return what `body` makes of some values; DuckDB's functions of items take no query, so these stand before."""
        word = exp.to_identifier("#values", quoted=True)
        each = [call("struct_extract", exp.Column(this=word.copy()), number(n + 1)) for n in range(len(values))]
        rows = exp.Array(expressions=[call("row", *values)])
        one = call("list_transform", rows, exp.Lambda(this=body(each), expressions=[word]))
        return call("list_extract", one, number(1))

    def in_block(self, address: SQL, low: int, high: int) -> SQL:
        """Return the test that a text is an IP address between two others."""
        return in_block(address, low, high)

    def microseconds(self, time: SQL) -> SQL:
        """Return a time as microseconds since 1970."""
        return microseconds(time)

    def union_by_name(self, left: exp.Query, right: exp.Query) -> exp.SetOperation:
        """Return the rows of both queries, columns matched by name."""
        return exp.Union(this=left, expression=right, distinct=False, by_name=True)

    def parquet_rows(self, paths: Sequence[str], *, alike: bool) -> SQL:
        """Return the rows of Parquet files; those that are `alike` have the columns of the first, in whatever order."""
        files = exp.Array(expressions=[text(path) for path in paths])
        wanted = _OPTIONS if alike else _OF_DIFFERENT_FILES
        options = [exp.EQ(this=exp.Var(this=option), expression=value()) for option, value in wanted]
        return exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[files, *options]))

    def stored(self, value: SQL, type_: str, wanted: str) -> SQL:
        """Return a value of a file as another type; what is nested becomes JSON, as open records are kept."""
        if type_.startswith(_NESTED) or type_.endswith("]"):
            value = call("to_json", value)
        return try_cast(value, wanted)

    def row_number_in_files(self, first_file: int) -> SQL:
        """Return a number for each row of `parquet_rows`: its file's in the upper half, its own in the lower."""
        number_of_file = exp.Paren(this=exp.Add(this=number(first_file), expression=_column("file_index")))
        upper = exp.Mul(this=cast(number_of_file, "bigint"), expression=number(2**32))
        return exp.Add(this=upper, expression=_column("file_row_number"))

    def row_number_in_memory(self, first: int) -> SQL:
        """Return a number for each row of a table in memory."""
        return exp.Add(this=number(first), expression=_column("rowid"))

    def host_label(self, hostname: SQL) -> SQL:
        """Return the name of a host without its domain; an address as it is."""
        label = call("split_part", hostname.copy(), text("."), number(1))
        return exp.Case().when(_is_address(hostname), hostname, copy=False).else_(label, copy=False)

    def full_name(self, *names: SQL) -> SQL:
        """Return the first of some names of a host that has a domain."""
        has_domain = [exp.Contains(this=host.copy(), expression=text(".")) for host in names]
        full = [
            when(exp.And(this=dot, expression=exp.Not(this=_is_address(host))), host)
            for dot, host in zip(has_domain, names, strict=True)
        ]
        return exp.Coalesce(this=full[0], expressions=full[1:])

    def lives(self, order: Sequence[SQL]) -> Mapping[str, exp.Query]:
        """Return the tables that tell the lives of processes."""
        return processes.lives(order)

    def behind(self, rows: SQL, keys: ProcessKeys) -> exp.Query:
        """Return rows with the number of the start of the process behind each."""
        return processes.behind(rows, keys)

    def roots(self, rows: SQL, keys: ProcessKeys) -> exp.Query:
        """Return the processes that rows are of."""
        return processes.roots(rows, keys)

    def relatives(self, kin: str, table_of_roots: str) -> exp.Query:
        """Return relatives of roots."""
        return processes.relatives(kin, table_of_roots)

    def present_items(self, values: Sequence[SQL]) -> SQL:
        """Return the list of those of some values that are not missing."""
        item = exp.to_identifier("item")
        test = exp.Lambda(this=present(exp.Column(this=item)), expressions=[item.copy()])
        return call("list_filter", exp.Array(expressions=list(values)), test)


def _is_address(hostname: SQL) -> SQL:
    """Tell names that are addresses: with digits and dots alone, or with a colon."""
    return exp.RegexpLike(this=hostname.copy(), expression=text("^[0-9.]+$|:"))


def _column(virtual: str) -> SQL:
    """Return a column that a table has without being asked: DuckDB knows these under lower-case names."""
    return exp.Column(this=exp.to_identifier(virtual, quoted=True))


def _as_written(record: SQL, name: str) -> SQL:
    return call("json_extract_string", record, text("/" + name.replace("~", "~0").replace("/", "~1")))


def _spelled_alike(name: str) -> SQL:
    return folded(text(name.replace("_", "").replace(" ", "")))


def _pointer(key: SQL) -> SQL:
    """Return a JSON pointer to a key, in which `~` and `/` are escaped; `~` first, else twice."""
    escaped = key
    for character, escape in (("~", "~0"), ("/", "~1")):
        escaped = exp.Replace(this=escaped, expression=text(character), replacement=text(escape))
    return exp.DPipe(this=text("/"), expression=escaped)
