"""Which analytics a command takes of those that it was pointed to: by technique, tactic and level."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from carlang.analytic import CompiledAnalytic
from carlang.cli.declared import Option, Together
from carlang.cli.exits import UsageError
from carlang.cli.targets import catalogue_analytics, find_analytics
from carlang.diagnostics import nearest
from carlang.importers.attack import TACTICS, techniques
from carlang.levels import LEVELS, UNSAID, Level
from carlang.project import Project

All = Annotated[bool, Option("--all", help="The whole catalogue, as without a target.")]


@dataclass(frozen=True, slots=True)
class Selecting(Together):
    """Options that say which of some analytics are taken."""

    technique: Annotated[
        list[str] | None,
        Option("--technique", metavar="T1053", help="Only analytics of an ATT&CK technique.", complete=techniques),
    ] = None
    tactic: Annotated[
        list[str] | None,
        Option(
            "--tactic", metavar="TA0002", help="Only analytics of a tactic, by id or name.", complete=lambda: TACTICS
        ),
    ] = None
    level: Annotated[
        list[str] | None,
        Option("--level", metavar="high", help="Only analytics of this level.", complete=lambda: LEVELS),
    ] = None

    def selection(self) -> Selection:
        """Return what is asked for; raises `UsageError` for a tactic or a level that there is not."""
        return Selection(
            frozenset(text.strip().upper() for text in self.technique or []),
            frozenset(tactic_id(text) for text in self.tactic or []),
            frozenset(_level(text) for text in self.level or []),
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """What analytics have to be: of one of the techniques, of one of the tactics, of one of the levels.

    What is empty leaves nothing out.
    """

    techniques: frozenset[str] = frozenset()
    tactics: frozenset[str] = frozenset()
    levels: frozenset[Level] = frozenset()

    def apply(self, analytics: Sequence[CompiledAnalytic]) -> list[CompiledAnalytic]:
        """Return the analytics that are selected, in their order; raises `UsageError` where that is none."""
        chosen = [a for a in analytics if not self.techniques or _covers(a.techniques, self.techniques)]
        if not chosen:
            raise UsageError(f"--technique: none of the analytics covers {_either(self.techniques)}")
        chosen = [a for a in chosen if not self.tactics or self.tactics.intersection(a.data.tactics)]
        if not chosen:
            named = _either(f"{id_} {TACTICS[id_]}" for id_ in self.tactics)
            raise UsageError(f"--tactic: none of the analytics is of {named}")
        chosen = [a for a in chosen if not self.levels or self.levels & _levels(a)]
        if not chosen:
            raise UsageError(f"--level: none of the analytics is of level {_either(each.text for each in self.levels)}")
        return chosen


def selected(
    project: Project, targets: list[str] | None, expression: str | None, selection: Selection, *, every: bool = False
) -> list[CompiledAnalytic]:
    """Return the analytics that targets name, those of the whole catalogue without any, as far as they are selected.

    `every` says that the whole catalogue is wanted, which leaves no room for targets.
    """
    if every and (targets or expression is not None):
        raise UsageError("--all: the whole catalogue is run; name no analytic beside it")
    named = bool(targets) or expression is not None
    return selection.apply(
        find_analytics(targets or [], expression, project) if named else catalogue_analytics(project)
    )


def tactic_id(wanted: str) -> str:
    """Return the id of the tactic of that id or name; raises `UsageError` where ATT&CK has none."""
    by_name = {name.casefold(): id_ for id_, name in TACTICS.items()}
    name = wanted.strip()
    id_ = by_name.get(name.casefold().replace("-", " "), name.upper())
    if id_ in TACTICS:
        return id_
    raise UsageError(f"--tactic: ATT&CK has no tactic {wanted!r}" + meant(wanted, {*TACTICS, *TACTICS.values()}))


def meant(name: str, candidates: Collection[str]) -> str:
    """Return a question after the name that was probably meant, to follow a message; empty where none is near."""
    near = nearest(name, candidates)
    return f"; did you mean {near!r}?" if near else ""


def _covers(techniques: Iterable[str], wanted: Collection[str]) -> bool:
    return any(t.upper() in wanted or t.upper().split(".")[0] in wanted for t in techniques)


def _levels(analytic: CompiledAnalytic) -> set[Level]:
    """Return the levels of an analytic and of those of its outputs that have another one."""
    return {analytic.data.level or UNSAID, *analytic.data.levels.values()}


def _level(text: str) -> Level:
    level = Level.of(text)
    if level is None:
        near = meant(text, LEVELS) or f"; choose one of {', '.join(LEVELS)}"
        raise UsageError(f"--level: there is no level {text!r}{near}")
    return level


def _either(names: Iterable[str]) -> str:
    return " or ".join(sorted(names))
