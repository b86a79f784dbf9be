"""What a long command says on standard error while it goes on, and where it ends before its time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Annotated

from carlang.cli.console import say
from carlang.cli.declared import Option, Together
from carlang.errors import CarlangError, WrongUseError


@dataclass(frozen=True, slots=True)
class Telling(Together):
    """How much is to be said beside the results."""

    quiet: Annotated[
        bool, Option("-q", "--quiet", help="Say nothing on standard error but what is wrong; show no progress.")
    ] = False
    verbose: Annotated[bool, Option("-v", "--verbose", help="Say what became of each, as it is done.")] = False

    def note(self, line: str) -> None:
        """Say a line unless it is to be quiet."""
        if not self.quiet:
            say(line)


@dataclass(slots=True)
class Course:
    """How far a command is; `has_done` says that there is work which a fault would lose.

    `remark` is what is to be known besides where it ends before its time.
    """

    stage: str = ""
    has_done: bool = False
    remark: str = ""

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say how far it was where it ends before its time, by a signal or, once something was done, by a fault."""
        try:
            yield
        except (WrongUseError, BrokenPipeError):  # a reader that goes away has seen enough
            raise
        except BaseException as error:  # whatever DuckDB or Arrow make of a signal
            if self.stage and (self.has_done or not isinstance(error, CarlangError)):
                with suppress(OSError):  # a terminal that was closed
                    say(f"not finished: {self.stage}{self.remark and f'; {self.remark}'}")
            raise
