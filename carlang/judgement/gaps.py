"""Hours without events of a class on hosts that have such events before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from carlang.judgement.judge import Asked, Range
from carlang.resolve.bound import Events, streams_below
from carlang.results import ClassGaps
from carlang.store import Store, merge_hours

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def hour_gaps(asked: Iterable[Asked], store: Store, range_: Range) -> tuple[ClassGaps, ...]:
    """Return the gaps in the classes that outputs search for, in the hours that a run looks at."""
    streams = (stream for each in asked for stream in streams_below(each.output.stream))
    sets = (each for stream in streams if isinstance(stream, Events) for each in stream.sets)
    classes = sorted({(each.object, action) for each in sets for action in each.actions})
    if not classes:
        return ()
    inventory = store.inventory(classes, ())
    return tuple(_gaps(inventory, classes, range_))


def _gaps(inventory: pa.Table, classes: Iterable[tuple[str, str]], range_: Range) -> Iterator[ClassGaps]:
    for owner, action in classes:
        of_class = pc.and_(pc.equal(inventory["object"], owner), pc.equal(inventory["action"], action))
        # Whichever sensor or log tells of the events of a class.
        seen = merge_hours(inventory.filter(pc.and_(of_class, pc.greater(inventory["rows"], 0))))
        table = _between(seen, range_)
        if len(table):
            yield ClassGaps(owner, action, len(seen), table)


def _between(seen: pa.Table, range_: Range) -> pa.Table:
    """Return what lies between the runs of hours of each row, as far as it is looked at."""
    hours = seen["hours"].combine_chunks()
    of_run, runs = pc.list_parent_indices(hours), hours.flatten()
    starts, ends = runs.field("end")[:-1], runs.field("start")[1:]
    is_gap = pc.equal(of_run[1:], of_run[:-1])
    if range_.since is not None:
        since = (range_.since - _EPOCH).total_seconds() // 3600
        starts = pc.max_element_wise(starts, pa.scalar(int(since), pa.int32()))
    if range_.until is not None:
        until = -((_EPOCH - range_.until).total_seconds() // 3600)
        ends = pc.min_element_wise(ends, pa.scalar(int(until), pa.int32()))
    hosts = seen["host"].combine_chunks().take(of_run[1:])
    table = pa.table([hosts, starts, ends], ["host", "start", "end"])
    return table.filter(pc.and_(is_gap, pc.less(starts, ends)))
