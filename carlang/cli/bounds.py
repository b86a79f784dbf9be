"""What bounds a run, as options that every command has that runs analytics over a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from carlang.analytic import RunOptions
from carlang.cli.declared import Option, Together

Now = Annotated[str | None, Option("--now", metavar="T", help="The instant that programs call now.")]
RecordsApart = Annotated[
    bool, Option("--records-apart", help="Take each record as an event, also where two tell of one occurrence.")
]


@dataclass(frozen=True, slots=True)
class Bounds(Together):
    """The instant called `now`, a window of event times, memory, and time."""

    now: Now = None
    since: Annotated[str | None, Option(metavar="T", help="Leave out events before this.")] = None
    until: Annotated[str | None, Option(metavar="T", help="Leave out events at and after this.")] = None
    memory_limit: Annotated[str | None, Option(metavar="2GB", help="Memory to take; 512MB, 50%.")] = None
    timeout: Annotated[
        str | None, Option(metavar="60s", help="Time to compile an analytic, to judge the store, for one query.")
    ] = None

    def options(self, limit: int | None = None, *, records_apart: bool = False) -> RunOptions:
        """Return the options of a run; raises `OptionError` for a value that an option cannot have."""
        return RunOptions.of(
            now=self.now,
            since=self.since,
            until=self.until,
            limit=limit,
            memory_limit=self.memory_limit,
            timeout=self.timeout,
            records_apart=records_apart,
            command=True,
        )
