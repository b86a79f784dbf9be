"""What the page says of what was not seen: by reason, by host, and by hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from carlang.report.gaps import NO_HOST, judged_alike
from carlang.report.view import NotRunView, OutputView, View
from carlang.results import ClassGaps, State, hour_text, short_reasons

_MOST_HOSTS = 200
"""A reader of more has a machine to read JSON; a browser takes seconds to lay out the pages of thousands of hosts."""
_MOST_STRETCHES = 50
"""Of a host and class: laptops sleep each night, and the longest say most."""


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """What could not be asked for the same reasons."""

    reason: str
    entries: tuple[NotRunView, ...]


@dataclass(frozen=True, slots=True)
class HostUnseen:
    """How many outputs are answered on a host, answered in part, and blind; what they lack, the commonest first.

    `hours` are those without events, of the class that has most of them.
    """

    name: str
    answered: int
    partly: int
    blind: int
    hours: int
    lacks: tuple[tuple[str, int], ...]

    @property
    def asked(self) -> int:
        """How many outputs were asked of the host."""
        return self.answered + self.partly + self.blind


@dataclass(frozen=True, slots=True)
class HostGaps:
    """The hours without events of a host: the longest stretches as texts, and as hours from the start of the strip."""

    name: str
    hours: int
    stretches: tuple[tuple[str, str], ...]
    strip: tuple[tuple[int, int], ...]
    more: int


@dataclass(frozen=True, slots=True)
class ClassUnseen:
    """The gaps of a class by host, those with most hours first; `more` hosts have fewer."""

    gaps: ClassGaps
    hosts: tuple[HostGaps, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Unseen:
    """All of it; the strips of hours run from `start` to `end`, `hours` of them."""

    blind: tuple[ReasonGroup, ...]
    other_platforms: tuple[ReasonGroup, ...]
    hosts: tuple[HostUnseen, ...]
    more_hosts: int
    classes: tuple[ClassUnseen, ...]
    start: str
    end: str
    hours: int

    @classmethod
    def of(cls, view: View) -> Self:
        """Gather what a run did not see."""
        hosts = _hosts(view)
        first = min((start for each in view.gaps_of_hours for _, start, _ in _rows(each)), default=0)
        last = max((end for each in view.gaps_of_hours for _, _, end in _rows(each)), default=0)
        return cls(
            _by_reason(view.blind),
            _by_reason(view.other_platforms),
            tuple(hosts[:_MOST_HOSTS]),
            max(0, len(hosts) - _MOST_HOSTS),
            tuple(_class_unseen(each, first) for each in view.gaps_of_hours),
            hour_text(first),
            hour_text(last),
            last - first,
        )


def _by_reason(entries: Iterable[NotRunView]) -> tuple[ReasonGroup, ...]:
    groups: dict[str, list[NotRunView]] = {}
    for entry in entries:
        groups.setdefault(entry.reason, []).append(entry)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return tuple(ReasonGroup(reason, tuple(members)) for reason, members in ordered)


def _hosts(view: View) -> list[HostUnseen]:
    """Return the hosts on which something is not answered, those with most blind outputs first."""
    states: dict[str, Counter[State]] = {}
    lacks: dict[str, Counter[str]] = {}
    entries: list[OutputView | NotRunView] = [*view.outputs, *view.not_run]
    for judgement, alike in judged_alike((entry, entry.judgement) for entry in entries):
        outputs = len(alike)
        for group in judgement.groups:
            texts = [short_reasons([reason]) for reason in group.reasons] if group.state is not State.NOT_ASKED else []
            for host in group.hosts.to_pylist():
                name = NO_HOST if host is None else host
                states.setdefault(name, Counter())[group.state] += outputs
                lacks.setdefault(name, Counter()).update(dict.fromkeys(texts, outputs))
    hours: Counter[str] = Counter()
    for each in view.gaps_of_hours:
        hours |= _hours_by_host(each)  # the greater of both
    hosts = [
        HostUnseen(
            name,
            count[State.ANSWERED],
            count[State.PARTLY],
            count[State.BLIND],
            hours[name],
            tuple(sorted(lacks[name].items(), key=lambda item: (-item[1], item[0]))),
        )
        for name, count in states.items()
        if count[State.BLIND] or count[State.PARTLY]
    ]
    return sorted(hosts, key=lambda host: (-host.blind, -host.partly, host.name))


def _class_unseen(gaps: ClassGaps, first: int) -> ClassUnseen:
    counts = sorted(_hours_by_host(gaps).items(), key=lambda item: (-item[1], item[0]))
    spans: dict[str, list[tuple[int, int]]] = {name: [] for name, _ in counts[:_MOST_HOSTS]}
    for name, start, end in _rows(gaps):
        if name in spans:
            spans[name].append((start, end))
    hosts = tuple(_host_gaps(name, hours, spans[name], first) for name, hours in counts[:_MOST_HOSTS])
    return ClassUnseen(gaps, hosts, len(counts) - len(hosts))


def _host_gaps(name: str, hours: int, spans: Sequence[tuple[int, int]], first: int) -> HostGaps:
    longest = sorted(sorted(spans, key=lambda span: span[0] - span[1])[:_MOST_STRETCHES])
    stretches = tuple((hour_text(start), hour_text(end)) for start, end in longest)
    strip = tuple((start - first, end - start) for start, end in longest)
    return HostGaps(name, hours, stretches, strip, len(spans) - len(longest))


def _hours_by_host(gaps: ClassGaps) -> Counter[str]:
    hours: Counter[str] = Counter()
    for name, start, end in _rows(gaps):
        hours[name] += end - start
    return hours


def _rows(gaps: ClassGaps) -> Iterator[tuple[str, int, int]]:
    """Yield the gaps of a class: the host, and start and end in hours since 1970."""
    for host, start, end in zip(*(gaps.table[name].to_pylist() for name in ("host", "start", "end")), strict=True):
        yield NO_HOST if host is None else host, start, end
