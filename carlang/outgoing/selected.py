"""The events of a stream by log source: for each the detection that selects them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carlang.outgoing.conditions import Conditions
from carlang.outgoing.detection import ALWAYS, NEVER, Detection, some
from carlang.outgoing.fields import RuleFields
from carlang.outgoing.streams import Branch, Sourced, branches, sourced
from carlang.outgoing.unwritable import UnwritableError
from carlang.resolve.bound import BoundStream
from carlang.resolve.inputs import Given
from carlang.source import Span


@dataclass(frozen=True, slots=True)
class Selected:
    """Events of one log source that a detection selects, and the branches of the stream that they are of."""

    fields: RuleFields
    detection: Detection
    branches: tuple[Branch, ...]


def selected(stream: BoundStream, given: Given, span: Span | None) -> tuple[Selected, ...]:
    """Return the events of a stream, one entry a log source; raises `UnwritableError`, `span` being the stream's."""
    by_source: dict[RuleFields, list[tuple[Detection, Branch]]] = {}
    for branch in branches(stream):
        for alternatives in sourced(branch):
            fields, detection = _detection(alternatives, given)
            by_source.setdefault(fields, []).append((detection, branch))
    chosen = [
        Selected(fields, some(detection for detection, _ in pairs), tuple(branch for _, branch in pairs))
        for fields, pairs in by_source.items()
    ]
    if any(each.detection == ALWAYS for each in chosen):
        raise UnwritableError("the rows are all events of a class, and a rule has to ask for something", span)
    satisfiable = tuple(each for each in chosen if each.detection != NEVER)
    if not satisfiable:
        raise UnwritableError("the condition holds for no event", span)
    return satisfiable


def _detection(alternatives: Sequence[Sourced], given: Given) -> tuple[RuleFields, Detection]:
    """Return the detection at the first of some log sources that has names for all fields; raises `UnwritableError`."""
    first: UnwritableError | None = None
    for source in alternatives:
        try:
            return source.fields, Conditions(source.fields, given).detection(source.condition)
        except UnwritableError as error:
            first = first or error
    raise first or UnwritableError("no Sigma log source has these events")
