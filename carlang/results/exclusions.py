"""What a baseline took away from a run, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Excluded:
    """Rows of an output that an exclusion took away: the line that it stands on, what it says, and how many rows."""

    line: int
    fields: str
    rows: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An exclusion that took nothing away from a run which asked for what it is about."""

    line: int
    analytic: str
    fields: str


@dataclass(frozen=True, slots=True)
class BaselineUse:
    """What a baseline did to a run, also to outputs that were left out afterwards.

    `exclusions` is how many the file has, `in_review` how many of these took nothing away as somebody has to look at
    them first. `rows` were taken away from `outputs`, by so many exclusions as are `matched`.
    """

    file: str
    exclusions: int
    in_review: int = 0
    matched: int = 0
    outputs: int = 0
    rows: int = 0
    unmatched: tuple[Unmatched, ...] = ()
