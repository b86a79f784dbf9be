"""What mapping files say of sensors themselves: which logs they write, on which platforms, what one record may be.

Every run judges by it, so it is read once for all of them: the files themselves take as long as a query.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from carlang import __version__, mapping
from carlang.cache import remembered
from carlang.mapping.builtin import builtin_files


@cache
def sensor_platforms() -> dict[str, tuple[str, ...]]:
    """Return the platforms of the hosts of sensors that ship with the package, by name, where they say so."""
    return {fact["sensor"]: tuple(fact["platforms"]) for fact in _facts() if fact["platforms"]}


@cache
def sensor_logs() -> dict[str, frozenset[str]]:
    """Return the channels that sensors that ship with the package are written to, by the sensors' names."""
    return {fact["sensor"]: frozenset(fact["logs"]) for fact in _facts()}


@cache
def sensor_channels() -> dict[str, frozenset[str]]:
    """Return all channels that mapping files name, at their head and at single events, by the sensors' names."""
    return {fact["sensor"]: frozenset(fact["channels"]) for fact in _facts()}


@cache
def classes_of_one_record(sensor: str) -> frozenset[frozenset[tuple[str, str]]]:
    """Return the pairs of classes that one record of a sensor may be events of, by its id.

    Two kinds of events of one object that both have a condition are taken to be of different records.
    """
    pairs = [pair for fact in _facts() if fact["sensor"] == sensor for pair in fact["pairs"]]
    return frozenset(frozenset((object_, action) for object_, action in pair) for pair in pairs)


@cache
def _facts() -> list[dict[str, Any]]:
    files = builtin_files()
    sources = (__version__, *(text for _, text in files))
    facts: list[dict[str, Any]] = remembered("sensors", sources, lambda: mapping.read_facts(files))
    return facts
