"""What an ingest says of itself when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Status(Enum):
    """What became of a source."""

    INGESTED = "ingested"
    PRESENT = "already ingested"
    REJECTED = "rejected"
    EMPTY = "empty"
    UNREAD = "not read"
    """The time was up before it was read, or before what was read of it was committed."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A place in a source that could not be read, with its line or record number where it has one."""

    source: str
    number: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Something in a folder that is no file: a socket, a device, a FIFO, a link that leads nowhere or to a folder."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One file as it was named or found: `read` records are the mapped, the unmapped and the rejected together.

    `reason` says why a source was rejected, or what was wrong first in one that was ingested all the same; `remark`,
    that it has grown, was replaced or changed, while it was read or since it was read before. `unzoned` counts the
    records whose time names no zone and was taken as UTC.
    """

    source: str
    status: Status
    mapped: int = 0
    unmapped: int = 0
    rejected: int = 0
    reason: str | None = None
    unzoned: int = 0
    remark: str | None = None

    @property
    def read(self) -> int:
        """The number of records that the source held."""
        return self.mapped + self.unmapped + self.rejected


@dataclass(frozen=True, slots=True)
class Guessed:
    """Records that name no log and were taken for some sensor's by the names of their members.

    `sure` is the share, 0 to 1, of a record's members that the sensor's mapping knows; of the least sure record.
    """

    sensor: str
    object: str
    action: str
    count: int
    sure: float


@dataclass(frozen=True, slots=True)
class NotGuessed:
    """Records that name no log, have members of some sensor's events, and were not taken for them: `reason`."""

    sensor: str
    object: str
    action: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Hollow:
    """Records that would be events of an object and action by their log, and have none of the members of one."""

    channel: str | None
    event_id: int | None
    object: str
    action: str
    count: int


@dataclass(frozen=True)
class IngestReport:
    """What an ingest added, and what it could not.

    `events` counts what was added by object and action; `unmapped` counts, by channel and event id, the records that
    no mapping is for and that went to event/log, `hollow` those that went there because they have nothing in them of
    what a mapping makes of such records; one that two mappings are for is counted for both. `rejections` are the first
    of the places that could not be read; the store keeps all of them in its `_rejected` folder. `guesses` are the
    records that name no log, `duplicates` the number of events that were left out because the store has them from
    another export of the same log. `misfits` counts, by object and field, the values of documents in the CAR model that
    do not fit their fields; they are in the events' `extra`. `unread_times` counts the records with a time that could
    not be read by how that is written, its digits as 9; the events have no `time`, and the text in `extra.time`. The
    number of records of which the zone is unknown stands with each source. `passed_over` is what stands in folders and
    is no file.
    """

    seconds: float
    sources: tuple[SourceReport, ...]
    events: Mapping[tuple[str, str], int]
    unmapped: Mapping[tuple[str | None, int | None], int]
    rejections: tuple[Rejection, ...]
    guesses: tuple[Guessed, ...] = ()
    duplicates: int = 0
    hollow: tuple[Hollow, ...] = ()
    not_guessed: tuple[NotGuessed, ...] = ()
    misfits: Mapping[tuple[str, str], int] = field(default_factory=dict)
    passed_over: tuple[PassedOver, ...] = ()
    unread_times: Mapping[str, int] = field(default_factory=dict)

    @property
    def unread(self) -> int:
        """The number of sources that were not read, as the time was up."""
        return sum(source.status is Status.UNREAD for source in self.sources)

    @property
    def records(self) -> int:
        """The number of records read."""
        return sum(source.read for source in self.sources)

    @property
    def rejected(self) -> int:
        """The number of places that could not be read."""
        return sum(source.rejected for source in self.sources)

    def to_json(self) -> dict[str, Any]:
        """Return the report as values that JSON can hold."""
        return {
            "seconds": round(self.seconds, 3),
            "records": self.records,
            "rejected": self.rejected,
            "unread": self.unread,
            "events": [{"object": o, "action": a, "count": n} for (o, a), n in self.events.items()],
            "unmapped": [{"channel": c, "event_id": e, "count": n} for (c, e), n in self.unmapped.items()],
            "hollow": [
                {"channel": h.channel, "event_id": h.event_id, "object": h.object, "action": h.action, "count": h.count}
                for h in self.hollow
            ],
            "rejections": [{"source": r.source, "number": r.number, "reason": r.reason} for r in self.rejections],
            "passed_over": [{"source": p.source, "reason": p.reason} for p in self.passed_over],
            "duplicates": self.duplicates,
            "misfits": [{"object": o, "field": f, "count": n} for (o, f), n in self.misfits.items()],
            "unread_times": [{"spelling": s, "count": n} for s, n in self.unread_times.items()],
            "not_guessed": [
                {"sensor": n.sensor, "object": n.object, "action": n.action, "reason": n.reason, "count": n.count}
                for n in self.not_guessed
            ],
            "guesses": [
                {"sensor": g.sensor, "object": g.object, "action": g.action, "count": g.count, "sure": round(g.sure, 3)}
                for g in self.guesses
            ],
            "sources": [
                {
                    "source": s.source,
                    "status": s.status.value,
                    "read": s.read,
                    "mapped": s.mapped,
                    "unmapped": s.unmapped,
                    "rejected": s.rejected,
                    "unzoned": s.unzoned,
                    "reason": s.reason,
                    "remark": s.remark,
                }
                for s in self.sources
            ],
        }
