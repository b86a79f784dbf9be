"""The rules of a file to programs: which of them have one, and the reasons where there is none.

A rule that a correlation refers to has no output of its own, unless the correlation says `generate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carlang.diagnostics import Diagnostic
from carlang.diagnostics.codes import SIGMA_UNREADABLE, SIGMA_UNSAID
from carlang.sigma.collection import Collection
from carlang.sigma.correlating import correlated_program
from carlang.sigma.documents import RuleDocument
from carlang.sigma.neighbours import Neighbours
from carlang.sigma.references import is_called, parts_of_correlations
from carlang.sigma.rules import PipelineError, RefusedError, RuleFile, read_pipelines
from carlang.source import Source

_FILTER_ALONE = "a filter changes rules, and this file has none"
_ALONE = Neighbours()


@dataclass(frozen=True)
class Translation:
    """A rule of a file and the program that means the same; None where `diagnostics` say why there is none.

    `products` are those of the rules that a correlation is made of.
    """

    document: RuleDocument
    program: Source | None
    diagnostics: tuple[Diagnostic, ...] = ()
    products: tuple[str, ...] = ()


def translate(
    source: Source,
    documents: Sequence[RuleDocument],
    pipelines: Sequence[tuple[str, str]] = (),
    neighbours: Neighbours = _ALONE,
) -> tuple[Translation, ...]:
    """Return the rules of a file that have an output, as programs, in their order.

    `pipelines` are names and texts of pySigma's processing pipelines, which are applied to each rule before it is
    translated, in the order of their priorities.
    """
    unpiped = RuleFile(source, tuple(documents), None)
    try:
        file = RuleFile(source, tuple(documents), read_pipelines(pipelines))
    except PipelineError as error:
        return tuple(_refused(each, unpiped.refused(each, SIGMA_UNREADABLE, str(error))) for each in documents)
    if not file.rules:
        return tuple(_refused(each, file.refused(each, SIGMA_UNSAID, _FILTER_ALONE, ("filter",))) for each in documents)
    collection = Collection.of(file, neighbours)
    parts = {*neighbours.referred, *parts_of_correlations(file.rules)}
    hidden = {id(rule) for rule in file.rules if any(is_called(rule, reference) for reference in parts)}
    # Those of a circle are parts of one another alone, and would be gone without a word.
    shown = (rule for rule in file.rules if id(rule) not in hidden or collection.is_in_circle(rule))
    return tuple(_translated(collection, rule) for rule in shown)


def _translated(collection: Collection, rule: RuleDocument) -> Translation:
    try:
        if "correlation" in rule.mapping:
            program, products = correlated_program(collection, rule)
            return Translation(rule, program, products=products)
        return Translation(rule, collection.translated.program(rule))
    except RefusedError as error:
        return _refused(rule, error)


def _refused(rule: RuleDocument, error: RefusedError) -> Translation:
    return Translation(rule, None, error.diagnostics)
