"""`carlang run`: run analytics over a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from carlang.analytic import RunOptions, known_parameters, run_analytics
from carlang.cli import exits
from carlang.cli.console import say, say_diagnostics
from carlang.cli.declared import Option
from carlang.cli.exits import UsageError
from carlang.cli.options import (
    Expression,
    StorePath,
    Targets,
    open_project,
    open_store_of,
    parameters,
    path_option,
    say_counted,
)
from carlang.cli.outputs import ReportFormat, chosen_format, put_report
from carlang.cli.ranking import GROUPS, MinLevel, Ranking
from carlang.cli.selection import All, OfLevels, Selection, Tactics, Techniques, selected
from carlang.deadline import limit_time
from carlang.diagnostics import has_errors
from carlang.report import FORMATS

TABLE_ROWS = 100
"""How many rows a table on the screen shows where `--limit` does not say; it says when there are more."""


def run(  # noqa: PLR0913, PLR0917  # the options that the command has
    targets: Targets = None,
    expression: Expression = None,
    store: StorePath = None,
    param: Annotated[list[str] | None, Option(metavar="K=V", help="A value for an input.")] = None,
    now: Annotated[str | None, Option(metavar="T", help="The instant that programs call now.")] = None,
    since: Annotated[str | None, Option(metavar="T", help="Leave out events before this.")] = None,
    until: Annotated[str | None, Option(metavar="T", help="Leave out events at and after this.")] = None,
    technique: Techniques = None,
    tactic: Tactics = None,
    level: OfLevels = None,
    format_: ReportFormat = None,
    output: Annotated[
        Path | None, Option(metavar="PATH", parser=path_option, help="Write the results to a file.")
    ] = None,
    limit: Annotated[int | None, Option(min=0, metavar="N", help="Rows an output shows at most.")] = None,
    min_level: MinLevel = None,
    group_by: Annotated[
        str | None,
        Option(metavar="host", help=f"Show groups of hits: {', '.join(GROUPS)}.", complete=lambda: GROUPS),
    ] = None,
    engine: Annotated[str, Option(metavar="duckdb", help="What runs the SQL.")] = "duckdb",
    *,
    all_: All = False,
    records_apart: Annotated[
        bool, Option("--records-apart", help="A row for each record, also where two tell of one occurrence.")
    ] = False,
    fail_on_hit: Annotated[bool, Option("--fail-on-hit", help="Exit with status 4 if a row was found.")] = False,
    memory_limit: Annotated[str | None, Option(metavar="2GB", help="Memory for queries.")] = None,
    timeout: Annotated[
        str | None, Option(metavar="60s", help="Time to compile an analytic, to judge the store, for one query.")
    ] = None,
) -> int:
    """Run analytics over a store, the whole catalogue where none is named, and show what they find."""
    format_ = chosen_format(format_, output)
    if engine != "duckdb":
        raise UsageError(f"--engine: there is no engine {engine!r}; this version has duckdb")
    shown = TABLE_ROWS if limit is None and format_ == "table" and output is None else limit
    options = RunOptions.of(
        now=now,
        since=since,
        until=until,
        limit=shown,
        memory_limit=memory_limit,
        timeout=timeout,
        records_apart=records_apart,
        command=True,
    )
    project = open_project()
    analytics = selected(project, targets, expression, Selection.of(technique, tactic, level), every=all_)
    params = parameters(param)
    ranking = Ranking.of(min_level, group_by, format_, options.limit, analytics)
    with limit_time(options.limits.seconds):
        if len(analytics) == 1 and not has_errors(analytics[0].diagnostics):
            known_parameters(params, analytics)
            # Among others an analytic that lacks a value is one that was not run; alone, the command was used wrongly.
            analytics[0].given(params)
        opened = open_store_of(project, store)
        report = ranking.apply(run_analytics(analytics, opened, ranking.options(options), params), opened, options)
    if report.warnings:
        say_diagnostics(report.warnings, pages=project.pages_address())
    if FORMATS[format_].whole:  # beside the others the remarks say it
        say_counted(report.files_counted)
    for reason in report.unplanned:
        say(f"outputs were asked for one by one, as they could not be planned together: {reason}")
    put_report(report, format_, output, analytics, project.pages_address())
    if report.failed:
        return exits.FAULTY
    return exits.FOUND if fail_on_hit and report.found else exits.DONE
