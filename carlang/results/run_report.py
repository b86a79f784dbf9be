"""A run of many analytics as plain data: what each gave, what could not run and why, what failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from carlang.diagnostics import Diagnostic
from carlang.levels import Level
from carlang.results.exclusions import BaselineUse, Excluded
from carlang.results.gaps import ClassGaps
from carlang.results.incidents import Triage
from carlang.results.judgement import Judgement
from carlang.results.output import Output
from carlang.results.reasons import Reason
from carlang.results.why import Why
from carlang.results.wording import reasons_text


@dataclass(frozen=True, slots=True)
class AnalyticOutput:
    """One output of one analytic in a run of many, with what reports need to know of the analytic.

    `level` is None where the analytic names none. `program` is the text of its programs. `number` is that of its first
    row among all that the run found, from 1, whether or not a limit cut them; the others count on from there. `why`
    is there where the run was asked for it. `excluded` is what a baseline took away: the rows of `output` are those
    that are left. `author` and `license` are the analytic's: licenses of rules demand that authors stay named.
    """

    analytic: str
    title: str
    file: str
    techniques: tuple[str, ...]
    output: Output
    false_positives: tuple[str, ...] = ()
    level: Level | None = None
    analytic_types: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    program: str = ""
    number: int | None = None
    why: Why | None = None
    excluded: tuple[Excluded, ...] = ()
    author: str = ""
    license: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class NotRun:
    """An analytic, or one of its outputs, that the store cannot support; this is not "found nothing".

    `reasons` say why, as data: at least one. `judgement` has them by host; None where not the store is the reason.
    """

    analytic: str
    title: str
    reasons: tuple[Reason, ...]
    output: str | None = None
    judgement: Judgement | None = None
    why: Why | None = None

    @property
    def reason(self) -> str:
        """The reasons in English: `the store holds no thread/remote_create events`."""
        return reasons_text(self.reasons)


@dataclass(frozen=True, slots=True)
class Failed:
    """An analytic that has errors, or whose query failed."""

    analytic: str
    title: str
    diagnostics: tuple[Diagnostic, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run of many analytics over one store: each of them stands in at least one of the three lists.

    `files_counted` is the number of the store's files that do not say whose events they have, so that these were
    counted to judge what can be answered. `unplanned` says why outputs could not be planned together, by object, where
    that failed: they have the same rows, and took longer. `gaps` are hours without events of the classes that were
    asked for. `triage` is there where the run was ranked, and `baseline` where one took rows away.
    """

    now: datetime
    store: str
    results: tuple[AnalyticOutput, ...] = ()
    not_run: tuple[NotRun, ...] = ()
    failed: tuple[Failed, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    files_counted: int = 0
    unplanned: tuple[str, ...] = ()
    gaps: tuple[ClassGaps, ...] = ()
    triage: Triage | None = None
    baseline: BaselineUse | None = None

    @property
    def found(self) -> int:
        """The number of rows that all analytics found together."""
        return sum(result.output.total for result in self.results)
