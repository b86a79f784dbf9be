"""Baselines as texts, runs with them, and analytics, for tests of what is taken away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from carlang.baseline import Baseline, baseline_text, make_baseline, read_baseline
from carlang.results import RunReport
from carlang.store import Store
from tests.triage.runs import ANALYTICS, program, ran

UNTIL = datetime(2024, 3, 6, tzinfo=UTC)

USUAL = {**ANALYTICS, "lines": program("lines", "medium", "T1059", 'command_line match "^run "')}
"""Analytics of tests: those of rankings, and one whose condition looks at command lines."""


def baseline_of(text: str) -> Baseline:
    """Return a baseline of which nothing is to be said."""
    baseline = read_baseline(text, "quiet.yaml")
    assert not baseline.diagnostics
    return baseline


def exclusion(fields: str, analytic: str = "cmd", more: str = "") -> str:
    """Return the text of a baseline of one exclusion."""
    return f"exclusions:\n  - {{analytic: '{analytic}', fields: {{{fields}}}{more}}}\n"


def run_with(store: Store, text: str, *analytics: str, **bounds: Any) -> RunReport:
    """Run analytics, by name, with a baseline, given as text."""
    return ran(store, [USUAL[name] for name in analytics or USUAL], baseline=baseline_of(text), **bounds)


def made(store: Store, analytics: Iterable[str], until: datetime = UNTIL) -> tuple[Baseline, str]:
    """Return the baseline of what analytics find before an instant, and the text of its file."""
    baseline = make_baseline(ran(store, analytics, until=until), None, until)
    return baseline, baseline_text(baseline)
