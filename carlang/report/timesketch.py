"""`--format timesketch`: rows as events of a timeline, in the JSON lines that Timesketch imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import types

from carlang.model.types import field_of
from carlang.report.columns import EVENT_CLASS, LEADING, arrange, row_names, time_columns
from carlang.report.streams import Stream, utf8_writer
from carlang.report.values import BATCH, MICROSECONDS, instant, instants, json_text, json_values, microseconds
from carlang.report.view import OutputView, View

# `tag` is the key from which Timesketch reads its tags; those of Elasticsearch's habits, `tags`, it does not look at.
ADDED = ("message", "datetime", "timestamp", "timestamp_desc", "tag", "analytic", "title", "techniques", "output")
TIMELESS = "Time of the run; the row has no time of its own"
TIMELESS_TAG = "no-time"
_IN_MESSAGE = 6  # fields that a message names; Timesketch shows it on one line


def write_timesketch(view: View, stream: Stream) -> None:
    """Write the rows of a run as Timesketch events, one a line.

    A row without a time stands at the instant of the run and is tagged `no-time`: Timesketch drops an event without
    one, and a finding must not be lost on the way.
    """
    write = utf8_writer(stream)
    run = _Moment(instant(view.now), round(view.now.timestamp() * MICROSECONDS), TIMELESS)
    for output in view.outputs:
        names = row_names(output.rows.schema.names, (*ADDED, "author") if output.author else ADDED)
        message = _Message.of(output)
        for batch in output.rows.to_batches(max_chunksize=BATCH):
            values = [json_values(column) for column in batch.columns]
            moments = _moments(batch, run)
            for row, moment in zip(zip(*values, strict=True), moments, strict=True):
                write(json_text(_event(output, names, row, moment, message.text(row))) + "\n")


@dataclass(frozen=True, slots=True)
class _Moment:
    """A time as Timesketch has it: text, microseconds since 1970, and what happened then."""

    text: str
    microseconds: int
    meaning: str


@dataclass(frozen=True, slots=True)
class _Message:
    """What the message of a row names: the title and the row's most telling columns."""

    title: str
    columns: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, output: OutputView) -> _Message:
        names = output.rows.schema.names
        shown = arrange(output.rows, output.tested, output.computed).shown
        said = [i for i in shown if not types.is_timestamp(output.rows.schema.types[i])]
        telling = [i for i in said if names[i] in output.tested or field_of(names[i]) in LEADING]
        title = output.title or output.analytic or output.name
        return cls(title, tuple((i, names[i]) for i in telling or said if names[i] not in EVENT_CLASS))

    def text(self, row: Sequence[Any]) -> str:
        parts = [
            f"{name}={value if isinstance(value, str) else json_text(value)}"
            for i, name in self.columns
            if (value := row[i]) is not None
        ]
        return f"{self.title}: {' '.join(parts[:_IN_MESSAGE])}" if parts else self.title


def _event(
    output: OutputView, names: Sequence[str], row: Sequence[Any], moment: _Moment, message: str
) -> dict[str, Any]:
    tags = [tag for tag in (output.analytic, *output.techniques) if tag]
    if moment.meaning is TIMELESS:
        tags.append(TIMELESS_TAG)
    event = {
        "message": message,
        "datetime": moment.text.removesuffix("Z") + "+00:00",
        "timestamp": moment.microseconds,
        "timestamp_desc": moment.meaning,
        "tag": tags,
        "analytic": output.analytic,
        "title": output.title,
        "techniques": list(output.techniques),
        "output": output.name,
    }
    if output.author:
        event["author"] = output.author
    # A missing value has no place in an index of documents: it is left out.
    return event | {name: value for name, value in zip(names, row, strict=True) if value is not None}


def _moments(batch: pa.RecordBatch, run: _Moment) -> list[_Moment]:
    moments = [run] * batch.num_rows
    # From the weakest claim to the strongest, so that a row keeps the best time that it has.
    for i in reversed(time_columns(batch.schema)):
        meaning = _meaning(batch.schema.field(i).name)
        times = zip(instants(batch.column(i)), microseconds(batch.column(i)), strict=True)
        for row, (text, number) in enumerate(times):
            if text is not None and number is not None:
                moments[row] = _Moment(text, number, meaning)
    return moments


def _meaning(name: str) -> str:
    return "Event time" if name == "time" else name
