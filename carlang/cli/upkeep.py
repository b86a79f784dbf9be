"""`carlang store compact`, `vacuum`, `check` and `repair`: the upkeep of a store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from carlang.cli import exits
from carlang.cli.console import put, put_json, say
from carlang.cli.declared import Argument, Option
from carlang.cli.exits import UsageError
from carlang.cli.options import FORMATS, check_format, open_project, open_store_of, path_option
from carlang.escapes import printable
from carlang.store import OLDER_THAN, Finding, Remedy, Repair, Step, check_store, compact, repair_store, vacuum
from carlang.syntax.literal import duration_value

_STORE = Argument(metavar="PATH", parser=path_option, help="The store.")
_FORMAT = Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))


def compact_command(
    path: Annotated[Path | None, _STORE] = None,
    keep: Annotated[
        float | None,
        Option("--keep", metavar="HOURS", min=0, help="Vacuum behind it what was replaced so many hours ago."),
    ] = None,
) -> None:
    """Merge small files into large ones; ingests and runs may go on meanwhile."""
    done = compact(open_store_of(open_project(), path), keep_hours=keep)
    deleted = "" if keep is None else f"; {done.deleted:,} old files deleted"
    put(f"{done.merged:,} files with {done.rows:,} events became {done.written:,}{deleted}")


def vacuum_command(
    path: Annotated[Path | None, _STORE] = None,
    older_than: Annotated[
        str, Option("--older-than", metavar="7d", help="How long ago a file went out of the store.")
    ] = "7d",
    format_: Annotated[str, _FORMAT] = "text",
    *,
    dry_run: Annotated[bool, Option("--dry-run", help="Delete nothing, and name what would go.")] = False,
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


def check_command(
    path: Annotated[Path | None, _STORE] = None,
    format_: Annotated[str, _FORMAT] = "text",
    *,
    quick: Annotated[bool, Option("--quick", help="Read no data: sizes, footers and the log alone.")] = False,
) -> int:
    """Verify a store: its log, and the size, rows, statistics and bytes of each file; say what is missing."""
    check_format(format_)
    done = check_store(_folder(path), quick=quick)
    if format_ == "json":
        put_json(done.to_json())
    else:
        for finding in done.findings:
            _put_finding(finding)
        how = "sizes and footers alone" if quick else f"{done.digests:,} of them by digest"
        put(f"{done.files:,} files with {done.rows:,} events checked, {how}: {_verdict(whole=done.is_whole)}")
    return exits.DONE if done.is_whole else exits.UNREADABLE


def repair_command(
    path: Annotated[Path | None, _STORE] = None,
    format_: Annotated[str, _FORMAT] = "text",
    *,
    apply: Annotated[bool, Option("--apply", help="Do it, and not only say what would be done.")] = False,
    give_up: Annotated[
        bool, Option("--give-up", help="Take sources out that lost events for good, to be ingested again.")
    ] = False,
) -> int:
    """Say what of a store can be brought back, and with --apply bring it back."""
    check_format(format_)
    done = repair_store(_folder(path), apply=apply, give_up=give_up)
    if format_ == "json":
        put_json(done.to_json())
    else:
        _put_repair(done)
    return exits.DONE if done.check.is_whole else exits.UNREADABLE


def _folder(named: Path | None) -> Path:
    """Return the folder of the store that was named, or that other commands would use; it need not be one to open."""
    project = open_project()
    path = project.store_path(named)
    return open_store_of(project, named).path if path is None else path


def _verdict(*, whole: bool) -> str:
    return "the store is whole" if whole else "the store is damaged"


def _put_finding(finding: Finding) -> None:
    put(f"{finding.fault.value}: {printable(str(finding.path))}: {printable(finding.reason)}")
    _put_rows(finding.rows, finding.sources)


def _put_rows(rows: int | None, sources: Mapping[str, int]) -> None:
    if rows is not None:
        put(f"  {rows:,} events")
    for source, count in sources.items():
        put(f"    {count:,} of {printable(source) or 'sources that are not recorded by name'}")


def _put_repair(done: Repair) -> None:
    for step in done.steps:
        _put_step(step)
    if done.applied:
        put(f"{done.check.files:,} files with {done.check.rows:,} events: {_verdict(whole=done.check.is_whole)}")
    elif any(step.remedy is not Remedy.NONE for step in done.steps):
        say("nothing was touched; --apply does it")
    elif not done.steps:
        put("there is nothing to repair")
    if any(step.remedy is Remedy.NONE for step in done.steps):
        say("--give-up takes the sources that lost events out of the store, so that they can be ingested again")


def _put_step(step: Step) -> None:
    put(f"{step.remedy.value}: {printable(str(step.path))}: {printable(step.reason)}")
    _put_rows(step.rows, step.sources)


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
