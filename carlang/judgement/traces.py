"""What is known of the rows of a stream without reading them: a trace stands for all rows of one make.

Every event that a host's sensor writes of one class fills the same fields at best. Such events are one trace: the
columns that are missing in all of them, those whose value is known, the stretches of time that they lie in. A trace
follows its rows through the program. Where a condition can hold for no row of it, it ends there; if it ended because
of the store, it goes on as a ghost, which stands for the rows that there would be, had the store what it lacks. What
reaches the output says all: no living trace, and the output is blind; ghosts beside living traces, and it is partly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, product

from carlang.deadline import check_time
from carlang.results import Reason

Reasons = frozenset[Reason]
NONE: Reasons = frozenset()

Source = tuple[int, str, str | None]
"""An alternative that a program names: a search, an object, an action; None where it means the object as a whole."""

Arm = tuple[int, int | str]
"""One of the conditions of an `or`, by the identity of the `or` and its place; or one of the logs of a search."""


@dataclass(frozen=True, slots=True)
class Times:
    """The stretches of time, by number, that a column's values lie in, and what there is to say if none is left.

    `untimed`: there may be rows without a value, too.
    """

    stretches: frozenset[int]
    outside: Reason
    relative: Reason
    untimed: bool = False

    def within(self, stretches: frozenset[int]) -> Times:
        """Return the times that lie in some stretches."""
        return replace(self, stretches=self.stretches & stretches)


@dataclass(frozen=True, slots=True)
class AbsentLog:
    """The log of records that the store may not have: any but those that are `present`, whose names are folded."""

    present: frozenset[str]


@dataclass(frozen=True, slots=True)
class Among:
    """A text that is one of those that are `present`, folded, in a field."""

    field: str
    present: frozenset[str]


@dataclass(frozen=True, slots=True)
class Trace:
    """Rows of one make. `missing` are the columns without a value, each with why; `known` those of one value, likewise.

    `lost` says why there are no such rows in the store: it is a ghost. `arm` is the alternative within a condition that
    a ghost stands for, `arms` are those that can hold for a living trace's rows.
    """

    sources: frozenset[Source]
    missing: Mapping[str, Reasons] = field(default_factory=dict)
    known: Mapping[str, tuple[object, Reasons]] = field(default_factory=dict)
    times: Mapping[str, Times] = field(default_factory=dict)
    lost: Reasons = NONE
    arm: Arm | None = None
    arms: frozenset[Arm] = frozenset()

    def prefixed(self, part: str) -> Trace:
        """Return the trace as a part of a join: its columns stand behind the part's name."""
        return replace(
            self,
            missing={f"{part}.{name}": why for name, why in self.missing.items()},
            known={f"{part}.{name}": value for name, value in self.known.items()},
            times={f"{part}.{name}": times for name, times in self.times.items()},
        )

    def ghost(self, why: Reasons, arm: Arm | None = None) -> Trace:
        """Return the rows that there would be, were it not for the reasons: what is missing for them is there."""
        missing = {name: reasons for name, reasons in self.missing.items() if not reasons & why}
        known = {name: value for name, value in self.known.items() if not value[1] & why}
        times = {n: t for n, t in self.times.items() if t.outside not in why and t.relative not in why}
        lost, arm = self.lost | why, arm or self.arm
        return replace(self, missing=missing, known=known, times=times, lost=lost, arm=arm, arms=frozenset())

    def covered_by(self, other: Trace) -> bool:
        """Tell whether a living trace finds what a ghost would: the same alternatives from another sensor."""
        if self.arm is None:
            return self.sources <= other.sources
        searches = {source[0] for source in other.sources}
        return self.arm in other.arms and all(source[0] in searches for source in self.sources)


def combined(parts: Sequence[Trace]) -> Trace:
    """Return the trace of rows that are made of a row of each part."""
    check_time()  # of many parts with many traces each there are powers of these
    return Trace(
        frozenset().union(*(part.sources for part in parts)),
        {name: why for part in parts for name, why in part.missing.items()},
        {name: value for part in parts for name, value in part.known.items()},
        {name: times for part in parts for name, times in part.times.items()},
        frozenset().union(*(part.lost for part in parts)),
        next((part.arm for part in parts if part.arm), None),
        frozenset().union(*(part.arms for part in parts)),
    )


def combinations(parts: Sequence[Sequence[Trace]]) -> list[Trace]:
    """Return the traces of the rows of a join.

    Beside what there is, one part at a time may be a ghost: what two ghosts lack together, each of them says alone.
    """
    bases = [[t for t in part if not t.lost] or list(part) for part in parts]
    combos = [product(*bases)]
    for index, part in enumerate(parts):
        if ghosts := [t for t in part if t.lost and t not in bases[index]]:
            combos.append(product(*bases[:index], ghosts, *bases[index + 1 :]))
    return merged(combined(combo) for combo in chain.from_iterable(combos))


def merged(traces: Iterable[Trace]) -> list[Trace]:
    """Return traces, living ones that nothing further on can tell apart as one, equal ghosts once."""
    traces = list(traces)
    if len(traces) == 1:
        return traces
    living: dict[object, Trace] = {}
    ghosts: dict[object, Trace] = {}
    for trace in traces:
        alike = (
            frozenset(trace.missing.items()),
            frozenset(trace.known.items()),
            frozenset((name, times.stretches) for name, times in trace.times.items()),
        )
        if trace.lost:
            ghosts.setdefault((alike, trace.sources, trace.lost, trace.arm), trace)
        elif other := living.get(alike):
            living[alike] = replace(other, sources=other.sources | trace.sources, arms=other.arms | trace.arms)
        else:
            living[alike] = trace
    return [*living.values(), *ghosts.values()]


def grouped(traces: Sequence[Trace]) -> Trace:
    """Return what is so of all rows of a group, whichever of the traces they are of."""
    first, *others = traces
    missing = {n: why for n, why in first.missing.items() if all(n in t.missing for t in others)}
    for trace in others:
        missing = {name: why | trace.missing[name] for name, why in missing.items()}
    known = {n: v for n, v in first.known.items() if all(t.known.get(n) == v for t in others)}
    times: dict[str, Times] = {}
    for name, time in first.times.items():
        if all(name in t.times for t in others):
            times[name] = replace(time, stretches=time.stretches.union(*(t.times[name].stretches for t in others)))
    return replace(combined(traces), missing=missing, known=known, times=times)
