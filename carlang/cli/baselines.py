"""Baselines in commands that take rows away by one: which it is, and what is said of it beside results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from carlang.analytic import RunOptions
from carlang.baseline import ANY, Baseline, is_baseline, load_baseline, read_baseline, remarks
from carlang.cli.console import say, say_diagnostics
from carlang.cli.declared import Option, Together
from carlang.cli.exits import UsageError
from carlang.cli.options import path_option
from carlang.cli.targets import compiled
from carlang.cli.telling import Telling
from carlang.diagnostics import Diagnostic, has_errors
from carlang.diagnostics.codes import UNKNOWN_BASELINE_KEY, UNKNOWN_EXCLUDED, UNKNOWN_EXCLUDED_FIELD
from carlang.importers import read_file
from carlang.project import Project, catalogue_of
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


def split_targets(targets: list[str] | None) -> tuple[list[str], list[str]]:
    """Return targets that are files of baselines, and the others."""
    baselines = [target for target in targets or [] if is_baseline(Path(target))]
    return baselines, [target for target in targets or [] if target not in baselines]


def read_target(target: str) -> Baseline:
    """Return the baseline of a file; what is wrong with it is in its diagnostics."""
    text, fault = read_file(Path(target))
    return Baseline(target, diagnostics=(fault,)) if fault else read_baseline(text, target)


def checked_baseline(target: str, project: Project) -> list[Diagnostic]:
    """Return everything that is wrong with a baseline, in the sight of the catalogue's analytics."""
    baseline, catalogue = read_target(target), catalogue_of(project)
    named = {exclusion.analytic for exclusion in baseline.exclusions}
    files = catalogue.all() if ANY in named else [f for id_ in sorted(named) if (f := catalogue.find(id_)) is not None]
    analytics = [analytic for file in files if not has_errors((analytic := compiled(file, project)).diagnostics)]
    columns = {a.id: {output.name: output.stream.columns for output in a.outputs()} for a in analytics if a.compiled}
    return [*baseline.diagnostics, *remarks(baseline, columns, catalogue.ids)]


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
