"""The numbers of a run, and how they are said."""

from __future__ import annotations

from dataclasses import dataclass

from carlang.results import Output, RunReport


def found(output: Output) -> int:
    """Return the number of rows found, also where a limit cut the table or nobody filled in the total."""
    return max(output.total, output.count)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many analytics ran, how many rows they found, how many analytics could not run or failed."""

    ran: int
    hits: int
    rows: int
    not_run: int
    failed: int

    @classmethod
    def of(cls, report: RunReport) -> Tally:
        """Count a run. An analytic of which one output ran and another could not counts as both."""
        return cls(
            ran=len({(r.analytic, r.file) for r in report.results}),
            hits=len({(r.analytic, r.file) for r in report.results if found(r.output)}),
            rows=sum(found(r.output) for r in report.results),
            not_run=len({n.analytic for n in report.not_run}),
            failed=len({f.analytic for f in report.failed}),
        )


def summary(report: RunReport) -> str:
    """Return a run in one sentence: `1 analytic, 3 rows found; 0 not run, 0 failed`."""
    tally = Tally.of(report)
    return (
        f"{counted(tally.ran, 'analytic')}, {counted(tally.rows, 'row')} found; "
        f"{tally.not_run} not run, {tally.failed} failed"
    )


def counted(number: int, noun: str) -> str:
    """Return a number and its noun: `1 row`, `2 rows`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
