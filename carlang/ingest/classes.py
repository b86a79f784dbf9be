"""Which mappings a record is for: by its log first, then by its event id, then by conditions on its data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from carlang.ingest.mapping import EventMapping, Sensors
from carlang.ingest.members import extracted, place_reader, with_other_names
from carlang.store.quoting import text_literal

Places = tuple[int, ...]


def classified(sensors: Sensors, records: str) -> str:
    """Return the query that adds to `records`, an SQL table of them, what they are.

    A record's `classes` are the places of the mappings that are for it; null where none is. `kept` are records that
    go to the rest's mapping whether one is for them or not.
    """
    mappings = sensors.mappings
    logs = _logs(mappings)
    kinds = {found: kind for kind, found in enumerate(dict.fromkeys(p for ids in logs.values() for p in ids.values()))}
    asking = [found for found in kinds if any(mappings[place].where for place in found)]
    members = dict.fromkeys(name for found in asking for place in found for name in _members(mappings[place]))
    numbers = ", ".join(str(kinds[found]) for found in asking)
    data = f"CASE WHEN kind IN ({numbers}) THEN {extracted('data', list(members))} END" if asking else "NULL"
    classes = " ".join(f"WHEN {kind} THEN {_classes(found, mappings, list(members))}" for found, kind in kinds.items())
    # Put together from this package's tables and from checked expressions alone: records are never part of the text.
    return f"""
    SELECT * EXCLUDE (kind, d), {f"CASE kind {classes} END" if kinds else "CAST(NULL AS INTEGER[])"} AS classes,
      {_kept(sensors.kept)} AS kept
    FROM (SELECT *, {data} AS d FROM (SELECT *, {_kind(logs, kinds)} AS kind FROM {records}))"""  # noqa: S608


def _logs(mappings: Sequence[EventMapping]) -> dict[tuple[str | None, str | None], dict[int | None, Places]]:
    """Return for each log, by channel and provider, and each event id the mappings; None stands for any other id."""
    logs: dict[tuple[str | None, str | None], dict[int | None, Places]] = {}
    for place, mapping in enumerate(mappings):
        if not mapping.is_rest:
            ids = logs.setdefault((mapping.channel, mapping.provider), {})
            for event_id in mapping.event_ids or (None,):
                ids[event_id] = (*ids.get(event_id, ()), place)
    return {
        log: {event_id: tuple(sorted({*found, *ids.get(None, ())})) for event_id, found in ids.items()}
        for log, ids in logs.items()
    }


def _kind(
    logs: Mapping[tuple[str | None, str | None], Mapping[int | None, Places]], kinds: Mapping[Places, int]
) -> str:
    cases = []
    for log, ids in logs.items():
        by_id = " ".join(f"WHEN {number} THEN {kinds[found]}" for number, found in ids.items() if number is not None)
        otherwise = str(kinds[ids[None]]) if None in ids else "NULL"
        found = f"CASE event_id {by_id} ELSE {otherwise} END" if by_id else otherwise
        cases.append(f"CASE WHEN {_log_condition(*log)} THEN {found} END")
    return f"coalesce({', '.join([*cases, 'CAST(NULL AS INTEGER)'])})"


def _log_condition(channel: str | None, provider: str | None) -> str:
    wanted = {"channel": channel, "provider": provider}
    named = {column: text_literal(name.lower()) for column, name in wanted.items() if name}
    equal = (f"coalesce(lower({column}) = {name}, true)" for column, name in named.items())
    return f"{' AND '.join(equal)} AND coalesce({', '.join(named)}) IS NOT NULL"


def _members(mapping: EventMapping) -> list[str]:
    return with_other_names(mapping.where.members if mapping.where else (), mapping.names)


def _classes(found: Places, mappings: Sequence[EventMapping], members: Sequence[str]) -> str:
    if all(mappings[place].where is None for place in found):
        return f"[{', '.join(map(str, found))}]"
    places = []
    for place in found:
        mapping = mappings[place]
        condition = mapping.where.bind(place_reader(members, mapping.names)) if mapping.where else "true"
        places.append(f"CASE WHEN TRY({condition}) THEN {place} END")
    return f"nullif(list_filter([{', '.join(places)}], lambda place: place IS NOT NULL), CAST([] AS INTEGER[]))"


def _kept(channels: Iterable[str]) -> str:
    named = ", ".join(text_literal(channel.lower()) for channel in sorted(channels))
    return f"coalesce(lower(channel) IN ({named}), false)" if named else "false"
