"""What an ingest says of times: which could not be read, and of which the zone is unknown.

Both are known of a record's header. They matter where an event has that time: Sysmon's records, say, have a `UtcTime`
of their own, and then the header's is of no interest.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from carlang.mapping.tables import EVENT_TIME
from carlang.mapping.times import spelling
from carlang.readers import tuning

OTHER_SPELLINGS = "…"
"""What spellings are counted as that are more than anybody reads."""

_TIME = "time"
_EXTRA = "extra"
_NO_POSITIONS = pa.array([], pa.int64())


class RecordTimes:
    """The times of some records, whose positions count from 0, and what was found wrong with those of their events."""

    def __init__(self, records: pa.Table) -> None:
        self._records = records
        self._some_unread = records["unread_time"].null_count < records.num_rows
        self._some_unzoned = pc.any(records["unzoned"]).as_py() is True
        self._unread: list[pa.Array] = []
        self._unzoned: list[pa.Array] = []

    def noted(self, events: pa.Table, positions: pa.Array) -> pa.Table:
        """Note the doubtful times of events; returns the events, with a time that could not be read in `extra.time`.

        Args:
            events: Events with a column `time`.
            positions: Of the record of each event.
        """
        if self._some_unzoned:
            # Where the event has another time than the header's, that has come with its zone.
            is_header_time = pc.equal(events[_TIME], self._records[EVENT_TIME].take(positions))
            unzoned = pc.and_(self._records["unzoned"].take(positions), is_header_time)
            self._unzoned.append(positions.filter(unzoned.combine_chunks()))
        if not self._some_unread:
            return events
        texts = self._records["unread_time"].take(positions).combine_chunks()
        is_unread = pc.and_(pc.is_null(events[_TIME].combine_chunks()), pc.is_valid(texts))
        if not pc.any(is_unread).as_py():
            return events
        self._unread.append(positions.filter(is_unread))
        return _with_texts(events, pc.if_else(is_unread, texts, None))

    def unread(self) -> Counter[str]:
        """Return how many records have a time that could not be read, by how it is written."""
        texts = self._records["unread_time"].take(_each_once(self._unread))
        counts: Counter[str] = Counter()
        for entry in pc.value_counts(texts.combine_chunks()).to_pylist():
            counts[spelling(entry["values"])] += entry["counts"]
        return counts

    def unzoned(self) -> Counter[int]:
        """Return how many records have a time of which the zone is unknown, by file."""
        files = self._records["file"].take(_each_once(self._unzoned))
        return Counter({e["values"]: e["counts"] for e in pc.value_counts(files.combine_chunks()).to_pylist()})


def _each_once(positions: list[pa.Array]) -> pa.Array:
    """Return positions without those that are there again: a record may become several events."""
    return pc.unique(pa.concat_arrays([_NO_POSITIONS, *positions]))


def _with_texts(events: pa.Table, texts: pa.Array) -> pa.Table:
    """Return events with texts as members `time` of their `extra`, beside what a document has there already."""
    if _EXTRA not in events.column_names:
        return events.append_column(_EXTRA, pa.array([_merged(None, text) for text in texts.to_pylist()], pa.string()))
    extras = zip(events[_EXTRA].to_pylist(), texts.to_pylist(), strict=True)
    merged = pa.array([_merged(extra, text) for extra, text in extras], pa.string())
    return events.set_column(events.schema.get_field_index(_EXTRA), _EXTRA, merged)


def _merged(extra: str | None, text: str | None) -> str | None:
    if text is None:
        return extra
    members = json.loads(extra) if extra else {}
    return json.dumps({_TIME: text} | members, ensure_ascii=False)


def add_spellings(total: Counter[str], more: Mapping[str, int]) -> None:
    """Add counts of spellings to others; of a source that has a new one in every record, most are counted together."""
    for written, count in more.items():
        is_listed = written in total or len(total) < tuning.SPELLINGS
        total[written if is_listed else OTHER_SPELLINGS] += count
