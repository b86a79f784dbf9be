"""What a correlation says: its rules, its keys, its length and its condition, as pySigma reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionItem,
    CorrelationConditionNOT,
    CorrelationConditionOR,
    SigmaCorrelationCondition,
    SigmaCorrelationRule,
    SigmaCorrelationType,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)
from sigma.exceptions import SigmaCorrelationConditionError, SigmaCorrelationTypeError, SigmaTimespanError

from carlang.datafile import Path as DataPath
from carlang.diagnostics.codes import SIGMA_UNREADABLE
from carlang.sigma.documents import RuleDocument
from carlang.sigma.rules import UNREADABLE, RuleFile, place_in_yaml, plain, problem_of

OPERATORS = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<", "eq": "==", "neq": "!="}
_WORDS = re.compile(r"\b(?:AND|OR|NOT)\b")
_TEMPORAL = frozenset({SigmaCorrelationType.TEMPORAL, SigmaCorrelationType.TEMPORAL_ORDERED})

Kind = SigmaCorrelationType


class WrongPartError(ValueError):
    """A part of a correlation is not as it is to be; `key` says which."""

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class Bound:
    """`gte: 10`: what a measure of a time frame is compared with, and where that stands."""

    operator: str
    number: int | float
    path: DataPath


@dataclass(frozen=True, slots=True)
class Occurs:
    """That a rule, by its place in the list, has an event in a time frame."""

    rule: int


@dataclass(frozen=True, slots=True)
class Combined:
    """What must occur together: `word` is `and`, `or` or `not`."""

    word: str
    operands: tuple[Occurrence, ...]


Occurrence = Occurs | Combined


@dataclass(frozen=True)
class Correlation:
    """A correlation: `rules` are the references as they are written, `paths` say where in the document they stand.

    `bounds` hold together; a temporal one has `occurrence` in their place where its condition names rules.
    """

    kind: Kind
    rules: tuple[str, ...]
    paths: tuple[DataPath, ...]
    keys: tuple[str, ...]
    fields: tuple[str, ...]
    percentile: int | None
    microseconds: int
    aliases: Mapping[str, Mapping[str, str]]
    bounds: tuple[Bound, ...]
    occurrence: Occurrence | None

    @property
    def needs_all(self) -> bool:
        """Whether a temporal correlation asks for an event of each of its rules."""
        if self.occurrence is not None:
            return _is_conjunction(self.occurrence, len(self.rules))
        exact = [(">=", len(self.rules)), ("==", len(self.rules)), (">", len(self.rules) - 1)]
        return len(self.bounds) == 1 and (self.bounds[0].operator, self.bounds[0].number) in exact

    @property
    def rises(self) -> bool:
        """Whether it goes on to hold in a time frame to which more events come, so that it begins to at one of them."""
        if self.occurrence is not None:
            return not _negates(self.occurrence)
        counts = self.kind in {Kind.EVENT_COUNT, Kind.VALUE_COUNT, Kind.TEMPORAL}
        return self.needs_all or (counts and all(bound.operator in {">", ">="} for bound in self.bounds))


def _is_conjunction(occurrence: Occurrence, count: int) -> bool:
    match occurrence:
        case Occurs():
            return count == 1
        case Combined(word, operands):
            return word == "and" and {each.rule for each in operands if isinstance(each, Occurs)} == set(range(count))


def _negates(occurrence: Occurrence) -> bool:
    match occurrence:
        case Occurs():
            return False
        case Combined(word, operands):
            return word == "not" or any(map(_negates, operands))


def holds_of_nothing(occurrence: Occurrence) -> bool:
    """Tell whether a condition holds where none of its rules has an event."""
    match occurrence:
        case Occurs():
            return False
        case Combined("not", (operand,)):
            return not holds_of_nothing(operand)
        case Combined("and", operands):
            return all(map(holds_of_nothing, operands))
        case Combined(_, operands):
            return any(map(holds_of_nothing, operands))


def read_correlation(file: RuleFile, document: RuleDocument, referred: Mapping[str, Any]) -> Correlation:
    """Return what a correlation says; raises `RefusedError`.

    `referred` are the rules that it refers to, which steps of a pipeline ask about.
    """
    try:
        rule, comparisons = _read(document)
        if file.pipeline:
            _resolve(rule, referred)
            file.pipeline.apply(rule)
        return _correlation(rule, comparisons, document)
    except UNREADABLE as error:
        message = f"no Sigma rule: {problem_of(error)}"
        raise file.refused(document, SIGMA_UNREADABLE, message, _place_of(error, document)) from None


def _read(document: RuleDocument) -> tuple[SigmaCorrelationRule, tuple[SigmaCorrelationCondition, ...]]:
    """Return a correlation and its comparisons; pySigma takes one, the specification several that hold together."""
    data = plain(document)
    section = data.get("correlation")
    if not isinstance(section, dict):
        raise TypeError("a correlation is keys and values")
    _check_texts(section)
    condition = section.get("condition")
    comparisons: tuple[SigmaCorrelationCondition, ...] = ()
    if isinstance(condition, dict):
        written = [key for key in condition if key in OPERATORS]
        rest = {key: value for key, value in condition.items() if key not in OPERATORS}
        comparisons = tuple(SigmaCorrelationCondition.from_dict({**rest, key: condition[key]}) for key in written)
        condition = {**rest, **{key: condition[key] for key in written[:1]}}
    elif isinstance(condition, str):
        # The specification's own examples write them so.
        condition = _WORDS.sub(lambda word: word.group().casefold(), condition)
    section = section if condition is None else {**section, "condition": condition}
    rule = SigmaCorrelationRule.from_dict({**data, "correlation": section})
    if not comparisons and isinstance(rule.condition, SigmaCorrelationCondition):
        comparisons = (rule.condition,)
    return rule, comparisons


def _check_texts(section: Mapping[str, Any]) -> None:
    """Raise `WrongPartError` for what is to be a text and is none: pySigma takes it as one, or breaks off."""
    condition, aliases = section.get("condition"), section.get("aliases")
    field = condition.get("field") if isinstance(condition, Mapping) else None
    mappings = (
        [fields for fields in aliases.values() if isinstance(fields, Mapping)] if isinstance(aliases, dict) else []
    )
    parts = {
        "type": [section.get("type")],
        "rules": section.get("rules"),
        "group-by": section.get("group-by"),
        "condition": field if isinstance(field, list) else [field],
        "aliases": [text for fields in (aliases, *mappings) if isinstance(fields, Mapping) for text in fields]
        + [text for fields in mappings for text in fields.values()],
    }
    for key, texts in parts.items():
        listed = texts if isinstance(texts, list) else []
        wrong = next((text for text in listed if text is not None and not (isinstance(text, str) and text)), None)
        if wrong is not None or (key in {"rules", "group-by"} and None in listed):
            raise WrongPartError(f"`{wrong}` is no name", key)


def _resolve(rule: SigmaCorrelationRule, referred: Mapping[str, Any]) -> None:
    rule.referenced_rules = [SigmaRuleReference(name) for name in referred]
    for reference in (*rule.referenced_rules, *(rule.rules or ())):
        if reference.reference in referred:
            reference.rule = referred[reference.reference]


def _correlation(
    rule: SigmaCorrelationRule, comparisons: tuple[SigmaCorrelationCondition, ...], document: RuleDocument
) -> Correlation:
    extended = rule.condition if isinstance(rule.condition, SigmaExtendedCorrelationCondition) else None
    if rule.rules is not None:
        rules = tuple(str(each.reference) for each in rule.rules)
    else:
        rules = tuple(extended.get_referenced_rules()) if extended else ()
    if not rules:
        raise WrongPartError("a correlation refers to one rule at least", "rules")
    # A pipeline may have mapped the field, of which pySigma changes the rule's own condition.
    mapped = rule.condition.fieldref if isinstance(rule.condition, SigmaCorrelationCondition) else None
    fields = (mapped,) if isinstance(mapped, str) else tuple(mapped or ())
    if len(set(rules)) < len(rules):
        twice = next(name for name in rules if rules.count(name) > 1)
        raise WrongPartError(f"`{twice}` is named twice", "rules")
    listed = isinstance(document.mapping["correlation"].get("rules"), list)
    base: DataPath = ("correlation", "rules" if rule.rules is not None else "condition")
    return Correlation(
        kind=rule.type,
        rules=rules,
        paths=tuple((*base, index) if listed else base for index in range(len(rules))),
        keys=tuple(rule.group_by or ()),
        fields=fields,
        percentile=comparisons[0].percentile if comparisons else None,
        microseconds=rule.timespan.seconds * 1_000_000,
        aliases={each.alias: {ref.reference: field for ref, field in each.mapping.items()} for each in rule.aliases},
        bounds=tuple(_bound(each) for each in comparisons),
        occurrence=_occurrence(extended.parsed, rules) if extended else None,
    )


def _bound(comparison: SigmaCorrelationCondition) -> Bound:
    name = comparison.op.name.casefold()
    return Bound(OPERATORS[name], comparison.count, ("correlation", "condition", name))


def _occurrence(node: CorrelationConditionItem | SigmaRuleReference, rules: tuple[str, ...]) -> Occurrence:
    match node:
        case SigmaRuleReference(reference=reference):
            return Occurs(rules.index(reference))
        case CorrelationConditionNOT(args=args):
            return Combined("not", tuple(_occurrence(each, rules) for each in args))
        case CorrelationConditionAND(args=args):
            return Combined("and", tuple(_occurrence(each, rules) for each in args))
        case CorrelationConditionOR(args=args):
            return Combined("or", tuple(_occurrence(each, rules) for each in args))
        case _:
            raise TypeError(f"`{node}` is no part of a condition")


def _place_of(error: Exception, document: RuleDocument) -> DataPath:
    """Return what of a correlation an error is about, as far as it says."""
    if isinstance(error, yaml.YAMLError):
        return place_in_yaml(document)
    section = document.mapping.get("correlation")
    keys = section if isinstance(section, Mapping) else {}
    named: dict[type[Exception], str] = {
        SigmaTimespanError: "timespan",
        SigmaCorrelationTypeError: "type",
        SigmaCorrelationConditionError: "condition",
    }
    # What is said of others names the key, or what it is in words: "field alias mapping must be a dict".
    words = {"group-by": "group-by", "alias": "aliases", "timespan": "timespan", "ule reference": "rules"}
    words |= {"condition": "condition", "field": "condition", "generate": "generate"}
    key = error.key if isinstance(error, WrongPartError) else named.get(type(error))
    key = key or next((key for word, key in words.items() if word in str(error) and key in keys), None)
    return ("correlation", key) if key is not None and key in keys else ("correlation",)
