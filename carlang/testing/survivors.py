"""The mutants of an analytic's programs that its tests have left alive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from carlang.analytic import CompiledAnalytic
from carlang.engine import QuerySession
from carlang.errors import CarlangError
from carlang.importers import AtLeast, Case
from carlang.program import compile_tree
from carlang.resolve import given_values
from carlang.resolve.bound import BoundInput, BoundOutput, FieldRef, Item, Projected
from carlang.source import Source, Span
from carlang.testing.expectations import mismatches
from carlang.testing.mutants import mutants
from carlang.testing.probes import ChangedFilter, Signature, changed_filter, has_rows_of, signatures


@dataclass(frozen=True)
class Survivor:
    """A change of a program that none of its tests notices."""

    source: Source
    span: Span
    change: str

    @property
    def text(self) -> str:
        """What was changed as it is written, on one line."""
        return " ".join(self.source.text[self.span.start : self.span.end].split())


@dataclass(frozen=True)
class Candidate:
    """A mutant that is still alive, as it would be reported.

    `outputs` are those in which it differs from the program. `changed` is None where that is in no one filter;
    `filtered` names the outputs that have the rows of that filter.
    """

    outputs: tuple[BoundOutput, ...]
    inputs: tuple[BoundInput, ...]
    survivor: Survivor
    changed: ChangedFilter | None = None
    filtered: tuple[str, ...] = ()


def candidates(analytic: CompiledAnalytic) -> Iterator[Candidate]:
    """Yield the mutants of each program of an analytic that are programs, and mean something else than the original.

    What a rule's author did not write, such as which log its events are of, is left as it is: no test of the rule is
    about it.
    """
    named = iter(analytic.outputs())
    for program in analytic.compiled:
        original = program.require()
        outputs = [next(named) for _ in original.outputs]
        for mutant in mutants(program.ast):
            if not program.source.has_in_document(mutant.span):
                continue
            compiled = compile_tree(mutant.program, program.source, analytic.model, analytic.program_of, analytic.id)
            if compiled.bound is None or compiled.bound == original:
                continue
            mutated = [BoundOutput(o.name, m.stream) for o, m in zip(outputs, compiled.bound.outputs, strict=True)]
            survivor = Survivor(program.source, mutant.span, mutant.change)
            if compiled.bound.inputs != original.inputs:  # another default makes other rows of the same output
                yield Candidate(tuple(mutated), compiled.bound.inputs, survivor)
                continue
            changed = changed_filter(outputs, mutated)
            mutated = [m for o, m in zip(outputs, mutated, strict=True) if o != m]
            filtered = tuple(m.name for m in mutated if changed and has_rows_of(m.stream, changed))
            yield Candidate(tuple(mutated), compiled.bound.inputs, survivor, changed, filtered)


def surviving(alive: Sequence[Candidate], session: QuerySession, case: Case, now: datetime) -> list[Candidate]:
    """Return the candidates that a test does not notice; the program itself has to pass it."""
    kinds = _kinds(alive, session, case, now)
    verdicts: dict[_Kind, bool] = {}
    left = []
    for candidate in alive:
        kind = kinds.get(id(candidate))
        if kind is None:
            survives = _passes(candidate, session, case, now)
        elif kind.as_original:
            survives = True
        elif not all(_has_number(case, name, kind.signature.bit_count()) for name in candidate.filtered):
            survives = False
        else:
            if kind not in verdicts:
                verdicts[kind] = _passes(candidate, session, case, now)
            survives = verdicts[kind]
        if survives:
            left.append(candidate)
    return left


@dataclass(frozen=True, slots=True)
class _Kind:
    """Candidates that give the same in a test: `signature` is over the input of the filter with this identity."""

    filter: int
    signature: Signature
    as_original: bool


def _kinds(alive: Sequence[Candidate], session: QuerySession, case: Case, now: datetime) -> dict[int, _Kind]:
    """Return the kinds of those candidates that differ from the program in one filter, by their identity."""
    by_filter: dict[int, list[tuple[Candidate, ChangedFilter]]] = {}
    for candidate in alive:
        if candidate.changed is not None:
            by_filter.setdefault(id(candidate.changed.filter), []).append((candidate, candidate.changed))
    kinds = {}
    for identity, changed in by_filter.items():
        conditions = [change.condition for _, change in changed]
        try:
            given = given_values(changed[0][0].inputs, case.params)
            told = signatures(session, changed[0][1].filter, conditions, now, given)
        except CarlangError:
            continue  # one of them fails to run, so each is run alone
        if told is None:
            continue
        own, others = told
        for (candidate, _), signature in zip(changed, others, strict=True):
            kinds[id(candidate)] = _Kind(identity, signature, signature == own)
    return kinds


def _has_number(case: Case, output: str, rows: int) -> bool:
    """Tell whether an output may have a number of rows, as far as a test says how many they are."""
    least = case.rows(output)
    return rows >= least if isinstance(case.expect.get(output), AtLeast) else rows == least


def _passes(candidate: Candidate, session: QuerySession, case: Case, now: datetime) -> bool:
    """Tell whether a mutant gives what the test expects; one that fails to run does not."""
    try:
        given = given_values(candidate.inputs, case.params)
        outputs = [_narrowed(output, case) for output in candidate.outputs]
        return not any(mismatches(session, outputs, case, now, given))
    except CarlangError:
        return False


def _narrowed(output: BoundOutput, case: Case) -> BoundOutput:
    """Return an output with the columns that a test looks at: most events have forty, and planning each takes time."""
    expected = case.expect.get(output.name, ())
    named = {key for row in expected for key in row} if isinstance(expected, tuple) else set()
    columns = tuple(c for c in output.stream.columns if c.name in named) or output.stream.columns[:1]
    if named - {column.name for column in columns}:  # what only a result has, such as `record_ids`
        return output
    items = tuple(Item(column, FieldRef(column.name, column.type)) for column in columns)
    return BoundOutput(output.name, Projected(output.stream, items, columns))
