"""What `run` does beyond running: levels that are left out, ranking, and the rows that this takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from carlang import triage
from carlang.analytic import CompiledAnalytic, RunOptions
from carlang.cli.console import say
from carlang.cli.declared import Option
from carlang.cli.exits import UsageError
from carlang.diagnostics import nearest
from carlang.errors import EngineError
from carlang.levels import LEVELS, Level
from carlang.results import GroupBy, RunReport, counted, first_rows
from carlang.store import Store

RANKED_ROWS = 5_000
"""How many rows of an output are ranked at least, also where fewer are shown: the first need not be the worst."""

GROUPING_FORMATS = frozenset({"table", "json", "html"})
"""The formats that show groups of hits."""
TIMELINE_FORMATS = frozenset({"timeline", "xlsx"})
"""The formats that show of each hit what it weighs, also where one output alone found something."""
RANKING_FORMATS = GROUPING_FORMATS | TIMELINE_FORMATS | {"markdown"}
"""The formats that show what ranking says. The others hold rows, which are the same in any order."""

MinLevel = Annotated[
    str | None,
    Option("--min-level", metavar="high", help="Only outputs of this level and above.", complete=lambda: LEVELS),
]

GROUPS = tuple(each.value for each in GroupBy)


@dataclass(frozen=True, slots=True)
class Ranking:
    """What was asked of a run's ranking; `limit` is how many rows of an output are shown, all where None."""

    min_level: Level | None
    group_by: GroupBy | None
    format: str
    limit: int | None
    several: bool
    is_alone: bool = False
    """Whether the hits of a single output are ranked as well."""

    @classmethod
    def of(  # what the command was given
        cls,
        min_level: str | None,
        group_by: str | None,
        format: str,  # noqa: A002  # the name of the option whose value it is
        limit: int | None,
        analytics: Sequence[CompiledAnalytic],
    ) -> Ranking:
        """Return what options ask for; raises `UsageError` for what is no level, and nothing to group by."""
        level = None if min_level is None else Level.of(min_level)
        if min_level is not None and level is None:
            raise UsageError(f"--min-level: there is no level {min_level!r}; {_choice(min_level, LEVELS)}")
        if group_by is not None and group_by.casefold() not in GROUPS:
            raise UsageError(f"--group-by: nothing is grouped by {group_by!r}; {_choice(group_by, GROUPS)}")
        if group_by is not None and format not in GROUPING_FORMATS:
            raise UsageError(f"--group-by: {format} holds rows; groups are in {', '.join(sorted(GROUPING_FORMATS))}")
        by = None if group_by is None else GroupBy(group_by.casefold())
        return cls(level, by, format, limit, len(analytics) > 1, is_alone=format in TIMELINE_FORMATS)

    @property
    def is_wanted(self) -> bool:
        """Whether there may be something to rank: the hits of one analytic are what its table shows anyhow."""
        return self.group_by is not None or (
            (self.several or self.is_alone) and self.format in RANKING_FORMATS and self.limit != 0
        )

    def options(self, options: RunOptions) -> RunOptions:
        """Return options with which a run keeps the rows that ranking takes."""
        if not self.is_wanted or options.limit is None:
            return options
        return replace(options, limit=max(options.limit, RANKED_ROWS))

    def apply(self, report: RunReport, store: Store, options: RunOptions, *, quiet: bool = False) -> RunReport:
        """Return a run ranked, where that was wanted and more than one output found something, and cut to the limit."""
        finding = sum(1 for result in report.results if result.output.total)
        if self.is_wanted and (self.group_by is not None or finding > (0 if self.is_alone else 1)):
            try:
                report = triage.ranked(report, store, options.limits, self.group_by)
            except EngineError as error:  # what was found is there all the same
                say(f"not ranked: {error}")
        if self.min_level is not None:
            rows, outputs = report.found, len(report.results)
            report = triage.at_least(report, self.min_level)
            if (left := rows - report.found) and not quiet:
                below = counted(outputs - len(report.results), "output")
                say(f"--min-level {self.min_level.text}: {counted(left, 'row')} of {below} below it left out")
        return report if self.limit is None else _cut(report, self.limit)


def _cut(report: RunReport, limit: int) -> RunReport:
    results = [
        replace(result, output=replace(result.output, data=first_rows(result.output.data, limit)))
        if result.output.count > limit
        else result
        for result in report.results
    ]
    return replace(report, results=tuple(results))


def _choice(text: str, names: Sequence[str]) -> str:
    near = nearest(text, names)
    return f"did you mean {near}?" if near else f"choose one of {', '.join(names)}"
