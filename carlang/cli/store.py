"""`carlang store`: what a store holds."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from carlang.cli.console import put
from carlang.cli.exits import UsageError
from carlang.cli.options import opened_store
from carlang.settings import find_settings
from carlang.store import StoreInfo

FORMATS = ("text", "json")

store_app = typer.Typer(help="Look at event stores.", no_args_is_help=True)


@store_app.callback()
def _store() -> None:
    pass


@store_app.command("info")
def info(
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="The store; the sample where none is named.")
    ] = None,
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))] = "text",
) -> None:
    """Show objects, actions, rows, the range of time, sensors, and the share of each field that is filled."""
    if format_ not in FORMATS:
        raise UsageError(f"--format: there is no format {format_!r}; choose one of {', '.join(FORMATS)}")
    found = opened_store(path, find_settings()).info()
    if format_ == "json":
        put(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        _put_info(found)


def _put_info(info: StoreInfo) -> None:
    console = Console(highlight=False, markup=False)
    kind = "Delta table" if info.writable else "plain Parquet, read-only"
    console.print(f"{info.path} ({kind})", soft_wrap=True)
    console.print(
        f"{info.rows:,} events in {info.files:,} files, {_moment(info.first_time)} to {_moment(info.last_time)}"
    )
    console.print(f"sensors: {', '.join(info.sensors) or 'none named'}\n")
    table = Table(box=None, pad_edge=False)
    for heading in ("object/action", "events", "first", "last", "fields filled"):
        table.add_column(heading, justify="right" if heading == "events" else "left", overflow="fold")
    for found in info.classes:
        filled = sorted(found.fill.items(), key=lambda item: (-item[1], item[0]))
        shares = ", ".join(f"{name} {share:.0%}" for name, share in filled if share)
        empty = [name for name, share in filled if not share]
        shares += f"; empty: {', '.join(sorted(empty))}" if empty else ""
        name = f"{found.object}/{found.action}"
        table.add_row(name, f"{found.rows:,}", _moment(found.first_time), _moment(found.last_time), shares)
    console.print(table)


def _moment(moment: datetime | None) -> str:
    return "no time" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")
