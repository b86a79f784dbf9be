"""`carlang compile`: what a program becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from rich.pretty import pretty_repr

from carlang.analytic import CompiledAnalytic, instant, known_parameters, seconds
from carlang.cli import exits
from carlang.cli.console import put_program, report_console, say_diagnostics
from carlang.cli.declared import Option
from carlang.cli.exits import UsageError
from carlang.cli.options import Expression, SigmaPipelines, Targets, Timeout, open_project, parameters
from carlang.cli.targets import find_analytics
from carlang.deadline import limit_time
from carlang.diagnostics import has_errors
from carlang.escapes import printable
from carlang.sql import DIALECTS

STAGES = ("ast", "bound", "sql")
_WIDTH = 120


def compile_command(  # noqa: PLR0913, PLR0917  # the options that the command has
    targets: Targets = None,
    expression: Expression = None,
    stage: Annotated[str, Option(metavar="STAGE", help=" | ".join(STAGES))] = "sql",
    dialect: Annotated[str, Option(metavar="DIALECT", help=" | ".join(DIALECTS))] = "duckdb",
    now: Annotated[str | None, Option(metavar="T", help="The instant that the program calls now.")] = None,
    param: Annotated[list[str] | None, Option(metavar="K=V", help="A value for an input.")] = None,
    timeout: Timeout = None,
    pipeline: SigmaPipelines = None,
) -> int:
    """Show what a program becomes: its syntax tree, its meaning, or its SQL."""
    if stage not in STAGES:
        raise UsageError(f"--stage: there is no stage {stage!r}; choose one of {', '.join(STAGES)}")
    if dialect not in DIALECTS:
        raise UsageError(f"--dialect: there is no dialect {dialect!r}; choose one of {', '.join(DIALECTS)}")
    moment = instant("--now", now)
    analytics = find_analytics(targets or [], expression, open_project(pipelines=pipeline))
    params = parameters(param)
    with limit_time(seconds("--timeout", timeout)):
        if len(analytics) > 1 or not has_errors(analytics[0].diagnostics):
            known_parameters(params, analytics)
        return _put_all(analytics, stage, dialect, moment, params)


def _put_all(
    analytics: Sequence[CompiledAnalytic], stage: str, dialect: str, moment: datetime | None, params: Mapping[str, str]
) -> int:
    status = exits.DONE
    for analytic in analytics:
        if analytic.diagnostics:
            say_diagnostics(analytic.diagnostics)
        if has_errors(analytic.diagnostics) and stage != "ast":
            status = exits.FAULTY
            continue
        _put(analytic, stage, {} if stage != "sql" else analytic.sql(dialect, moment, params))
    return status


def _put(analytic: CompiledAnalytic, stage: str, queries: dict[str, str]) -> None:
    if stage == "sql":
        for name, text in queries.items():
            put_program(f"-- {printable(analytic.id)}: {printable(name)}\n{text};\n")
        return
    for program in analytic.compiled:
        tree: object = program.ast if stage == "ast" else program.bound
        report_console().print(pretty_repr(tree, max_width=_WIDTH), soft_wrap=True)
