"""Running analytics such that somebody who waits sees how far that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carlang.cli.console import report_console, say
from carlang.cli.progress import run_bar
from carlang.cli.telling import Course, Telling
from carlang.results import AnalyticOutput, Failed, NotRun, counted

if TYPE_CHECKING:
    from carlang.analytic import Outcome
    from carlang.cli.progress import RunBar

Arrived = Callable[[Sequence[AnalyticOutput]], None]
"""What is done with the outputs of an analytic as soon as they are there."""


@dataclass(slots=True)
class Watch:
    """The listener of a run: it moves the bar, says what is to be said, and knows how far the run is.

    `course` is told of that; `before` is what the command had done before it asked anything.
    """

    count: int
    telling: Telling
    course: Course
    before: str = ""
    bar: RunBar | None = None
    arrived: Arrived | None = None
    asked: int = field(default=0, init=False)
    rows: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.course.stage = f"{self.before}none of {counted(self.count, 'analytic')} was asked"

    def doing(self, what: str) -> None:
        """Show what the run is at before it asks anything, or when it has asked all."""
        if self.bar is not None:
            self.bar.show(what)

    def done(self, outcomes: Sequence[Outcome]) -> None:
        """Take note of an analytic that was asked."""
        self.asked += 1
        self.course.has_done = True
        outputs = [outcome for outcome in outcomes if isinstance(outcome, AnalyticOutput)]
        self.rows += sum(each.output.total for each in outputs)
        if self.telling.verbose:
            for outcome in outcomes:
                say(f"{f'{outcome.analytic}  {outcome.title}'.rstrip()}: {_became(outcome)}")
        if self.bar is not None:
            self.bar.advance()
            for each in outputs:
                if each.output.total:
                    latest = f"{counted(each.output.total, 'row')}: {each.title or each.analytic}"
                    self.bar.show(latest)
        if self.arrived is not None:
            self.arrived(outputs)
        self.course.stage = f"{self.before}{self.asked} of {counted(self.count, 'analytic')} asked, {self._found}"

    @property
    def _found(self) -> str:
        return f"{counted(self.rows, 'row')} found"

    def at(self, what: str, otherwise: str = "") -> None:
        """Take note of what is done with the results of a run that has asked all, such as `ranking`.

        `otherwise` is what becomes of that where it ends before its time.
        """
        self.doing(what)
        stage = f"{self.before}all of {counted(self.count, 'analytic')} asked, {self._found}; it was {what}"
        self.course.stage = f"{stage}, {otherwise}" if otherwise else stage


@contextmanager
def watched(
    count: int, telling: Telling, course: Course, before: str = "", arrived: Arrived | None = None
) -> Iterator[Watch]:
    """Yield the watch of a run of so many analytics, with a bar where standard error is a terminal to show it on.

    Lines, those of a run that is verbose or whose results arrive on the screen, leave no place for a bar.
    """
    has_lines = telling.verbose or (arrived is not None and report_console().is_terminal)
    if telling.quiet or has_lines or not report_console(error=True).is_terminal:
        yield Watch(count, telling, course, before, None, arrived)
        return
    with run_bar() as bar:
        bar.start(count)
        yield Watch(count, telling, course, before, bar, arrived)


def _became(outcome: Outcome) -> str:
    match outcome:
        case AnalyticOutput():
            return counted(outcome.output.total, "row")
        case NotRun():
            return f"could not run: {outcome.reason}"
        case Failed():
            return f"failed: {outcome.error or 'it has errors'}"
