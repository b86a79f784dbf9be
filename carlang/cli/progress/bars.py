"""The bars: how much of its sources an ingest has read, how many of its analytics a run has asked."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.cells import cell_len, set_cell_size
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from carlang.cli.console import report_console
from carlang.cli.interruption import INTERRUPTIONS
from carlang.escapes import printable

_BAR = 20
"""Cells of the bar alone: a step is 5 %, which moves often enough to be seen."""
_NUMBERS = 44
"""Cells that the bar and the numbers behind it take at most; the rest of the line is for a text. What is wider than the
screen rich breaks to lines a letter wide."""
_LEAST_TEXT = 8
"""Cells that a text has on the narrowest screen: less of a file's name tells no file from another."""


class _Bar:
    """A bar on standard error where that is a terminal; otherwise, or where it is hidden, nothing."""

    def __init__(self, *columns: ProgressColumn, hidden: bool) -> None:
        console = report_console(error=True)
        text = TextColumn("{task.description}", markup=False)
        is_off = hidden or not console.is_terminal
        # Standard output stays as it is: rich would print above the bar, on standard error, what is for a file.
        self._room = max(_LEAST_TEXT, console.width - _BAR - _NUMBERS)
        self._progress = Progress(
            BarColumn(bar_width=_BAR),
            *columns,
            text,
            console=console,
            transient=True,
            disable=is_off,
            redirect_stdout=False,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


class IngestBar(_Bar):
    """How far an ingest is, in bytes of its sources."""

    def __init__(self, *, hidden: bool = False) -> None:
        super().__init__(DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(), hidden=hidden)

    def start(self, total: int) -> None:
        """Show an empty bar."""
        self._task = self._progress.add_task("", total=total)

    def file(self, name: str) -> None:
        """Show the source at hand, the end of its path where all of that does not fit.

        Raises `KeyboardInterrupt` where a signal came and was lost: between sources nothing is half done.
        """
        INTERRUPTIONS.check()
        if self._task is not None:
            text = printable(name)
            if cell_len(text) > self._room:
                text = f"…{set_cell_size(text[::-1], self._room - 1)[::-1]}"
            self._progress.update(self._task, description=text)

    def advance(self, size: int) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._progress.advance(self._task, size)


class RunBar(_Bar):
    """How many of a run's analytics were asked, and what it is at or found last."""

    def __init__(self, *, hidden: bool = False) -> None:
        super().__init__(MofNCompleteColumn(), TimeRemainingColumn(), hidden=hidden)

    def start(self, total: int) -> None:
        """Show an empty bar."""
        self._task = self._progress.add_task("", total=total)

    def show(self, what: str) -> None:
        """Show what the run is at, or found last."""
        if self._task is not None:
            text = printable(what)
            self._progress.update(self._task, description=set_cell_size(text, min(cell_len(text), self._room)))

    def advance(self) -> None:
        """Move the bar on by an analytic."""
        if self._task is not None:
            self._progress.advance(self._task)


def ingest_bar(*, hidden: bool = False) -> IngestBar:
    """Return the bar of an ingest."""
    return IngestBar(hidden=hidden)


def run_bar() -> RunBar:
    """Return the bar of a run."""
    return RunBar()
