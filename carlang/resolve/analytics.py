"""The analytics that a program runs, `run Analytic:ID`, gathered before it is resolved.

Whoever resolves a program looks nothing up on the way: what it runs, and what that runs in turn, is read and parsed
here once each, however often it is run. A circle of analytics is found here as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from carlang.deadline import TimeUpError
from carlang.source import Source
from carlang.syntax import Parsed, ast, parse, walk

AnalyticFinder = Callable[[str], Source | None]
"""Gives the program of the analytic with an id, or None where there is none."""


@dataclass(frozen=True, slots=True)
class Called:
    """An analytic that is run: its program, and the ids that it runs that lead back to it, with the way to show."""

    id: str
    source: Source
    parsed: Parsed
    cycles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Analytics:
    """What a program runs, each behind everything that it runs itself, and what of it leads back to the program.

    Ids are compared without case, and are in lower case where they are keys.
    """

    called: tuple[Called, ...] = ()
    cycles: Mapping[str, str] = field(default_factory=dict)


NONE = Analytics()


@dataclass(slots=True)
class _Visit:
    """A program on the way down, with the ids that it runs and that are still to be looked at."""

    id: str | None
    runs: Iterator[str]
    source: Source | None = None
    parsed: Parsed | None = None
    cycles: dict[str, str] = field(default_factory=dict)


def gather(program: ast.Program, find: AnalyticFinder, own_id: str | None = None) -> Analytics:
    """Return the analytics that a program runs, directly or through others.

    Args:
        program: The program's tree.
        find: What gives the programs of analytics. One that it does not know is left out.
        own_id: The program's own id, so that it is seen where something leads back to it.
    """
    # A stack of its own: a chain of analytics may be longer than Python's stack is deep.
    way = [_Visit(own_id, _runs(program))]
    seen: set[str] = set()
    called: list[Called] = []
    while True:
        visit = way[-1]
        wanted = next(visit.runs, None)
        if wanted is None:
            way.pop()
            if visit.id is None or visit.source is None or visit.parsed is None:
                return Analytics(tuple(called), visit.cycles)
            called.append(Called(visit.id, visit.source, visit.parsed, visit.cycles))
            continue
        folded = wanted.casefold()
        # Looked for on the way first: one that leads back is also one that has been seen.
        if any(above.id is not None and above.id.casefold() == folded for above in way):
            visit.cycles[folded] = " → ".join([*(above.id for above in way if above.id), wanted])
        elif folded not in seen:
            seen.add(folded)
            source = find(wanted)
            if source is not None:
                parsed = _parsed(source)
                way.append(_Visit(wanted, _runs(parsed.program), source, parsed))


def _parsed(source: Source) -> Parsed:
    try:
        return parse(source)
    except TimeUpError as error:
        error.span = None  # it is a place of another text than that of the program
        raise


def _runs(program: ast.Program) -> Iterator[str]:
    return (
        node.id.ident
        for node in walk(program)
        if isinstance(node, ast.RunAnalytic) and node.kind.ident.casefold() == "analytic"
    )
