"""Hits as entries of a timeline: the same columns for all, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import pyarrow as pa

from carlang.levels import UNSAID
from carlang.model.types import field_of
from carlang.report.columns import arrange, time_columns
from carlang.report.ordering import in_order
from carlang.report.streams import valid
from carlang.report.values import BATCH, json_text, json_values, microseconds
from carlang.report.view import OutputView, View
from carlang.results import Hit, Spool, Triage

_SPOOL_BYTES = 32 << 20
"""How much of the rows is kept in memory while they are sorted; what is more goes to disk."""
_SEPARATOR = " ¦ "

# By column, the fields of an event that it shows, the first that has a value.
_SHOWN = {
    "host": ("hostname", "fqdn"),
    "user": ("user",),
    "process": ("image_path", "exe"),
    "command_line": ("command_line",),
    "parent": ("parent_image_path", "parent_exe"),
}


# Where the path stands of a program whose name a column has.
_PATHS = {"exe": "process", "parent_exe": "parent"}


class Entry(NamedTuple):
    """A hit as a row of a timeline; it is sorted by the first three, `moment` are microseconds since 1970."""

    moment: int | None
    result: int
    row: int
    weight: float | None
    time: str | None
    level: str
    host: str | None
    user: str | None
    process: str | None
    command_line: str | None
    parent: str | None
    analytic: str
    output: str
    title: str
    techniques: str
    also: str | None
    incident: str | None
    number: int | None
    details: str | None
    author: str | None


COLUMNS = (
    *("time", "level", "weight", "host", "user", "process", "command_line", "parent"),
    *("analytic", "output", "title", "techniques", "also", "incident", "number", "details"),
    "author",
)
"""The columns of a timeline, in order."""

_SORTED_BY = ("moment", "result", "row")
_NUMBERS = {"moment": pa.int64(), "result": pa.int32(), "row": pa.int64(), "number": pa.int64(), "weight": pa.float64()}
_SCHEMA = pa.schema([pa.field(name, _NUMBERS.get(name, pa.string())) for name in Entry._fields])


def timeline(view: View) -> Iterator[Entry]:
    """Yield the hits of a run in the order of time, those without a time last, however many there are.

    A hit is a row of an output. Where the run was ranked, rows of several outputs that are of one record are one hit:
    that of the output which it stands under, which names the `also`.
    """
    ranks = _ranks(view, view.triage) if view.triage else {}
    batches = (
        batch
        for number, output in enumerate(view.outputs)
        if output.shown
        for batch in _entries(number, output, ranks.get(number, {}))
    )
    for values in in_order(_SCHEMA, batches, _SORTED_BY, Spool(_SPOOL_BYTES)):
        yield Entry(*values)


@dataclass(frozen=True, slots=True)
class _Rank:
    """What ranking says of a row: the hit that it is of, in which incident; of one told elsewhere, nothing."""

    hit: Hit | None = None
    incident: str | None = None


_UNRANKED = _Rank()
_Ranks = Mapping[int, _Rank | None]
"""By row of an output what ranking says of it, None where it stands under another output."""


def _ranks(view: View, triage: Triage) -> dict[int, _Ranks]:
    """Return by output what ranking says of its rows."""
    ranks: dict[int, dict[int, _Rank | None]] = {}
    for incident in triage.incidents:
        for hit in incident.hits:
            rank = _Rank(hit, incident.id)
            for occurrence in hit.occurrences:
                rows = [at for at in occurrence.rows if at.row < view.outputs[at.output].shown]
                leading = next((at.output for at in rows if _is_of(view.outputs[at.output], hit)), None)
                # Where a limit cut the row of the leading output, another one tells of it.
                leading = rows[0].output if rows and leading is None else leading
                for at in rows:
                    ranks.setdefault(at.output, {})[at.row] = rank if at.output == leading else None
    return dict(ranks)


def _is_of(output: OutputView, hit: Hit) -> bool:
    return (output.analytic, output.name) == (hit.analytic, hit.output)


def _entries(number: int, output: OutputView, ranks: _Ranks) -> Iterator[pa.RecordBatch]:
    """Yield the rows of an output as entries, but for those that stand under another output."""
    columns = _Columns.of(output)
    first = 0
    for batch in output.rows.to_batches(max_chunksize=BATCH):
        entries = [
            _entry(number, first + offset, output, rank, texts)
            for offset, texts in enumerate(columns.rows(batch))
            if (rank := ranks.get(first + offset, _UNRANKED)) is not None
        ]
        first += batch.num_rows
        if entries:
            values = zip(*entries, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(values, _SCHEMA, strict=True)]
            yield pa.record_batch(arrays, schema=_SCHEMA)


class _RowTexts(NamedTuple):
    """What a row says by itself."""

    moment: int | None
    time: str | None
    shown: Mapping[str, str | None]
    details: str | None


def _entry(number: int, row: int, output: OutputView, rank: _Rank, texts: _RowTexts) -> Entry:
    hit = rank.hit
    level = hit.level if hit else output.level or UNSAID
    also = ", ".join(f"{analytic} {name}" for analytic, name in hit.also) if hit else ""
    return Entry(
        moment=texts.moment,
        result=number,
        row=row,
        weight=hit.weight.points if hit else None,
        time=texts.time,
        level=level.text,
        **texts.shown,
        analytic=valid(output.analytic),
        output=valid(output.name),
        title=valid(output.title),
        techniques=valid(", ".join(hit.techniques if hit else output.techniques)),
        also=valid(also) or None,
        incident=rank.incident,
        number=None if output.number is None else output.number + row,
        details=texts.details,
        author=valid(output.credit) or None,
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of an output, by number, that entries are made of: times, those shown as they are, and details."""

    times: tuple[int, ...]
    shown: Mapping[str, tuple[int, ...]]
    details: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, output: OutputView) -> Self:
        """Take as details what a table would show."""
        names = output.rows.schema.names
        fields = [field_of(name) for name in names]  # a part of a join is shown as its field is
        shown = {
            column: tuple(i for field in sources for i, name in enumerate(fields) if name == field)
            for column, sources in _SHOWN.items()
        }
        details = arrange(output.rows, output.tested, output.computed).shown
        return cls(tuple(time_columns(output.rows.schema)), shown, tuple((i, names[i]) for i in details))

    def rows(self, batch: pa.RecordBatch) -> Iterator[_RowTexts]:
        """Yield what each row says."""
        used = {*self.times, *(i for sources in self.shown.values() for i in sources), *(i for i, _ in self.details)}
        texts = {i: [_text(value) for value in json_values(batch.column(i))] for i in used}
        moments = {i: microseconds(batch.column(i)) for i in self.times}
        for row in range(batch.num_rows):
            time = next((i for i in self.times if moments[i][row] is not None), None)
            sources = {
                column: next((i for i in numbers if texts[i][row] is not None), None)
                for column, numbers in self.shown.items()
            }
            in_columns = {time, *sources.values()}
            shown = {column: None if i is None else texts[i][row] for column, i in sources.items()}
            details = [
                (name, text)
                for i, name in self.details
                if i not in in_columns and (text := texts[i][row]) is not None and not _is_end(name, text, shown)
            ]
            yield _RowTexts(
                None if time is None else moments[time][row],
                None if time is None else texts[time][row],
                shown,
                _SEPARATOR.join(f"{name}: {text.replace('¦', '¦¦')}" for name, text in details) or None,
            )


def _is_end(name: str, text: str, shown: Mapping[str, str | None]) -> bool:
    """Tell whether a column says the name of a program whose path is shown."""
    path = shown.get(_PATHS.get(name, "")) or ""
    return path.endswith((f"\\{text}", f"/{text}"))


def _text(value: Any) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case list() | dict():
            return json_text(value, compact=True)
        case _:
            return str(value)
