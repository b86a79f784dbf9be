"""A baseline in a run of analytics: what each output is screened by, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from carlang.analytic.compiled import CompiledAnalytic
from carlang.baseline import Baseline, Screen, Screening, remarks
from carlang.diagnostics import Diagnostic
from carlang.model import Column
from carlang.resolve.bound import BoundOutput
from carlang.results import BaselineUse, Excluded, Output

NOTHING = Screen()


@dataclass
class Screens:
    """The screens of the outputs of a run by their identity; without a baseline there are none."""

    baseline: Baseline | None
    _by_output: dict[int, Screen] = field(default_factory=dict)
    _asked: dict[str, dict[str, BoundOutput]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._screening = Screening(self.baseline) if self.baseline else None

    def expect(self, analytic: str, output: BoundOutput) -> None:
        """Make the screen of an output of an analytic."""
        if self._screening is None:
            return
        self._asked.setdefault(analytic, {})[output.name] = output
        screen = self._screening.screen(analytic, output.name, output.stream.columns)
        if screen.conditions:
            self._by_output[id(output)] = screen

    @property
    def alone(self) -> frozenset[int]:
        """The outputs that exclusions are for, by identity."""
        return frozenset(self._by_output)

    def of(self, output: BoundOutput) -> Screen:
        """Return the screen of an output."""
        return self._by_output.get(id(output), NOTHING)

    def excluded(self, output: BoundOutput, answer: Output) -> tuple[Excluded, ...]:
        """Return what was taken away from an output."""
        if self._screening is None or not any(answer.excluded):
            return ()
        return self._screening.excluded(self.of(output), answer.excluded)

    def use(self) -> BaselineUse | None:
        """Return what the baseline did to the run."""
        return self._screening.use(self._columns) if self._screening else None

    def remarks(self, analytics: Sequence[CompiledAnalytic]) -> list[Diagnostic]:
        """Return what is wrong with exclusions in the sight of these analytics, and of the catalogue beside them."""
        if self.baseline is None:
            return []
        known = {analytic.id for analytic in analytics}
        known |= {id_ for catalogue in {a.catalogue for a in analytics} for id_ in catalogue.ids}
        return [*self.baseline.diagnostics, *remarks(self.baseline, self._columns, known)]

    @property
    def _columns(self) -> dict[str, dict[str, tuple[Column, ...]]]:
        return {a: {name: o.stream.columns for name, o in listed.items()} for a, listed in self._asked.items()}
