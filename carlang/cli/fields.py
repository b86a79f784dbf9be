"""`carlang fields`: what can be asked of events, what sensors call it, and how much of it a store has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from rich.console import Console
from rich.table import Table

from carlang.cli import exits
from carlang.cli.console import put_json, report_console, say, say_diagnostics
from carlang.cli.declared import Argument, Option
from carlang.cli.options import FORMATS, StorePath, check_format, open_project
from carlang.errors import CompileError
from carlang.escapes import printable
from carlang.results import counted, share_text
from carlang.store import open_store
from carlang.vocabulary import ActionEntry, ClassEntry, FieldEntry, class_entries, wanted

_WIDE = 1000
"""From this width on, which no terminal has, a line has room for all that there is to say of a field."""


def fields_command(
    name: Annotated[
        str | None,
        Argument(
            metavar="[OBJECT[:ACTION][.FIELD]]",
            help="A class of events, a field of it, or a field at large; all objects where there is none.",
        ),
    ] = None,
    store: StorePath = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))] = "text",
) -> int:
    """Show the fields of events: type, meaning, what sensors call them; with a store, how much of them it has."""
    check_format(format_)
    project = open_project()
    path = project.store_path(store)
    opened = open_store(path) if path else None
    try:
        meant = wanted(name, project.model)
    except CompileError as fault:
        say_diagnostics(fault.diagnostics)
        return exits.USAGE
    entries = class_entries(meant, project.model, opened)
    if format_ == "json":
        listed = [entry.to_json() for entry in entries]
        put_json({"version": 1, "store": str(opened.path) if opened else None, "classes": listed})
        return exits.DONE
    for remark in dict.fromkeys(entry.remark for entry in entries if entry.remark):
        say(remark)
    console = report_console()
    if name is None:
        _put_overview(console, entries)
    elif len(entries) > 1 or (len(entries[0].fields) == 1 and meant[0].field):
        _put_field(console, entries)
    else:
        _put_class(console, entries[0])
    return exits.DONE


def _put_overview(console: Console, entries: Sequence[ClassEntry]) -> None:
    """Show every object with its actions, and how many fields it has of its own."""
    table = Table(box=None, pad_edge=False)
    table.add_column("object", no_wrap=True)
    table.add_column("actions", overflow="fold")
    table.add_column("fields", justify="right")
    for entry in entries:
        actions = ", ".join(_counted(action) for action in entry.actions)
        own = sum(not field.common for field in entry.fields)
        table.add_row(printable(entry.object), printable(actions), str(own))
    console.print(table)
    common = [field.name for field in entries[0].fields if field.common]
    console.print(printable(f"\nevery event has: {', '.join(common)}", keep="\n"))
    say(
        "`carlang fields Process:Create` shows the fields of a class of events, `carlang fields pid` one of all of them"
    )


def _counted(action: ActionEntry) -> str:
    return f"{action.name} ({action.events:,})" if action.events else action.name


def _put_class(console: Console, entry: ClassEntry) -> None:
    """Show a class of events with all its fields."""
    title = f"{entry.title}:{entry.action}" if entry.action else entry.title
    console.print(printable(f"{title}  {entry.description}"))
    if entry.elsewhere:
        console.print(printable(f"elsewhere: {', '.join(entry.elsewhere)}"))
    if entry.events is not None:
        hosts = f" on {counted(entry.hosts, 'host')}" if entry.hosts else ""
        console.print(f"in the store: {counted(entry.events, 'event')}{hosts}")
    actions = Table(box=None, pad_edge=False, show_header=False)
    for action in entry.actions:
        seen = ", ".join(action.sensors) or "no sensor"
        told = seen if entry.action else f"{action.description} {seen}"
        count = f"{action.events:,}" if action.events is not None else ""
        actions.add_row(printable(action.name), count, printable(told))
    console.print()
    console.print(actions)
    console.print()
    _put_rows(console, "field", [(field.name, str(field.type), entry, field) for field in entry.fields])


def _put_field(console: Console, entries: Sequence[ClassEntry]) -> None:
    """Show one field of each class of events that has it."""
    first = entries[0].fields[0]
    names = list(dict.fromkeys(entry.fields[0].name for entry in entries))
    values = f": {', '.join(first.type.values)}" if first.type.values else ""
    console.print(printable(f"{' or '.join(names)}  {first.type}{values}"))
    if first.example:
        console.print(printable(f"such as {first.example}"))
    if aliases := dict.fromkeys(alias for entry in entries for alias in entry.fields[0].aliases):
        console.print(printable(f"other names: {', '.join(aliases)}"))
    if elsewhere := dict.fromkeys(name for entry in entries for name in entry.fields[0].elsewhere):
        console.print(printable(f"elsewhere: {', '.join(elsewhere)}"))
    console.print()
    rows = []
    for entry in entries:
        owner = f"{entry.object}:{entry.action}" if entry.action else entry.object
        rows.append((owner, entry.fields[0].name if len(names) > 1 else "", entry, entry.fields[0]))
    _put_rows(console, "of", rows)


Row = tuple[str, str, ClassEntry, FieldEntry]
"""What stands at the head of a line, a word on it, and a field of a class."""


def _put_rows(console: Console, heading: str, rows: Sequence[Row]) -> None:
    """Show fields: each on a line of its own where lines are as long as they must be, else in as many as it takes."""
    is_wide = console.width >= _WIDE
    table = Table(box=None, pad_edge=False, show_header=is_wide)
    table.add_column(heading, no_wrap=True)
    for name in ("", "filled", "hosts without", "meaning", "sensors") if is_wide else ("",):
        table.add_column(name, overflow="fold")
    for label, word, entry, field in rows:
        filled = share_text(field.filled or 0.0) if entry.events else ""
        without = str(field.hosts_without) if field.hosts_without else ""
        # What all events have comes from the record itself, whatever the sensor.
        called = _called(field.sensors) or ("" if field.common else "no sensor fills it")
        told = [printable(field.description), printable(called)]
        if is_wide:
            table.add_row(printable(label), printable(word), filled, without, *told)
            continue
        lacking = f"missing on {counted(field.hosts_without, 'host')}" if field.hosts_without else ""
        facts = [word, f"{filled} filled" if filled else "", lacking]
        lines = [printable(", ".join(fact for fact in facts if fact)), *told]
        table.add_row(printable(label), "\n".join(line for line in lines if line))
    console.print(table)


def _called(sensors: Mapping[str, tuple[str, ...]]) -> str:
    """Return what sensors call a field, those that call it the same together."""
    by_names: dict[tuple[str, ...], list[str]] = {}
    for sensor, names in sensors.items():
        by_names.setdefault(names, []).append(sensor)
    told = ((", ".join(same), ", ".join(names)) for names, same in by_names.items())
    return "; ".join(f"{same}: {names}" if names else same for same, names in told)
