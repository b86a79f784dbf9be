"""What a store can answer of analytics, before anything runs: what every command and the library show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from carlang import importers  # the reader of Sigma rules is loaded where it is asked
from carlang.analytic.compiled import CompiledAnalytic
from carlang.analytic.options import RunOptions
from carlang.database import limit_memory
from carlang.deadline import TimeUpError
from carlang.diagnostics import has_errors
from carlang.errors import EngineError
from carlang.importers import Form
from carlang.judgement import Asked, Range, hour_gaps, judge
from carlang.resolve import Given, MissingParameterError, WrongParameterError
from carlang.resolve.bound import BoundOutput
from carlang.results import (
    ClassGaps,
    FieldNeverFilled,
    Judgement,
    MissingParameter,
    NoEvents,
    NotOnOneHost,
    Reason,
    State,
    WrongParameter,
    distinct,
)
from carlang.store import Store


class JudgingTimeError(EngineError):
    """It took too long to judge what a store can answer."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An analytic with the judgement of each of its outputs; without any where it has errors.

    `given` are the values of its inputs; where one is missing or wrong, `parameter` is the reason, and every output is
    blind.
    """

    analytic: CompiledAnalytic
    outputs: tuple[tuple[BoundOutput, Judgement], ...] = ()
    given: Given | None = None
    parameter: Reason | None = None

    @property
    def blind(self) -> bool:
        """Whether no output can be answered: the analytic cannot run."""
        return bool(self.outputs) and all(j.state in (State.BLIND, State.NOT_ASKED) for _, j in self.outputs)

    @property
    def summary(self) -> Judgement:
        """The judgement of the analytic as a whole: that of all outputs where they are one, else partly."""
        judgements = [judgement for _, judgement in self.outputs]
        if all(judgement == judgements[0] for judgement in judgements[1:]) and judgements:
            return judgements[0]
        states = {judgement.state for judgement in judgements}
        state = states.pop() if len(states) == 1 else State.PARTLY
        return Judgement(state, distinct(reason for judgement in judgements for reason in judgement.reasons))


def is_idle(judgement: Judgement) -> bool:
    """Tell whether a query is not worth its time: over tables that are not there it gives nothing at best."""
    if judgement.state is State.NOT_ASKED:
        return True
    kinds = {type(reason) for reason in judgement.reasons}
    return judgement.state is State.BLIND and NoEvents in kinds and NotOnOneHost not in kinds


def judge_analytics(
    analytics: Sequence[CompiledAnalytic], store: Store, options: RunOptions, params: Mapping[str, Any]
) -> list[Judged]:
    """Return what a store can say of each output of analytics, in their order.

    Raises `JudgingTimeError` where that takes longer than a task may, `EngineError` where it takes more memory than the
    engine of a run may, which has nothing else to do then.
    """
    try:
        with limit_memory(options.limits.for_engine().memory):
            return _judged(analytics, store, options, params)
    except TimeUpError as error:
        late = f"ran longer than {error.seconds:g} s while it was judged what the store can answer"
        raise JudgingTimeError(f"{late}; give it more with --timeout") from error


def _judged(
    analytics: Sequence[CompiledAnalytic], store: Store, options: RunOptions, params: Mapping[str, Any]
) -> list[Judged]:
    judged: list[Judged] = []
    asked: list[Asked] = []
    for analytic in analytics:
        if has_errors(analytic.diagnostics) or not analytic.compiled:
            judged.append(Judged(analytic))
            continue
        given: Given | None = None
        parameter: Reason | None = None
        try:
            given = analytic.given(params)
        except MissingParameterError as error:
            parameter = MissingParameter(error.name)
        except WrongParameterError as error:
            parameter = WrongParameter(error.name, repr(error.value), error.expected)
        judged.append(Judged(analytic, (), given, parameter))
        if given is not None:
            asked += [Asked(output, given, analytic.data.platforms) for output in analytic.outputs()]
    models = {id(each.analytic.model): each.analytic.model for each in judged}
    if len(models) > 1:
        return [one for analytic in analytics for one in _judged([analytic], store, options, params)]
    range_ = Range(options.now, options.since, options.until)
    judgements = [answer for model in models.values() for answer in judge(asked, store, model, range_)]
    answers = iter(judgements)
    return [_with_outputs(each, answers) for each in judged]


def gaps_of(judged: Sequence[Judged], store: Store, options: RunOptions) -> tuple[ClassGaps, ...]:
    """Return the hours without events of what analytics search for, on hosts that have such events before and after."""
    asked = [Asked(output, each.given) for each in judged if each.given is not None for output, _ in each.outputs]
    with limit_memory(options.limits.for_engine().memory):
        return hour_gaps(asked, store, Range(options.now, options.since, options.until))


def _with_outputs(judged: Judged, answers: Iterator[Judgement]) -> Judged:
    if judged.parameter:
        blind = Judgement(State.BLIND, (judged.parameter,))
        return replace(judged, outputs=tuple((output, blind) for output in judged.analytic.outputs()))
    if judged.given is None:
        return judged
    outputs = tuple((output, next(answers)) for output in judged.analytic.outputs())
    return replace(judged, outputs=tuple((output, _in_its_words(judged, judgement)) for output, judgement in outputs))


def _in_its_words(judged: Judged, judgement: Judgement) -> Judgement:
    """Return a judgement of a Sigma rule with the rule's own names for fields beside ours."""
    data = judged.analytic.data
    if data.form is not Form.SIGMA or not any(isinstance(reason, FieldNeverFilled) for reason in judgement.reasons):
        return judgement

    def named(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
        return tuple(
            replace(each, called=importers.sigma_field(data, each.field))
            if isinstance(each, FieldNeverFilled)
            else each
            for each in reasons
        )

    groups = tuple(replace(group, reasons=named(group.reasons)) for group in judgement.groups)
    return replace(judgement, reasons=named(judgement.reasons), groups=groups)
