"""Mutants that an analytic names as equivalent: no test can notice them, since they mean the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carlang.importers import EquivalentMutant
from carlang.source import Source
from carlang.testing.survivors import Survivor


@dataclass(frozen=True)
class Explained:
    """Survivors in two parts, those that an analytic names as equivalent and the others, and what it names in vain.

    `in_vain` has an entry with what is wrong with it.
    """

    equivalent: tuple[Survivor, ...]
    others: tuple[Survivor, ...]
    in_vain: tuple[tuple[EquivalentMutant, str], ...]


def explained(
    survivors: Sequence[Survivor], entries: Sequence[EquivalentMutant], sources: Sequence[Source]
) -> Explained:
    """Tell which survivors the entries name: by the change, and a part of the program that stands in it once."""
    equivalent: dict[int, Survivor] = {}
    in_vain = []
    for entry in entries:
        times = sum(source.text.count(entry.part) for source in sources)
        named = [s for s in survivors if s.change == entry.change and _within(s, entry.part)] if times == 1 else []
        equivalent.update({id(survivor): survivor for survivor in named})
        if times != 1:
            in_vain.append((entry, f"`{entry.part}` stands in the program {times} times, not once"))
        elif not named:
            in_vain.append((entry, f"`{entry.part}` {entry.change}: a test notices it, or there is no such change"))
    others = tuple(survivor for survivor in survivors if id(survivor) not in equivalent)
    return Explained(tuple(equivalent.values()), others, tuple(in_vain))


def _within(survivor: Survivor, part: str) -> bool:
    start = survivor.source.text.find(part)
    return start <= survivor.span.start and survivor.span.end <= start + len(part) if start >= 0 else False
