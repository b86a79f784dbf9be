"""Drawn sequences: steps that come, that are absent or repeated, with conditions over the steps before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from carlang.model.types import TIME, Type
from tests.reference.chooser import Chooser
from tests.reference.drawn_conditions import condition
from tests.reference.drawn_shapes import Program, Shape, meet, pause, seeing
from tests.reference.drawn_values import single, span

Columns = Mapping[str, Type]


@dataclass(frozen=True)
class _Step:
    name: str
    shape: Shape
    absent: bool
    times: int | None

    @property
    def columns(self) -> dict[str, Type]:
        columns = {f"{self.name}.{c}": kind for c, kind in self.shape.columns.items()}
        return columns if self.times is None else {**columns, f"{self.name}.first_time": TIME}


def sequence(made: Program) -> None:
    """Bind a sequence of streams of events that there are."""
    choose = made.choose
    timed = _timed(made)
    if len(timed) == 1:
        made.bind(timed[0][0], timed[0][1])
        timed = _timed(made)
    if len(timed) < 2:
        return
    steps = _steps(choose, timed)
    until = choose.pick(timed) if choose.chance(30) else None
    shapes = [step.shape for step in steps] + ([until[1]] if until else [])
    common = [
        n for n, kind in shapes[0].columns.items() if single(kind) and all(s.columns.get(n) == kind for s in shapes)
    ]
    liked = [name for name in common if name in ("hostname", "pid", "user")]
    written = [_written(made, steps, index) for index in range(len(steps))]
    tail = ""
    if common and choose.chance(75):
        tail += f" by {', '.join(choose.some(liked or common, 1, 2))}"
    if steps[-1].absent or choose.chance(50):
        tail += f" within {pause(made)}"
    if until:
        tail += f" until {until[0]}"
    present = [step for step in steps if not step.absent]
    columns = {c: kind for step in present for c, kind in step.columns.items()}
    form = choose.pick((f"({', '.join(written)})", f"({', '.join(written)})", " then ".join(written)))
    made.bind(f"sequence {form}{tail}", Shape(columns, present[-1].shape.size))


def _timed(made: Program) -> list[tuple[str, Shape]]:
    return [(name, shape) for name, shape in made.streams.items() if shape.timed and shape.members is None]


def _steps(choose: Chooser, timed: Sequence[tuple[str, Shape]]) -> list[_Step]:
    present = [
        _Step(name, shape, absent=False, times=choose.pick((2, 3, 1)) if choose.chance(20) else None)
        for name, shape in choose.some(timed, 1 if choose.chance(15) else 2, 3)
    ]
    steps: list[_Step] = list(present)
    for _ in range(choose.integer(1, 2) if len(present) == 1 or choose.chance(35) else 0):
        name, shape = choose.pick(timed)
        steps.insert(choose.integer(0, len(steps)), _Step(name, shape, absent=True, times=None))
    return steps


def _written(made: Program, steps: Sequence[_Step], index: int) -> str:
    choose, step = made.choose, steps[index]
    written = ("no " if step.absent else "") + step.name
    if step.times is not None:
        written += f" {choose.pick(('*', '×'))} {step.times}"
    others = [other for other in steps[:index] if not other.absent]
    if not others and step.absent:
        others = [other for other in steps if not other.absent][:1]
    if not choose.chance(45) or step.name in [other.name for other in others]:
        return written
    written += f" where ({_condition(made, step, others)})"
    return f"({written})" if choose.chance(10) else written


def _condition(made: Program, step: _Step, others: Sequence[_Step]) -> str:
    """Compare the step's event with events before it, by equality more often than otherwise."""
    choose = made.choose
    others = [replace(each, shape=seeing(choose, each.shape)) for each in others]
    step = replace(step, shape=seeing(choose, step.shape))
    visible = {c: kind for each in (*others, step) for c, kind in each.columns.items()}
    tests: list[str] = []
    for other in choose.some(others, 0, 2):
        pairs = [
            (x, y) for x, kind in other.columns.items() for y in step.columns if single(kind) and meet(kind, visible[y])
        ]
        alike = [(x, y) for x, y in pairs if x.partition(".")[2] == y.partition(".")[2] or ("pid" in x and "pid" in y)]
        for x, y in choose.some(alike if alike and choose.chance(70) else pairs, 1, 2):
            own = y.removeprefix(f"{step.name}.") if choose.chance(20) else y
            own = y if "." in own and not own.startswith("process.") else own
            tests.append(f"{own} {choose.pick(('==', '==', '==', '==', '!=', '<', '>='))} {x}")
        if choose.chance(20):
            tests.append(f"{step.name}.time {choose.pick(('<', '<=', '>'))} {other.name}.time + {span(choose)}")
    if not tests or choose.chance(20):
        tests.append(f"({condition(made.values(Shape(visible, step.shape.size), aggregates=False), 2)})")
    return " and ".join(tests)
