"""Sequences in SQL, step by step: from the runs that wait for a step to those that wait for the next one.

A run is a narrow row: its keys, `#at` and `#first`, the times of its last and first event in microseconds, `#n0`,
`#n1`, …, the numbers of its events among those of each step, and the columns that conditions of later steps name. The
events themselves are joined to the complete runs alone.

How long a run waits is known without looking at what carries it on: until an event of `until` or of an absent step, or
until another run comes that the conditions to come cannot tell from it. So there are three ways from one step to the
next, from the cheapest:

- `_plain`, where no condition is to come: runs, events and what ends runs are put in one order of time, and a run is
  carried on where an event stands right behind it. One sort.
- `_keyed`, where the step's condition compares columns of run and event for equality, and nothing else tells runs
  apart that it does not: those are keys as well, and the next event behind a run carries it on. Some sorts, in which a
  run and an event count once each.
- `_paired`, for any other condition: each run is joined with the events that may carry it on, and `rounds` says which
  do. As costly as a join by the same condition; with `within`, of what lies no further apart than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from carlang.model.types import Column
from carlang.resolve import bound
from carlang.sql.fragments import (
    SQL,
    all_of,
    any_of,
    as_named,
    call,
    column,
    missing,
    number,
    ordered,
    present,
    select,
    subquery,
)
from carlang.sql.occurrences import hidden
from carlang.sql.runs import (
    AT,
    FIRST,
    KIND,
    NEW,
    RUN,
    all_rows,
    beside,
    event_keys,
    marked,
    nearest,
    place,
    rounds,
    rows_of,
    window,
)
from carlang.sql.stages import Link, Stage, Told, first_time, linked, of_both, of_others, own_columns
from carlang.sql.waits import END, Runs, Waits

_UNTIL, _EVENT, _ABSENT, _WAITING = range(4)
"""The order of what stands at one instant: an event of an absent step ends no run of its instant, and none that an
event of the instant carries on."""


@dataclass(frozen=True, slots=True)
class Source:
    """A stream that takes part in a sequence: its rows, and the names of their lists of record ids."""

    rows: SQL
    columns: tuple[Column, ...]
    lists: Sequence[str] = ()


class SequenceQuery(Waits):
    """Makes the query of a sequence from what takes part in it."""

    def query(self, sources: Sequence[Source], until: Source | None) -> exp.Query:
        """Return the runs that are rows, with the columns of all steps that are there."""
        for step, source in zip(self.sequence.steps, sources, strict=True):
            events = self._absent_events(step, source) if step.absent else self._events(step, source)
            self.events[id(step)] = self._table("events", events)
        if until is not None:
            query = select(
                [*event_keys(self.sequence.keys, until.columns), as_named(self._microseconds(), AT)], until.rows
            )
            self.events[-1] = self._table("ends", query.where(present(column("time")), copy=False))
        runs = self._begun()
        for index in range(1, len(self.plan.stages)):
            runs = self._carried_on(runs, index)
        runs = self._undisturbed(runs)
        present_sources = [s for step, s in zip(self.sequence.steps, sources, strict=True) if not step.absent]
        return self._complete(runs, present_sources)

    # ---- events ------------------------------------------------------------------------------------------------------

    def _events(self, step: bound.Step, source: Source) -> exp.Select:
        """The events of a step, with their keys, time and place among those of one time."""
        renamed = [as_named(column(c.name), f"{step.name}.{c.name}") for c in self._columns_of(step, source)]
        renamed += [as_named(column(hidden(n)), hidden(f"{step.name}.{n}")) for n in source.lists]
        added = [
            *event_keys(self.sequence.keys, source.columns),
            as_named(self._microseconds(), AT),
            as_named(place(source.columns), NEW),
        ]
        return select([*renamed, *added], source.rows).where(present(column("time")), copy=False)

    def _absent_events(self, step: bound.Step, source: Source) -> exp.Select:
        own = set(own_columns(step))
        renamed = [
            as_named(column(c.name), f"{step.name}.{c.name}") for c in source.columns if f"{step.name}.{c.name}" in own
        ]
        query = select(
            [*renamed, *event_keys(self.sequence.keys, source.columns), as_named(self._microseconds(), AT)], source.rows
        )
        return query.where(present(column("time")), copy=False)

    @staticmethod
    def _columns_of(step: bound.Step, source: Source) -> list[Column]:
        """A repeated step has its own `first_time`, whatever its stream has."""
        taken = bound.FIRST_TIME if step.is_repeated else ""
        return [c for c in source.columns if c.name.casefold() != taken]

    def _microseconds(self) -> SQL:
        return self.dialect.microseconds(column("time"))

    # ---- the first step ----------------------------------------------------------------------------------------------

    def _begun(self) -> Runs:
        """The runs that events of the first step begin."""
        stage = self.plan.stages[0]
        asked = {name for step in self.plan.leading for name in of_others(step)}
        columns = [*self.keys, AT, FIRST, "#n0", *sorted({*self._kept(0), *asked})]
        query = select(
            [
                *(column(c) for c in (*self.keys, AT)),
                as_named(column(AT), FIRST),
                as_named(column(NEW), "#n0"),
                *self._own(stage, columns),
            ],
            rows_of(self.events[id(stage.step)]),
        )
        runs = Runs(self._table("runs", query), tuple(columns))
        for number_, step in enumerate(self.plan.leading):
            alias = f"#before{number_}"
            runs = self._beside(runs, step, alias, before=True)
            far = missing(column(alias))
            if self.within is not None:
                apart = exp.Sub(this=column(AT), expression=column(alias))
                far = any_of([far, exp.GT(this=exp.Paren(this=apart), expression=exp.Paren(this=self.within.copy()))])
            runs = self._filtered(runs, [far], without=alias)
        return runs

    def _own(self, stage: Stage, wanted: Sequence[str]) -> list[SQL]:
        """The columns of a stage's event that are wanted; a repeated step begins with its first event."""
        step, chosen = stage.step, []
        for each in dict.fromkeys(wanted):
            if step.is_repeated and each == first_time(step):
                if stage.repetition == 0:
                    chosen.append(as_named(column(f"{step.name}.time"), each))
            elif each.startswith(f"{step.name}."):
                chosen.append(column(each))
        return chosen

    def _kept(self, index: int) -> list[str]:
        """The columns of steps that runs have at a stage: those that conditions to come name, and first times."""
        part = self.plan.stages[index].part
        firsts = [first_time(step) for step in self.sequence.present[: part + 1] if step.is_repeated]
        return list(dict.fromkeys([*firsts, *(told.name for told in self.plan.told_apart(index))]))

    def _filtered(self, runs: Runs, tests: Sequence[SQL], *, without: str) -> Runs:
        columns = tuple(c for c in runs.columns if c != without)
        query = select([column(c) for c in columns], rows_of(runs.table)).where(all_of(tests), copy=False)
        return Runs(self._table("runs", query), columns)

    # ---- from a step to the next -------------------------------------------------------------------------------------

    def _carried_on(self, runs: Runs, index: int) -> Runs:
        stage = self.plan.stages[index]
        told = self.plan.told_apart(index - 1)
        if not told and not stage.step.condition:
            return self._plain(runs, index)
        waiting = self._waiting(runs, index)
        later = {each.name for each in self.plan.told_apart(index)}
        apart = [each for each in told if each.name in later]  # what still tells runs apart behind this step
        link = self._link(stage)
        if link.settles(each for each in told if each not in apart):
            return self._keyed(waiting, index, link)
        return self._paired(waiting, index, link, apart)

    def _link(self, stage: Stage) -> Link:
        step = stage.step
        # The first event of a repeated step is its first time; of the others the run has it.
        of_run = {first_time(step)} if step.is_repeated and stage.repetition else set[str]()
        return linked(step.condition, lambda name: name.startswith(f"{step.name}.") and name not in of_run)

    def _next_columns(self, runs: Runs, index: int) -> tuple[list[str], list[str], tuple[str, ...]]:
        """Return the columns that a run keeps, those that it gets of its event, and all that it then has."""
        stage = self.plan.stages[index]
        numbers = [f"#n{part}" for part in range(stage.part + 1)]
        wanted = self._kept(index)
        of_event = [c for c in wanted if c not in runs.columns]
        kept = [FIRST, *(n for n in numbers[:-1]), *(c for c in wanted if c in runs.columns)]
        return kept, of_event, (*self.keys, AT, *kept, numbers[-1], *of_event)

    def _step_events(self, index: int, tests: Sequence[bound.BoundExpr] = ()) -> exp.Select:
        """The events of a stage that pass tests of their own, with the columns of theirs that are asked for."""
        stage = self.plan.stages[index]
        wanted = [*self._kept(index), *own_columns(stage.step), *of_others(stage.step)]
        query = select(
            [*(column(c) for c in (*self.keys, AT, NEW)), *self._own(stage, wanted)],
            rows_of(self.events[id(stage.step)]),
        )
        if not tests:
            return query
        return select([exp.Star()], subquery(query, "own")).where(self._all(tests), copy=False)

    def _event_columns(self, index: int, runs: Runs) -> list[str]:
        """The columns of a stage's event that its condition asks for, and not of the run."""
        step = self.plan.stages[index].step
        firsts = [name for name in of_others(step) if step.is_repeated and name == first_time(step)]
        return [name for name in (*own_columns(step), *firsts) if name not in runs.columns]

    def _plain(self, runs: Runs, index: int) -> Runs:
        """Carry on the runs behind which an event of the step stands next in order of time."""
        stage = self.plan.stages[index]
        kept, of_event, columns = self._next_columns(runs, index)
        last = f"#n{self.plan.stages[index - 1].part}"
        lines: exp.Query = marked([column(c) for c in runs.columns], rows_of(runs.table), _WAITING)
        others = [(self._step_events(index), _EVENT)]
        ends = [(self.events[id(step)], _ABSENT) for step in stage.absent]
        ends += [(self.events[-1], _UNTIL)] if -1 in self.events else []
        others += [(select([column(c) for c in (*self.keys, AT)], rows_of(table)), kind) for table, kind in ends]
        for query, kind in others:
            lines = self.dialect.union_by_name(lines, marked([exp.Star()], subquery(query, "others"), kind))
        tie = exp.Coalesce(this=column(NEW), expressions=[column(last)])
        order = [ordered(column(AT)), ordered(column(KIND)), ordered(tie)]

        def following(name: str) -> SQL:
            return as_named(window(call("lead", column(name)), [column(k) for k in self.keys], order), f"{name}'")

        behind = [following(name) for name in (KIND, AT, NEW, *of_event)]
        beside = select([*(column(c) for c in (*self.keys, *kept, KIND)), *behind], subquery(lines, "lines"))
        tests = [
            exp.EQ(this=column(KIND), expression=number(_WAITING)),
            exp.EQ(this=column(f"{KIND}'"), expression=number(_EVENT)),
        ]
        chosen = [
            *(column(c) for c in self.keys),
            as_named(column(f"{AT}'"), AT),
            *(column(c) for c in kept),
            as_named(column(f"{NEW}'"), f"#n{stage.part}"),
            *(as_named(column(f"{c}'"), c) for c in of_event),
        ]
        query = select(chosen, subquery(beside, "beside")).where(all_of(tests), copy=False)
        return Runs(self._table("runs", query), columns)

    def _keyed(self, runs: Runs, index: int, link: Link) -> Runs:
        """Carry on each run by the next event whose keys, and what is compared with the run, are its own."""
        events = self._step_events(index, tests=link.of_event)
        label = self._table("events", self._with_equal(events, link))
        of_run = [self._comparable(run) for run, _ in link.equal]
        names = [f"#equal{i}" for i in range(len(of_run))]
        source: SQL = rows_of(runs.table)
        if link.of_run:
            passing = select([column(c) for c in runs.columns], source).where(self._all(link.of_run), copy=False)
            source = subquery(passing, "passing")
        others = select([column(c) for c in (*self.keys, AT, NEW, *names)], rows_of(label))
        columns = list(runs.columns)
        beside = nearest(self.dialect, source, columns, others, self.keys, of_run, wanted=NEW, alias="#next")
        return self._joined(subquery(beside, "beside"), label, index, runs, [column("#next"), column(NEW)])

    def _joined(self, left: SQL, label: str, index: int, runs: Runs, on: Sequence[SQL]) -> Runs:
        """Carry runs on by the events that they are joined with, if these are early enough."""
        kept, of_event, columns = self._next_columns(runs, index)
        renamed = [as_named(column(AT), f"{AT}'"), column(NEW), *(column(c) for c in of_event)]
        right = subquery(select(renamed, rows_of(label)), "events")
        chosen = [
            *(column(c) for c in self.keys),
            as_named(column(f"{AT}'"), AT),
            *(column(c) for c in kept),
            as_named(column(NEW), f"#n{self.plan.stages[index].part}"),
            *(column(c) for c in of_event),
        ]
        query = select(chosen, left)
        query = query.join(right, on=exp.EQ(this=on[0], expression=on[1]), join_type="inner", copy=False)
        query = query.where(all_of(self._in_time()), copy=False)
        return Runs(self._table("runs", query), columns)

    def _in_time(self) -> list[SQL]:
        """The tests that an event at `#at'` comes while a run waits."""
        tests: list[SQL] = [exp.LTE(this=column(f"{AT}'"), expression=column(END))]
        if self.within is not None:
            taken = exp.Sub(this=column(f"{AT}'"), expression=column(FIRST))
            tests.append(exp.LTE(this=taken, expression=exp.Paren(this=self.within.copy())))
        return tests

    def _paired(self, runs: Runs, index: int, link: Link, apart: Sequence[Told]) -> Runs:
        """Carry on runs by any condition: of the pairs that pass, those that the order of time chooses."""
        runs = self._numbered(runs)
        label = self._table("events", self._step_events(index, tests=link.of_event))
        asked = [NEW, *self._event_columns(index, runs)]
        pairs = beside(rows_of(runs.table), runs.columns, all_rows(label), asked, self.keys, self.within)
        passing = pairs.where(all_of([*self._in_time(), self._all(of_both(link))]), copy=False)
        told = [f"#told{i}" for i in range(len(apart))]
        chosen = [column(RUN), column(NEW)]
        chosen += [as_named(self._told(each), alias) for each, alias in zip(apart, told, strict=True)]
        pair_table = self._table("pairs", select(chosen, subquery(passing, "passing")))
        picked = select(
            [as_named(column(RUN), f"{RUN}'"), as_named(column(NEW), f"{NEW}'")],
            subquery(rounds(rows_of(pair_table), told), "chosen"),
        )
        left = select([*(column(c) for c in runs.columns), column(f"{NEW}'")], rows_of(runs.table)).join(
            subquery(picked, "picked"),
            on=exp.EQ(this=column(RUN), expression=column(f"{RUN}'")),
            join_type="inner",
            copy=False,
        )
        return self._joined(subquery(left, "left"), label, index, runs, [column(f"{NEW}'"), column(NEW)])

    # ---- complete runs -----------------------------------------------------------------------------------------------

    def _complete(self, runs: Runs, sources: Sequence[Source]) -> exp.Query:
        """The columns of all steps, and of repeated ones the time of the first event."""
        steps = self.sequence.present
        firsts = [first_time(step) for step in steps if step.is_repeated]
        wanted = [*(c.name for c in self.sequence.columns)]
        wanted += [
            hidden(f"{step.name}.{n}") for step, source in zip(steps, sources, strict=True) for n in source.lists
        ]
        query = select([column(c) for c in wanted], subquery(self._numbers(runs, firsts), "runs"))
        for part, (step, source) in enumerate(zip(steps, sources, strict=True)):
            names = [f"{step.name}.{c.name}" for c in self._columns_of(step, source)]
            names += [hidden(f"{step.name}.{n}") for n in source.lists]
            events = select(
                [*(column(c) for c in names), as_named(column(NEW), f"#m{part}")], rows_of(self.events[id(step)])
            )
            same = exp.EQ(this=column(f"#n{part}"), expression=column(f"#m{part}"))
            query = query.join(subquery(events, f"step{part}"), on=same, join_type="inner", copy=False)
        return query

    def _numbers(self, runs: Runs, firsts: Sequence[str]) -> exp.Select:
        numbers = [f"#n{part}" for part in range(len(self.sequence.present))]
        query = select([column(c) for c in (*numbers, *firsts)], rows_of(runs.table))
        if self.within is None:
            return query
        taken = exp.Sub(this=column(AT), expression=column(FIRST))
        return query.where(exp.LTE(this=taken, expression=exp.Paren(this=self.within.copy())), copy=False)
