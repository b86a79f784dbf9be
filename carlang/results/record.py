"""All that there is to say of one hit of a run, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from carlang.results.incidents import Hit, Incident, ProcessNode
from carlang.results.rows import Rows
from carlang.results.run_report import AnalyticOutput, RunReport


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record that an event of a hit was made of; `part` is its name in a join, empty where there is but one."""

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class HitRecord:
    """A hit: its number in the run, its output and its row, what it weighs and why, and the processes around it.

    `hit` and `incident` are None where it was not ranked. `processes` are those that the row names (`named`, by their
    keys), what started them, and what they started, parents before children. `records` are there where the store keeps
    them. `more_processes` is the number of those below that are left out.
    """

    number: int
    run: RunReport
    result: AnalyticOutput
    row: Rows
    hit: Hit | None = None
    incident: Incident | None = None
    processes: tuple[ProcessNode, ...] = ()
    named: frozenset[str] = frozenset()
    more_processes: int = 0
    records: tuple[RawRecord, ...] = ()
