"""An analytic as Sigma rules: a rule for each of its outputs, or more where the events are of several log sources.

What is made here is plain data, as a rule's YAML has it. pySigma is not asked: whoever has not got it can write rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from carlang.analytic import CompiledAnalytic
from carlang.diagnostics import Diagnostic, has_errors
from carlang.diagnostics.codes import UNWRITABLE
from carlang.importers import AnalyticFile
from carlang.outgoing.correlations import Correlated, correlated
from carlang.outgoing.detection import written
from carlang.outgoing.fields import RuleFields
from carlang.outgoing.metadata import head, tail
from carlang.outgoing.selected import Selected, selected
from carlang.outgoing.unwritable import UnwritableError
from carlang.program import CompiledProgram
from carlang.resolve.bound import BoundOutput
from carlang.resolve.inputs import Given, given_values
from carlang.source import Source, Span
from carlang.syntax import ast, walk

_NO_WORD = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class OutgoingRule:
    """A rule: its data as YAML has it, the output that it is written of, with its place, and a name for a file.

    `referred` are the rules that a correlation refers to, which stand before it.
    """

    analytic: str
    output: str
    name: str
    data: Mapping[str, Any]
    source: Source
    span: Span
    referred: tuple[Mapping[str, Any], ...] = ()

    @property
    def text(self) -> str:
        """The rule as YAML."""
        return "---\n".join(
            yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
            for data in (*self.referred, self.data)
        )

    def fault(self, message: str) -> Diagnostic:
        """Return that there is something about the rule that keeps it from going out."""
        return Diagnostic(UNWRITABLE, message, self.source, self.span).with_label(f"of output `{self.output}`")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The rules of an analytic, and why outputs have none."""

    rules: tuple[OutgoingRule, ...]
    diagnostics: tuple[Diagnostic, ...]


def outgoing(analytic: CompiledAnalytic, params: Mapping[str, Any] | None = None) -> Outgoing:
    """Return the rules that mean the same as an analytic; an output goes out as a whole, or not at all.

    `params` are values of its inputs, of which one that is of the wrong type raises `ParameterError`; an output that
    asks for an input without a value is refused. An analytic with errors has no rules, and its diagnostics say why.
    """
    if has_errors(analytic.diagnostics):
        return Outgoing((), analytic.diagnostics)
    values = params or {}
    given = given_values(tuple(each for each in analytic.inputs if each.default or each.name in values), values)
    rules: list[OutgoingRule] = []
    faults: list[Diagnostic] = []
    outputs = [(program, output) for program in analytic.compiled for output in program.require().outputs]
    for program, output in outputs:
        try:
            written_rules = list(_rules(analytic, program, output, given, alone=len(outputs) == 1))
        except UnwritableError as error:
            faults.append(_fault(program, output, str(error), error.span))
        except RecursionError:
            faults.append(_fault(program, output, "the output is made of too many streams", None))
        else:
            rules += written_rules
    return Outgoing(tuple(rules), tuple(faults))


def _fault(program: CompiledProgram, output: BoundOutput, message: str, span: Span | None) -> Diagnostic:
    # The places of what another analytic says are in that one's text.
    runs_others = any(isinstance(node, ast.RunAnalytic) for node in walk(program.ast))
    span = output.span if span is None or runs_others else span
    return Diagnostic(UNWRITABLE, message, program.source, span or Span(0, 0)).with_label(f"of output `{output.name}`")


def _rules(
    analytic: CompiledAnalytic, program: CompiledProgram, output: BoundOutput, given: Given, *, alone: bool
) -> Iterator[OutgoingRule]:
    source, span = program.source, output.span or Span(0, 0)
    if correlation := correlated(output.stream, given):
        name = analytic.id if alone else f"{analytic.id}.{output.name}"
        referred, data = _correlation(analytic.data, output.name, correlation, alone=alone)
        yield OutgoingRule(analytic.id, output.name, name, data, source, span, referred)
        return
    rules = selected(output.stream, given, output.span)
    alone = alone and len(rules) == 1
    for rule in rules:
        kind = _kind(rule.fields)
        name = analytic.id if alone else f"{analytic.id}.{output.name}.{kind}"
        data = {
            **head(analytic.data, f"{output.name}/{kind}", alone=alone),
            **_detected(rule, analytic.data.platforms),
            **tail(analytic.data, output.name),
        }
        yield OutgoingRule(analytic.id, output.name, name, _without_nothing(data), source, span)


def _correlation(
    known: AnalyticFile, output: str, correlation: Correlated, *, alone: bool
) -> tuple[tuple[Mapping[str, Any], ...], Mapping[str, Any]]:
    """Return the rules that a correlation refers to, and the correlation."""
    names = tuple(_NO_WORD.sub("_", f"{known.id}_{output}_{part.name}").lower() for part in correlation.parts)
    rules: list[Mapping[str, Any]] = []
    for name, part in zip(names, correlation.parts, strict=True):
        about = head(known, f"{output}/{part.name}", alone=False)
        identity = {"title": about["title"], "id": about["id"], "name": name, "status": about["status"]}
        rules.append({**identity, **_detected(part.selected, known.platforms)})
    data = {**head(known, output, alone=alone), "correlation": correlation.section(names), **tail(known, output)}
    return tuple(rules), _without_nothing(data)


def _detected(rule: Selected, platforms: tuple[str, ...]) -> dict[str, Any]:
    origin = rule.fields.source
    product = _product(rule.fields, platforms)
    source = {"product": product, "category": origin.entry.category, "service": origin.service}
    return {"logsource": _without_nothing(source), "detection": written(rule.detection)}


def _kind(fields: RuleFields) -> str:
    entry = fields.source.entry
    return entry.category or fields.source.service or str(entry.product)


def _without_nothing(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value}


def _product(fields: RuleFields, platforms: tuple[str, ...]) -> str | None:
    """Return the product of a log source: of one for several, the analytic's only platform, else none."""
    products = fields.source.entry.products
    if fields.source.product or len(products) == 1:
        return fields.source.product or products[0]
    named = [platform.casefold() for platform in platforms]
    return named[0] if len(named) == 1 and named[0] in products else None


_WIDTH = 120


class _Dumper(yaml.SafeDumper):
    """Writes rules as people do: texts of several lines as such, items of a list below their key and further in."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # PyYAML's
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # PyYAML's
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Without double quotes PyYAML would write the line ends that only YAML has as such, and read them as blanks.
    style = '"' if _LINE_ENDS.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_LINE_ENDS = re.compile("[\x85\u2028\u2029]")


_Dumper.add_representer(str, _text)
