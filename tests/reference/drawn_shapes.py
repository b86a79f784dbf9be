"""What is known of the streams of a program in the making: their columns, and how many rows they may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from carlang.model.types import DURATION, INTEGER, TIME, Type
from tests.reference.chooser import Chooser
from tests.reference.drawn_events import ACTIONS, COMMON, FIELDS, MODEL
from tests.reference.drawn_values import Columns, Values, single, span

MOST_ROWS = 1500
"""How many rows a join may have at most, so that loops over them end soon."""

_NAMES = ("p", "q", "r", "Search", "filter", "at", "user", "n1", "äö", "drop", "r2", "s3", "t4", "u5", "v6", "w7")
_CASES: tuple[Callable[[str], str], ...] = (str, str.title, str.upper)


@dataclass(frozen=True)
class Shape:
    """What is known of a stream: the types of its columns, those of a group's rows, and how many rows it may have."""

    columns: Columns
    size: int
    members: Columns | None = None
    of_groups: bool = False
    """Whether rows are groups whose own rows are not at hand any more, so that no aggregate can stand there."""

    @property
    def timed(self) -> bool:
        """Whether rows have a time of their own."""
        return self.columns.get("time") == TIME


@dataclass
class Program:
    """A program in the making."""

    choose: Chooser
    sizes: Mapping[str, int]
    lines: list[str] = field(default_factory=list)
    streams: dict[str, Shape] = field(default_factory=dict)
    constants: dict[str, Type] = field(default_factory=dict)
    lists: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)

    def values(self, shape: Shape, prefix: str | None = None, *, aggregates: bool = True) -> Values:
        """Return what writes values over a stream's rows."""
        if prefix and any(name.startswith(f"{prefix}.") for name in shape.columns):
            prefix = None
        aggregates = aggregates and not shape.of_groups
        seen = seeing(self.choose, shape)
        return Values(self.choose, seen.columns, prefix, seen.members, self.constants, self.lists, aggregates)

    def fresh(self) -> str:
        """Return a name for a stream, a used one at times."""
        unused = [name for name in _NAMES if name not in self.streams and name not in self.constants]
        if not unused or (self.streams and self.choose.chance(12)):
            return self.choose.pick(list(self.streams))
        return unused[0] if self.choose.chance(50) else self.choose.pick(unused)

    def some(self, fits: Callable[[Shape], bool] = lambda _: True) -> tuple[str, Shape] | None:
        """Return a stream, rather a late one."""
        found = [(name, shape) for name, shape in self.streams.items() if fits(shape)]
        return self.choose.pick(found[::-1]) if found else None

    def bind(self, written: str, shape: Shape, name: str | None = None) -> None:
        """Write a statement that names a stream."""
        name = name or self.fresh()
        self.lines.append(f"{name} = {written}")
        self.streams.pop(name, None)
        self.streams[name] = shape


def event_classes(made: Program) -> tuple[str, Shape]:
    """Return what a search asks for, and what is known of its events."""
    choose = made.choose
    objects = list(made.sizes) or ["process"]
    if choose.chance(10):
        objects = list(ACTIONS)
    chosen = choose.some(objects, 1, 1 if choose.chance(75) else 2)
    pieces: list[str] = []
    columns: dict[str, Type] = {}
    for name in chosen:
        actions = ", ".join(choose.some(ACTIONS[name], 1, 2)) if choose.chance(75) else ""
        written = choose.pick(_CASES)(name)
        pieces.append(
            f"{written}:{choose.pick(_CASES)(actions)}" if actions else choose.pick((written, f"{written}:*"))
        )
        columns |= {f: MODEL.field_types[f] for f in (*FIELDS[name], *COMMON)}
    size = sum(made.sizes.get(name, 0) for name in chosen)
    listed = " OR ".join(pieces)
    return (f"({listed})" if len(pieces) > 1 else listed), Shape(columns, size)


_OF_PROCESSES = ("exe", "pid", "guid", "user", "time", "command_line", "ppid", "hostname")


def identified(columns: Columns, prefix: str = "") -> bool:
    """Tell whether rows say which process they are of."""
    return prefix + "guid" in columns or all(prefix + name in columns for name in ("hostname", "pid", "time"))


def seeing(choose: Chooser, shape: Shape) -> Shape:
    """Return what is known of a stream, at times with fields of the processes behind its rows as if it had them."""
    if not choose.chance(40):
        return shape
    members = None if shape.members is None else {**shape.members, **_of_processes(choose, shape.members)}
    return replace(shape, columns={**shape.columns, **_of_processes(choose, shape.columns)}, members=members)


def _of_processes(choose: Chooser, columns: Columns) -> dict[str, Type]:
    prefixes = dict.fromkeys(name[: name.rfind(".") + 1] for name in columns)
    known = [prefix for prefix in prefixes if "process." not in prefix and identified(columns, prefix)]
    seen: dict[str, Type] = {}
    for prefix in choose.some(known, 0, 2):
        for field_name in choose.some(_OF_PROCESSES, 1, 3):
            path = f"{prefix}process." + "parent." * choose.pick((0, 0, 1, 2))
            seen[path + field_name] = MODEL.field_types[field_name]
    return seen


def tree_shape(shape: Shape, starts: int) -> Shape:
    """Return what is known of the relatives of a stream's processes."""
    columns = {f: MODEL.field_types[f] for f in (*FIELDS["process"], *COMMON)}
    columns |= {"depth": INTEGER, "root_guid": MODEL.field_types["guid"], "root_pid": INTEGER}
    return Shape(columns, starts * max(shape.size, 1))


KINS = ("children", "descendants", "ancestors")


def meet(a: Type, b: Type) -> bool:
    """Tell whether values of two types can be compared in a join."""
    return (a.is_string and b.is_string) or (a.is_number and b.is_number) or (a == b == TIME)


def pause(made: Program) -> str:
    """Return a duration, or the name of an input that holds one."""
    named = [name for name, kind in made.constants.items() if kind == DURATION]
    return made.choose.pick(named) if named and made.choose.chance(60) else span(made.choose)


def drawn_keys(made: Program, columns: Columns) -> list[str]:
    """Return one or two columns as keys."""
    found = [name for name, kind in columns.items() if single(kind)]
    liked = [name for name in found if name.rpartition(".")[2] in ("hostname", "action", "source", "user", "pid")]
    return made.choose.some(liked if liked and made.choose.chance(75) else found, 1, 1 if made.choose.chance(60) else 2)


def group_shape(shape: Shape, keys: Sequence[str], *, intervals: bool = False) -> Shape:
    """Return what is known of the groups of a stream."""
    ends = {"start": TIME, "end": TIME} if intervals else {}
    own = {**ends, "count": INTEGER, **({"first_time": TIME, "last_time": TIME} if shape.timed else {})}
    columns = {key: shape.columns[key] for key in keys}
    return Shape({**columns, **{k: v for k, v in own.items() if k not in columns}}, shape.size, shape.columns)


def fit(a: Shape, b: Shape) -> bool:
    """Tell whether columns of one name hold the same kind of values in both."""
    return all(alike(kind, b.columns.get(name, kind)) for name, kind in a.columns.items())


def alike(a: Type, b: Type) -> bool:
    """Tell whether a column may hold values of both types."""
    return a.kind is b.kind or (a.is_string and b.is_string) or (a.is_number and b.is_number)
