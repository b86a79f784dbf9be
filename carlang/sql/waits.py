"""How long runs of a sequence wait: until what ends them comes, or another run that nothing to come can tell from them.

None of it depends on what carries runs on, so it is known of all runs of a stage at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from carlang.resolve import bound
from carlang.sql.dialect import Dialect
from carlang.sql.fragments import (
    SQL,
    all_of,
    any_of,
    as_named,
    call,
    column,
    folded,
    missing,
    number,
    ordered,
    select,
    subquery,
    when,
)
from carlang.sql.runs import AT, FIRST, RUN, all_rows, beside, nearest, rows_of, window
from carlang.sql.stages import Link, Plan, Told, is_own, linked, of_both, own_columns

END = "#end"
"""The column of a waiting run with the last instant at which an event can carry it on."""
_LATEST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs that have got as far as a stage: a common table expression and its columns."""

    table: str
    columns: tuple[str, ...]


@dataclass
class Waits:
    """What is worked out of a sequence's runs; the stages on the way are common table expressions in `tables`.

    `condition` and `value` lower expressions over rows in which columns have the names that these ask for.
    """

    dialect: Dialect
    sequence: bound.Sequenced
    within: SQL | None
    condition: Callable[[bound.BoundExpr], SQL]
    value: Callable[[bound.BoundExpr], SQL]
    tables: dict[str, exp.Query]
    plan: Plan = field(init=False)
    keys: list[str] = field(init=False)
    events: dict[int, str] = field(init=False, default_factory=dict)
    """The table of the events of each step and, under -1, of `until`."""

    def __post_init__(self) -> None:
        self.plan = Plan(self.sequence)
        self.keys = [f"#key{i}" for i in range(len(self.sequence.keys))]

    def _table(self, what: str, query: exp.Query) -> str:
        label = f"#{what} {len(self.tables)}"
        self.tables[label] = query
        return label

    def _all(self, tests: Sequence[bound.BoundExpr]) -> SQL:
        lowered = [self.condition(test) for test in tests]
        return all_of([exp.Paren(this=each) if isinstance(each, exp.Or) else each for each in lowered])

    def _comparable(self, value: bound.BoundExpr) -> SQL:
        lowered = self.value(value)
        return folded(lowered) if value.type.is_string else lowered

    def _with_equal(self, events: exp.Select, link: Link) -> exp.Select:
        """Give events what runs are compared with."""
        if not link.equal:
            return events
        equal = [as_named(self._comparable(event), f"#equal{i}") for i, (_, event) in enumerate(link.equal)]
        return select([exp.Star(), *equal], subquery(events, "events"))

    def _told(self, told: Told) -> SQL:
        """What tells runs apart, in the form in which it is compared."""
        if told.by_event:
            return column(f"#n{told.part}")
        return folded(column(told.name)) if told.type.is_string else column(told.name)

    def _numbered(self, runs: Runs) -> Runs:
        """Give runs their numbers, the newest the highest: the order of their last events, then of those before."""
        if RUN in runs.columns:
            return runs
        parts = sorted((c for c in runs.columns if c.startswith("#n")), key=lambda c: -int(c[2:]))
        firsts = [c for c in runs.columns if c in self.plan.firsts]
        order = [ordered(column(c)) for c in (*parts, *firsts)]
        numbered = as_named(window(call("row_number"), [], order), RUN)
        query = select([*(column(c) for c in runs.columns), numbered], rows_of(runs.table))
        return Runs(self._table("runs", query), (*runs.columns, RUN))

    def _waiting(self, runs: Runs, index: int) -> Runs:
        """Give runs the last instant at which an event of the next stage can carry them on."""
        before = runs.columns
        ends: list[SQL] = []
        if -1 in self.events:
            runs = self._until(runs)
            ends.append(exp.Sub(this=column("#until"), expression=number(1)))
        for number_, step in enumerate(self.plan.stages[index].absent):
            runs = self._beside(runs, step, f"#behind{number_}")
            ends.append(column(f"#behind{number_}"))
        told = [self._told(each) for each in self.plan.told_apart(index - 1)]
        order = [ordered(column(f"#n{self.plan.stages[index - 1].part}"))]
        ends.append(window(call("lead", column(AT)), [*(column(k) for k in self.keys), *told], order))
        # DuckDB's `least` leaves out what is missing; sqlglot's would be missing then.
        end = call("least", number(_LATEST), *ends)
        query = select([*(column(c) for c in before), as_named(end, END)], rows_of(runs.table))
        return Runs(self._table("runs", query), (*before, END))

    def _until(self, runs: Runs) -> Runs:
        ends = all_rows(self.events[-1])
        query = nearest(self.dialect, rows_of(runs.table), runs.columns, ends, self.keys, [], alias="#until")
        return Runs(self._table("runs", query), (*runs.columns, "#until"))

    def _beside(self, runs: Runs, step: bound.Step, alias: str, *, before: bool = False) -> Runs:
        """Give runs the time of the nearest event of an absent step behind them, or before, if its condition holds."""
        link = linked(step.condition, lambda name: is_own(step, name))
        label = self.events[id(step)]
        events = all_rows(label)
        if link.of_event:
            events = events.where(self._all(link.of_event), copy=False)
        if link.rest:
            return self._beside_any(runs, step, link, alias, before=before)
        equal = [self._comparable(run) for run, _ in link.equal]
        events = self._with_equal(events, link)
        query = nearest(
            self.dialect, rows_of(runs.table), runs.columns, events, self.keys, equal, alias=alias, before=before
        )
        if link.of_run:
            passing = as_named(when(self._all(link.of_run), column(alias)), alias)
            query = select([*(column(c) for c in runs.columns), passing], subquery(query, "nearest"))
        return Runs(self._table("runs", query), (*runs.columns, alias))

    def _beside_any(self, runs: Runs, step: bound.Step, link: Link, alias: str, *, before: bool) -> Runs:
        """Do the same for a condition that cannot be compared as keys are: by a join."""
        numbered = self._numbered(runs)
        events = all_rows(self.events[id(step)])
        pairs = beside(
            rows_of(numbered.table), numbered.columns, events, own_columns(step), self.keys, self.within, before=before
        )
        pairs = pairs.where(self._all([*link.of_event, *of_both(link)]), copy=False)
        time = call("max" if before else "min", column(f"{AT}'"))
        nearest_times = select([as_named(column(RUN), f"{RUN}'"), as_named(time, alias)], subquery(pairs, "pairs"))
        nearest_times = nearest_times.group_by(column(RUN), copy=False)
        query = select([*(column(c) for c in runs.columns), column(alias)], rows_of(numbered.table)).join(
            subquery(nearest_times, "nearest"),
            on=exp.EQ(this=column(RUN), expression=column(f"{RUN}'")),
            join_type="left",
            copy=False,
        )
        return Runs(self._table("runs", query), (*runs.columns, alias))

    def _undisturbed(self, runs: Runs) -> Runs:
        """The complete runs behind which none of the last, absent steps comes, nor `until`, in the time there is."""
        if not self.plan.trailing or self.within is None:
            return runs
        columns = runs.columns
        aliases = [f"#behind{i}" for i in range(len(self.plan.trailing))]
        for step, alias in zip(self.plan.trailing, aliases, strict=True):
            runs = self._beside(runs, step, alias)
        if -1 in self.events:
            runs = self._until(runs)
            aliases.append("#until")
        tests: list[SQL] = []
        for alias in aliases:
            after = exp.Paren(this=exp.Sub(this=column(alias), expression=column(FIRST)))
            late = exp.GT(this=after, expression=exp.Paren(this=self.within.copy()))
            tests.append(any_of([missing(column(alias)), late]))
        query = select([column(c) for c in columns], rows_of(runs.table)).where(
            all_of([exp.Paren(this=test) for test in tests]), copy=False
        )
        return Runs(self._table("runs", query), columns)
