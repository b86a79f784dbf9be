"""Which techniques meet: in one tree of processes, and on one host or of one user in a short time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache

from carlang.triage.weight import NEARBY_MINUTES

_WINDOW = NEARBY_MINUTES * 60 * 1_000_000

Named = frozenset[str]
"""Analytics, by id."""


def other_techniques(techniques: Mapping[str, Sequence[str]]) -> Callable[[Named, Named], int]:
    """Return a function of analytics and others beside them: how many techniques these add.

    An analytic adds one at most, whatever it covers: one that is for thirty techniques has still found one thing. It
    adds none where all of its techniques are covered already, by those with fewer first.
    """

    @cache
    def added(those: Named, others: Named) -> int:
        covered = {technique for each in those for technique in techniques.get(each, ())}
        number = 0
        for each in sorted(others - those, key=lambda name: (len(techniques.get(name, ())), name)):
            if new := set(techniques.get(each, ())) - covered:
                covered |= new
                number += 1
        return number

    return added


def nearby(events: Iterable[tuple[int, int, Named]]) -> Iterator[tuple[int, Named]]:
    """Yield for each event the analytics of those within `NEARBY_MINUTES` before and behind it, its own among them.

    Events are of one host or user: a number, the time, the analytics that found it.
    """
    ordered = sorted(events, key=lambda event: (event[1], event[0]))
    inside: Counter[str] = Counter()
    begin = end = 0
    there: Named | None = None
    for number, time, _ in ordered:
        changed = there is None
        while end < len(ordered) and ordered[end][1] <= time + _WINDOW:
            inside.update(ordered[end][2])
            end, changed = end + 1, True
        while ordered[begin][1] < time - _WINDOW:
            inside.subtract(ordered[begin][2])
            begin, changed = begin + 1, True
        if changed or there is None:
            there = frozenset(name for name, count in inside.items() if count > 0)
        yield number, there


_SERVICES = ("nt authority\\", "nt-autorität\\", "autorite nt\\", "window manager\\", "font driver host\\")


def person(user: str | None) -> str | None:
    """Return an account by which hits of several hosts belong together; None for those that every host has."""
    name = (user or "").strip().casefold()
    base = name.rpartition("\\")[2]
    if not base or base == "-" or base.endswith("$") or name.startswith(_SERVICES):
        return None
    return None if base in {"system", "local service", "network service", "root", "nobody"} else name
