"""`carlang ingest`: raw logs into an event store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from rich.console import Console
from rich.table import Table

from carlang.analytic import memory, seconds, size
from carlang.api import ingest as ingest_sources
from carlang.cli import exits
from carlang.cli.console import put_json, report_console
from carlang.cli.declared import Argument, Option
from carlang.cli.exits import UsageError
from carlang.cli.explained import put_explained
from carlang.cli.options import check_format, open_project, path_option
from carlang.cli.progress import ingest_bar
from carlang.cli.reading import Reading
from carlang.cli.telling import Course
from carlang.escapes import printable
from carlang.loading import LEAST_MEMORY, IngestReport, Status
from carlang.loading import explain as explain_records
from carlang.results import counted

FORMATS = ("text", "json")
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Intake(Reading):
    """How logs are read; the names are those of the library's arguments."""

    sensor: Annotated[str, Option(metavar="NAME|FILE", help="Whose mapping applies; auto goes by each record.")] = (
        "auto"
    )
    keep_raw: Annotated[bool, Option("--keep-raw", help="Keep each record in a column `raw`.")] = False
    strict: Annotated[bool, Option("--strict", help="Leave sources out of which anything is rejected.")] = False
    dedupe: Annotated[
        str | None, Option(metavar="record", help="Leave records out that the store has from another export.")
    ] = None
    timeout: Annotated[
        str | None, Option(metavar="TIME", help="When to stop, such as 60s or 2m; what was committed stays.")
    ] = None
    expand_limit: Annotated[
        str | None, Option(metavar="SIZE", help="What an archive or a stream may come to, such as 200GB.")
    ] = None
    memory_limit: Annotated[
        str | None, Option(metavar="2GB", help="Memory for all that is on its way; 512MB, 50%.")
    ] = None

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of an ingest; raises `OptionError`, which names the option, for what none can be."""
        memory("--memory-limit", self.memory_limit, LEAST_MEMORY)
        checked = {
            "timeout": seconds("--timeout", self.timeout),
            "expand_limit": size("--expand-limit", self.expand_limit),
        }
        return asdict(self) | checked


def ingest(
    sources: Annotated[
        list[str], Argument(metavar="SOURCE...", help="Files, folders, patterns, or - for standard input.")
    ],
    store: Annotated[Path | None, Option(metavar="PATH", parser=path_option, help="The event store to add to.")] = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))] = "text",
    *,
    intake: Intake,
    explain: Annotated[
        bool, Option("--explain", help="Show what the first records become, field by field; write nothing.")
    ] = False,
) -> int:
    """Read raw logs into an event store and say what became of every record."""
    check_format(format_, FORMATS)
    project = open_project()
    if explain:
        records = explain_records(
            sources,
            model=project.model,
            sensor=intake.sensor,
            hostname=intake.hostname,
            timezone=intake.timezone,
        )
        return put_explained(records, as_json=format_ == "json")
    path = project.store_path(store)
    if path is None:
        raise UsageError("name the store to add to: --store PATH, $CARLANG_STORE, or `store` in carlang.toml")
    arguments = intake.arguments()
    course = Course(f"the logs were being read; what was committed by then is in {path}")
    with course.told(), ingest_bar() as bar:
        report = ingest_sources(list(sources), path, model=project.model, progress=bar, **arguments)
    if format_ == "json":
        put_json(report.to_json())
    else:
        print_ingest(report, report_console())
    return exits.UNREADABLE if report.rejected or report.unread else exits.DONE


def print_ingest(report: IngestReport, console: Console) -> None:
    """Print what became of every source and record."""
    rate = report.records / report.seconds if report.seconds else 0.0
    states = {status: sum(s.status is status for s in report.sources) for status in Status}
    said = ", ".join(f"{count} {status.value}" for status, count in states.items() if count)
    console.print(f"{counted(len(report.sources), 'source')}: {said}")
    console.print(f"{counted(report.records, 'record')} in {report.seconds:.1f} s ({rate:,.0f} a second)")
    if report.events:
        table = Table(box=None, pad_edge=False)
        table.add_column("events added")
        table.add_column("count", justify="right")
        for (owner, action), count in report.events.items():
            table.add_row(printable(f"{owner}/{action}"), f"{count:,}")
        console.print(table)
    if report.duplicates:
        console.print(f"{report.duplicates:,} events left out: the store has their records from another export")
    _put_guesses(console, report)
    if report.misfits:
        said = ", ".join(f"{owner}.{name} {count:,}" for (owner, name), count in report.misfits.items())
        console.print(f"values that do not fit their fields, kept in extra: {said}", soft_wrap=True)
    _put_times(console, report)
    for hollow in report.hollow:
        log = " ".join(printable(str(part)) for part in (hollow.channel, hollow.event_id) if part is not None)
        of_log = f" of {log}" if log else ""
        console.print(
            f"hollow: {hollow.count:,} records{of_log} ({hollow.object}/{hollow.action}): none of its members found",
            soft_wrap=True,
        )
    _put_sources(console, report)
    if report.unmapped:
        _put_unmapped(console, report)
    if report.rejected:
        _put_rejections(console, report)


def _put_guesses(console: Console, report: IngestReport) -> None:
    """Say which records were taken for a sensor's by the names of their members, and which were not."""
    for guess in report.guesses:
        what = f"{guess.sensor} {guess.object}/{guess.action}, by the names of their members"
        console.print(f"{guess.count:,} records name no log and were taken for {what} ({guess.sure:.0%} of them known)")
    for doubt in report.not_guessed:
        what = f"{doubt.sensor} {doubt.object}/{doubt.action}"
        console.print(
            f"not guessed: {doubt.count:,} records name no log and look like {what}, but {doubt.reason}"
            f" (--sensor {doubt.sensor} takes them for it)",
            soft_wrap=True,
        )


def _put_sources(console: Console, report: IngestReport) -> None:
    """Name the sources that are otherwise than one would think."""
    if report.passed_over:
        _put_named(console, "passed over", [(p.source, p.reason) for p in report.passed_over])
    if changed := [(s.source, s.remark) for s in report.sources if s.remark]:
        _put_named(console, "changed", changed)
    if report.unread:
        unread = [(s.source, s.reason or "") for s in report.sources if s.status is Status.UNREAD]
        _put_named(console, "not read", unread)


def _put_named(console: Console, what: str, sources: Sequence[tuple[str, str]]) -> None:
    for name, reason in sources[:_SHOWN]:
        console.print(f"{what}: {printable(name)}: {printable(reason)}", soft_wrap=True)
    if len(sources) > _SHOWN:
        console.print(f"{what}: {len(sources) - _SHOWN:,} more (--format json lists all)")


def _put_times(console: Console, report: IngestReport) -> None:
    """Say which times could not be read, and which were taken as UTC though nothing says so."""
    if report.unread_times:
        kinds = [f"`{printable(written)}` {count:,}" for written, count in report.unread_times.items()]
        said = ", ".join(kinds[:_SHOWN]) + (", …" if len(kinds) > _SHOWN else "")
        console.print(f"times that could not be read, kept in extra.time: {said}", soft_wrap=True)
    unzoned = [f"{printable(source.source)} {source.unzoned:,}" for source in report.sources if source.unzoned]
    if unzoned:
        said = ", ".join(unzoned[:_SHOWN]) + (f" and {len(unzoned) - _SHOWN} more" if len(unzoned) > _SHOWN else "")
        console.print(
            f"times without a zone, taken as UTC (--timezone says whose they are): {said}",
            soft_wrap=True,
        )


def _put_unmapped(console: Console, report: IngestReport) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("kept as event/log, no mapping")
    table.add_column("event id", justify="right")
    table.add_column("count", justify="right")
    listed = list(report.unmapped.items())
    for (channel, event_id), count in listed[:_SHOWN]:
        name = printable(channel) if channel else "(no channel)"
        table.add_row(name, "" if event_id is None else printable(str(event_id)), f"{count:,}")
    console.print(table)
    if len(listed) > _SHOWN:
        rest = sum(count for _, count in listed[_SHOWN:])
        console.print(f"… and {len(listed) - _SHOWN} more kinds, {rest:,} records (--format json lists all)")


def _put_rejections(console: Console, report: IngestReport) -> None:
    console.print(f"{report.rejected:,} rejected, kept in the store's folder _rejected:")
    for rejection in report.rejections[:_SHOWN]:
        where = rejection.source if rejection.number is None else f"{rejection.source}:{rejection.number}"
        console.print(f"  {printable(where)}: {printable(rejection.reason)}", soft_wrap=True)
    if report.rejected > _SHOWN:
        console.print(f"  … and {report.rejected - _SHOWN:,} more (--format json counts them by source)")
