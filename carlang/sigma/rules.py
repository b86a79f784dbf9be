"""Rules of a file, as pySigma reads them: which events one detects, or the reasons why that cannot be said."""

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

from carlang.datafile import DataFileError, read_yaml
from carlang.datafile import Path as DataPath
from carlang.diagnostics import Diagnostic
from carlang.diagnostics.codes import SIGMA_FIELD, SIGMA_LOG_SOURCE, SIGMA_UNREADABLE, SIGMA_UNSAID, Code
from carlang.sigma.conditions import Conditions, Unsaid, places
from carlang.sigma.documents import RuleDocument, merged
from carlang.sigma.engine import POLICY
from carlang.sigma.log_sources import LogSource, log_source
from carlang.sigma.programs import NOWHERE, program_source
from carlang.source import Source
from carlang.syntax import ast

_CONDITION: DataPath = ("detection", "condition")
_OF_FILTER = re.compile(r"\b_filt_[a-z]+_(?=\w)")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class RefusedError(Exception):
    """A rule has no program, for the reasons that its diagnostics say."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(fault.message for fault in diagnostics))
        self.diagnostics = diagnostics


def pipelines_problem(pipelines: Sequence[tuple[str, str]]) -> str | None:
    """Return why pipelines cannot be used, or None where they can."""
    try:
        read_pipelines(pipelines)
    except PipelineError as error:
        return str(error)
    return None


def read_pipelines(pipelines: Sequence[tuple[str, str]]) -> ProcessingPipeline | None:
    """Return pySigma's pipelines of these names and texts as one, by their priorities; raises `PipelineError`."""
    read = [_one_pipeline(name, text) for name, text in pipelines]
    return sum(sorted(read, key=lambda each: each.priority), ProcessingPipeline()) if read else None


class PipelineError(Exception):
    """A pipeline cannot be used; the message says which and why."""


_UNUSABLE = "the pipeline `{}` cannot be used: {}"


def problem_of(error: Exception) -> str:
    """Return what is wrong, on one line: PyYAML's own text of an error goes on with the place and an extract."""
    return str(error.problem if isinstance(error, yaml.MarkedYAMLError) else error)


def _one_pipeline(name: str, text: str) -> ProcessingPipeline:
    try:
        # pySigma takes it for granted that there are keys and values, and that priorities can be compared.
        if not isinstance(yaml.safe_load(text), dict):
            raise PipelineError(_UNUSABLE.format(name, "it is no keys and values"))
        pipeline = ProcessingPipeline.from_yaml(text)
    except (SigmaError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise PipelineError(_UNUSABLE.format(name, problem_of(error))) from None
    if not isinstance(pipeline.priority, int | float):
        raise PipelineError(_UNUSABLE.format(name, f"its priority `{pipeline.priority}` is no number"))
    return pipeline


@dataclass(frozen=True)
class Detected:
    """What a rule detects: the log source that it asks, and the condition of its events."""

    rule: SigmaRule
    origin: LogSource
    condition: ast.Expr


@dataclass(frozen=True)
class RuleFile:
    """A file of rules: its text, its documents, and the pipeline that each rule goes through first."""

    source: Source
    documents: tuple[RuleDocument, ...]
    pipeline: ProcessingPipeline | None

    @property
    def rules(self) -> tuple[RuleDocument, ...]:
        """Its rules and correlations."""
        return tuple(each for each in self.documents if "filter" not in each.mapping)

    @property
    def filters(self) -> tuple[RuleDocument, ...]:
        """What narrows its rules."""
        return tuple(each for each in self.documents if "filter" in each.mapping)

    def program(self, document: RuleDocument) -> Source:
        """Return the program of a rule without a correlation; raises `RefusedError`."""
        detected = self.detected(document)
        events, hits = ast.Name("events", NOWHERE), ast.Name("hits", NOWHERE)
        search = ast.Search(detected.origin.classes, detected.origin.narrowed, (), NOWHERE)
        statements = (
            ast.AssignStmt(events, search, NOWHERE),
            ast.AssignStmt(hits, ast.Filter(events, detected.condition, NOWHERE), NOWHERE),
            ast.OutputStmt((hits,), NOWHERE),
        )
        part = document.span(("detection",), at_key=True)
        try:
            return program_source(self.source, [(statement, part) for statement in statements])
        except ValueError:
            raise self.refused(document, SIGMA_UNSAID, UNWRITABLE, ("detection",)) from None

    def detected(self, document: RuleDocument) -> Detected:
        """Return what a rule detects, narrowed by the filters of its file; raises `RefusedError`."""
        try:
            return self._detected(document)
        except RecursionError:  # pySigma follows nested parts, and an alias of itself, without end
            raise self.refused(document, SIGMA_UNSAID, "the detection is nested too deeply", ("detection",)) from None

    def _detected(self, document: RuleDocument) -> Detected:
        if document.action not in (None, "repeat"):
            message = f"no Sigma rule: `{document.action}` is no action, as `global`, `reset` and `repeat` are"
            raise self.refused(document, SIGMA_UNREADABLE, message, ("action",))
        try:
            rule = SigmaRule.from_dict(plain(document), policy=POLICY)
            for each in self.filters:
                rule = SigmaFilter.from_dict(plain(each), policy=POLICY).apply_on_rule(rule)  # type: ignore[assignment]
            if self.pipeline:
                self.pipeline.apply(rule)
        except UNREADABLE as error:
            path = _place_of(error, document)
            if isinstance(error, SigmaRegularExpressionError):  # RE2 is what programs have, too
                raise self.refused(document, SIGMA_UNSAID, str(error), path) from None
            raise self.refused(document, SIGMA_UNREADABLE, f"no Sigma rule: {problem_of(error)}", path) from None
        origin = log_source(rule.logsource.category, rule.logsource.product, rule.logsource.service)
        if origin is None:
            raise self._without_source(document, rule)
        return self._of_source(document, rule, origin)

    def _without_source(self, document: RuleDocument, rule: SigmaRule) -> RefusedError:
        parts = {"product": rule.logsource.product, "category": rule.logsource.category}
        parts["service"] = rule.logsource.service
        named = ", ".join(f"{key} `{value}`" for key, value in parts.items() if value)
        return self.refused(document, SIGMA_LOG_SOURCE, f"no events here are of {named}", ("logsource",))

    def _of_source(self, document: RuleDocument, rule: SigmaRule, origin: LogSource) -> Detected:
        # pySigma looks into a condition before it asks whether it is a text.
        if not all(isinstance(each, str) for each in rule.detection.condition):
            raise self.refused(document, SIGMA_UNREADABLE, "no Sigma rule: the condition is no text", _CONDITION)
        detection = document.mapping.get("detection")
        known = places(rule, detection if isinstance(detection, Mapping) else {})
        conditions = Conditions(origin, known, document.span)
        try:
            trees = [conditions.condition(each.parsed) for each in rule.detection.parsed_condition]
        except SigmaError as error:
            # pySigma gives names of a filter's own to its detections, other ones each time.
            problem = _OF_FILTER.sub("", str(error))
            raise self.refused(document, SIGMA_UNREADABLE, f"no Sigma rule: {problem}", _CONDITION) from None
        if conditions.unsaid:
            raise RefusedError(*self._unsaid(document, conditions.unsaid))
        return Detected(rule, origin, trees[0] if len(trees) == 1 else ast.Or(tuple(trees), NOWHERE))

    def _unsaid(self, document: RuleDocument, unsaid: Sequence[Unsaid]) -> Iterator[Diagnostic]:
        for each in dict.fromkeys(unsaid):
            code = SIGMA_FIELD if each.is_field else SIGMA_UNSAID
            fault = Diagnostic(code, each.message, self.source, document.span(each.path, at_key=each.is_field))
            yield fault.with_help(each.help) if each.help else fault

    def refused(self, document: RuleDocument, code: Code, message: str, path: DataPath = ()) -> RefusedError:
        """Return that a rule has no program, for one reason."""
        return RefusedError(Diagnostic(code, message, self.source, document.span(path, at_key=path != _CONDITION)))


UNWRITABLE = (
    "no program can be written for this: a value is none that a literal holds, or there are millions of letters"
)
UNREADABLE = (SigmaError, yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError)
"""What pySigma raises for rules that are none."""


class _Loader(SigmaYAMLLoader):
    """Reads YAML 1.1 as pySigma does, a safe loader, but days that there are not: these stay the texts they are."""

    def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> Any:
        """Return a time, or the text that looks like one."""
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError:
            return self.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_timestamp)


def plain(document: RuleDocument) -> dict[str, Any]:
    """Return a rule's data as pySigma reads it, by YAML 1.1; raises `YAMLError`, `TypeError`.

    What is known of the rule is as it is written, `title: yes` a text: as a truth value it would be none that is known.
    """
    layers = [yaml.load(each.data.text, Loader=_Loader) for each in document.layers or (document,)]  # noqa: S506
    if not all(isinstance(layer, dict) for layer in layers):
        raise TypeError("a rule is keys and values")
    written = {key: value for key in _KNOWN if isinstance(value := document.mapping.get(key), str)}
    data = {**merged(layers), **written}
    if data.get("title") is not None:  # what is wrong with it is said where it is read as metadata
        data["title"] = str(data["title"])
    return {key: value for key, value in data.items() if key in _DECIDING and _is_sound(key, value)}


_KNOWN = ("title", "id", "name", "level", "status", "author")


_DECIDING = (
    "title",
    "id",
    "name",
    "tags",
    "level",
    "status",
    "author",
    "logsource",
    "detection",
    "filter",
    "correlation",
)
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
    if isinstance(error, yaml.YAMLError):
        return place_in_yaml(document)
    for word in ("logsource", "level", "status", "identifier", "date", "modified", "title"):
        if word in type(error).__name__.casefold():
            return ("id",) if word == "identifier" else (word,)
    detection = document.mapping.get("detection")
    # Which of its items it is about an error does not say; each is read again by itself.
    items = islice(_items(detection, ("detection",)), _MOST_ITEMS)
    faulty = (path for path, key, value in items if _raises(error, key, value))
    return next(faulty, ("detection",) if detection else ())


def place_in_yaml(document: RuleDocument) -> DataPath:
    """Return where a key stands twice, which pySigma refuses without a place."""
    for layer in document.layers or (document,):
        try:
            read_yaml(layer.data.name, layer.data.text)
        except DataFileError as error:
            return error.faults[0].path
    return ()


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
