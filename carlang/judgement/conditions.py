"""Conditions and values of which some operands are known to be missing: can they hold at all?

The language's own semantics: a comparison with a missing value is false, its complement true, arithmetic and all
functions but those of what is there are missing. So a condition is `True` for every row of a trace, `False` for every
row, or may be either, None. Where one is false, or an arm of an `or` is, and the store is the reason, that is a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from carlang.judgement.outcomes import (
    ANY,
    MAYBE,
    Loss,
    Outcome,
    Value,
    all_why,
    decided,
    equal_to,
    failing,
    fitting,
    is_known,
    jointly,
    lost_for,
    of_text,
    turned,
)
from carlang.judgement.traces import NONE, AbsentLog, Among, Arm, Reasons, Times, Trace
from carlang.model.types import Kind, field_of
from carlang.resolve import Given, bound
from carlang.resolve.bound import BoundExpr, BoundStream

_TextTest = bound.OneOf | bound.Matches | bound.RegexTest | bound.InBlock | bound.Contains | bound.Affix

_OF_WHAT_IS_THERE = frozenset({"coalesce", "min", "max"})
_HOSTS = ("hostname", "fqdn")
_MICROSECOND = timedelta(microseconds=1)
_OPPOSITE = {"<": ">=", "<=": ">", ">=": "<", ">": "<="}
_MIRRORED = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Folding:
    """Folds expressions over a trace; where they stand over groups, `members` are the traces of the rows in these.

    `look` gives the traces of a stream that an expression takes an aggregate over, `bounds` are the times between
    which stretches are numbered, `look_anywhere` gives the traces of a stream of all hosts together.
    """

    now: datetime
    given: Given
    bounds: Sequence[datetime]
    look: Callable[[BoundStream], Sequence[Trace]]
    members: Sequence[Trace] | None = None
    look_anywhere: Callable[[BoundStream], Sequence[Trace]] = lambda _: ()

    # ---- values ------------------------------------------------------------------------------------------------------

    def value(self, expr: BoundExpr, trace: Trace) -> Value:  # noqa: C901, PLR0911, PLR0912  # a case a node
        """Return what is known of an expression's value in the rows of a trace."""
        match expr:
            case bound.FieldRef(name):
                return _column(name, trace)
            case bound.MemberRef(record):
                inner = self.value(record, trace)
                return inner if inner.missing else ANY
            case bound.Const(value):
                return Value(missing=value is None, known=value)
            case bound.Now():
                return Value(known=self.now, relative=True)
            case bound.Param(name, kind):
                argument = self.given.get((name, kind.kind))
                return self.value(argument, trace) if argument is not None else ANY
            case bound.Arith():
                return self._arithmetic(expr, trace)
            case bound.Apply(function, arguments):
                values = [self.value(argument, trace) for argument in arguments]
                lacking = [value for value in values if value.missing]
                if lacking and (function not in _OF_WHAT_IS_THERE or len(lacking) == len(values)):
                    return Value(missing=True, why=all_why(lacking))
                return ANY
            case bound.Aggregate():
                return self._aggregate(expr, [trace] if self.members is None else self.members)
            case bound.Scalar(stream, aggregate):
                return self._scalar(stream, aggregate)
            case bound.ElementOf(items):
                inner = self.value(items, trace)
                return inner if inner.missing else ANY
            case bound.Choice():
                return self._chosen(expr, trace)
            case bound.ProcessField():
                return self._of_process(expr, trace)
            case bound.Items() | bound.EachText():
                return ANY
            case _:
                outcome = self.condition(expr, trace)
                return ANY if outcome.truth is None else Value(known=outcome.truth, why=lost_for(outcome.losses))

    def _chosen(self, choice: bound.Choice, trace: Trace) -> Value:
        """Return what is known of the value that an `if` gives: of the only one that it can, or of all alike."""
        values: list[Value] = []
        why = NONE
        for test, outcome in self._arms(choice, trace):
            if outcome.truth is False:
                why |= lost_for(outcome.losses)
                continue
            values.append(self.value(test, trace))
            if outcome.truth is True:
                break
        if all(value.missing for value in values):
            return Value(missing=True, why=why | all_why(values))
        if len(values) == 1:
            return replace(values[0], why=values[0].why | why)
        return ANY

    def _arms(self, choice: bound.Choice, trace: Trace) -> Iterator[tuple[BoundExpr, Outcome]]:
        """Yield the values of an `if`, each with what is known of its condition; that of the last one holds."""
        for test, value in zip(choice.conditions, choice.values, strict=True):
            yield value, self.condition(test, trace)
        yield choice.otherwise, Outcome(truth=True)

    def _arithmetic(self, expr: bound.Arith, trace: Trace) -> Value:
        left, right = self.value(expr.left, trace), self.value(expr.right, trace)
        lacking = [side for side in (left, right) if side.missing]
        if lacking:
            return Value(missing=True, why=all_why(lacking))
        relative = left.relative or right.relative
        sign = 1 if expr.operator == "+" else -1
        try:
            match expr.operator, left.known, right.known:
                case "+" | "-", datetime() as moment, int(length) if not isinstance(length, bool):
                    return Value(known=moment + sign * length * _MICROSECOND, relative=relative)
                case "+", int(length), datetime() as moment:
                    return Value(known=moment + length * _MICROSECOND, relative=relative)
                case "+" | "-", int(first), int(second) if expr.type.kind in (Kind.DURATION, Kind.INTEGER):
                    return Value(known=first + sign * second, relative=relative)
        except OverflowError:  # beyond the years that Python knows, and so beyond what can be said here
            return ANY
        return ANY

    def _aggregate(self, expr: bound.Aggregate, members: Sequence[Trace]) -> Value:
        """An aggregate over rows whose argument is missing in all of them is one of no values."""
        if not expr.arguments:
            return ANY
        alone = replace(self, members=None)
        values = [alone.value(expr.arguments[0], member) for member in members]
        if not values or not all(value.missing for value in values):
            return ANY
        return _of_no_values(expr, all_why(values))

    def _scalar(self, stream: BoundStream, aggregate: bound.Aggregate) -> Value:
        traces = self.look(stream)
        living = [trace for trace in traces if not trace.lost]
        if not living:
            return _of_no_values(aggregate, frozenset().union(*(trace.lost for trace in traces)))
        return self._aggregate(aggregate, living)

    def _of_process(self, expr: bound.ProcessField, trace: Trace) -> Value:
        """A field of a process is missing where rows do not say which one it is, or no start does what is asked."""
        starts = self.look(expr.lives.starts)
        living = [start for start in starts if not start.lost]
        if not living:
            return Value(missing=True, why=frozenset().union(*(start.lost for start in starts)))
        identity = expr.identity
        ways = [(identity.guid,), (identity.host, identity.pid, identity.time)]
        if why := lacking(trace, [[each.column for each in way if each] for way in ways if all(way)]):
            return Value(missing=True, why=why)
        asked = [[expr.column, *way] for way in PARENT_WAYS] if expr.generation else [[expr.column]]
        reasons = [lacking(start, asked) for start in living]
        return ANY if None in reasons else Value(missing=True, why=frozenset().union(*(why or NONE for why in reasons)))

    # ---- conditions --------------------------------------------------------------------------------------------------

    def condition(  # noqa: C901, PLR0911, PLR0912  # a case a node
        self, expr: BoundExpr, trace: Trace, *, positive: bool = True
    ) -> Outcome:
        """Return what is known of a condition, or where not `positive` of its complement, in the rows of a trace."""
        match expr:
            case bound.Complement(inner):
                return self.condition(inner, trace, positive=not positive)
            case bound.AllOf(conditions):
                return (self._all if positive else self._any)(expr, conditions, trace, positive=positive)
            case bound.AnyOf(conditions):
                return (self._any if positive else self._all)(expr, conditions, trace, positive=positive)
            case bound.Compare(operator, left, right):
                sides = self.value(left, trace), self.value(right, trace)
                if not positive and (outcome := self._not_in_time(operator, *sides)):
                    return outcome
                return turned(self._compare(operator, *sides), positive=positive)
            case bound.Present(operand):
                value = self.value(operand, trace)
                outcome = failing(value.why) if value.missing else MAYBE
                return turned(Outcome(truth=True) if is_known(value) else outcome, positive=positive)
            case bound.Truth(operand):
                value = self.value(operand, trace)
                if value.missing or value.known is False:
                    return turned(failing(value.why), positive=positive)
                return turned(Outcome(truth=True) if value.known is True else MAYBE, positive=positive)
            case bound.InStream():
                return turned(self._in_stream(expr, trace), positive=positive)
            case bound.Choice():
                return self._chosen_truth(expr, trace, positive=positive)
            case bound.SomeText():
                return turned(self._some_text(expr, trace), positive=positive)
            case bound.OneOf() | bound.Matches() | bound.RegexTest():
                return turned(self._text(expr, trace), positive=positive)
            case bound.InBlock() | bound.Contains() | bound.Affix():
                return turned(self._text(expr, trace), positive=positive)
            case _:
                value = self.value(expr, trace)
                if isinstance(value.known, bool):
                    return turned(Outcome(truth=True) if value.known else failing(value.why), positive=positive)
                return turned(failing(value.why) if value.missing else MAYBE, positive=positive)

    def _in_stream(self, expr: bound.InStream, trace: Trace) -> Outcome:
        """Look for a value among those of a stream; of one of any host, unless it is a host that is looked for."""
        subject = self.value(expr.subject, trace)
        if subject.missing:
            return failing(subject.why)
        column = expr.subject.column if isinstance(expr.subject, bound.FieldRef) else ""
        look = self.look if field_of(column) in _HOSTS else self.look_anywhere
        traces = look(expr.stream)
        living = [each for each in traces if not each.lost]
        if not living:
            return failing(frozenset().union(*(each.lost for each in traces)))
        alone = replace(self, members=None)
        values = [alone.value(expr.value, each) for each in living]
        return failing(all_why(values)) if all(value.missing for value in values) else MAYBE

    def _chosen_truth(self, choice: bound.Choice, trace: Trace, *, positive: bool) -> Outcome:
        """Tell of an `if` of conditions what is known of those that it can choose: any of them may hold."""
        outcomes: dict[Arm, Outcome] = {}
        losses: list[Loss] = []
        for index, (value, test) in enumerate(self._arms(choice, trace)):
            arm = (id(choice), index)
            losses += [Loss(loss.why, loss.arm or arm) for loss in test.losses]
            if test.truth is False:
                continue
            outcome = self.condition(value, trace, positive=positive)
            losses += [Loss(loss.why, loss.arm or arm) for loss in outcome.losses]
            outcomes[arm] = outcome
            if test.truth is True:
                break
        truths = {outcome.truth for outcome in outcomes.values()}
        if truths == {False}:
            return Outcome(truth=False, losses=tuple(losses))
        arms = frozenset(arm for arm, outcome in outcomes.items() if outcome.truth is not False)
        return Outcome(True if truths == {True} else None, tuple(losses), arms)

    def _some_text(self, some: bound.SomeText, trace: Trace) -> Outcome:
        """Test every text of a row: false where it has none, else what the test says of one that may be any."""
        texts = [self.value(text, trace) for text in some.values]
        if all(text.missing for text in texts):
            return failing(all_why(texts))
        return self.condition(some.test, trace)

    def _text(self, expr: _TextTest, trace: Trace) -> Outcome:
        """Test a text: false where an operand is missing; of a text that is known, what the test says of it."""
        match expr:
            case bound.OneOf(tested, values):
                tests = [equal_to(str(value.value)) for value in values if isinstance(value.value, str | int)]
                return of_text(self.value(tested, trace), tests if len(tests) == len(values) else [])
            case bound.Matches(tested, pattern):
                return of_text(self.value(tested, trace), [fitting(pattern)])
            case bound.RegexTest(tested) | bound.InBlock(tested):
                return of_text(self.value(tested, trace), [])
            case bound.Contains(tested, item):
                subject, part = self.value(tested, trace), self.value(item, trace)
                around: bound.Pattern = (bound.Wildcard.RUN, str(part.known), bound.Wildcard.RUN)
            case bound.Affix(test, tested, affix):
                subject, part = self.value(tested, trace), self.value(affix, trace)
                text = str(part.known)
                around = (text, bound.Wildcard.RUN) if test == "startswith" else (bound.Wildcard.RUN, text)
        lacking = [side for side in (subject, part) if side.missing]
        if lacking:
            return failing(all_why(lacking))
        return of_text(subject, [fitting(around)] if isinstance(part.known, str) else [])

    def _all(self, _: BoundExpr, conditions: Sequence[BoundExpr], trace: Trace, *, positive: bool) -> Outcome:
        """Every condition has to hold: a false one that the store is no reason for ends it without a loss."""
        outcomes: list[Outcome] = []
        here, logs = trace, frozenset[str]()
        for condition in conditions:
            # One after the other, for each may leave less of the times, and none of them all of it.
            outcome = self.condition(condition, here, positive=positive)
            if outcome.truth is False and not outcome.losses:
                return Outcome(truth=False)
            outcomes.append(outcome)
            logs |= outcome.logs
            if outcome.times:
                here = replace(here, times={**here.times, **outcome.times})
        false = [outcome for outcome in outcomes if outcome.truth is False]
        if false:
            return Outcome(truth=False, losses=jointly([outcome.losses for outcome in false]))
        return Outcome(
            True if all(outcome.truth for outcome in outcomes) else None,
            tuple(loss for outcome in outcomes for loss in outcome.losses),
            frozenset().union(*(outcome.arms for outcome in outcomes)),
            {name: times for outcome in outcomes for name, times in outcome.times.items()},
            logs,
        )

    def _any(self, expr: BoundExpr, conditions: Sequence[BoundExpr], trace: Trace, *, positive: bool) -> Outcome:
        """Some condition has to hold: each is an arm that can be lost for itself."""
        outcomes = [self.condition(condition, trace, positive=positive) for condition in conditions]
        arms = {(id(expr), index) for index, outcome in enumerate(outcomes) if outcome.truth is not False}
        losses = [
            Loss(loss.why, loss.arm or (id(expr), index))
            for index, outcome in enumerate(outcomes)
            for loss in outcome.losses
        ]
        living = [outcome for outcome in outcomes if outcome.truth is not False]
        if not living:
            return Outcome(truth=False, losses=tuple(losses))
        times: dict[str, Times] = {}
        for name in set().union(*(outcome.times for outcome in living)):
            if all(name in outcome.times for outcome in living):
                stretches = frozenset().union(*(outcome.times[name].stretches for outcome in living))
                times[name] = replace(living[0].times[name], stretches=stretches)
        return Outcome(
            True if any(outcome.truth for outcome in living) else None,
            tuple(losses),
            frozenset(arms).union(*(outcome.arms for outcome in living)),
            times,
            frozenset().union(*(outcome.logs for outcome in living)) if all(o.logs for o in living) else frozenset(),
        )

    def _compare(self, operator: str, left: Value, right: Value) -> Outcome:
        lacking = [side for side in (left, right) if side.missing]
        if lacking:
            return failing(all_why(lacking))
        if isinstance(left.known, AbsentLog | Among) or isinstance(right.known, AbsentLog | Among):
            subject, other = (left, right) if isinstance(left.known, AbsentLog | Among) else (right, left)
            if operator == "==" and isinstance(other.known, str | int):
                return of_text(subject, [equal_to(str(other.known))])
            return MAYBE
        for subject, other, sign in ((left, right, operator), (right, left, _MIRRORED[operator])):
            if subject.times and subject.column and isinstance(other.known, datetime):
                return self._in_time(subject.column, subject.times, other, sign)
        if is_known(left) and is_known(right):
            return decided(operator, left, right)
        return MAYBE

    def _not_in_time(self, operator: str, left: Value, right: Value) -> Outcome | None:
        """Compare the other way round, where it is known of all rows that they have a time; else return None."""
        times = left.times or right.times
        known = isinstance(left.known, datetime) or isinstance(right.known, datetime)
        if times is None or times.untimed or not known or operator not in _OPPOSITE:
            return None
        return self._compare(_OPPOSITE[operator], left, right)

    def _in_time(self, column: str, times: Times, limit: Value, sign: str) -> Outcome:
        """Compare a column's times with an instant that is one of the bounds between the stretches."""
        if limit.known not in self.bounds:
            return MAYBE
        # Bound n is stretch 2n + 1, what lies before it and behind the bound before is stretch 2n.
        point, last = 2 * self.bounds.index(limit.known) + 1, 2 * len(self.bounds)
        wanted = {
            "<": range(point),
            "<=": range(point + 1),
            "==": range(point, point + 1),
            ">=": range(point, last + 1),
            ">": range(point + 1, last + 1),
        }[sign]
        left = times.within(frozenset(wanted))
        if left.stretches:
            return Outcome(None, times={column: left})
        return failing(frozenset({times.relative if limit.relative else times.outside}))


PARENT_WAYS = (("parent_guid",), ("ppid",))
"""The fields by which a start says whose child it is; one of them is enough."""


def lacking(trace: Trace, ways: Sequence[Sequence[str]]) -> Reasons | None:
    """Return None where the rows of a trace have all columns of one of some ways, else why not."""
    if any(all(name not in trace.missing for name in way) for way in ways):
        return None
    return frozenset().union(*(trace.missing.get(name, NONE) for way in ways for name in way))


def moments(expr: BoundExpr, folding: Folding) -> set[datetime]:
    """Return the instants, other than those of events, that an expression compares something with."""
    nothing = Trace(frozenset())
    compared = [node for node in bound.walk(expr) if isinstance(node, bound.Compare)]
    values = [folding.value(side, nothing).known for node in compared for side in (node.left, node.right)]
    return {value for value in values if isinstance(value, datetime)}


def _column(name: str, trace: Trace) -> Value:
    if name in trace.missing:
        return Value(missing=True, why=trace.missing[name])
    known, why = trace.known.get(name, (None, NONE))
    return Value(known=known, why=why, times=trace.times.get(name), column=name)


def _of_no_values(expr: bound.Aggregate, why: Reasons) -> Value:
    if expr.function == "count":
        return Value(known=0, why=why)
    if expr.type.kind is Kind.LIST:
        return Value(known=(), why=why)
    return Value(missing=True, why=why)
