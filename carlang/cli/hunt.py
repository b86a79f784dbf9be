"""`carlang hunt`: read logs, run the catalogue over them, and say what to look at first, in one command."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

from carlang.analytic import run_analytics
from carlang.api import ingest as ingest_sources
from carlang.cli import exits
from carlang.cli.asking import watched
from carlang.cli.baselines import Excluding, say_amiss, say_unmatched
from carlang.cli.bounds import Bounds
from carlang.cli.console import output_stream, put, report_console, say
from carlang.cli.declared import Argument, Option
from carlang.cli.exits import UsageError
from carlang.cli.ingest import print_ingest
from carlang.cli.interruption import INTERRUPTIONS
from carlang.cli.options import SigmaPipelines, check_writable, open_project, output_option, path_option
from carlang.cli.outputs import ReportFormat, chosen_format, write_file
from carlang.cli.progress import ingest_bar
from carlang.cli.ranking import MinLevel, Ranking
from carlang.cli.reading import Reading
from carlang.cli.targets import catalogue_analytics, find_analytics
from carlang.cli.telling import Course, Telling
from carlang.loading import IngestReport
from carlang.project import Project
from carlang.report import write_overview
from carlang.results import counted
from carlang.store import Store, open_store


def hunt(  # noqa: PLR0913, PLR0917  # the options that the command has
    sources: Annotated[
        list[str], Argument(metavar="LOG...", help="Files, folders, patterns, or - for standard input.")
    ],
    output: Annotated[
        Path | None,
        Option(metavar="PATH", parser=output_option, help="Write all results to a file, such as report.html."),
    ] = None,
    format_: ReportFormat = None,
    store: Annotated[
        Path | None,
        Option(metavar="PATH", parser=path_option, help="Add the logs to this store, and hunt in all of it."),
    ] = None,
    keep: Annotated[
        Path | None, Option(metavar="PATH", parser=path_option, help="Keep the store of these logs as a new one.")
    ] = None,
    min_level: MinLevel = None,
    rules: Annotated[
        list[str] | None,
        Option("--rules", metavar="PATH", help="Run these analytics, too: files or folders, of Sigma rules as well."),
    ] = None,
    pipeline: SigmaPipelines = None,
    *,
    bounds: Bounds,
    excluding: Excluding,
    reading: Reading,
    telling: Telling,
) -> int:
    """Read logs, run the whole catalogue over them, and say what to look at first."""
    format_ = _checked_output(format_, output)
    _check_kept(store, keep)
    options = bounds.options()
    project = open_project(quiet=telling.quiet, pipelines=pipeline)
    options = excluding.added(options, project)
    analytics = [*catalogue_analytics(project), *(find_analytics(rules, None, project) if rules else ())]
    ranking = replace(Ranking.of(min_level, None, "html", None, analytics), is_alone=True)
    course = Course()
    with course.told(), _store_folder(store or keep, telling, course) as folder:
        course.stage = "the logs were being read"
        ingested = _read(sources, folder, project, reading, bounds.memory_limit, telling)
        if not folder.is_kept and not ingested.events:
            say("error: none of the logs gave an event, so that there is nothing to hunt in")
            return exits.UNREADABLE
        course.has_done = True
        opened = open_store(folder.path)
        with watched(len(analytics), telling, course, "the logs are read, and ") as watch:
            ran = run_analytics(analytics, opened, options, {}, watch)
            watch.at("ranking")
            report = ranking.apply(ran, opened, options, quiet=telling.quiet)
            if not folder.is_kept:  # one that is gone by then, and another one the next time
                report = replace(report, store=", ".join(sources))
            if output is not None:
                watch.at(f"writing {output}", "which is removed")
                write_file(report, format_, output, analytics, project.pages_address())
        say_amiss(report, project.pages_address())
        say_unmatched(report, telling)
        watch.at("showing results")
        put(_held(opened, ingested))
        write_overview(report, output_stream())
    telling.note(f"all of it: {output}" if output else "all of it: --output report.html")
    if folder.is_kept:
        telling.note(f"the store: {folder.path}")
    unread = ingested.rejected or ingested.unread
    return exits.FAULTY if report.failed else exits.UNREADABLE if unread else exits.DONE


def _checked_output(format_: str | None, output: Path | None) -> str:
    """Return the format of the report; raises `UsageError` where it cannot be written."""
    if output is None and format_ is not None:
        raise UsageError("--format: name the file to write with --output")
    check_writable(output)
    return chosen_format(format_, output)


def _check_kept(store: Path | None, keep: Path | None) -> None:
    """Refuse two stores, and a new one where there is something already."""
    if store is not None and keep is not None:
        raise UsageError("--keep: --store already names a store that is kept")
    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise UsageError(f"--keep: {keep} is there already; name a new folder, or with --store a store to add to")
    if store is not None and store.is_dir() and any(store.iterdir()):
        open_store(store)  # refuses a folder of other things, such as the logs': a store is not made among them


@dataclass(frozen=True, slots=True)
class _Folder:
    """Where the store of a hunt is, and whether it stays."""

    path: Path
    is_kept: bool


@contextmanager
def _store_folder(kept: Path | None, telling: Telling, course: Course) -> Iterator[_Folder]:
    """Yield the folder of the store; a temporary one goes however the hunt ends, which is said where that is early."""
    if kept is not None:
        yield _Folder(kept, is_kept=True)
        return
    try:
        folder = tempfile.TemporaryDirectory(prefix="carlang-hunt-", ignore_cleanup_errors=True)
    except OSError as error:
        raise UsageError(f"no folder for a temporary store can be made: {error}; name one with --keep") from error
    try:
        if telling.verbose:
            say(f"temporary store: {folder.name}")
        yield _Folder(Path(folder.name) / "store", is_kept=False)
    finally:
        with INTERRUPTIONS.held():  # a second Ctrl-C, or SIGHUP behind SIGTERM, would leave half of it
            folder.cleanup()
            if Path(folder.name).exists():
                say(f"the temporary store could not be removed: {folder.name}")
            else:
                course.remark = "the temporary store is removed"


def _read(
    sources: Sequence[str],
    folder: _Folder,
    project: Project,
    reading: Reading,
    memory_limit: str | None,
    telling: Telling,
) -> IngestReport:
    with ingest_bar(hidden=telling.quiet) as bar:
        ingested = ingest_sources(
            list(sources),
            folder.path,
            model=project.model,
            progress=bar,
            memory_limit=memory_limit,
            **asdict(reading),
        )
    if telling.verbose:
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


def _held(store: Store, ingested: IngestReport) -> str:
    """Return what was read, of how many hosts and of what time, in a line."""
    info = store.info()
    hosts = sum(1 for each in store.hosts() if each.host is not None)
    first, last = (f"{moment:%Y-%m-%d %H:%M}" if moment else "" for moment in (info.first_time, info.last_time))
    span = f", {first} to {last}" if first and last else ""
    return f"{counted(len(ingested.sources), 'log')}: {counted(info.rows, 'event')} of {counted(hosts, 'host')}{span}"
