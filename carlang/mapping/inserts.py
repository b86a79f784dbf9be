"""The order and the labels of the data of Windows events, for exports that have their values without their names.

Windows keeps an event's data as values in an order that its kind decides, the insertion strings of its message, and
some exporters hand on these, or the message, alone. The files in `inserts` say for each kind of event what the values
are called: members have the names that the XML of the event gives them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files as package_files
from typing import Any, Literal

import duckdb
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator

from carlang.database.quoting import text_literal
from carlang.datafile import read_builtin_yaml, validate

ANYWHERE = ""
"""The section of labels that may stand on any line of a message."""


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EventInserts(_Entry):
    """A kind of event.

    `inserts` are the members in the order of the newest version; each of `without` are those that an older one lacks.
    A version that lacks members at the end alone need not be named. `labels` are the members by the section of the
    English message and the label in it, `text` is a regular expression for a message without labels, with groups that
    have the members' names.
    """

    event_id: tuple[int, ...]
    inserts: tuple[str, ...]
    without: tuple[tuple[str, ...], ...] = ()
    labels: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    text: str | None = None

    _ids = field_validator("event_id", mode="before")(_listed)

    def orders(self) -> list[tuple[str, ...]]:
        """Return the orders of all versions, the shortest first."""
        older = [tuple(name for name in self.inserts if name not in lacking) for lacking in self.without]
        return sorted({self.inserts, *older}, key=len)


class LogInserts(_Entry):
    """The events of a log: those whose provider or, where a record names none, whose channel is one of these.

    `labels: members` says that messages label values with the members' own names. Members in `hexadecimal` are numbers
    that the XML of an event writes as `0x…`.
    """

    provider: tuple[str, ...]
    channel: tuple[str, ...] = ()
    labels: Literal["members"] | None = None
    hexadecimal: tuple[str, ...] = ()
    events: tuple[EventInserts, ...]

    _names = field_validator("provider", "channel", mode="before")(_listed)

    def keys(self, event: EventInserts) -> list[str]:
        """Return what records of a kind of event are looked up by."""
        return [f"{name.lower()}/{id_}" for name in (*self.provider, *self.channel) for id_ in event.event_id]

    def labelled(self, event: EventInserts) -> dict[str, str]:
        """Return the members by section and label, `Subject/Logon ID`."""
        if self.labels:
            return {f"{ANYWHERE}/{name}": name for name in event.inserts}
        return {f"{section}/{label}": member for section, by in event.labels.items() for label, member in by.items()}


@cache
def known_inserts() -> tuple[LogInserts, ...]:
    """Return what the package knows of the data of Windows events."""
    folder = package_files("carlang.mapping") / "inserts"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return tuple(validate(LogInserts, read_builtin_yaml(name, (folder / name).read_text("utf-8"))) for name in names)


_ORDERS = "insert_orders"
_LABELS = "insert_labels"
_HEXADECIMAL = "insert_hexadecimal"
"""DuckDB's variables that hold what is known: as part of a query's text, it would be parsed for each use."""

_ORDERS_TYPE = "MAP(VARCHAR, VARCHAR[][])"
_LABELS_TYPE = "MAP(VARCHAR, STRUCT(label VARCHAR, member VARCHAR)[])"


def needs_inserts(sql: str) -> bool:
    """Tell whether a query names values, so that `define_inserts` has to come before it."""
    return "event_members(" in sql


def define_inserts(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the macro `event_members(values, message, channel, provider, event_id)`, with what it knows.

    It makes an object of a list of values, in JSON, and of the labels in a message. Where both have a member, the
    value counts, which is not cut into lines. Few ingests need it, and to read the files and define it takes a tenth
    of a second.
    """
    for head, body in insert_macros().items():
        connection.execute(f"CREATE TEMP MACRO {head} AS ({body})")
    labels = {
        key: [{"label": label, "member": member} for label, member in by_label.items()]
        for log, event in _events()
        if (by_label := log.labelled(event))
        for key in log.keys(event)
    }
    orders = {key: [list(order) for order in event.orders()] for log, event in _events() for key in log.keys(event)}
    tables: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
        (_ORDERS, _ORDERS_TYPE, orders),
        (_LABELS, _LABELS_TYPE, labels),
    )
    for name, type_, known in tables:
        rows = pa.table({"k": list(known), "v": list(known.values())})
        connection.register("known_inserts", rows)
        connection.execute(
            f"SET VARIABLE {name} = (SELECT CAST(map(list(k), list(v)) AS {type_}) FROM known_inserts)"  # noqa: S608
        )
        connection.unregister("known_inserts")
    hexadecimal = sorted({name for log in known_inserts() for name in log.hexadecimal})
    connection.execute(f"SET VARIABLE {_HEXADECIMAL} = $1", [hexadecimal])


def insert_macros() -> dict[str, str]:
    """Return `event_members` and the macros that it is made of.

    A list of one that is transformed stands where a value is needed more than once: a macro's arguments are copied.
    """
    return {
        "lines_of(message)": "replace(message, chr(13), '')",
        "known_event(known, channel, provider, event_id)": """
            coalesce(known[lower(provider) || '/' || event_id], known[lower(channel) || '/' || event_id])""",
        # The value of a property may be a number, an account's SID with its parts, or the bytes of a text.
        "insert_text(property)": """
            coalesce(json_extract_string(property, '$.Value.Value'), json_extract_string(property, '$.Value'),
              CASE WHEN json_type(property) <> 'OBJECT'
              THEN nullif(json_extract_string(property, '$'), 'System.Diagnostics.Eventing.Reader.EventProperty') END)
            """,
        # An unknown event's values are called what collectors call them that go by the XML.
        "insert_names(orders, count)": """
            list_transform([{'o': orders, 'n': count}], lambda s: coalesce(
              list_filter(s.o, lambda o: len(o) = s.n)[1], list_filter(s.o, lambda o: len(o) > s.n)[1], s.o[-1],
              list_transform(range(1, s.n + 1), lambda i: 'param' || i)))[1]""",
        "as_written(name, text)": f"""
            CASE WHEN NOT list_contains(CAST(getvariable('{_HEXADECIMAL}') AS VARCHAR[]), name) THEN text
              WHEN starts_with(text, '0x') THEN lower(text)
              WHEN regexp_full_match(text, '[0-9]+') THEN '0x' || lower(to_hex(TRY_CAST(text AS UBIGINT)))
              WHEN TRY_CAST(text AS INTEGER) < 0 THEN '0x' || lower(to_hex(TRY_CAST(text AS BIGINT) & 4294967295))
              ELSE text END""",
        "object_of(pairs)": """
            list_transform([list_filter(pairs, lambda p: p[1] IS NOT NULL AND p[2] IS NOT NULL)], lambda s:
              CAST(to_json(map_from_entries(list_transform(
                list_filter(s, lambda p, i: i = list_position(list_transform(s, lambda q: q[1]), p[1])),
                lambda p: {'k': p[1], 'v': as_written(p[1], p[2])}))) AS VARCHAR))[1]""",
        **_label_macros(),
        "inserted(list, orders)": """
            CASE WHEN starts_with(list, '[') AND json_valid(list) THEN object_of(list_zip(
              insert_names(orders, CAST(json_array_length(list) AS BIGINT)),
              list_transform(json_extract(list, '$[*]'), lambda e: insert_text(e)))) END""",
        "labelled(message, labels)": """
            CASE WHEN labels IS NOT NULL THEN list_transform([message_parts(lines_of(message))], lambda s:
              object_of(list_transform(labels, lambda l: row(l.member,
                given(list_filter(s, lambda p: p[1] = l.label)[1][2])))))[1] END""",
        "event_members(list, message, channel, provider, event_id)": f"""
            CAST(json_merge_patch(
              coalesce(
                labelled(message, known_event(CAST(getvariable('{_LABELS}') AS {_LABELS_TYPE}),
                  channel, provider, CAST(event_id AS VARCHAR))),
                text_named(message, coalesce(lower(provider), lower(channel)) || '/' || CAST(event_id AS VARCHAR)),
                '{{}}'),
              coalesce(inserted(list, known_event(CAST(getvariable('{_ORDERS}') AS {_ORDERS_TYPE}),
                channel, provider, CAST(event_id AS VARCHAR))), '{{}}')) AS VARCHAR)""",
    }


def _label_macros() -> dict[str, str]:
    """Return the macros that take a message apart: a section begins at the margin, its labels are indented.

    What is indented by two tabs or more goes on with the value before it, as lists of privileges do.
    """
    section = text_literal(r"(?:^|\n)([^\s:][^\n:]*):[ \t]*((?:\n[ \t]+[^\n]*)+)")
    label = text_literal(r"\n[ \t]+([^\s:][^\n:]*):[ \t]*([^\n]*(?:\n\t\t+[^\n]*)*)")
    anywhere = text_literal(r"(?:^|\n)[ \t]*([^\s:][^\n:]*):[ \t]*([^\n]+(?:\n\t\t+[^\n]*)*)")

    def pairs(prefix: str, text: str, pattern: str) -> str:
        return f"""
            list_transform(list_zip(regexp_extract_all({text}, {pattern}, 1), regexp_extract_all({text}, {pattern}, 2)),
              lambda l: row({prefix} || '/' || l[1], trim(l[2], ' ' || chr(9) || chr(10))))"""

    return {
        "message_parts(message)": f"""
            flatten(list_transform(
              list_zip(regexp_extract_all(message, {section}, 1), regexp_extract_all(message, {section}, 2)),
              lambda s: {pairs("s[1]", "s[2]", label)})) || {pairs(text_literal(ANYWHERE), "message", anywhere)}""",
        "text_named(message, event)": f"CASE event {' '.join(_texts())} END",
    }


def _texts() -> Iterator[str]:
    """Yield a branch for each kind of event whose message is a sentence."""
    for log, event in _events():
        if event.text is not None:
            members = _list([name for name in event.inserts if f"(?P<{name}>" in event.text])
            value = f"to_json(regexp_extract(lines_of(message), {text_literal(event.text)}, {members}))"
            for key in log.keys(event):
                yield f"WHEN {text_literal(key)} THEN CAST({value} AS VARCHAR)"


def _events() -> Iterator[tuple[LogInserts, EventInserts]]:
    return ((log, event) for log in known_inserts() for event in log.events)


def _list(names: list[str]) -> str:
    return f"[{', '.join(map(text_literal, names))}]"
