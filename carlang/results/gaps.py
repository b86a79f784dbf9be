"""Hours without events on hosts that have them before and after, as plain data: no fault, as laptops sleep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = (moment.replace(tzinfo=UTC) for moment in (datetime.min, datetime.max))  # noqa: DTZ901


@dataclass(frozen=True, slots=True)
class ClassGaps:
    """The gaps in the events of one object and action, on some of the hosts that have such events.

    `table` has a row a gap, in the order of hosts and times: `host`, null for events that name none, and `start` and
    `end`, in hours since 1970; there is no event from the one to before the other.
    """

    object: str
    action: str
    hosts: int
    table: pa.Table = field(repr=False)

    @property
    def hosts_with_gaps(self) -> int:
        """The number of hosts that have gaps."""
        return len(pc.unique(self.table["host"]))

    @property
    def hours(self) -> int:
        """The hours of all gaps together."""
        return int(pc.sum(pc.subtract(self.table["end"], self.table["start"])).as_py() or 0)

    def by_host(self) -> Iterator[tuple[str | None, list[tuple[str, str]]]]:
        """Yield the hosts, each with its gaps."""
        rows = zip(*(self.table[name].to_pylist() for name in ("host", "start", "end")), strict=True)
        for host, gaps in groupby(rows, key=lambda row: row[0]):
            yield host, [(hour_text(start), hour_text(end)) for _, start, end in gaps]


def gaps_json(gaps: ClassGaps) -> dict[str, Any]:
    """Return the gaps of a class as a JSON object."""
    by_host = [
        {"host": host, "gaps": [{"start": start, "end": end} for start, end in listed]}
        for host, listed in gaps.by_host()
    ]
    counts = {"hosts": gaps.hosts, "hosts_with_gaps": gaps.hosts_with_gaps, "hours": gaps.hours}
    return {"object": gaps.object, "action": gaps.action, **counts, "by_host": by_host}


def hour_text(number: int) -> str:
    """Return the beginning of an hour since 1970, or the nearest that the calendar reaches."""
    try:
        moment = _EPOCH + timedelta(hours=number)
    except OverflowError:
        moment = _LATEST if number > 0 else _EARLIEST
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
