"""Outputs of a run with why they found their rows, or none: asked when all have been run, by the same session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from carlang.analytic.compiled import CompiledAnalytic
from carlang.analytic.judging import Judged, JudgingTimeError, is_idle
from carlang.analytic.options import RunOptions
from carlang.database import limit_memory
from carlang.deadline import TimeUpError
from carlang.engine import Session
from carlang.judgement import Asked, Range, judge
from carlang.resolve.bound import BoundOutput, BoundStream
from carlang.results import (
    AnalyticOutput,
    Failed,
    FieldNeverFilled,
    HollowRecords,
    Judgement,
    NoLog,
    NotRun,
    Reason,
    State,
    counted,
)
from carlang.source import Source
from carlang.store import Store
from carlang.why import Inquiry, Texts, explain_output

_OF_CONDITIONS = (FieldNeverFilled, HollowRecords, NoLog)
"""Reasons why a condition is never met where there are events that it is asked of, whatever is asked beside it."""


Outcome = AnalyticOutput | NotRun | Failed
"""What became of an output of an analytic, or of all of them."""

Ran = tuple[Judged | Failed, Sequence[Outcome]]
"""An analytic with what became of it."""


def with_whys(ran: Sequence[Ran], session: Session, store: Store, options: RunOptions) -> list[Ran]:
    """Return analytics with why their outputs found rows, or none; of as many rows as options say what they met."""
    asking = _Asking(session, store, options)
    return [(judged, asking.of(judged, outcomes)) for judged, outcomes in ran]


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked: a session over a store, within the bounds of a run."""

    session: Session
    store: Store
    options: RunOptions

    def of(self, judged: Judged | Failed, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """Return what became of an analytic with why; what failed has no rows of which it could be asked."""
        if isinstance(judged, Failed) or judged.given is None:
            return outcomes
        explained: list[Outcome] = []
        for (output, judgement), outcome in zip(judged.outputs, outcomes, strict=True):
            if isinstance(outcome, Failed) or is_idle(judgement):
                explained.append(outcome)
                continue
            never = partial(self._never, judged, judgement)
            inquiry = Inquiry(self.session, self.options.now, judged.given, never, self.options.why or 0)
            total = excluded = 0
            if isinstance(outcome, AnalyticOutput):
                # A baseline takes rows away that all conditions have left.
                excluded = sum(each.rows for each in outcome.excluded)
                total = outcome.output.total + excluded
            texts = Texts(_program(judged.analytic, output), judged.analytic.program_of)
            why = explain_output(inquiry, output, total, texts)
            if excluded:
                sentence = f"which of the {counted(total, 'row')} the baseline takes away, {excluded} of them"
                why = replace(why, unsaid=(*why.unsaid, sentence))
            explained.append(replace(outcome, why=why))
        return explained

    def _never(self, judged: Judged, judgement: Judgement, streams: Sequence[BoundStream]) -> list[tuple[Reason, ...]]:
        """Return why no event of the store can be a row of streams, as it is judged of outputs.

        That there are no records of an event id says something only where the program does not name their log, so it
        is said where it is said of the output as a whole.
        """
        asked = [Asked(BoundOutput("asked", stream), judged.given or {}) for stream in streams]
        range_ = Range(self.options.now, self.options.since, self.options.until)
        try:
            with limit_memory(self.options.limits.for_engine().memory):
                judgements = judge(asked, self.store, judged.analytic.model, range_)
        except TimeUpError as error:
            raise JudgingTimeError(f"{error}; give it more with --timeout") from error
        return [
            tuple(r for r in each.reasons if isinstance(r, _OF_CONDITIONS) or r in judgement.reasons)
            if each.state is State.BLIND
            else ()
            for each in judgements
        ]


def _program(analytic: CompiledAnalytic, output: BoundOutput) -> Source:
    """Return the program that an output is of."""
    return next(
        program.source
        for program in analytic.compiled
        if any(each.stream is output.stream for each in program.require().outputs)
    )
