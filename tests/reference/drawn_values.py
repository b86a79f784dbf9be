"""Drawn values as program text: literals, fields, functions and aggregates of a wanted kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from carlang.model.types import DURATION, FLOAT, INTEGER, Kind, Type
from tests.reference.chooser import Chooser
from tests.reference.drawn_events import MEMBERS, START, instant, path, word

Columns = Mapping[str, Type]

REGEXES = (
    *("^a", "cmd|at", r"\.exe$", "[a-z]+_", "(i)", "k", "ß", "σ", "^.$", "a.b", r"\d+", "(?-i)A", "^$", "", r"\bat\b"),
    *("[[:upper:]]", "[^a-z]", r"\\", "s{2}", "(?s)a.b", "(?m)^b", "é", ".+?", "(a)|(b)", r"\p{L}$", "İ", "(x)?m"),
)
_SPANS = ("0 s", "1 second", "2s", "1500ms", "3 seconds", "1 minute", "1 hour", "1 day")


_SHORT = 2


def quoted(text: str) -> str:
    """Return a text as a string literal; line breaks, which no literal can hold, are left out."""
    plain = text.replace("\n", "").replace("\\", "\\\\")
    return '"' + plain.replace('"', '\\"') + '"'


def time_literal(choose: Chooser) -> str:
    """Return an instant as one of the texts that name it."""
    moment = instant(choose)
    form = choose.pick(("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f+00:00"))
    return quoted(moment.strftime(form)) if choose.chance(90) else quoted(START.date().isoformat())


def span(choose: Chooser) -> str:
    """Return a duration."""
    return choose.pick(_SPANS)


@dataclass
class Values:
    """Writes values over the columns of a row; `members` are those of a group's rows, where it is a group."""

    choose: Chooser
    columns: Columns
    prefix: str | None = None
    members: Columns | None = None
    constants: Columns = field(default_factory=dict)
    lists: Sequence[str] = ()
    aggregates: bool = True

    def fields(self, fits: Callable[[Type], bool]) -> list[str]:
        """Return the columns and the values of the program of a type."""
        return [name for name, kind in self.columns.items() if fits(kind)]

    def named(self, column: str) -> str:
        """Return a column as a program may write it."""
        head, dot, last = column.rpartition(".")
        if self.choose.chance(8):
            last = last.upper()
        if self.prefix and self.choose.chance(15):
            return f"{self.prefix}.{head}{dot}{last}"
        return f"{head}{dot}{last}"

    def field(self, fits: Callable[[Type], bool]) -> str | None:
        """Return some field of a type, or a constant of the program, or None where there is none."""
        found = self.fields(fits)
        constants = [name for name, kind in self.constants.items() if fits(kind)]
        if constants and (not found or self.choose.chance(15)):
            return self.choose.pick(constants)
        return self.named(self.choose.pick(found)) if found else None

    # ---- texts ---------------------------------------------------------------------------------------------------

    def text(self, depth: int = 1) -> str:
        """Return a text: a field, a member of a record, a function."""
        plain = self.field(is_text)
        if depth <= 0 or self.choose.chance(60):
            return plain or self.member() or self._written()
        return self.choose.pick(_TEXTS)(self, depth - 1)

    def member(self) -> str | None:
        """Return a member of a record."""
        records = self.fields(lambda kind: kind.kind is Kind.RECORD)
        if not records:
            return None
        return f"{self.named(self.choose.pick(records))}.{self.choose.pick(MEMBERS)}"

    def _written(self) -> str:
        return f"to_string({self.number(0)})"

    def literal(self, *, stars: bool = True) -> str:
        """Return a text written out, a few with wildcards."""
        text = path(self.choose) if self.choose.chance(30) else word(self.choose)
        if stars and len(text) > _SHORT and self.choose.chance(20):
            # What is a wildcard to engines but not to the language stands where other texts have a letter.
            place = self.choose.integer(1, len(text) - 2)
            masked = text[:place] + self.choose.pick("_%") + text[place + 1 :]
            cut = self.choose.integer(1, len(masked) - 1)
            text = f"{masked[:cut]}*{masked[cut:]}"
        elif stars and text and self.choose.chance(40):
            cut = self.choose.integer(0, len(text))
            text = self.choose.pick(
                (f"*{text}", f"{text}*", text[:cut] + "*" + text[cut:], f"*{text[cut:]}*", f"{text[:cut]}*{text[-1:]}")
            )
        return quoted(text)

    def test(self) -> str:
        """Return a plain condition, for an `if` inside of a value."""
        present = self.field(lambda _: True)
        tests = [f"{self.text(0)} contains {self.literal()}", f"{self.number(0)} between -1 and {self.number(0)}"]
        return self.choose.pick((*tests, f"{present} exists", f"not ({present} == null)") if present else tests)

    def element(self) -> str:
        """Return an item of a list of texts."""
        lists = self.fields(lambda kind: kind.kind is Kind.LIST and kind.item is not None and is_text(kind.item))
        listed = self.named(self.choose.pick(lists)) if lists and self.choose.chance(70) else None
        listed = self.choose.pick(self.lists) if listed is None and self.lists and self.choose.chance(50) else listed
        listed = listed or f"split({self.text(0)}, {quoted(self.choose.pick((' ', '.', 'aa', 'E')))})"
        end = self.choose.pick(("first", "last"))
        return self.choose.pick((f"{end}({listed})", f"{listed}[{self.choose.integer(-2, 2)}]"))

    # ---- numbers, times, durations ---------------------------------------------------------------------------------

    def number(self, depth: int = 1) -> str:
        """Return a number."""
        plain = self.field(lambda kind: kind.is_number)
        if plain and (depth <= 0 or self.choose.chance(50)):
            return plain
        return self.choose.pick(_NUMBERS)(self, depth - 1) if depth > 0 else str(self.choose.integer(0, 6))

    def time(self, depth: int = 1) -> str:
        """Return a time."""
        plain = self.field(lambda kind: kind.kind is Kind.TIME) or "now"
        if depth <= 0 or self.choose.chance(65):
            return plain
        return self.choose.pick(
            (f"{plain} + {span(self.choose)}", f"{plain} - {span(self.choose)}", f"coalesce({plain}, now)", "now")
        )

    def duration(self, depth: int = 1) -> str:
        """Return a duration."""
        plain = self.field(lambda kind: kind.kind is Kind.DURATION)
        if plain and self.choose.chance(60):
            return plain
        pieces = [f"{self.time(0)} - {self.time(0)}", f"({self.time(0)} - {self.time(0)}) * 2", span(self.choose)]
        return self.choose.pick(pieces if depth > 0 else pieces[:1])

    # ---- aggregates ------------------------------------------------------------------------------------------------

    def aggregate(self) -> tuple[str, Type]:
        """Return an aggregate over a group's rows, or over those of the stream at hand, and its type."""
        inner = Values(self.choose, self.members or self.columns)
        kinds: list[Callable[[Values], tuple[str, Type] | None]] = [_count, _of_any, _of_numbers, _list_of]
        return self.choose.pick(kinds)(inner) or ("count()", INTEGER)


def is_text(kind: Type) -> bool:
    """Tell whether values are texts; addresses, which not every literal stands beside, are none here."""
    return kind.is_string and kind.kind is not Kind.IP


def single(kind: Type) -> bool:
    """Tell whether a value is a single one, so that it can be a key."""
    return kind.kind not in (Kind.RECORD, Kind.LIST)


def _count(values: Values) -> tuple[str, Type]:
    argument = values.field(single)
    if argument is None:
        return "count()", INTEGER
    return values.choose.pick(("count()", f"count({argument})", f"count(distinct {argument})")), INTEGER


def _of_any(values: Values) -> tuple[str, Type] | None:
    found = values.fields(lambda kind: single(kind) and kind.kind is not Kind.BOOLEAN)
    if not found:
        return None
    column = values.choose.pick(found)
    kind = values.columns[column]
    function = values.choose.pick(("first", "last", "max", "min"))
    return f"{function}({column})", INTEGER if kind.kind is Kind.PORT else kind


def _of_numbers(values: Values) -> tuple[str, Type] | None:
    function = values.choose.pick(("sum", "avg", "median", "average", "stdev", "percentile"))
    percent = f", {values.choose.pick((50, 0, 25, 90, 100))}" if function == "percentile" else ""
    if values.choose.chance(20):
        return f"{function}({values.duration(0)}{percent})", DURATION
    column = values.field(lambda kind: kind.is_number and kind.kind is not Kind.FLOAT)
    return column and (f"{function}({column}{percent})", INTEGER if function == "sum" else FLOAT)  # type: ignore[return-value]  # None where there is no column


def _list_of(values: Values) -> tuple[str, Type] | None:
    found = values.fields(single)
    if not found:
        return None
    column = values.choose.pick(found)
    number = values.choose.integer(1, 3)
    written = (f"values({column})", f"top({column}, {number})", f"rare({column}, {number})", f"TOP{number}({column})")
    return values.choose.pick(written), Type(Kind.LIST, item=values.columns[column])


_TEXTS: tuple[Callable[[Values, int], str], ...] = (
    lambda v, d: f"lower({v.text(d)})",
    lambda v, d: f"upper({v.text(d)})",
    lambda v, d: f"trim({v.text(d)})",
    lambda v, d: f"concat({v.text(d)}, {v.literal(stars=False)}, {v.number(0)})",
    lambda v, d: f"concat({v.text(d)}, {v.text(d)})",
    lambda v, d: f"substring({v.text(d)}, {v.choose.integer(0, 4)})",
    lambda v, d: f"substring({v.text(d)}, {v.choose.integer(0, 4)}, {v.choose.integer(0, 4)})",
    lambda v, d: f"replace({v.text(d)}, {v.literal(stars=False)}, {v.literal(stars=False)})",
    lambda v, d: f"basename({v.text(d)})",
    lambda v, d: f"dirname({v.text(d)})",
    lambda v, d: f"extension({v.text(d)})",
    lambda v, d: f"regex_extract({v.text(d)}, {quoted(v.choose.pick(REGEXES))})",
    lambda v, d: f"coalesce({v.text(d)}, {v.literal(stars=False)})",
    lambda v, d: f"coalesce({v.text(d)}, {v.text(d)})",
    lambda v, _: v.member() or v.text(0),
    lambda v, _: v.element(),
    lambda v, d: (
        f"(if ({v.test()}) then {v.text(d)} else {v.choose.pick((v.text(0), v.literal(stars=False), 'null'))})"
    ),
    lambda v, d: f"(if {v.test()} then {v.literal()} else if {v.test()} then {v.text(0)} else {v.text(d)})",
    lambda v, d: f"to_string({v.number(d)})",
    lambda v, _: f"to_string({v.time(0)})",
    lambda v, _: f"to_string({v.duration(0)})",
    lambda v, d: f"concat({v.duration(0)}, {v.text(d)}, {v.time(0)})",
    lambda v, _: f"to_string({v.field(lambda kind: kind.kind is Kind.BOOLEAN) or 'true'})",
)

_NUMBERS: tuple[Callable[[Values, int], str], ...] = (
    lambda v, d: f"length({v.text(d)})",
    lambda v, d: f"length(split({v.text(d)}, {quoted(v.choose.pick((' ', '.', 'aa', 'E')))}))",
    lambda v, d: f"({v.number(d)} + {v.number(0)})",
    lambda v, d: f"({v.number(d)} - {v.number(0)})",
    lambda v, _: f"{v.number(0)} * {v.choose.integer(0, 3)}",
    lambda v, d: f"({v.number(d)}) / {v.number(0)}",
    lambda v, d: f"({v.number(d)}) % {v.choose.pick(('2', '3', '0', v.number(0)))}",
    lambda v, d: f"abs({v.number(d)})",
    lambda v, d: f"-{v.number(0)} - -{v.choose.integer(0, 3)} * (-({v.number(d)}))",
    lambda v, d: f"(if ({v.test()}) then {v.number(d)} else {v.choose.pick((v.number(0), '-1.5', '2', 'null'))})",
    lambda v, d: f"round({v.number(d)} / 4, {v.choose.integer(0, 2)})",
    lambda v, d: f"to_int({v.text(d)})",
    lambda v, d: f"to_int({v.number(d)})",
    lambda v, d: f"index_of({v.text(d)}, {v.choose.pick((v.text(0), v.literal(stars=False)))})",
    lambda v, d: f"index_of({v.text(d)}, {v.literal(stars=False)}, {v.choose.integer(0, 4)})",
    lambda v, d: f"to_number({v.text(d)})",
    lambda v, d: f"to_number({v.number(d)})",
    lambda v, d: f"to_number({v.text(d)}, {v.choose.pick((2, 8, 10, 16, 36))})",
    lambda v, d: f"to_number(substring({v.text(d)}, {v.choose.integer(0, 2)}, 1), {v.choose.pick((10, 16, 36))})",
    lambda v, d: f"min({v.number(d)}, {v.number(0)})",
    lambda v, d: f"max({v.number(d)}, {v.number(0)}, 2)",
    lambda v, d: f"coalesce({v.number(d)}, {v.choose.integer(0, 6)})",
    lambda v, _: f"hour({v.time(0)})",
    lambda v, _: f"day_of_week({v.time(0)})",
    lambda v, _: f"year({v.time(0)})",
    lambda v, _: f"({v.time(0)} - {v.time(0)}) / 1 second",
)
