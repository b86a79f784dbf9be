"""`carlang baseline`: exclusions of what a catalogue finds in quiet times."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from carlang.analytic import RunOptions, run_analytics
from carlang.baseline import Baseline, baseline_text, make_baseline
from carlang.cli import exits
from carlang.cli.asking import watched
from carlang.cli.console import piped, put_program, say
from carlang.cli.declared import Group, Option
from carlang.cli.exits import UsageError
from carlang.cli.options import StorePath, Targets, check_writable, open_project, open_store_of, output_option
from carlang.cli.selection import Selection, selected
from carlang.cli.telling import Course, Telling
from carlang.deadline import limit_time
from carlang.importers import write_file
from carlang.results import RunReport, counted

baseline_app = Group("Know what is usual, and take it away.")


@baseline_app.verb("make")
@piped
def make(  # noqa: PLR0913  # the options that the command has
    targets: Targets = None,
    store: StorePath = None,
    until: Annotated[
        str | None, Option(metavar="T", help="When the quiet time ended: events at and after this are left out.")
    ] = None,
    since: Annotated[str | None, Option(metavar="T", help="When it began: events before this are left out.")] = None,
    output: Annotated[
        Path | None, Option(metavar="PATH", parser=output_option, help="Write the baseline to a file.")
    ] = None,
    memory_limit: Annotated[str | None, Option(metavar="2GB", help="Memory for queries.")] = None,
    timeout: Annotated[
        str | None, Option(metavar="60s", help="Time to compile an analytic, to judge the store, for one query.")
    ] = None,
    *,
    force: Annotated[bool, Option("--force", help="Write over a file that is there and says something else.")] = False,
    telling: Telling,
) -> int:
    """Write what analytics find in quiet times, the whole catalogue's without a target, as exclusions."""
    if until is None:
        raise UsageError("--until: say when the quiet time ended; what came later may be what is to be found")
    check_writable(output)
    options = _options(since, until, memory_limit, timeout)
    project = open_project(quiet=telling.quiet)
    analytics = selected(project, targets, None, Selection())
    with limit_time(options.limits.seconds):
        opened = open_store_of(project, store, quiet=telling.quiet)
    course = Course()
    with course.told():
        with watched(len(analytics), telling, course) as watch:
            report = run_analytics(analytics, opened, options, {}, watch)
            watch.at("making exclusions")
            baseline = make_baseline(report, options.since, options.until or options.now)
        text = baseline_text(baseline, {analytic.id: analytic.title for analytic in analytics})
        watch.at("writing")
        if output is None:
            put_program(text.rstrip("\n"))
        else:
            _write(output, text, force=force)
    _say_made(baseline, report, output, telling)
    return exits.FAULTY if report.failed else exits.DONE


def _options(since: str | None, until: str, memory_limit: str | None, timeout: str | None) -> RunOptions:
    """Return options of a run whose `now` is the end of the quiet time, so that another run writes the same."""
    end = RunOptions.of(until=until, command=True).until
    return RunOptions.of(now=end, since=since, until=end, memory_limit=memory_limit, timeout=timeout, command=True)


def _write(path: Path, text: str, *, force: bool) -> None:
    """Write a file whole or not at all; one that somebody may have worked on stays unless that is forced."""
    try:
        if path.exists() and not force and path.read_bytes() != text.encode("utf-8"):
            raise UsageError(f"--output: {path} is there already and says something else; --force writes over it")
        write_file(path, text)
    except OSError as error:
        raise UsageError(f"--output: {path} cannot be written: {error.strerror or error}") from error


def _say_made(baseline: Baseline, report: RunReport, output: Path | None, telling: Telling) -> None:
    reviewed = sum(1 for each in baseline.exclusions if each.review)
    rows = sum(each.count or 0 for each in baseline.exclusions)
    where = f"{output}: " if output else ""
    wait = "waits for a review, and takes" if reviewed == 1 else "wait for a review, and take"
    waiting = f"; {reviewed} {wait} nothing away before" if reviewed else ""
    telling.note(f"{where}{counted(len(baseline.exclusions), 'exclusion')} of {counted(rows, 'row')}{waiting}")
    if report.not_run:
        lacking = len({entry.analytic for entry in report.not_run})
        telling.note(f"{counted(lacking, 'analytic')} could not run: what these would find is in no exclusion")
    for failure in report.failed:
        say(f"failed: {failure.analytic}: {failure.error or 'it has errors'}")
