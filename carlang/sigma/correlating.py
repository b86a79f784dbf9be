"""Correlations to programs: which form of the language says the same as each type of Sigma's.

A correlation is made of parts, a stream for each rule that it refers to, with the fields of `group-by` under one name
in all of them; what lacks one of these belongs to no group. Then

- counts and other measures are bursts, `group … having (c) within any 10 minutes`: a time frame begins at an event,
- `temporal` is `together`, `temporal_ordered` a `sequence`,
- `temporal` with a condition of its own is a burst over the parts, each of which is marked.

Whether a burst, `together` or a sequence has a row is what Sigma asks; how many rows one has it leaves to who runs
a rule. What a correlation is that another one refers to, `alerts` says.
"""

from __future__ import annotations

from carlang.diagnostics.codes import SIGMA_UNSAID
from carlang.sigma.alerts import Alerts
from carlang.sigma.collection import Collection, KnownRule
from carlang.sigma.correlations import Kind
from carlang.sigma.documents import RuleDocument
from carlang.sigma.measures import having
from carlang.sigma.parts import Parts, Reached
from carlang.sigma.programs import NOWHERE, program_source
from carlang.sigma.rules import UNWRITABLE
from carlang.source import Source
from carlang.syntax import ast


def correlated_program(collection: Collection, document: RuleDocument) -> tuple[Source, tuple[str, ...]]:
    """Return the program of a correlation, and the products whose events it asks for; raises `RefusedError`."""
    alerts = Alerts(Parts(collection))
    reached = alerts.parts.reach(KnownRule(collection.translated, document))
    hits = ast.Name("hits", NOWHERE)
    part = reached.span(("correlation",), at_key=True)
    value = _matches(alerts, reached)
    alerts.draft.assign(hits, value, part)
    alerts.draft.statements.append((ast.OutputStmt((hits,), NOWHERE), part))
    try:
        return program_source(collection.translated.source, alerts.draft.statements), tuple(alerts.draft.products)
    except ValueError:
        raise collection.translated.refused(document, SIGMA_UNSAID, UNWRITABLE, ("correlation",)) from None


def _matches(alerts: Alerts, reached: Reached) -> ast.Value:
    """Return the stream of what a correlation finds."""
    correlation = reached.correlation
    parts = alerts.parts_of(reached)
    keys = alerts.parts.keys(reached, parts)
    length = ast.DurationLit(correlation.microseconds, reached.span(("correlation", "timespan")))
    streams = tuple(part.stream for part in parts)
    is_of_all = correlation.needs_all and len(parts) > 1
    match correlation.kind:
        case Kind.TEMPORAL if is_of_all:
            return ast.Together(streams, keys, length, NOWHERE)
        case Kind.TEMPORAL_ORDERED if is_of_all:
            return ast.Sequence(tuple(map(_step, streams)), keys, length, None, NOWHERE)
        case _:
            measured = having(alerts.parts, reached, parts)
            period = ast.Period("within any", length, NOWHERE)
            return ast.Group(streams, keys, measured.condition, period, NOWHERE)


def _step(stream: ast.Name) -> ast.Step:
    return ast.Step(stream, absent=False, times=None, condition=None, span=NOWHERE)
