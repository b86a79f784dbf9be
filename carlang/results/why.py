"""Why an output found what it found, as plain data: what conditions left over, what hits met, what came nearest."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from carlang.results.reasons import Reason


@dataclass(frozen=True, slots=True)
class WrittenCondition:
    """A condition as a program has it, and where: line and column, from 1, of its file.

    `analytic` is the one whose program it stands in, where that is another one that the program runs. Without a line
    the place is not known.
    """

    text: str
    line: int | None = None
    column: int | None = None
    analytic: str | None = None


@dataclass(frozen=True, slots=True)
class ConditionRows:
    """A condition of a stream, and how many rows are left behind it of those that the conditions before it left.

    `never` are the reasons for which no event of this store can meet it, as a judgement of the store gives them.
    """

    stream: str
    condition: WrittenCondition
    rows: int
    never: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamRows:
    """How many rows a stream begins with, `source` as the program writes it, and what its conditions leave of them."""

    stream: str
    source: WrittenCondition
    rows: int
    conditions: tuple[ConditionRows, ...] = ()

    @property
    def left(self) -> int:
        """The rows that all conditions leave."""
        return self.conditions[-1].rows if self.conditions else self.rows


@dataclass(frozen=True, slots=True)
class ValueAt:
    """A value under the name by which the program asks for it: the column of a table that holds it."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class ToldTest:
    """A condition with the values that it looked at in a row.

    `elsewhere`: this record does not meet it, another record of the same occurrence does.
    """

    condition: WrittenCondition
    values: tuple[ValueAt, ...] = ()
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class ToldRow:
    """A row of a table, by its number there, with conditions that it meets, or fails."""

    row: int
    tested: tuple[ToldTest, ...]


@dataclass(frozen=True, slots=True)
class ToldRows:
    """The first of the `total` rows of a stream, in the order of results, and what conditions found in them.

    `table` holds all values, `identity` are those by which a reader knows a row: its time, its host, its record.
    """

    stream: str
    total: int
    table: pa.Table = field(repr=False, compare=False)
    identity: tuple[ValueAt, ...]
    rows: tuple[ToldRow, ...]


@dataclass(frozen=True, slots=True)
class Unmet:
    """A condition that rows fail, and the reasons for which no event of this store can meet it, if there are any."""

    condition: WrittenCondition
    never: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class NearRows:
    """Rows that fail the same conditions and no others: how many, and some of them."""

    failed: tuple[Unmet, ...]
    count: int
    examples: ToldRows


@dataclass(frozen=True, slots=True)
class Nearest:
    """The rows of a stream that are fewest conditions `away` from being left, by what they fail, the rarest first.

    `more` is how many rows fail other conditions, as few of them.
    """

    stream: str
    away: int
    groups: tuple[NearRows, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Why:
    """Why an output found its rows, or none.

    `streams` lead up to the output, each behind those that it is made of. `unsaid` are sentences on what is left out.
    Where `error` says what failed, the rest is what had been asked by then.
    """

    streams: tuple[StreamRows, ...] = ()
    hits: tuple[ToldRows, ...] = ()
    nearest: tuple[Nearest, ...] = ()
    unsaid: tuple[str, ...] = ()
    error: str | None = None
