"""What is known of values and conditions over rows of which some columns are missing, and how that is put together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from carlang.judgement.traces import NONE, AbsentLog, Among, Arm, Reasons, Times
from carlang.resolve import bound
from carlang.results import NoRecords


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of an expression's value: that it is `missing`, or what it is (`known`), or neither.

    `why` are the reasons in the store for that. `relative`: it hangs on the instant of the run.
    """

    missing: bool = False
    known: object = None
    why: Reasons = NONE
    relative: bool = False
    times: Times | None = None
    column: str | None = None


ANY = Value()


@dataclass(frozen=True, slots=True)
class Loss:
    """What could hold if the store had what the reasons name; `arm` where it is one alternative of a condition."""

    why: Reasons
    arm: Arm | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of a condition: its truth, what is lost, the arms that can hold, the times that are left.

    `logs` are the logs, as the condition names them, that records of an absent log would have to be of.
    """

    truth: bool | None
    losses: tuple[Loss, ...] = ()
    arms: frozenset[Arm] = frozenset()
    times: Mapping[str, Times] = field(default_factory=dict)
    logs: frozenset[str] = frozenset()


MAYBE = Outcome(None)


TextTest = tuple[str, Callable[[str], bool]]
"""A test of a text, and how a reader would write what it asks for."""


def of_text(subject: Value, tests: Sequence[TextTest]) -> Outcome:
    """Tell whether a text that may be known passes one of some tests; without any, it may."""
    if subject.missing:
        return failing(subject.why)
    match subject.known:
        case AbsentLog(present) if tests:
            absent = frozenset(name for name, passes in tests if not any(map(passes, present)))
            return Outcome(None, logs=absent) if absent else Outcome(truth=False)
        case Among(column, present) if tests:
            unseen = [name for name, passes in tests if not any(map(passes, present))]
            losses = tuple(Loss(frozenset({NoRecords(column, name)}), (id(present), name)) for name in unseen)
            return Outcome(truth=False if len(unseen) == len(tests) else None, losses=losses)
        case str(text) if tests:
            return Outcome(truth=any(passes(text) for _, passes in tests))
        case _:
            return MAYBE


def equal_to(name: str) -> TextTest:
    """Return the test of being a text; without case, of which the names of logs have the common letters."""
    return name, lambda text: text.lower() == name.lower()


@lru_cache(maxsize=1024)  # a condition is folded for each make of rows
def fitting(pattern: bound.Pattern) -> TextTest:
    """Return the test of a pattern; without case, of which the names of logs have the common letters."""
    written = "".join(part.value if isinstance(part, bound.Wildcard) else part for part in pattern)
    return written, lambda text: _regex(pattern).fullmatch(text.lower()) is not None


@lru_cache(maxsize=1024)  # made when a text is tested: of most patterns none is, and making one takes long
def _regex(pattern: bound.Pattern) -> re.Pattern[str]:
    pieces = {bound.Wildcard.RUN: ".*", bound.Wildcard.ONE: "."}
    text = "".join(pieces[p] if isinstance(p, bound.Wildcard) else re.escape(p.lower()) for p in pattern)
    return re.compile(text, re.DOTALL)


def decided(operator: str, left: Value, right: Value) -> Outcome:
    """Compare two values that are known, numbers and texts."""
    a, b = left.known, right.known
    why = left.why | right.why
    if isinstance(a, str) and isinstance(b, str):
        if operator != "==":
            return MAYBE  # the order of texts is the engine's business
        holds = a.lower() == b.lower()
    elif isinstance(a, int | float) and isinstance(b, int | float):
        holds = {"==": a == b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]
    else:
        return MAYBE
    return Outcome(truth=True) if holds else failing(why)


def failing(why: Reasons) -> Outcome:
    """Return the outcome of what holds for no row; a loss, if the store has reasons for that."""
    return Outcome(truth=False, losses=(Loss(why),) if why else ())


def turned(outcome: Outcome, *, positive: bool) -> Outcome:
    """Return the outcome of the complement, where that was asked: what is lost of a test is none of its complement."""
    if positive:
        return outcome
    return MAYBE if outcome.truth is None else Outcome(truth=not outcome.truth)


def jointly(losses: Sequence[Sequence[Loss]]) -> tuple[Loss, ...]:
    """Return what is lost where several conditions are false: each alternative lacks what all the others do, too."""
    if len(losses) == 1:
        return tuple(losses[0])
    return (Loss(frozenset().union(*(loss.why for group in losses for loss in group))),)


def all_why(values: Sequence[Value]) -> Reasons:
    """Return the reasons of all values together."""
    return frozenset().union(*(value.why for value in values))


def lost_for(losses: Sequence[Loss]) -> Reasons:
    """Return the reasons of all losses together."""
    return frozenset().union(*(loss.why for loss in losses))


def is_known(value: Value) -> bool:
    """Tell whether a value is known as one: an absent log is only known not to be some."""
    return value.known is not None and not isinstance(value.known, AbsentLog | Among)
