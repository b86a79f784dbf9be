"""What lowerings are told of files and windows, and the names that an engine has to know.

Apart from what builds SQL, which a run whose queries are known does not load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SCHEMA = "events"
"""The schema of the event tables."""

INCOMING = "incoming"
"""The name under which events in memory are handed to the engine."""

LEAF, MARKED = "#leaf", "#number"
"""The columns of marks."""

COMBINATIONS, COMBINATION = "combinations", "#combination"
"""The table of combinations of texts that are tested for marks, and the column of their numbers."""

ROUNDS = 64
"""How many rounds a tie takes at most. Records need a second one where one has two partners to choose from, which is
rare; so long a chain of choices no machine writes, and its rest stays apart."""

MARGIN = timedelta(minutes=1)
"""How far beyond a window of time records are tied: a pair that lies across its border is to be the pair that it is
without one, and no chain of choices, each as long as a tie allows, is honestly as long as this."""

KEY, MASK, RANK, AT = "#key", "#mask", "#rank", "#at"
"""The columns of marks, and of the order of rows; `AT` has their times in microseconds."""

EXCLUSION = "#exclusion"
"""The column, the last of a row, of the number of the first exclusion that the row is like; missing without any."""

MOST_BITS = 60
"""How many outputs a mask is of: it is a number of 64 bits with a sign."""


@dataclass(frozen=True, slots=True)
class EventFiles:
    """Parquet files of one action's events, and the columns that they have, each with its SQL type.

    `alike` says that each of them has all of these columns, of one type in all.
    """

    action: str
    paths: Sequence[str]
    columns: Mapping[str, str]
    alike: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """A range of time, from `since` to before `until`; events without a time lie in every range."""

    since: datetime | None = None
    until: datetime | None = None
