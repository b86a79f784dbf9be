"""A file of Sigma rules to programs: one for each rule, or the reasons why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import yaml
from sigma.exceptions import SigmaError, SigmaRegularExpressionError
from sigma.filters import SigmaFilter
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaDetectionItem, SigmaLevel, SigmaRule, SigmaStatus
from sigma.rule.base import SigmaYAMLLoader

from carlang.datafile import Path as DataPath
from carlang.diagnostics import Diagnostic
from carlang.diagnostics.codes import SIGMA_FIELD, SIGMA_LOG_SOURCE, SIGMA_UNREADABLE, SIGMA_UNSAID
from carlang.sigma.conditions import Conditions, Unsaid, places
from carlang.sigma.documents import RuleDocument
from carlang.sigma.engine import POLICY
from carlang.sigma.log_sources import LogSource, log_source
from carlang.source import Source, Span
from carlang.syntax import ast, format_tree, parse, walk

_NOWHERE = Span(0, 0)
_CONDITION: DataPath = ("detection", "condition")
_OF_FILTER = re.compile(r"\b_filt_[a-z]+_(?=\w)")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Translation:
    """A rule of a file and the program that means the same; None where `diagnostics` say why there is none."""

    document: RuleDocument
    program: Source | None
    diagnostics: tuple[Diagnostic, ...] = ()


def translate(
    source: Source, documents: Sequence[RuleDocument], pipelines: Sequence[tuple[str, str]] = ()
) -> tuple[Translation, ...]:
    """Return the rules of a file as programs, in their order.

    `pipelines` are names and texts of pySigma's processing pipelines, which are applied to each rule before it is
    translated, in the order of their priorities.
    """
    file = _File(source, tuple(documents))
    try:
        pipeline = _pipeline(pipelines)
    except _PipelineError as error:
        return tuple(file.failed(each, SIGMA_UNREADABLE, str(error)) for each in documents)
    filters = [each for each in documents if "filter" in each.mapping]
    rules = [each for each in documents if each not in filters]
    if not rules:
        return tuple(file.failed(each, SIGMA_UNSAID, _FILTER_ALONE, ("filter",)) for each in filters)
    plain = [each for each in rules if "correlation" not in each.mapping]
    # What is known of a file is known of one rule: another one's authors and level would be lost.
    return tuple(
        file.failed(each, SIGMA_UNSAID, _SECOND_RULE, ("title",))
        if each in plain[1:]
        else file.translated_safely(each, filters, pipeline)
        for each in rules
    )


_UNWRITABLE = (
    "no program can be written for this: a value is none that a literal holds, or there are millions of letters"
)
_SECOND_RULE = "a file holds one rule, and this is another: give it a file of its own"
_FILTER_ALONE = "a filter changes rules, and this file has none"


def _pipeline(pipelines: Sequence[tuple[str, str]]) -> ProcessingPipeline | None:
    read = [_one_pipeline(name, text) for name, text in pipelines]
    return sum(sorted(read, key=lambda each: each.priority), ProcessingPipeline()) if read else None


class _PipelineError(Exception):
    """A pipeline cannot be used; the message says which and why."""


_UNUSABLE = "the pipeline `{}` cannot be used: {}"


def _problem(error: Exception) -> str:
    """Return what is wrong, on one line: PyYAML's own text of an error goes on with the place and an extract."""
    return str(error.problem if isinstance(error, yaml.MarkedYAMLError) else error)


def _one_pipeline(name: str, text: str) -> ProcessingPipeline:
    try:
        # pySigma takes it for granted that there are keys and values, and that priorities can be compared.
        if not isinstance(yaml.safe_load(text), dict):
            raise _PipelineError(_UNUSABLE.format(name, "it is no keys and values"))
        pipeline = ProcessingPipeline.from_yaml(text)
    except (SigmaError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise _PipelineError(_UNUSABLE.format(name, _problem(error))) from None
    if not isinstance(pipeline.priority, int | float):
        raise _PipelineError(_UNUSABLE.format(name, f"its priority `{pipeline.priority}` is no number"))
    return pipeline


@dataclass(frozen=True)
class _File:
    """The file that is translated."""

    source: Source
    documents: tuple[RuleDocument, ...]

    def translated_safely(
        self, document: RuleDocument, filters: Sequence[RuleDocument], pipeline: ProcessingPipeline | None
    ) -> Translation:
        """Return the translation of one rule; pySigma follows nested parts, and an alias of itself, without end."""
        try:
            return self.translated(document, filters, pipeline)
        except RecursionError:
            return self.failed(document, SIGMA_UNSAID, "the detection is nested too deeply", ("detection",))

    def translated(
        self, document: RuleDocument, filters: Sequence[RuleDocument], pipeline: ProcessingPipeline | None
    ) -> Translation:
        """Return the translation of one rule, to which the filters of its file and a pipeline are applied."""
        if correlation := document.mapping.get("correlation"):
            kind = correlation.get("type") if isinstance(correlation, Mapping) else None
            message = f"correlations are not translated yet: `{kind}`"
            return self.failed(document, SIGMA_UNSAID, message, ("correlation",))
        if "action" in document.mapping:
            message = "`action` stands for parts that rules of a file share, which is not translated"
            return self.failed(document, SIGMA_UNSAID, message, ("action",))
        try:
            rule = self._rule(document, filters)
            if pipeline:
                pipeline.apply(rule)
        except (SigmaError, yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError) as error:
            if isinstance(error, SigmaRegularExpressionError):  # RE2 is what programs have, too
                return self.failed(document, SIGMA_UNSAID, str(error), _place_of(error, document))
            message = f"no Sigma rule: {_problem(error)}"
            return self.failed(document, SIGMA_UNREADABLE, message, _place_of(error, document))
        origin = log_source(rule.logsource.category, rule.logsource.product, rule.logsource.service)
        if origin is None:
            return self._without_source(document, rule)
        return self._of_source(document, rule, origin)

    def _rule(self, document: RuleDocument, filters: Sequence[RuleDocument]) -> SigmaRule:
        rule = SigmaRule.from_dict(_plain(document), policy=POLICY)
        for each in filters:
            rule = SigmaFilter.from_dict(_plain(each), policy=POLICY).apply_on_rule(rule)  # type: ignore[assignment]
        return rule

    def _without_source(self, document: RuleDocument, rule: SigmaRule) -> Translation:
        parts = {"product": rule.logsource.product, "category": rule.logsource.category}
        parts["service"] = rule.logsource.service
        named = ", ".join(f"{key} `{value}`" for key, value in parts.items() if value)
        return self.failed(document, SIGMA_LOG_SOURCE, f"no events here are of {named}", ("logsource",))

    def _of_source(self, document: RuleDocument, rule: SigmaRule, origin: LogSource) -> Translation:
        # pySigma looks into a condition before it asks whether it is a text.
        if not all(isinstance(each, str) for each in rule.detection.condition):
            return self.failed(document, SIGMA_UNREADABLE, "no Sigma rule: the condition is no text", _CONDITION)
        detection = document.mapping.get("detection")
        known = places(rule, detection if isinstance(detection, Mapping) else {})
        conditions = Conditions(origin, known, document.span)
        try:
            trees = [conditions.condition(each.parsed) for each in rule.detection.parsed_condition]
        except SigmaError as error:
            # pySigma gives names of a filter's own to its detections, other ones each time.
            problem = _OF_FILTER.sub("", str(error))
            return self.failed(document, SIGMA_UNREADABLE, f"no Sigma rule: {problem}", _CONDITION)
        if conditions.unsaid:
            return Translation(document, None, tuple(self._unsaid(document, conditions.unsaid)))
        tree = trees[0] if len(trees) == 1 else ast.Or(tuple(trees), _NOWHERE)
        program = _program(origin, tree)
        try:
            text = format_tree(program)
        except ValueError:
            return self.failed(document, SIGMA_UNSAID, _UNWRITABLE, ("detection",))
        offsets = _offsets(program, text, document.span(("detection",), at_key=True))
        return Translation(document, Source.mapped(self.source.name, self.source.text, text, offsets))

    def _unsaid(self, document: RuleDocument, unsaid: Sequence[Unsaid]) -> Iterator[Diagnostic]:
        for each in dict.fromkeys(unsaid):
            code = SIGMA_FIELD if each.is_field else SIGMA_UNSAID
            fault = Diagnostic(code, each.message, self.source, document.span(each.path, at_key=each.is_field))
            yield fault.with_help(each.help) if each.help else fault

    def failed(self, document: RuleDocument, code: Any, message: str, path: DataPath = ()) -> Translation:
        """Return that a document has no program, for one reason."""
        span = document.span(path, at_key=path != _CONDITION)
        return Translation(document, None, (Diagnostic(code, message, self.source, span),))


def _plain(document: RuleDocument) -> dict[str, Any]:
    """Return a document's data as pySigma reads it, by YAML 1.1; raises `YAMLError`, `TypeError`."""
    data = yaml.load(document.data.text, Loader=SigmaYAMLLoader)  # noqa: S506  # a safe loader, pySigma's
    if not isinstance(data, dict):
        raise TypeError("a rule is keys and values")
    return {key: value for key, value in data.items() if key in _DECIDING and _is_sound(key, value)}


_DECIDING = ("title", "id", "name", "tags", "level", "status", "author", "logsource", "detection", "filter")
"""The keys that decide what a rule means, or which filters and steps of a pipeline are for it."""


def _is_sound(key: str, value: Any) -> bool:
    """Tell whether pySigma takes a key's value; what is wrong with the rest is said when it is read as metadata."""
    match key:
        case "title" | "name" | "author":
            return isinstance(value, str) and bool(value)
        case "level" | "status":
            known = SigmaLevel if key == "level" else SigmaStatus
            return isinstance(value, str) and value.upper() in known.__members__
        case "id":
            return isinstance(value, str) and bool(_UUID.fullmatch(value))
        case "tags":
            return isinstance(value, list) and all(isinstance(tag, str) and "." in tag for tag in value)
        case _:
            return True


def _place_of(error: Exception, document: RuleDocument) -> DataPath:
    """Return what of a rule an error of pySigma's is about, as far as it says."""
    for word in ("logsource", "level", "status", "identifier", "date", "modified", "title"):
        if word in type(error).__name__.casefold():
            return ("id",) if word == "identifier" else (word,)
    detection = document.mapping.get("detection")
    # Which of its items it is about an error does not say; each is read again by itself.
    items = islice(_items(detection, ("detection",)), _MOST_ITEMS)
    faulty = (path for path, key, value in items if _raises(error, key, value))
    return next(faulty, ("detection",) if detection else ())


_MOST_ITEMS = 10_000
"""How many items are read again for the place of a fault: aliases may stand for millions, rules have dozens."""


def _items(written: Any, path: DataPath) -> Iterator[tuple[DataPath, str, Any]]:
    """Yield the items of a detection: their places, keys and values."""
    pairs = written.items() if isinstance(written, Mapping) else enumerate(written) if isinstance(written, list) else ()
    for key, value in pairs:
        if isinstance(key, str) and len(path) > 1 and not isinstance(value, Mapping):
            yield (*path, key), key, value
        else:
            yield from _items(value, (*path, key))


def _raises(error: Exception, key: str, value: Any) -> bool:
    try:
        SigmaDetectionItem.from_mapping(key, value, policy=POLICY)
    except type(error):
        return True
    except SigmaError:
        return False
    return False


def _program(origin: LogSource, condition: ast.Expr) -> ast.Program:
    search = ast.Search(origin.classes, origin.narrowed, (), _NOWHERE)
    events, hits = ast.Name("events", _NOWHERE), ast.Name("hits", _NOWHERE)
    return ast.Program(
        (
            ast.AssignStmt(events, search, _NOWHERE),
            ast.AssignStmt(hits, ast.Filter(events, condition, _NOWHERE), _NOWHERE),
            ast.OutputStmt((hits,), _NOWHERE),
        )
    )


_OPENING = re.compile(r"(?:\bnot\s+|[(\[]\s*)+$")


def _offsets(program: ast.Program, text: str, detection: Span) -> list[int]:
    """Return where in the rule each character of its program stands: values and fields at their own place.

    What stands behind one is at its end, so that a range that ends there ends with it; what opens a condition or a list
    begins where the first value in there does.
    """
    offsets = [detection.start] * (len(text) + 1)
    written = parse(Source.whole("", text)).program
    reached = 0
    last = detection.start
    for node, here in zip(walk(program), walk(written), strict=True):
        match node, here:
            case (
                (ast.Name() | ast.StringLit() | ast.NumberLit() | ast.BoolLit()),
                (
                    ast.Name(span=written_at)
                    | ast.StringLit(span=written_at)
                    | ast.NumberLit(span=written_at)
                    | ast.BoolLit(span=written_at)
                ),
            ) if node.span != _NOWHERE:
                start, end = written_at.start, written_at.end
            case _:
                continue
        opening = _OPENING.search(text, reached, start)
        opened = opening.start() if opening else start
        offsets[reached:opened] = [last] * (opened - reached)
        offsets[opened:start] = [node.span.start] * (start - opened)
        length = node.span.end - node.span.start
        offsets[start:end] = [node.span.start + min(at, length) for at in range(end - start)]
        reached, last = end, node.span.end
    offsets[reached:] = [last] * (len(text) + 1 - reached)
    return offsets
