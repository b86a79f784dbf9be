"""The shapes in which exports write a record: one file of shapes for each family of exporters.

A header is what the log says of every record: channel, event id, provider, computer, number, level, message, time. The
data are the event's own members. Which shape a record has is decided by the members it has, record by record.

Where a file of shapes names a value, it gives a member by its path, `winlog.event_data`, or an expression as in the
files of sensors, `instant({@timestamp})`, in which `line` is the whole record; of a list, the first that gives
something counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files as package_files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from carlang.datafile import read_builtin_yaml, validate
from carlang.mapping.expression import Expression, parse_expression

HEADER_FIELDS = ("channel", "event_id", "provider", "computer", "record_id", "level")

WRAPPERS = (
    "object_text({_source})",
    "object_text({result})",
    # What Defender's streaming API writes.
    "CASE WHEN starts_with({category}, 'AdvancedHunting-') THEN json_extract_string(line, '$.properties') END",
    # A hit of which fields were asked for; in other records, `fields` is one member among others.
    "CASE WHEN {_index} IS NOT NULL THEN nested(object_text(json_extract_string(line, '$.fields'))) END",
    "CASE WHEN starts_with({MESSAGE}, '<Event') THEN xml_event({MESSAGE}) END",
)
"""Where Elasticsearch, Splunk, Defender and systemd's journal put the record; the first that gives something counts.

Members that stand in a wrapper cost in every record; what is asked of few records stands inside of a CASE.
"""

RAW = "_raw"
"""The member of Splunk's results that is the event as it came in."""

DOTTED = (
    r"winlog\.channel",
    r"winlog\.event_id",
    r"event\.code",
    r"data\.win\.system\.eventID",
    r"event\.dataset",
    r"Event\.System\.EventID",
    r"System\.EventID",
    r"metadata\.version",
    r"metadata\.product\.name",
)
"""Names with dots of which one gives a record away whose objects were flattened, as tables are exported.

Others have names with dots of their own: Zeek's `id.orig_h`.
"""

UNKNOWN = "unknown"
"""The shape of a record that has none of the others."""

NAME_MEMBERS = ('$."@Name"', "$.Name", '$."#attributes".Name', '$."$".Name')
TEXT_MEMBERS = ('$."#text"', "$.text", "$.Text", "$.Value", "$.content", '$."_"')
"""What exports that go by the XML call the name and the text of a piece of data, as JSON paths."""

MESSAGE_MEMBERS = ("Message", "message", "z_original_message", "_raw")
"""Members that repeat the record as text; they are not data."""

Alternatives = tuple[Expression, ...]


@dataclass(frozen=True)
class Renamed:
    """Members of the event's data that an exporter keeps elsewhere in the record, of all records or of some kinds.

    `channel` and `provider` are in lower case; without any of the three conditions, all records are meant.
    """

    members: Mapping[str, Alternatives]
    event_ids: tuple[int, ...] = ()
    channel: str | None = None
    provider: str | None = None


@dataclass(frozen=True)
class Shape:
    """A shape: what gives it away, where its header and its data stand, and how its time is found.

    A record has the shape if, of each group in `evidence`, it has at least one member, or one of its expressions is
    true. Of a `rare` shape, groups after the first are looked for only in records that have the first: each member that
    is looked for in all records costs. `data` are objects that may hold the data, as JSON text; where there are none,
    the record is its own data, unless it is `data_elsewhere`. `renamed` adds members to the data that these lack;
    `frame` are members of a record that is its own data which speak of the log and not of the event: the logging
    service's ProcessId. Where a shape does not tell, as the event's own ProcessId has the same name, records have the
    event's members `beside_frame`: those of `frame_names` alone are no event.
    """

    name: str
    title: str
    how: Mapping[str, str]
    evidence: tuple[Alternatives, ...]
    header: Mapping[str, Alternatives]
    time: Alternatives
    message: Alternatives = ()
    data: Alternatives = ()
    data_elsewhere: bool = False
    rare: bool = False
    renamed: tuple[Renamed, ...] = ()
    frame: tuple[str, ...] = field(default=())
    beside_frame: bool = False

    @property
    def is_made_over(self) -> bool:
        """Whether the data are made, so that only the record itself holds all that it says."""
        return bool(self.renamed or self.frame) or any(not is_member(each) for each in self.data)

    @property
    def may_be_own_data(self) -> bool:
        """Whether records may be their own data, just as they are."""
        return bool(self.message) and not self.data_elsewhere and not self.renamed and not self.frame


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _lists(value: Any) -> Any:
    return {key: _listed(item) for key, item in value.items()} if isinstance(value, dict) else value


class _RenamedEntry(_Entry):
    """`members`: of the event's data, each with where the record has it. Without conditions, for all records."""

    members: Mapping[str, tuple[str, ...]]
    event_id: tuple[int, ...] = ()
    channel: str | None = None
    provider: str | None = None

    _each = field_validator("members", mode="before")(_lists)
    _ids = field_validator("event_id", mode="before")(_listed)


class _ShapeEntry(_Entry):
    """A shape as it stands in a file. Shapes are tried by their `rank`, the lowest first.

    `title` says what it is, `how` gives for each exporter, by the name that people know it by, how the export is made.
    `without_data` says what is so where none of the objects in `data` is there: the `record` is its own data, or there
    is `nothing`. With `beside_frame`, names of a frame make no event by themselves.
    """

    shape: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    how: Mapping[str, str]
    rank: int
    evidence: tuple[tuple[str, ...], ...]
    header: Mapping[str, tuple[str, ...]]
    time: tuple[str, ...]
    message: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    without_data: Literal["record", "nothing"] = "record"
    rare: bool = False
    renamed: tuple[_RenamedEntry, ...] = ()
    frame: tuple[str, ...] = ()
    beside_frame: bool = False

    _header = field_validator("header", mode="before")(_lists)
    _lists = field_validator("time", "message", "data", "frame", "renamed", mode="before")(_listed)

    @field_validator("header")
    @classmethod
    def _known(cls, value: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        if unknown := sorted(value.keys() - set(HEADER_FIELDS)):
            raise ValueError(f"a header has no `{unknown[0]}`; it has {', '.join(HEADER_FIELDS)}")
        return value


class _File(_Entry):
    shapes: tuple[_ShapeEntry, ...]


class _FrameFile(_Entry):
    names: tuple[str, ...]


def is_member(expression: Expression) -> bool:
    """Tell whether an expression is a member and nothing else."""
    return len(expression.members) == 1 and not any(expression.pieces)


@cache
def all_shapes() -> tuple[Shape, ...]:
    """Return the shapes that ship with the package; the first whose evidence a record has is the record's."""
    entries = [entry for name, text in shape_files() for entry in validate(_File, read_builtin_yaml(name, text)).shapes]
    return tuple(_shape(entry) for entry in sorted(entries, key=lambda each: (each.rank, each.shape)))


@cache
def shape_named(name: str) -> Shape:
    """Return the shape of a name."""
    return next(shape for shape in all_shapes() if shape.name == name)


def is_frame_name(member: str) -> bool:
    """Tell whether some exporter calls a member of the record's frame so; case, dots and underscores do not matter."""
    return _letters(member) in _frame_names()


@cache
def _frame_names() -> frozenset[str]:
    name = "frame.yaml"
    text = (package_files("carlang.mapping") / name).read_text("utf-8")
    return frozenset(map(_letters, validate(_FrameFile, read_builtin_yaml(name, text)).names))


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def shape_files() -> list[tuple[str, str]]:
    """Return the files of shapes, each with its name and text."""
    folder = package_files("carlang.mapping") / "shapes"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return [(name, (folder / name).read_text("utf-8")) for name in names]


def _shape(entry: _ShapeEntry) -> Shape:
    return Shape(
        name=entry.shape,
        title=entry.title,
        how=entry.how,
        evidence=tuple(_values(group) for group in entry.evidence),
        header={name: _values(texts) for name, texts in entry.header.items()},
        time=_values(entry.time),
        message=_values(entry.message),
        data=_values(entry.data),
        data_elsewhere=entry.without_data == "nothing",
        rare=entry.rare,
        renamed=tuple(_renamed(each) for each in entry.renamed),
        frame=entry.frame,
        beside_frame=entry.beside_frame,
    )


def _renamed(entry: _RenamedEntry) -> Renamed:
    return Renamed(
        members={name: _values(texts) for name, texts in entry.members.items()},
        event_ids=entry.event_id,
        channel=entry.channel.lower() if entry.channel else None,
        provider=entry.provider.lower() if entry.provider else None,
    )


def _values(texts: tuple[str, ...]) -> Alternatives:
    return tuple(_value(text) for text in texts)


def _value(text: str) -> Expression:
    """Read a member's path, or an expression, which a brace, a bracket or a quote tells from one."""
    return parse_expression(text) if any(sign in text for sign in "({'") else Expression(("", ""), (text,))
