"""`carlang explain`: what each stream of an analytic comes to, or what a diagnostic's code means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Annotated

from rich.markdown import Markdown
from rich.table import Table

from carlang.analytic import (
    CompiledAnalytic,
    ExplainedStream,
    PlannedOutput,
    RunOptions,
    explain,
    explain_plan,
    known_parameters,
)
from carlang.cli import exits
from carlang.cli.bounds import Bounds, RecordsApart
from carlang.cli.console import (
    put_block,
    put_json,
    put_program,
    report_console,
    say,
    say_diagnostics,
)
from carlang.cli.declared import Argument, Option
from carlang.cli.exits import UsageError
from carlang.cli.options import (
    FORMATS,
    Expression,
    Params,
    SigmaPipelines,
    StorePath,
    check_format,
    open_project,
    open_store_of,
    parameters,
)
from carlang.cli.targets import find_analytics
from carlang.deadline import limit_time
from carlang.diagnostics import CODES, has_errors, nearest
from carlang.errors import EngineError
from carlang.escapes import printable
from carlang.resolve import ParameterError
from carlang.store import Store

_SHOWN_TESTS = 2
"""How many tests of a guard are shown: some guards have a hundred, and JSON has them all."""

_CODE = re.compile(r"CL\d+", re.IGNORECASE)


def explain_command(  # noqa: PLR0913  # the options that the command has
    targets: Annotated[
        list[str] | None,
        Argument(
            metavar="TARGET|CODE...",
            help="Files, folders, catalogue ids, - for standard input; or codes, such as CL201.",
        ),
    ] = None,
    expression: Expression = None,
    store: StorePath = None,
    param: Params = None,
    pipeline: SigmaPipelines = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))] = "text",
    *,
    bounds: Bounds,
    records_apart: RecordsApart = False,
    sql: Annotated[bool, Option("--sql", help="Show the SQL of each stream as well.")] = False,
) -> int:
    """Run each stream of an analytic by itself and show its rows, columns and time; or explain a diagnostic's code."""
    check_format(format_)
    if codes := _codes(targets or [], format_):
        _put_pages(codes)
        return exits.DONE
    options = bounds.options(0, records_apart=records_apart)
    project = open_project(pipelines=pipeline)
    analytics = find_analytics(targets or [], expression, project)
    params = parameters(param)
    with limit_time(options.limits.seconds):
        if len(analytics) > 1 or not has_errors(analytics[0].diagnostics):
            known_parameters(params, analytics)
        opened = open_store_of(project, store)
        explained = [(each, _explained(each, opened, options, params, alone=len(analytics) == 1)) for each in analytics]
        done = [(analytic, streams) for analytic, streams in explained if streams is not None]
        plan = explain_plan(analytics, opened, options, params) if len(analytics) > 1 else []
    if format_ == "json":
        planned = {"plan": [each.to_json() for each in plan]} if len(analytics) > 1 else {}
        put_json({"store": str(opened.path), "analytics": [_json(*each) for each in done], **planned})
    else:
        for number, each in enumerate(done):
            _put(*each, with_sql=sql, first=not number)
        if plan:
            _put_plan(plan)
    return exits.DONE if len(done) == len(explained) else exits.FAULTY


def _explained(
    analytic: CompiledAnalytic, store: Store, options: RunOptions, params: Mapping[str, str], *, alone: bool
) -> list[ExplainedStream] | None:
    """Return the streams of an analytic, whose diagnostics are said; None where it cannot be run, which stops no other.

    `alone`, it is all that was asked for, and what stops it ends the command.
    """
    if analytic.diagnostics:
        say_diagnostics(analytic.diagnostics)
    if has_errors(analytic.diagnostics):
        return None
    try:
        return list(explain(analytic, store, options, params))
    except (EngineError, ParameterError) as error:
        if alone:
            raise
        say(f"{analytic.id}: {error}")
        return None


def _codes(targets: Sequence[str], format_: str) -> list[str]:
    """Return the codes that were asked for, none where analytics were."""
    codes = [target.upper() for target in targets if _CODE.fullmatch(target)]
    if not codes:
        return []
    if len(codes) < len(targets):
        raise UsageError("explain: name either codes or analytics, not both")
    if format_ != "text":
        raise UsageError("--format: the page of a code is text")
    for code in codes:
        if code not in CODES:
            meant = nearest(code, list(CODES))
            hint = f"; did you mean {meant}?" if meant else ""
            raise UsageError(f"there is no code {code}{hint}")
    return codes


def _put_pages(codes: Sequence[str]) -> None:
    for number, code in enumerate(codes):
        page = files("carlang.pages").joinpath(f"{code}.md").read_text(encoding="utf-8")
        # The names of other pages, which are not here to be followed.
        text = re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]+\)", r"\1", page).strip()
        if number:
            put_block("")
        # In a pipe it comes as it is written: rich would wrap it and draw frames around headings.
        console = report_console()
        if console.is_terminal:
            console.print(Markdown(text, hyperlinks=False))
        else:
            put_block(text)


def _json(analytic: CompiledAnalytic, streams: Sequence[ExplainedStream]) -> dict[str, object]:
    return {"analytic": analytic.id, "title": analytic.title, "streams": [stream.to_json() for stream in streams]}


def _put_plan(plan: Sequence[PlannedOutput]) -> None:
    console = report_console()
    console.print("\nRun together, each output takes these events:")
    table = Table(box=None, pad_edge=False)
    for heading in ("analytic", "output", "object", "share", "events"):
        table.add_column(heading, justify="right" if heading == "share" else "left", overflow="fold")
    for each in plan:
        share = "" if each.share is None else f"{each.share:.2%}"
        table.add_row(each.analytic, printable(each.output), each.object, share, printable(_events(each)))
    console.print(table)


def _events(planned: PlannedOutput) -> str:
    if not planned.planned:
        return f"all: {planned.reason}"
    if not planned.guard:
        return "none: a field that its condition asks for is empty in all of them"
    shown = " or ".join(planned.guard[:_SHOWN_TESTS])
    more = len(planned.guard) - _SHOWN_TESTS
    return f"{shown} or {more} more" if more > 0 else shown


def _put(analytic: CompiledAnalytic, streams: Sequence[ExplainedStream], *, with_sql: bool, first: bool) -> None:
    console = report_console()
    if not first:
        console.print()
    console.print(printable(f"{analytic.id}  {analytic.title}".rstrip()), soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for heading in ("stream", "line", "rows", "columns", "time"):
        table.add_column(heading, justify="left" if heading == "stream" else "right", overflow="fold")
    for stream in streams:
        name = printable(stream.name) + (" (output)" if stream.is_output else "")
        time = f"{stream.seconds * 1000:,.0f} ms"
        table.add_row(name, str(stream.line), f"{stream.rows:,}", str(len(stream.columns)), time)
    console.print(table)
    if tied := sorted({name for stream in streams for name in stream.tied}):
        told = f"Records of two sensors that tell of one occurrence are one row: {', '.join(tied)}"
        console.print(printable(told), soft_wrap=True)
    if with_sql:
        for stream in streams:
            put_program(f"\n-- {printable(stream.name)}\n{stream.sql};")
