"""`carlang store`: what a store holds, and its upkeep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

from rich.cells import cell_len, set_cell_size
from rich.table import Table

from carlang.cli.console import (
    piped,
    put,
    put_block,
    put_json,
    put_json_rows,
    report_console,
    say,
)
from carlang.cli.declared import Argument, Group, Option
from carlang.cli.exits import UsageError
from carlang.cli.options import (
    FORMATS,
    check_format,
    name_settings,
    open_project,
    open_store_of,
    path_option,
    say_counted,
)
from carlang.cli.upkeep import check_command, compact_command, repair_command, vacuum_command
from carlang.errors import StoreError
from carlang.escapes import printable
from carlang.judgement import possible_platforms
from carlang.mapping import sensor_platforms
from carlang.project import Project
from carlang.results import share_text
from carlang.store import HostClass, HostInfo, Store, StoreInfo

store_app = Group("Look at event stores, and keep them fast.")


@store_app.verb("info")
@piped
def info(
    path: Annotated[
        Path | None,
        Argument(metavar="PATH", parser=path_option, help="The store; the sample where none is named."),
    ] = None,
    by: Annotated[str | None, Option("--by", metavar="host", help="List who is seen, a host a line.")] = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))] = "text",
) -> None:
    """Show objects, actions, rows, the range of time, sensors, and the share of each field that is filled."""
    check_format(format_)
    if by not in (None, "host"):
        raise UsageError(f"--by: a store is listed by host, not by {by!r}")
    project = Project.find()
    try:
        store = open_store_of(project, path)
        if by is not None:
            say_counted(store.silent_files())
            _put_hosts(store, format_)
            return
        held = store.info()
    except StoreError:
        name_settings(project)  # beside the store's name as they would be; they may be why it is this one
        raise
    if format_ == "json":
        settings = str(project.settings_file) if project.settings_file else None
        put_json({**held.to_json(), "settings": settings})
    else:
        _put_info(held, project)


@store_app.verb("schema")
def schema(
    path: Annotated[
        Path | None,
        Argument(metavar="PATH", parser=path_option, help="The store; the sample where none is named."),
    ] = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))] = "text",
) -> None:
    """Show the columns that the events of each object have, with their types in DuckDB."""
    check_format(format_)
    store = open_store_of(open_project(), path)
    objects = sorted({file.object for file in store.files()})
    columns = {name: store.columns(name) for name in objects}
    if format_ == "json":
        listed = [
            {"object": name, "columns": [{"name": c, "type": t} for c, t in columns[name].items()]} for name in objects
        ]
        put_json({"path": str(store.path), "objects": listed})
        return
    width = max((len(column) for types in columns.values() for column in types), default=0)
    for index, name in enumerate(objects):
        put_block(("\n" if index else "") + printable(name))
        for column, type_ in columns[name].items():
            put(f"  {column:{width}}  {type_}")


store_app.verb("compact")(piped(compact_command))
store_app.verb("vacuum")(piped(vacuum_command))
store_app.verb("check")(piped(check_command))
store_app.verb("repair")(piped(repair_command))


def _put_info(info: StoreInfo, project: Project) -> None:
    console = report_console()
    kind = "Delta table" if info.writable else "plain Parquet, read-only"
    console.print(f"{printable(str(info.path))} ({kind})", soft_wrap=True)
    settings = str(project.settings_file or "none, there is no carlang.toml")
    console.print(f"settings: {printable(settings)}", soft_wrap=True)
    console.print(
        f"{info.rows:,} events in {info.files:,} files, {_moment(info.first_time)} to {_moment(info.last_time)}"
    )
    console.print(f"sensors: {printable(', '.join(info.sensors)) or 'none named'}\n")
    table = Table(box=None, pad_edge=False)
    for heading in ("object/action", "events", "files", "first", "last"):
        table.add_column(heading, justify="right" if heading in ("events", "files") else "left", no_wrap=True)
    for held in info.classes:
        name = f"{held.object}/{held.action}"
        counts = (f"{held.rows:,}", f"{held.files:,}")
        table.add_row(printable(name), *counts, _moment(held.first_time), _moment(held.last_time))
    console.print(table)
    for each in info.hollow:
        what = f"{each.object}/{each.action}"
        console.print(
            f"hollow: {each.records:,} records of {what} have none of its members; they are kept as event/log"
        )
    for held in info.classes:
        console.print(f"\nfields of {held.object}/{held.action}, by the share of events that have them")
        shares: dict[str, list[str]] = {}
        for field, share in sorted(held.fill.items(), key=lambda item: (-item[1], item[0])):
            shares.setdefault(share_text(share), []).append(field)
        grid = Table(box=None, pad_edge=False, show_header=False)
        grid.add_column(justify="right", width=6, no_wrap=True)
        grid.add_column()
        for percent, fields in shares.items():
            grid.add_row(percent, printable(", ".join(fields)))
        console.print(grid)


def _put_hosts(store: Store, format_: str) -> None:
    """Show a matrix of hosts and classes: how many events each has, and how much of the class's fields they fill."""
    if format_ == "json":
        listed = (host.to_json() | {"platforms": _platforms(host)} for host in store.hosts())
        put_json_rows({"path": str(store.path)}, "hosts", listed)
        return
    classes: dict[tuple[str, str], dict[str, None]] = {}
    for held in store.info().classes:
        filled = [field for field, share in held.fill.items() if share > 0]
        classes[held.object, held.action] = dict.fromkeys(filled)
    rows = [["host", *("/".join(name) for name in classes), "platform", "sensors"]]
    for host in store.hosts():
        cells = {(each.object, each.action): each for each in host.classes}
        texts = [_cell(cells.get(name), fields) for name, fields in classes.items()]
        name = host.host if host.host is not None else "(no host named)"
        rows.append([name, *texts, " or ".join(_platforms(host)) or "unknown", ", ".join(host.sensors)])
    # Lines as long as they must be, on a terminal, too: a matrix that is squeezed says nothing.
    widths = [max(cell_len(printable(row[index])) for row in rows) for index in range(len(rows[0]))]
    for row in rows:
        first, *texts, sensors = [printable(cell) for cell in row]
        numbers = [text.rjust(width) for text, width in zip(texts, widths[1:], strict=False)]
        put("  ".join([set_cell_size(first, widths[0]), *numbers, sensors]).rstrip())
    hosts = f"{len(rows) - 1:,} host{'' if len(rows) == 2 else 's'}"  # noqa: PLR2004  # the heading and one
    say(f"{hosts}; events, and the share of the fields seen of a class that they fill")


def _platforms(host: HostInfo) -> list[str]:
    """Return the platforms that a host may run, by its sensors; none where they do not say."""
    return list(possible_platforms(host.sensors, sensor_platforms()))


def _cell(held: HostClass | None, fields: Mapping[str, None]) -> str:
    if held is None:
        return ""
    share = sum(held.fill.get(field, 0.0) for field in fields) / len(fields) if fields else 0.0
    return f"{held.rows:,} {share_text(share)}"


def _moment(moment: datetime | None) -> str:
    return "no time" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")
