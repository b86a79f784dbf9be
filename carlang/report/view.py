"""What is shown of a run: one reading of the report that every format draws from.

The texts in a view are as they came. Each format makes them harmless for where it writes them: JSON escapes, a
terminal and a page show what cannot be printed as escapes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from pyarrow import types

from carlang.diagnostics import Diagnostic, see_text
from carlang.levels import Level
from carlang.model.types import Column, field_of
from carlang.report.columns import TIMES
from carlang.report.gaps import Gap, judged_alike
from carlang.report.values import json_values
from carlang.results import (
    AnalyticOutput,
    ClassGaps,
    Failed,
    Judgement,
    NotRun,
    Output,
    Reason,
    Rows,
    RunReport,
    State,
    counted,
    counted_files_text,
    excluded_text,
    gaps_text,
    judgement_text,
)

if TYPE_CHECKING:  # what few runs have
    from carlang.results import BaselineUse, Excluded, Triage, Why

_TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?")


def credit(author: str, license_: str) -> str:
    """Return an author with the license of what he wrote, on one line; nothing without an author."""
    named = " ".join(author.split())
    return f"{named} ({' '.join(license_.split())})" if named and license_ else named


@dataclass(frozen=True)
class OutputView:
    """One output of an analytic: its rows, and how many were found, also where a limit cut them."""

    analytic: str
    title: str
    file: str
    techniques: tuple[str, ...]
    name: str
    columns: tuple[Column, ...]
    rows: Rows
    total: int
    judgement: Judgement | None = None
    false_positives: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()
    level: Level | None = None
    weight: float | None = None
    tested: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    program: str = ""
    number: int | None = None
    why: Why | None = None
    excluded: tuple[Excluded, ...] = ()
    author: str = ""
    license: str = ""
    description: str = ""

    @classmethod
    def of(cls, result: AnalyticOutput, weight: float | None = None) -> Self:
        """View an output of a run; its weight is that of its heaviest hit, None where it was not ranked."""
        output = result.output
        return cls(
            result.analytic,
            result.title,
            result.file,
            result.techniques,
            output.name,
            output.columns,
            output.data,
            _total(output),
            output.judgement,
            result.false_positives,
            output.tied,
            result.level,
            weight,
            output.tested,
            output.computed,
            result.program,
            result.number,
            result.why,
            result.excluded,
            result.author,
            result.license,
            result.description,
        )

    @property
    def excluded_rows(self) -> int:
        """How many rows more a baseline took away."""
        return sum(each.rows for each in self.excluded)

    @property
    def shown(self) -> int:
        """The number of rows that are there."""
        return int(self.rows.num_rows)

    @property
    def cut(self) -> str:
        """What to say where a limit cut the rows: `showing 50 of 1234 rows`; else nothing."""
        return f"showing {self.shown:,} of {self.total:,} rows" if self.total > self.shown else ""

    @property
    def every_row(self) -> str:
        """What to call the rows whose values were looked at: those that a limit cut were not."""
        return "every row shown" if self.cut else "every row"

    @property
    def credit(self) -> str:
        """Who wrote the analytic, and the license that it is under: `A. Author (DRL 1.1)`; else nothing."""
        return credit(self.author, self.license)

    @property
    def facts(self) -> str:
        """What to say below its name: `high · weight 62 · T1053.002 · output at · 3 rows · by A. Author`."""
        weight = "" if self.weight is None else f"weight {self.weight:g}"
        level = "" if self.level is None else self.level.text
        rows = counted(self.total, "row")
        excluded = f"{self.excluded_rows:,} more excluded" if self.excluded else ""
        by = f"by {self.credit}" if self.credit else ""
        facts = [level, weight, ", ".join(self.techniques), f"output {self.name}", rows, excluded, self.cut, by]
        return " · ".join(fact for fact in facts if fact)

    @cached_property
    def unseen(self) -> str:
        """What to say where the store cannot answer the output everywhere: `answered on 12 of 40 hosts; …`."""
        if self.judgement is None or self.judgement.state is State.ANSWERED:
            return ""
        return judgement_text(self.judgement)

    def seen(self) -> tuple[str, str] | None:
        """Return the earliest and the latest instant among the rows, of any column that is a time of an event."""
        moments = self._values(TIMES, types.is_timestamp)
        return (min(moments), max(moments)) if moments else None

    def hosts(self) -> int:
        """Return on how many hosts the rows were seen; names of hosts have no case."""
        return len({host.casefold() for host in self._values(("hostname",), types.is_string)})

    def _values(self, names: Collection[str], is_kind: Any) -> set[Any]:
        """Return the values of columns of some names, each once."""
        wanted = [
            index
            for index, field in enumerate(self.rows.schema)
            if field_of(field.name) in names and is_kind(field.type)  # a part of a join has its own times
        ]
        values: set[Any] = set()
        for batch in self.rows.to_batches() if wanted else ():
            for index in wanted:
                values.update(value for value in json_values(batch.column(index).unique()) if value is not None)
        return values


@dataclass(frozen=True, slots=True)
class NotRunView:
    """What could not run, and why; `output` is None where none of the analytic's outputs could."""

    analytic: str
    title: str
    techniques: tuple[str, ...]
    output: str | None
    reason: str
    reasons: tuple[Reason, ...]
    judgement: Judgement | None = None
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class FailedView:
    """What failed: the diagnostics of a program, or the error of a query."""

    analytic: str
    title: str
    techniques: tuple[str, ...]
    error: str | None
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many analytics ran, how many found rows, how many rows, how many analytics could not run or failed.

    An analytic of which one output ran and another could not counts as both.
    """

    ran: int
    hits: int
    rows: int
    not_run: int
    failed: int
    excluded: int = 0

    def __str__(self) -> str:
        excluded = f", {self.excluded:,} more excluded" if self.excluded else ""
        return (
            f"{counted(self.ran, 'analytic')}, {counted(self.rows, 'row')} found{excluded}; "
            f"{self.not_run} not run, {self.failed} failed"
        )


@dataclass(frozen=True)
class View:
    """A run as it is shown; `now` has a zone."""

    now: datetime
    store: str
    outputs: tuple[OutputView, ...]
    not_run: tuple[NotRunView, ...]
    failed: tuple[FailedView, ...]
    warnings: tuple[Diagnostic, ...]
    files_counted: int = 0
    unplanned: tuple[str, ...] = ()
    gaps_of_hours: tuple[ClassGaps, ...] = ()
    pages: str | None = None
    triage: Triage | None = None
    chosen: tuple[str, ...] | None = None
    """The names of the columns that somebody asked for, in order; None where nobody did."""
    baseline: BaselineUse | None = None

    @classmethod
    def of(
        cls, report: RunReport, techniques: Mapping[str, Sequence[str]] | None = None, pages: str | None = None
    ) -> Self:
        """View a run; `techniques` are those of the analytics that did not run, which the run does not know.

        `pages` is the address of the pages of diagnostics, if they have one.
        """
        weights = report.triage.weights if report.triage else {}
        known = {result.analytic: tuple(result.techniques) for result in report.results}
        known |= {analytic: tuple(named) for analytic, named in (techniques or {}).items() if named}
        return cls(
            report.now if report.now.tzinfo else report.now.replace(tzinfo=UTC),
            report.store,
            tuple(OutputView.of(result, weights.get(number)) for number, result in enumerate(report.results)),
            tuple(_not_run(entry, known.get(entry.analytic, ())) for entry in report.not_run),
            tuple(_failed(entry, known.get(entry.analytic, ())) for entry in report.failed),
            tuple(report.warnings),
            report.files_counted,
            report.unplanned,
            report.gaps,
            pages,
            report.triage,
            baseline=report.baseline,
        )

    @property
    def see_text(self) -> str:
        """Where the codes of what failed are explained; else nothing."""
        return see_text([d for entry in self.failed for d in entry.diagnostics], self.pages)

    @property
    def gaps_text(self) -> str:
        """What to say where hosts have hours without events, and events before and after; else nothing."""
        if not self.gaps_of_hours:
            return ""
        return f"Hours without events on hosts that have them before and after: {gaps_text(self.gaps_of_hours)}"

    @property
    def excluded_text(self) -> str:
        """What to say of a baseline: that rows were taken away is never left unsaid; nothing where there was none."""
        return excluded_text(self.baseline) if self.baseline else ""

    @property
    def counted_text(self) -> str:
        """What to say where events had to be counted, as files do not say whose they have; else nothing."""
        return counted_files_text(self.files_counted) if self.files_counted else ""

    @cached_property
    def findings(self) -> list[OutputView]:
        """The outputs that found rows, the heaviest first where they were ranked."""
        found = [output for output in self.outputs if output.total]
        return sorted(found, key=lambda output: -(output.weight or 0.0)) if self.triage else found

    @cached_property
    def quiet(self) -> list[OutputView]:
        """The outputs that ran and found nothing."""
        return [output for output in self.outputs if not output.total]

    @cached_property
    def partly(self) -> dict[str, list[str]]:
        """What ran and did not see everything: by what there is to say, the outputs of which it is to be said."""
        partly: dict[str, list[str]] = {}
        for output in self.outputs:
            if output.unseen:
                partly.setdefault(output.unseen, []).append(f"{output.analytic} {output.name}")
        return partly

    @cached_property
    def unseen(self) -> list[tuple[str, str, str, str, str]]:
        """What was not seen: of each the kind, the analytic, its title, the output if it is one of several, and why."""
        unseen = [("not run", each.analytic, each.title, each.output or "", each.reason) for each in self.blind]
        unseen += [("not asked", e.analytic, e.title, e.output or "", e.reason) for e in self.other_platforms]
        unseen += [("partly blind", o.analytic, o.title, o.name, o.unseen) for o in self.outputs if o.unseen]
        for failure in self.failed:
            errors = [failure.error] if failure.error else [diagnostic.message for diagnostic in failure.diagnostics]
            unseen.append(("failed", failure.analytic, failure.title, "", "; ".join(errors) or "no reason given"))
        return unseen

    @property
    def tied(self) -> list[str]:
        """The classes of events of which two records can be one row."""
        return sorted({name for output in self.outputs for name in output.tied})

    @cached_property
    def gaps(self) -> list[Gap]:
        """What is not answered on all hosts, with the hosts by name: outputs that are judged alike together."""
        judged = [(f"{output.analytic} {output.name}".strip(), output.judgement) for output in self.outputs]
        judged += [(f"{entry.analytic} {entry.output or ''}".strip(), entry.judgement) for entry in self.not_run]
        alike = judged_alike(judged)
        return [Gap.of(judgement, names) for judgement, names in alike if judgement.state is not State.ANSWERED]

    @cached_property
    def other_platforms(self) -> list[NotRunView]:
        """What was not asked, as it is for other platforms than the hosts'."""
        return [entry for entry in self.not_run if _not_asked(entry)]

    @cached_property
    def blind(self) -> list[NotRunView]:
        """What could not run."""
        return [entry for entry in self.not_run if not _not_asked(entry)]

    @cached_property
    def tally(self) -> Tally:
        """The numbers of the run; as text, its summary: `1 analytic, 3 rows found; 0 not run, 0 failed`."""
        return Tally(
            ran=len({(output.analytic, output.file) for output in self.outputs}),
            hits=len({(output.analytic, output.file) for output in self.findings}),
            rows=sum(output.total for output in self.outputs),
            not_run=len({entry.analytic for entry in self.not_run}),
            failed=len({entry.analytic for entry in self.failed}),
            excluded=self.baseline.rows if self.baseline else 0,
        )


def summary(report: RunReport) -> str:
    """Return a run in one sentence: `1 analytic, 3 rows found; 0 not run, 0 failed`."""
    return str(View.of(report).tally)


def is_technique(name: str) -> bool:
    """Tell whether a name is the id of a technique or sub-technique: `T1053`, `T1053.002`."""
    return _TECHNIQUE.fullmatch(name) is not None


def technique_url(technique: str) -> str:
    """Return the address of a technique's page."""
    return f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}/"


def _total(output: Output) -> int:
    """Return the number of rows found; an output that was made by hand may have no total."""
    return max(output.total, output.count)


def _not_run(entry: NotRun, techniques: tuple[str, ...]) -> NotRunView:
    return NotRunView(
        entry.analytic, entry.title, techniques, entry.output, entry.reason, entry.reasons, entry.judgement, entry.why
    )


def _not_asked(entry: NotRunView) -> bool:
    return entry.judgement is not None and entry.judgement.state is State.NOT_ASKED


def _failed(entry: Failed, techniques: tuple[str, ...]) -> FailedView:
    return FailedView(entry.analytic, entry.title, techniques, entry.error, entry.diagnostics)
