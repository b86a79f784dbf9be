"""Which classes of events are tied, and the tables of their occurrences, made when a program first asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from carlang.engine.protocol import Engine
from carlang.model.schema import Class, Model, Object, Tie
from carlang.resolve.bound import BoundOutput, Events, streams_below
from carlang.sql import (
    MARGIN,
    ROUNDS,
    Window,
    lower_candidates,
    lower_crowd,
    lower_forgotten,
    lower_keyed,
    lower_left,
    lower_occurrences,
    lower_pairs,
    lower_records,
    lower_round,
)

if TYPE_CHECKING:
    from carlang.sql import Dialect


def classes_with_ties(output: BoundOutput, model: Model) -> frozenset[Class]:
    """Return those classes of events of an output that the model has ties for."""
    asked = {
        (s.object, action)
        for node in streams_below(output.stream)
        if isinstance(node, Events)
        for s in node.sets
        for action in s.actions
    }
    return frozenset(tie.event_class for tie in model.ties if tie.event_class in asked)


def shared_classes(seen: pa.Table, model: Model) -> frozenset[Class]:
    """Return the classes that both sensors of a tie tell of on one host; hosts go by their names without domains.

    `seen` has the columns `host`, `object`, `action` and `sensor`, a row for each host or for each event.
    """
    shared: set[Class] = set()
    for tie in model.ties:
        is_of_class = pc.and_(pc.equal(seen["object"], tie.object), pc.equal(seen["action"], tie.action))
        rows = seen.select(["host", "sensor"]).filter(is_of_class)
        names = rows["sensor"].unique().drop_null().to_pylist()
        spellings = [[n for n in names if n.casefold() == sensor.casefold()] for sensor in (tie.first, tie.second)]
        # Hosts are many: they are looked at only where both sensors tell of the class at all.
        if all(spellings):
            first, second = (_labels(rows, of_sensor) for of_sensor in spellings)
            if not first.isdisjoint(second):
                shared.add(tie.event_class)
    return frozenset(shared)


def _labels(rows: pa.Table, sensors: Sequence[str]) -> set[str]:
    """Return the hosts of sensors by their names without domains."""
    hosts = rows["host"].filter(pc.is_in(rows["sensor"], pa.array(sensors, pa.string()))).unique().to_pylist()
    return {_label(host) for host in hosts if host}


def _label(host: str) -> str:
    """A host's name without its domain. Addresses that this takes for one host are told apart when they are tied."""
    return host.casefold().partition(".")[0]


def wider(window: Window) -> Window:
    """Return a window with the records around it that a pair across its border may have."""
    since = window.since - MARGIN if window.since else None
    return replace(window, since=since, until=window.until + MARGIN if window.until else None)


def pairing(dialect: Dialect, owner: Object, ties: Sequence[Tie], window: Window, *, all_have_ids: bool) -> list[str]:
    """Return all that it depends on, beside the events, whether `make_tables` finds tied records."""
    keyed = (
        dialect.text_of(lower_keyed, dialect, tie, owner, wider(window), all_have_ids=all_have_ids) for tie in ties
    )
    return [repr(ties), *keyed]


def make_tables(
    engine: Engine, owner: Object, ties: Sequence[Tie], window: Window, *, all_have_ids: bool
) -> frozenset[Class]:
    """Make the tables of an object's tied records and occurrences from that of its numbered events.

    `ties` are those of the object, `all_have_ids` says that each of its records has an id. Returns the classes of which
    there are tied records. Raises `EngineError` where that takes longer than a query may.
    """
    dialect = engine.dialect
    engine.execute(dialect.text_of(lower_pairs, dialect, owner.name))
    tied = {tie.event_class for tie in ties if _pair(engine, tie, owner, window, all_have_ids=all_have_ids)}
    engine.execute(dialect.text_of(lower_records, owner, window))
    engine.execute(dialect.text_of(lower_occurrences, dialect, owner, window, ties))
    return frozenset(tied)


def _pair(engine: Engine, tie: Tie, owner: Object, window: Window, *, all_have_ids: bool) -> bool:
    """Pair the records of a tie, and tell whether there are any to be paired."""
    dialect = engine.dialect
    keyed = dialect.text_of(lower_keyed, dialect, tie, owner, wider(window), all_have_ids=all_have_ids)
    for step in (keyed, dialect.text_of(lower_crowd, tie), dialect.text_of(lower_candidates, tie)):
        engine.execute(step, takes_time=True)
    engine.execute(dialect.text_of(lower_forgotten, tie))
    left = dialect.text_of(lower_left, tie)
    statements: list[str] = []
    for number in range(ROUNDS):
        if not engine.query(left).table.column(0)[0].as_py():
            return number > 0
        statements = statements or [dialect.text(statement) for statement in lower_round(tie)]
        for statement in statements:
            engine.execute(statement, takes_time=True)
    return True
