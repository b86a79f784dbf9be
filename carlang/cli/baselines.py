"""What commands that take rows away by a baseline say of it beside their results."""

from __future__ import annotations

from carlang.cli.console import say, say_diagnostics
from carlang.cli.telling import Telling
from carlang.diagnostics.codes import UNKNOWN_BASELINE_KEY, UNKNOWN_EXCLUDED, UNKNOWN_EXCLUDED_FIELD
from carlang.results import RunReport

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
