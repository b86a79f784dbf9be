"""`carlang hunt`: read logs, run the catalogue over them, and say what to look at first, in one command."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from carlang.analytic import CompiledAnalytic, RunOptions, run_analytics
from carlang.api import ingest as ingest_sources
from carlang.cli import exits
from carlang.cli.console import output_stream, put, report_console, say
from carlang.cli.declared import Argument, Option
from carlang.cli.exits import UsageError
from carlang.cli.ingest import print_ingest
from carlang.cli.options import open_project, path_option
from carlang.cli.outputs import ReportFormat, chosen_format, write_file
from carlang.cli.progress import IngestBar, RunBar
from carlang.cli.ranking import MinLevel, Ranking
from carlang.cli.targets import catalogue_analytics
from carlang.loading import IngestReport
from carlang.project import Project
from carlang.report import write_overview
from carlang.results import AnalyticOutput, Failed, NotRun, RunReport, counted
from carlang.store import Store, open_store

_LAST = 40
"""How much of a title the bar shows, which shares its line with numbers."""


@dataclass(slots=True)
class _Talk:
    """What is said on standard error while a hunt goes on, and how far it is."""

    quiet: bool
    verbose: bool
    stage: str = "nothing was read"

    def note(self, line: str) -> None:
        """Say a line unless it is to be quiet."""
        if not self.quiet:
            say(line)


def hunt(  # noqa: PLR0913, PLR0917  # the options that the command has
    sources: Annotated[
        list[str], Argument(metavar="LOG...", help="Files, folders, patterns, or - for standard input.")
    ],
    output: Annotated[
        Path | None,
        Option(metavar="PATH", parser=path_option, help="Write all results to a file, such as report.html."),
    ] = None,
    format_: ReportFormat = None,
    store: Annotated[
        Path | None,
        Option(metavar="PATH", parser=path_option, help="Add the logs to this store, and hunt in all of it."),
    ] = None,
    keep: Annotated[
        Path | None, Option(metavar="PATH", parser=path_option, help="Keep the store of these logs as a new one.")
    ] = None,
    now: Annotated[str | None, Option(metavar="T", help="The instant that programs call now.")] = None,
    since: Annotated[str | None, Option(metavar="T", help="Leave out events before this.")] = None,
    until: Annotated[str | None, Option(metavar="T", help="Leave out events at and after this.")] = None,
    min_level: MinLevel = None,
    hostname: Annotated[str | None, Option(metavar="H", help="The host of records that name none.")] = None,
    timezone: Annotated[
        str | None, Option(metavar="ZONE", help="The zone of times that name none: Europe/Berlin, +02:00.")
    ] = None,
    memory_limit: Annotated[str | None, Option(metavar="2GB", help="Memory, for reading and for queries.")] = None,
    timeout: Annotated[
        str | None, Option(metavar="60s", help="Time to compile an analytic, to judge the store, for one query.")
    ] = None,
    *,
    quiet: Annotated[bool, Option("-q", "--quiet", help="Say nothing beside what was found.")] = False,
    verbose: Annotated[bool, Option("-v", "--verbose", help="Say what became of each log and each analytic.")] = False,
) -> int:
    """Read logs, run the whole catalogue over them, and say what to look at first."""
    format_ = _checked_output(format_, output)
    if store is not None and keep is not None:
        raise UsageError("--keep: --store already names a store that is kept")
    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise UsageError(f"--keep: {keep} is there already; --store {keep} adds to it")
    options = RunOptions.of(now=now, since=since, until=until, memory_limit=memory_limit, timeout=timeout, command=True)
    project = open_project()
    analytics = catalogue_analytics(project)
    ranking = replace(Ranking.of(min_level, None, "html", None, analytics), is_alone=True)
    talk = _Talk(quiet, verbose)
    with _unfinished(talk), _store_folder(store or keep, talk) as (folder, is_kept):
        talk.stage = "the logs were being read"
        ingested = _read(sources, folder, project, talk, hostname, timezone, memory_limit)
        if not is_kept and not ingested.events:
            say("error: none of the logs gave an event, so that there is nothing to hunt in")
            return exits.UNREADABLE
        opened = open_store(folder)
        report = ranking.apply(_asked(analytics, opened, options, talk), opened, options)
        if not is_kept:  # a folder that is gone by then, and another one the next time
            report = replace(report, store=", ".join(sources))
        talk.stage = "the report was being written"
        if output is not None:
            write_file(report, format_, output, analytics, project.pages_address())
        put(_held(opened, ingested))
        write_overview(report, output_stream())
        talk.stage = ""
    talk.note(f"all of it: {output}" if output else "all of it: --output report.html")
    if is_kept:
        talk.note(f"the store: {folder}")
    unread = ingested.rejected or ingested.unread
    return exits.FAULTY if report.failed else exits.UNREADABLE if unread else exits.DONE


def _checked_output(format_: str | None, output: Path | None) -> str:
    """Return the format of the report; a file that cannot be written is to be known before an hour's work."""
    if output is None and format_ is not None:
        raise UsageError("--format: name the file to write with --output")
    if output is not None and (output.is_dir() or not output.absolute().parent.is_dir()):
        why = "it is a folder" if output.is_dir() else f"there is no folder {output.parent}"
        raise UsageError(f"--output: {output} cannot be written: {why}")
    return chosen_format(format_, output)


@contextmanager
def _store_folder(kept: Path | None, talk: _Talk) -> Iterator[tuple[Path, bool]]:
    """Yield the folder of the store, and whether it stays; a temporary one goes however the hunt ends."""
    if kept is not None:
        yield kept, True
        return
    try:
        folder = tempfile.TemporaryDirectory(prefix="carlang-hunt-", ignore_cleanup_errors=True)
    except OSError as error:
        raise UsageError(f"no folder for a temporary store can be made: {error}; name one with --keep") from error
    with folder as name:
        if talk.verbose:
            say(f"temporary store: {name}")
        yield Path(name) / "store", False


@contextmanager
def _unfinished(talk: _Talk) -> Iterator[None]:
    """Say how far the hunt was where it ends before its time, by Ctrl-C or a fault."""
    try:
        yield
    except (UsageError, BrokenPipeError):  # a reader that goes away has seen enough
        raise
    except BaseException:  # whatever DuckDB or Arrow make of Ctrl-C
        say(f"not finished: {talk.stage}")
        raise


def _read(  # what an ingest is told
    sources: Sequence[str],
    folder: Path,
    project: Project,
    talk: _Talk,
    hostname: str | None,
    timezone: str | None,
    memory_limit: str | None,
) -> IngestReport:
    with IngestBar(hidden=talk.quiet) as bar:
        ingested = ingest_sources(
            list(sources),
            folder,
            model=project.model,
            hostname=hostname,
            timezone=timezone,
            progress=bar,
            memory_limit=memory_limit,
        )
    if talk.verbose:
        print_ingest(ingested, report_console(error=True))
    elif ingested.rejected or ingested.passed_over or ingested.unread:
        _explain(ingested)
    return ingested


def _explain(ingested: IngestReport) -> None:
    """Name what could not be read, the first of it: to be silent of it would look as if there were nothing in it."""
    refused = [
        f"{each.source}{f':{each.number}' if each.number is not None else ''}: {each.reason}"
        for each in ingested.rejections
    ]
    refused += [f"{each.source}: {each.reason}" for each in ingested.passed_over]
    most = 3
    for line in refused[:most]:
        say(f"not read: {line}")
    if len(refused) > most:
        say(f"not read: {len(refused) - most} more (-v names them)")


def _asked(analytics: Sequence[CompiledAnalytic], store: Store, options: RunOptions, talk: _Talk) -> RunReport:
    """Run the catalogue, and tell of each analytic as it is done."""
    done = rows = 0
    latest = "running"
    talk.stage = f"the logs are read, and none of {counted(len(analytics), 'analytic')} was asked"

    with RunBar(hidden=talk.quiet or talk.verbose) as bar:

        def tell(outcomes: Sequence[AnalyticOutput | NotRun | Failed]) -> None:
            nonlocal done, rows, latest
            done += 1
            for outcome in outcomes:
                match outcome:
                    case AnalyticOutput():
                        rows += outcome.output.total
                        said = counted(outcome.output.total, "row")
                        if outcome.output.total:
                            latest = f"{said}: {outcome.title or outcome.analytic}"[:_LAST]
                    case NotRun():
                        said = f"could not run: {outcome.reason}"
                    case Failed():
                        said = f"failed: {outcome.error or 'it has errors'}"
                if talk.verbose:
                    say(f"{outcome.analytic}  {outcome.title}: {said}")
            talk.stage = f"the logs are read, {done} of {len(analytics)} analytics asked, {counted(rows, 'row')} found"
            bar.advance(latest)

        bar.start(len(analytics))
        report = run_analytics(analytics, store, options, {}, tell)
    talk.stage = f"all analytics are asked, {counted(rows, 'row')} found; they were being ranked"
    return report


def _held(store: Store, ingested: IngestReport) -> str:
    """Return what was read, of how many hosts and of what time, in a line."""
    info = store.info()
    hosts = sum(1 for each in store.hosts() if each.host is not None)
    first, last = (f"{moment:%Y-%m-%d %H:%M}" if moment else "" for moment in (info.first_time, info.last_time))
    span = f", {first} to {last}" if first and last else ""
    return f"{counted(len(ingested.sources), 'log')}: {counted(info.rows, 'event')} of {counted(hosts, 'host')}{span}"
