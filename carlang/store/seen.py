"""Who is seen in a store: an inventory, host by host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import pyarrow as pa

from carlang.store.statistics import MARKS, mark

_BATCH = 1000  # rows of an inventory that are Python objects at a time; a fleet's has some hundred thousand
_MARKS = tuple(map(mark, MARKS))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HostClass:
    """The events of one object and action on a host.

    `fill` is the share, 0 to 1, of them in which a field has a value; `runs` are the stretches of whole hours in each
    of which there is one, from the first hour to behind the last.
    """

    object: str
    action: str
    rows: int
    fill: Mapping[str, float]
    runs: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class HostInfo:
    """A host, None for events that name none: its sensors, and its events by object and action."""

    host: str | None
    sensors: tuple[str, ...]
    rows: int
    classes: tuple[HostClass, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the host as values that JSON can hold; times are UTC texts."""
        return {
            "host": self.host,
            "sensors": list(self.sensors),
            "rows": self.rows,
            "classes": [
                {
                    "object": each.object,
                    "action": each.action,
                    "rows": each.rows,
                    "fill": dict(each.fill),
                    "hours": [{"start": _text(start), "end": _text(end)} for start, end in each.runs],
                }
                for each in self.classes
            ],
        }


def hosts_of(inventory: pa.Table) -> Iterator[HostInfo]:
    """Yield the hosts of an inventory, which is in their order."""
    rows = (row for batch in inventory.to_batches(max_chunksize=_BATCH) for row in batch.to_pylist() if row["rows"])
    for _, of_host in groupby(rows, key=lambda row: row["host"] and row["host"].lower()):
        listed = list(of_host)
        sensors = sorted({row["sensor"] for row in listed if row["sensor"] is not None})
        by_class = groupby(listed, key=lambda row: (row["object"], row["action"]))
        classes = tuple(_class(*name, list(of_class)) for name, of_class in by_class)
        names = sorted(row["host"] for row in listed if row["host"] is not None)
        yield HostInfo(names[0] if names else None, tuple(sensors), sum(row["rows"] for row in listed), classes)


def _class(object_name: str, action: str, rows: list[dict[str, Any]]) -> HostClass:
    total = sum(row["rows"] for row in rows)
    filled: dict[str, int] = {}
    for row in rows:
        for field, count in row["filled"]:
            if not field.startswith(_MARKS):
                filled[field] = filled.get(field, 0) + count
    runs = _joined((run["start"], run["end"]) for row in rows for run in row["hours"])
    fill = {field: count / total for field, count in sorted(filled.items())}
    return HostClass(object_name, action, total, fill, tuple((_hour(a), _hour(b)) for a, b in runs))


def _joined(runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return runs of hours in order, those that touch as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(runs):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _hour(number: int) -> datetime:
    """Return the beginning of an hour since 1970, or the nearest that Python's calendar reaches."""
    try:
        return _EPOCH + timedelta(hours=number)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if number > 0 else datetime.min.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
