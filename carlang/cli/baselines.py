"""Baselines in commands that take rows away by one: which it is, and what is said of it beside results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from carlang.analytic import RunOptions
from carlang.baseline import load_baseline
from carlang.cli.console import say, say_diagnostics
from carlang.cli.declared import Option, Together
from carlang.cli.exits import UsageError
from carlang.cli.options import path_option
from carlang.cli.telling import Telling
from carlang.diagnostics.codes import UNKNOWN_BASELINE_KEY, UNKNOWN_EXCLUDED, UNKNOWN_EXCLUDED_FIELD
from carlang.project import Project
from carlang.results import RunReport


@dataclass(frozen=True, slots=True)
class Excluding(Together):
    """The baseline that is to take rows away."""

    baseline: Annotated[
        Path | None,
        Option(metavar="FILE", parser=path_option, help="Take away what a baseline excludes, and say how much."),
    ] = None
    no_baseline: Annotated[
        bool, Option("--no-baseline", help="Take nothing away, also where carlang.toml names a baseline.")
    ] = False

    def added(self, options: RunOptions, project: Project) -> RunOptions:
        """Return options with the baseline that was named, else the settings'; raises `BaselineError`."""
        if self.baseline is not None and self.no_baseline:
            raise UsageError("--no-baseline: --baseline names one")
        path = None if self.no_baseline else self.baseline or project.baseline
        return options if path is None else replace(options, baseline=load_baseline(path))


_OF_BASELINES = frozenset({UNKNOWN_BASELINE_KEY, UNKNOWN_EXCLUDED, UNKNOWN_EXCLUDED_FIELD})


def say_unmatched(report: RunReport, telling: Telling) -> None:
    """Name the exclusions that took nothing away, where all is to be said."""
    if report.baseline is None or not telling.verbose:
        return
    for each in report.baseline.unmatched:
        say(f"took nothing away: {report.baseline.file}:{each.line}: {each.analytic}: {each.fields}")


def say_amiss(report: RunReport, pages: str | None) -> None:
    """Show what is amiss with a baseline, where the warnings of analytics are not shown."""
    amiss = [warning for warning in report.warnings if warning.code in _OF_BASELINES]
    if amiss:
        say_diagnostics(amiss, pages=pages)
