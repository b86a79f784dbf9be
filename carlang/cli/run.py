"""`carlang run`: run analytics over a store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from carlang.analytic import CompiledAnalytic, known_parameters, run_analytics
from carlang.cli import exits
from carlang.cli.asking import watched
from carlang.cli.baselines import Excluding, say_unmatched
from carlang.cli.bounds import Bounds, RecordsApart
from carlang.cli.console import say, say_diagnostics
from carlang.cli.declared import Option
from carlang.cli.exits import UsageError
from carlang.cli.options import (
    Expression,
    Params,
    SigmaPipelines,
    StorePath,
    Targets,
    open_project,
    open_store_of,
    output_option,
    parameters,
    say_counted,
)
from carlang.cli.outputs import (
    Columns,
    ReportFormat,
    as_they_come,
    chosen_columns,
    chosen_format,
    put_remarks,
    put_report,
    write_file,
)
from carlang.cli.ranking import GROUPS, MinLevel, Ranking
from carlang.cli.selection import All, Selecting, selected
from carlang.cli.showing import Show, check_showing, put_hit, the_hit
from carlang.cli.telling import Course, Telling
from carlang.deadline import limit_time
from carlang.diagnostics import has_errors
from carlang.report import FORMATS
from carlang.results import RunReport

TABLE_ROWS = 100
"""How many rows a table on the screen shows where `--limit` does not say; it says when there are more."""

EXPLAINED_ROWS = 20
"""Of how many rows of an output it is said what they met, where `--limit` does not say."""

WHY_FORMATS = ("table", "json", "html")
"""The formats that say why rows were found, or none."""


def run(  # noqa: PLR0913, PLR0917  # the options that the command has
    targets: Targets = None,
    expression: Expression = None,
    store: StorePath = None,
    param: Params = None,
    pipeline: SigmaPipelines = None,
    format_: ReportFormat = None,
    output: Annotated[
        Path | None, Option(metavar="PATH", parser=output_option, help="Write the results to a file.")
    ] = None,
    columns: Columns = None,
    limit: Annotated[int | None, Option(min=0, metavar="N", help="Rows an output shows at most.")] = None,
    show: Show = None,
    min_level: MinLevel = None,
    group_by: Annotated[
        str | None,
        Option(metavar="host", help=f"Show groups of hits: {', '.join(GROUPS)}.", complete=lambda: GROUPS),
    ] = None,
    engine: Annotated[str, Option(metavar="duckdb", help="What runs the SQL.")] = "duckdb",
    *,
    all_: All = False,
    selecting: Selecting,
    bounds: Bounds,
    excluding: Excluding,
    why: Annotated[
        bool, Option("--why", help="Say which conditions the rows met, or what came nearest where there are none.")
    ] = False,
    records_apart: RecordsApart = False,
    fail_on_hit: Annotated[bool, Option("--fail-on-hit", help="Exit with status 4 if a row was found.")] = False,
    telling: Telling,
) -> int:
    """Run analytics over a store, the whole catalogue where none is named, and show what they find."""
    format_ = chosen_format(format_, output)
    _check_engine(engine)
    check_showing(show, format_, output, {"--columns": bool(columns), "--group-by": bool(group_by), "--why": why})
    shown = TABLE_ROWS if limit is None and format_ == "table" and output is None else limit
    if show is not None:
        shown = None  # its row may be any
    options = bounds.options(shown, records_apart=records_apart)
    options = replace(options, why=_explained_rows(format_, limit)) if why else options
    project = open_project(quiet=telling.quiet, pipelines=pipeline)
    options = excluding.added(options, project)
    analytics = selected(project, targets, expression, selecting.selection(), every=all_)
    params = parameters(param)
    wanted = chosen_columns(columns, format_, analytics)
    ranking = Ranking.of(min_level, group_by, format_, options.limit, analytics)
    course = Course()
    with limit_time(options.limits.seconds):
        _check_parameters(params, analytics)
        opened = open_store_of(project, store, quiet=telling.quiet)
    arrived = as_they_come(format_, output, ranking.min_level, wanted)
    with course.told():
        with watched(len(analytics), telling, course, arrived=arrived) as watch:
            ran = run_analytics(analytics, opened, ranking.options(options), params, watch)
            watch.at("ranking")
            hit = None if show is None else the_hit(ran, show, opened, options.limits)
            report = ranking.apply(ran, opened, options, quiet=telling.quiet)
            if output is not None:
                watch.at(f"writing {output}", "which is removed")
                write_file(report, format_, output, analytics, project.pages_address(), wanted)
        if hit is not None:
            put_hit(hit, format_)
            return exits.DONE
        _say_beside(report, format_, project.pages_address(), telling)
        watch.at("showing results")
        if output is None and arrived is None:
            put_report(report, format_, analytics, project.pages_address(), wanted)
        put_remarks(report, format_, project.pages_address(), quiet=telling.quiet)
    if report.failed:
        return exits.FAULTY
    return exits.FOUND if fail_on_hit and report.found else exits.DONE


def _check_engine(engine: str) -> None:
    if engine != "duckdb":
        raise UsageError(f"--engine: there is no engine {engine!r}; this version has duckdb")


def _explained_rows(format_: str, limit: int | None) -> int:
    """Return of how many rows of an output is said why; raises `UsageError` for a format that cannot say it."""
    if format_ not in WHY_FORMATS:
        raise UsageError(f"--why: {format_} holds rows; what they met is in {', '.join(WHY_FORMATS)}")
    return EXPLAINED_ROWS if limit is None else limit


def _check_parameters(params: dict[str, str], analytics: list[CompiledAnalytic]) -> None:
    """Refuse what a single analytic cannot be run with.

    Among others one that lacks a value is one that was not run; alone, the command was used wrongly.
    """
    if len(analytics) == 1 and not has_errors(analytics[0].diagnostics):
        known_parameters(params, analytics)
        analytics[0].given(params)


def _say_beside(report: RunReport, format_: str, pages: str | None, telling: Telling) -> None:
    """Say what is to be known of a run beside its results."""
    if report.warnings:
        say_diagnostics(report.warnings, pages=pages)
    say_unmatched(report, telling)
    if FORMATS[format_].whole and not telling.quiet:  # beside the others the remarks say it
        say_counted(report.files_counted)
    for reason in report.unplanned:
        say(f"outputs were asked for one by one, as they could not be planned together: {reason}")
