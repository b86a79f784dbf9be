"""A condition as Sigma has it: items of fields and values, put together; and how it is written into a rule.

A rule names its parts, `selection`, and puts the names together, `selection and not filter`. What holds together of
different fields is one part, a mapping; alternatives that are such mappings are one part, a list; what is denied is a
filter of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Item:
    """A field, called as sensors call it, has one of some values; without a field any text of the event has."""

    name: str
    modifiers: tuple[str, ...]
    values: tuple[Value, ...]

    @property
    def key(self) -> str:
        """The item's key in a rule: `Image|endswith`."""
        return "|".join((self.name, *self.modifiers))


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold; of none, true."""

    parts: tuple[Detection, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One of the parts holds; of none, false."""

    parts: tuple[Detection, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A part does not hold, be it that a field is missing."""

    part: Detection


Detection = Item | Every | Some | Not

ALWAYS = Every(())
NEVER = Some(())


def every(parts: Iterable[Detection]) -> Detection:
    """Return that all parts hold."""
    flat = [each for part in parts for each in (part.parts if isinstance(part, Every) else (part,))]
    if NEVER in flat:
        return NEVER
    unique = tuple(dict.fromkeys(flat))
    return unique[0] if len(unique) == 1 else Every(unique)


def some(parts: Iterable[Detection]) -> Detection:
    """Return that one of the parts holds; items that differ in their values alone become one with all of them."""
    flat = [each for part in parts for each in (part.parts if isinstance(part, Some) else (part,))]
    if ALWAYS in flat:
        return ALWAYS
    joined: dict[object, Detection] = {}
    for each in flat:
        match each:
            case Item(name, modifiers, values):
                before = joined.get((name, modifiers))
                known = before.values if isinstance(before, Item) else ()
                joined[name, modifiers] = replace(each, values=_unique((*known, *values)))
            case _:
                joined.setdefault(each, each)
    unique = tuple(joined.values())
    return unique[0] if len(unique) == 1 else Some(unique)


def _unique(values: Iterable[Value]) -> tuple[Value, ...]:
    """Return values, each once: a number is not the text of it, and 1 is not true."""
    return tuple({(type(value), value): value for value in values}.values())


def negated(part: Detection) -> Detection:
    """Return that a part does not hold."""
    match part:
        case Not(inner):
            return inner
        case Every(()):
            return NEVER
        case Some(()):
            return ALWAYS
        case _:
            return Not(part)


def written(detection: Detection) -> dict[str, object]:
    """Return a rule's `detection`: the parts with their names, and `condition`."""
    sections = _Sections()
    condition = sections.condition(detection)
    return {**sections.named, "condition": condition}


@dataclass
class _Sections:
    """The named parts of a rule while its condition is written."""

    named: dict[str, object] = field(default_factory=dict)
    numbers: Counter[str] = field(default_factory=Counter)

    def condition(self, detection: Detection, kind: str = "selection") -> str:
        match detection:
            case Item():
                return self._name(kind, _section(detection))
            case Every(parts):
                return " and ".join(self._conjuncts(parts, kind))
            case Some(parts):
                return " or ".join(self._alternatives(parts, kind))
            case Not(part):
                return f"not {self._operand(part, 'filter')}"
            case _:
                assert_never(detection)

    def _operand(self, detection: Detection, kind: str) -> str:
        """Return a condition as an operand of another operator: in parentheses where it has one itself."""
        text = self.condition(detection, kind)
        return f"({text})" if " " in text else text

    def _conjuncts(self, parts: Sequence[Detection], kind: str) -> Iterator[str]:
        maps = _maps([part for part in parts if isinstance(part, Item) and part.name])
        for part in parts:
            if isinstance(part, Item) and part.name:
                while maps:  # where the first of the fields stands
                    yield self._name(kind, maps.pop(0))
            elif isinstance(part, Not):  # `not` binds more than `and`
                yield self.condition(part, kind)
            else:
                yield self._operand(part, kind)

    def _alternatives(self, parts: Sequence[Detection], kind: str) -> Iterator[str]:
        sections = [_section(part) for part in parts]
        maps = [section for section in sections if isinstance(section, dict)]
        for part, section in zip(parts, sections, strict=True):
            if not isinstance(section, dict):
                yield self._operand(part, kind)
            elif maps:  # all of them where the first one stands
                yield self._name(kind, maps if len(maps) > 1 else maps[0])
                maps = []

    def _name(self, kind: str, section: object) -> str:
        self.numbers[kind] += 1
        number = self.numbers[kind]
        name = kind if number == 1 else f"{kind}_{number}"
        self.named[name] = section
        return name


def _section(detection: Detection) -> object:
    """Return what is one part of a rule: a mapping of fields, a list of keywords; None where it takes more than one."""
    match detection:
        case Item("", (), values):
            return list(values)
        case Item():
            return {detection.key: _value(detection)}
        case Every(parts) if parts and all(isinstance(part, Item) and part.name for part in parts):
            groups = _maps([part for part in parts if isinstance(part, Item)])
            return groups[0] if len(groups) == 1 else None
        case _:
            return None


def _maps(items: Sequence[Item]) -> list[dict[str, object]]:
    """Return items that hold together as mappings, one unless two items have one key."""
    maps: list[dict[str, object]] = []
    for item in _all_contained(items):
        target = next((each for each in maps if item.key not in each), None)
        if target is None:
            maps.append(target := {})
        target[item.key] = _value(item)
    return maps


def _all_contained(items: Sequence[Item]) -> Iterator[Item]:
    """Yield items, and of one field's that contain a text each a single one: `CommandLine|contains|all`."""
    single = [item for item in items if item.modifiers == ("contains",) and len(item.values) == 1]
    by_name: dict[str, list[Item]] = {}
    for item in single:
        by_name.setdefault(item.name, []).append(item)
    for item in items:
        alike = by_name.get(item.name, []) if item in single else []
        if len(alike) < _SEVERAL:
            yield item
        elif item == alike[0]:
            yield Item(item.name, ("contains", "all"), tuple(value for each in alike for value in each.values))


_SEVERAL = 2


def _value(item: Item) -> Value | list[Value]:
    return item.values[0] if len(item.values) == 1 else list(item.values)
