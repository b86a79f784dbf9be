"""What a store holds, in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from carlang.store.files import StoreFile
from carlang.store.inventory import hollow_counts


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """The events of one object and action; `fill` is the share, 0 to 1, of rows in which a field has a value."""

    object: str
    action: str
    rows: int
    files: int
    first_time: datetime | None
    last_time: datetime | None
    fill: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class HollowInfo:
    """Records kept as event/log that would be of an object and action, if they had a member of it in them."""

    object: str
    action: str
    records: int


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """A store as a whole: its events by object and action, its time range, the sensors that saw them.

    `hollow` are the records that are no events, as they have nothing in them of what they would be.
    """

    path: str
    writable: bool
    rows: int
    files: int
    first_time: datetime | None
    last_time: datetime | None
    sensors: tuple[str, ...]
    classes: tuple[ClassInfo, ...]
    hollow: tuple[HollowInfo, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as values that JSON can hold; times are UTC texts."""
        return {
            "path": self.path,
            "writable": self.writable,
            "rows": self.rows,
            "files": self.files,
            "first_time": _text(self.first_time),
            "last_time": _text(self.last_time),
            "sensors": list(self.sensors),
            "classes": [
                {
                    "object": c.object,
                    "action": c.action,
                    "rows": c.rows,
                    "files": c.files,
                    "first_time": _text(c.first_time),
                    "last_time": _text(c.last_time),
                    "fill": dict(c.fill),
                }
                for c in self.classes
            ],
            "hollow": [{"object": h.object, "action": h.action, "records": h.records} for h in self.hollow],
        }


def describe(path: str, files: Sequence[StoreFile], seen: pa.Table, *, writable: bool) -> StoreInfo:
    """Sum up the files of a store, by their statistics and the inventory of who is seen."""
    groups: dict[tuple[str, str], list[StoreFile]] = {}
    for file in files:
        groups.setdefault((file.object, file.action), []).append(file)
    return StoreInfo(
        path=path,
        writable=writable,
        rows=sum(f.rows for f in files),
        files=len(files),
        first_time=_earliest(f.first_time for f in files),
        last_time=_latest(f.last_time for f in files),
        sensors=tuple(sorted(pc.unique(seen["sensor"]).drop_null().to_pylist())),
        classes=tuple(_class_info(*name, group) for name, group in sorted(groups.items())),
        hollow=tuple(HollowInfo(*name, count) for name, count in sorted(hollow_counts(seen).items())),
    )


def _class_info(object_name: str, action: str, files: Sequence[StoreFile]) -> ClassInfo:
    rows = sum(f.rows for f in files)
    filled: dict[str, int] = {}
    for file in files:
        for column, count in file.filled.items():
            filled[column] = filled.get(column, 0) + count
    return ClassInfo(
        object=object_name,
        action=action,
        rows=rows,
        files=len(files),
        first_time=_earliest(f.first_time for f in files),
        last_time=_latest(f.last_time for f in files),
        fill={column: count / rows if rows else 0.0 for column, count in filled.items()},
    )


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((m for m in moments if m is not None), default=None)


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((m for m in moments if m is not None), default=None)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
