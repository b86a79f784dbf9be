"""An analytic as Sigma rules: a rule for each of its outputs, or more where the events are of several log sources.

What is made here is plain data, as a rule's YAML has it. pySigma is not asked: whoever has not got it can write rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import yaml

from carlang.analytic import CompiledAnalytic
from carlang.diagnostics import Diagnostic, has_errors
from carlang.diagnostics.codes import UNWRITABLE
from carlang.importers.attack import TACTICS
from carlang.outgoing.conditions import Conditions
from carlang.outgoing.detection import ALWAYS, NEVER, Detection, some, written
from carlang.outgoing.fields import RuleFields
from carlang.outgoing.streams import Sourced, branches, sourced
from carlang.outgoing.unwritable import UnwritableError
from carlang.program import CompiledProgram
from carlang.resolve.bound import BoundOutput
from carlang.resolve.inputs import Given, given_values
from carlang.source import Source, Span
from carlang.syntax import ast, walk

_RULES = UUID("5d0f1f4e-6f0b-5b0e-9a53-1f3c0c6b7a11")
"""The namespace of the rules' ids: a rule has the same one whenever it is written."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LONGEST_TITLE = 256
"""How many characters Sigma gives a title."""


@dataclass(frozen=True, slots=True)
class OutgoingRule:
    """A rule: its data as YAML has it, the output that it is written of, with its place, and a name for a file."""

    analytic: str
    output: str
    name: str
    data: Mapping[str, Any]
    source: Source
    span: Span

    @property
    def text(self) -> str:
        """The rule as YAML."""
        return yaml.dump(dict(self.data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)

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
    detections: dict[RuleFields, list[Detection]] = {}
    for branch in branches(output.stream):
        for alternatives in sourced(branch):
            fields, detection = _detection(alternatives, given)
            detections.setdefault(fields, []).append(detection)
    if all(some(each) == NEVER for each in detections.values()):
        raise UnwritableError("the condition holds for no event", output.span)
    alone = alone and len(detections) == 1
    for fields, each in detections.items():
        detection = some(each)
        if detection == ALWAYS:
            raise UnwritableError("every event of a class is a row, and a rule has to ask for something", output.span)
        if detection != NEVER:
            name, data = _rule(analytic, output.name, fields, detection, alone=alone)
            yield OutgoingRule(analytic.id, output.name, name, data, program.source, output.span or Span(0, 0))


def _detection(alternatives: Sequence[Sourced], given: Given) -> tuple[RuleFields, Detection]:
    """Return the detection at the first of some log sources that has names for all fields; raises `UnwritableError`."""
    first: UnwritableError | None = None
    for source in alternatives:
        try:
            return source.fields, Conditions(source.fields, given).detection(source.condition)
        except UnwritableError as error:
            first = first or error
    raise first or UnwritableError("no log source of Sigma's has these events")


def _rule(
    analytic: CompiledAnalytic, output: str, fields: RuleFields, detection: Detection, *, alone: bool
) -> tuple[str, Mapping[str, Any]]:
    """Return a rule's name and data; one that is not `alone` is named by its output and its log source as well."""
    entry = fields.source.entry
    kind = entry.category or entry.service or str(entry.product)
    name = analytic.id if alone else f"{analytic.id}.{output}.{kind}"
    known = analytic.data
    source = {"product": _product(fields, known.platforms), "category": entry.category, "service": entry.service}
    # An id that is one of Sigma's stays the rule's; who has it twice would have two rules for one.
    id_ = known.id.lower() if alone and _UUID.fullmatch(known.id) else str(uuid5(_RULES, f"{known.id}/{output}/{kind}"))
    title = known.title or known.id
    data: dict[str, Any] = {
        "title": (title if alone else f"{title}: {output}, {kind}")[:_LONGEST_TITLE],
        "id": id_,
        "status": known.status or ("test" if known.tests else "experimental"),
        "description": known.description,
        "references": list(known.references),
        "author": known.author or ", ".join(known.contributors),
        "date": known.submission_date and known.submission_date.isoformat(),
        "modified": known.update_date and known.update_date.isoformat(),
        "license": known.license,
        "tags": list(known.tags or _tags(analytic)),
        "logsource": {key: value for key, value in source.items() if value},
        "detection": written(detection),
        "falsepositives": list(known.false_positives),
        "level": level.text if (level := known.level_of(output)) else None,
    }
    return name, {key: value for key, value in data.items() if value}


def _product(fields: RuleFields, platforms: tuple[str, ...]) -> str | None:
    """Return the product of a log source: of one for several, the analytic's only platform, else none."""
    products = fields.source.entry.products
    if fields.source.product or len(products) == 1:
        return fields.source.product or products[0]
    named = [platform.casefold() for platform in platforms]
    return named[0] if len(named) == 1 and named[0] in products else None


def _tags(analytic: CompiledAnalytic) -> Iterator[str]:
    """Yield ATT&CK's tactics and techniques as rules have them: `attack.execution`, `attack.t1053.002`."""
    for tactic in analytic.data.tactics:
        if name := TACTICS.get(tactic):
            yield f"attack.{name.casefold().replace(' ', '-')}"
    for technique in analytic.techniques:
        yield f"attack.{technique.casefold()}"


_WIDTH = 120


class _Dumper(yaml.SafeDumper):
    """Writes rules as people do: texts of several lines as such, items of a list below their key and further in."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # PyYAML's
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # PyYAML's
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
