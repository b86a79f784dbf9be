"""What the files of inserts say of the data of Windows events, against recordings and against what is mapped."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import cast
from xml.etree import ElementTree as ET

import pytest
from evtx import PyEvtxParser

from carlang.mapping.inserts import EventInserts, LogInserts, known_inserts
from carlang.mapping.sensors import builtin_sensors
from carlang.model import builtin_model

_NAMESPACE = "{http://schemas.microsoft.com/win/2004/08/events/event}"

UNKNOWN_ORDERS = {
    "Microsoft-Windows-Eventlog": {1100, 1104},  # without data
    "EventLog": {6005, 6006},  # without data
    "PowerShell": {400, 800},  # data without names in any export
}
"""Events that are mapped and of whose data no order is known."""


def _known() -> dict[tuple[str, int], EventInserts]:
    return {
        (provider, event_id): event
        for log in known_inserts()
        for provider in log.provider
        for event in log.events
        for event_id in event.event_id
    }


def test_an_order_is_known_of_each_event_that_is_mapped() -> None:
    known = _known()
    unknown: dict[str, set[int]] = defaultdict(set)
    for mapping in builtin_sensors(builtin_model()).mappings:
        if mapping.provider and (mapping.channel or "").lower() not in ("", "osquery", "zeek"):
            unknown[mapping.provider] |= {id_ for id_ in mapping.event_ids if (mapping.provider, id_) not in known}
    windows = {provider: ids for provider, ids in unknown.items() if ids}
    assert windows == UNKNOWN_ORDERS


def _recorded(folder: Path) -> dict[tuple[str, int], set[tuple[str, ...]]]:
    """Return the names of the data of recorded events in their order, as the XML has them."""
    orders: dict[tuple[str, int], set[tuple[str, ...]]] = defaultdict(set)
    for path in sorted(folder.rglob("*.evtx")):
        try:
            for record in PyEvtxParser(str(path)).records():
                _note(cast("dict[str, str]", record)["data"], orders)
        except RuntimeError:
            continue  # one of the recordings is damaged, as its own test knows
    return orders


def _note(xml: str, orders: dict[tuple[str, int], set[tuple[str, ...]]]) -> None:
    try:
        event = ET.fromstring(xml)  # noqa: S314  # of recordings that are part of the tests
    except ET.ParseError:
        return  # control characters in a script
    system, data = event.find(f"{_NAMESPACE}System"), event.find(f"{_NAMESPACE}EventData")
    provider = None if system is None else system.find(f"{_NAMESPACE}Provider")
    if system is None or provider is None or data is None:
        return
    names = tuple(item.get("Name") or item.tag.removeprefix(_NAMESPACE) for item in data)
    key = (provider.get("Name") or "", int(system.findtext(f"{_NAMESPACE}EventID") or 0))
    orders[key].add(names)


def test_orders_are_those_of_recordings(real_logs: Path) -> None:
    known = _known()
    compared = 0
    for key, orders in _recorded(real_logs / "evtx").items():
        for names in orders if key in known else ():
            expected = next((o for o in known[key].orders() if len(o) >= len(names)), known[key].orders()[-1])
            # Later versions of an event add names at its end.
            length = min(len(names), len(expected))
            assert names[:length] == expected[:length], key
            compared += 1
    assert compared > 40


@pytest.mark.parametrize("log", known_inserts(), ids=lambda log: log.provider[0])
def test_labels_and_texts_are_of_members_that_there_are(log: LogInserts) -> None:
    for event in log.events:
        named = {member for labels in event.labels.values() for member in labels.values()}
        shared = {"RelativeTargetName", "AccessReason", "ResourceAttributes", "TransmittedServices"}
        assert named - shared <= set(event.inserts), event.event_id
        if event.text is not None:
            assert any(f"(?P<{name}>" in event.text for name in event.inserts)
