"""What `carlang ingest --explain` shows: records, the events that they become, and where each field comes from."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from carlang.cli import exits
from carlang.cli.console import put_json, report_console
from carlang.escapes import printable
from carlang.loading import ExplainedEvent, ExplainedField, ExplainedRecord

_LONGEST = 100


def put_explained(records: Sequence[ExplainedRecord], *, as_json: bool) -> int:
    """Print explained records and return the exit status: whether all of them could be read."""
    if as_json:
        put_json([record.to_json() for record in records])
    else:
        console = report_console()
        for record in records:
            _put_record(console, record)
    return exits.UNREADABLE if any(record.fault for record in records) else exits.DONE


def _put_record(console: Console, record: ExplainedRecord) -> None:
    where = record.source if record.number is None else f"{record.source}:{record.number}"
    if record.fault:
        console.print(printable(f"{where}: {record.fault}"), soft_wrap=True)
        return
    event_id = "no event id" if record.event_id is None else str(record.event_id)
    header = f"{record.channel or 'no channel'}, {event_id}, shape: {record.shape}"
    console.print(printable(f"{where}: {header}"), soft_wrap=True)
    for event in record.events:
        _put_event(console, event)


def _put_event(console: Console, event: ExplainedEvent) -> None:
    console.print(printable(f"  {event.sensor} → {event.object}/{event.action}"))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for field in event.fields:
        table.add_row(f"    {printable(field.name)}", _short(field.value), _members(field))
    console.print(table)


def _members(field: ExplainedField) -> str:
    return "\n".join(f"{printable(name)}: {_short(value)}" for name, value in field.members.items())


def _short(value: str | None) -> str:
    if value is None:
        return "null"
    return printable(value if len(value) <= _LONGEST else value[:_LONGEST] + "…")
