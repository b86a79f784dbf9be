# ruff: noqa: INP001  # a folder of commands, not a package
"""Records that rules nearly find: their fields hold what the rules ask for, changed in a letter now and then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from sigma.conditions import ConditionAND
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import SigmaExpansion, SigmaNumber, SigmaString, SigmaType, SpecialChars

_PROVIDERS = {
    "Microsoft-Windows-Sysmon/Operational": "Microsoft-Windows-Sysmon",
    "Microsoft-Windows-PowerShell/Operational": "Microsoft-Windows-PowerShell",
    "Security": "Microsoft-Windows-Security-Auditing",
}
# Of ten fields, how many are there, are changed in a letter, and are in another case.
_THERE, _CHANGED, _OTHER_CASE = 0.9, 0.2, 0.3
_RUNS = ("", "", " ", "x", "\\a b\\")
# Of the process behind an event Sysmon tells at its start alone; elsewhere here it is looked for in other events.
_NOWHERE = frozenset({"GrandParentImage"})
_OF_STARTS = frozenset({"CommandLine", "ParentImage", "ParentCommandLine", "IntegrityLevel", "SourceCommandLine"})
_HASHES = ("Hash", "Hashes")
# Which of Sysmon's records of the registry have a member, and what they say that happened.
_REGISTRY = {12: ("CreateKey", "DeleteKey", "DeleteValue"), 13: ("SetValue",), 14: ("RenameKey",)}
_REGISTRY_MEMBERS = {"Details": 13, "NewName": 14}


def drawn(
    rules: Sequence[SigmaRule], channel: str, numbers: Sequence[int], each: int, draw: Random
) -> Iterator[dict[str, Any]]:
    """Yield records of a channel, as EVTX parsers give them, `each` of them for each rule."""
    for place, rule in enumerate(rule for rule in rules for _ in range(each)):
        data: dict[str, str] = {}
        for part in draw.sample(list(rule.detection.detections.values()), len(rule.detection.detections)):
            _fill(part, data, _NOWHERE | _OF_STARTS if numbers and numbers[0] != 1 else _NOWHERE, draw)
        number = _number(data.pop("EventID", ""), numbers, draw)
        if number in _REGISTRY and channel in _PROVIDERS:
            data["EventType"] = draw.choice(_REGISTRY[number])
            data = {name: text for name, text in data.items() if _REGISTRY_MEMBERS.get(name, number) == number}
        _complete_addresses(data)
        provider = data.pop("Provider_Name", _PROVIDERS.get(channel, channel))
        system = {
            "Provider": {"#attributes": {"Name": provider}},
            "EventID": number,
            "Level": data.pop("Level", "4"),
            "TimeCreated": {"#attributes": {"SystemTime": "2020-01-02T03:04:06.000001Z"}},
            "EventRecordID": place + 1,
            "Channel": channel,
            "Computer": "HOST1",
        }
        yield {"Event": {"System": system, "EventData": {"UtcTime": "2020-01-02 03:04:05.678"} | data}}


def _complete_addresses(data: dict[str, str]) -> None:
    """Have an address and what is said of its version there together, as Sysmon writes them: one follows the other."""
    for side in ("Source", "Destination"):
        version = data.pop(f"{side}IsIpv6", None)
        if version is not None:
            data.setdefault(f"{side}Ip", "fe80::5" if version.casefold() == "true" else "10.0.0.5")
        if f"{side}Ip" in data:
            data[f"{side}IsIpv6"] = str(":" in data[f"{side}Ip"]).lower()


def _fill(
    part: SigmaDetection | SigmaDetectionItem, data: dict[str, str], absent: frozenset[str], draw: Random
) -> None:
    """Give fields texts that a part of a rule asks for; a field that has one keeps it more often than not."""
    if isinstance(part, SigmaDetection):
        is_all = part.item_linking is ConditionAND
        for item in part.detection_items if is_all else [draw.choice(part.detection_items)]:
            _fill(item, data, absent, draw)
        return
    if (
        part.field is None
        or part.field in absent
        or draw.random() > _THERE
        or (part.field in data and draw.random() < _THERE)
    ):
        return
    values = part.value if part.value_linking is ConditionAND else [draw.choice(part.value)] if part.value else []
    text = " ".join(_text(value, draw) for value in values)
    if part.field in _HASHES:
        text = text.strip("\\ abx")  # a list of hashes has nothing between them but commas
    if draw.random() < _CHANGED and text:
        at = draw.randrange(len(text))
        # A hash has as many digits as others of its kind.
        changed = ("0",) if part.field in _HASHES else ("", "q", text[at] * 2)
        text = text[:at] + draw.choice(changed) + text[at + 1 :]
    if (
        draw.random() < _OTHER_CASE and text.isascii() and not text.startswith("S-1-")
    ):  # beyond ASCII SQLite's texts have case
        text = text.swapcase()
    # What is no value here is another matter, and what a file's name cannot hold, too.
    if text.strip() not in ("", "-", "?"):
        data[part.field] = text


def _text(value: SigmaType, draw: Random) -> str:
    match value:
        case SigmaExpansion(values=values):
            return _text(draw.choice(values), draw)
        case SigmaString(s=parts):
            return "".join(_part(part, draw) for part in parts)
        case SigmaNumber(number=number):
            return str(number)
        case _:
            return ""


def _part(part: object, draw: Random) -> str:
    if isinstance(part, str):
        return part
    return draw.choice(_RUNS) if part is SpecialChars.WILDCARD_MULTI else "q"


def _number(text: str, numbers: Sequence[int], draw: Random) -> int:
    if numbers:
        return draw.choice(numbers)
    return int(text) if text.isascii() and text.isdigit() else 1
