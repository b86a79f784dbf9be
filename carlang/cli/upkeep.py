"""`carlang store compact` and `vacuum`: the upkeep of a store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from carlang.cli.console import put, put_json
from carlang.cli.exits import UsageError
from carlang.cli.options import FORMATS, check_format, open_project, open_store_of, path_option
from carlang.store import OLDER_THAN, compact, vacuum
from carlang.syntax.literal import duration_value

_STORE = typer.Argument(metavar="PATH", parser=path_option, help="The store.", show_default=False)
_FORMAT = typer.Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))


def compact_command(
    path: Annotated[Path | None, _STORE] = None,
    keep: Annotated[
        float | None,
        typer.Option("--keep", metavar="HOURS", min=0, help="Vacuum behind it what was replaced so many hours ago."),
    ] = None,
) -> None:
    """Merge small files into large ones; ingests and runs may go on meanwhile."""
    done = compact(open_store_of(open_project(), path), keep_hours=keep)
    deleted = "" if keep is None else f"; {done.deleted:,} old files deleted"
    put(f"{done.merged:,} files with {done.rows:,} events became {done.written:,}{deleted}")


def vacuum_command(
    path: Annotated[Path | None, _STORE] = None,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="7d", help="How long ago a file went out of the store.")
    ] = "7d",
    format_: Annotated[str, _FORMAT] = "text",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Delete nothing, and name what would go.")] = False,
) -> None:
    """Delete files that are not part of the store any more, or never were; no ingest may be running."""
    check_format(format_)
    store = open_store_of(open_project(), path)
    done = vacuum(store, older_than=_age(older_than), dry_run=dry_run)
    names = [file.relative_to(store.path).as_posix() for file in done.files]
    if format_ == "json":
        put_json({"path": str(store.path), "deleted": not dry_run, "files": names, "bytes": done.size})
        return
    if dry_run:
        for name in names:
            put(name)
    put(f"{len(names):,} old files {'would be ' if dry_run else ''}deleted, {done.size:,} bytes")


def _age(text: str) -> timedelta:
    """Return the time that `7d`, `36h` or `0` mean."""
    if text.strip() == "0":
        return timedelta()
    try:
        microseconds = duration_value(text.strip())
    except ValueError:
        microseconds = None
    if microseconds is None:
        raise UsageError(f"--older-than: {text!r} is not an age; write {OLDER_THAN.days}d, 36h or 0")
    return timedelta(microseconds=microseconds)
