"""A rule's condition, as pySigma has resolved it, as a condition of the language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import (
    SigmaCasedString,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaType,
)

from carlang.datafile import Path as DataPath
from carlang.diagnostics import nearest
from carlang.sigma.chains import all_of, either
from carlang.sigma.log_sources import FieldHere, LogSource
from carlang.sigma.regexes import program_regex
from carlang.sigma.texts import some_text_test
from carlang.sigma.unsaid import UnsaidError
from carlang.sigma.values import field_reference, field_test, without_placeholders
from carlang.source import Span
from carlang.syntax import ast
from carlang.syntax.walk import rewrite

_NOTHING = ast.BoolLit(value=False, span=Span(0, 0))
"""What stands in a tree for what cannot be said, and is never written."""


class SpanOf(Protocol):
    """Returns the place of a value of a rule, or of its key."""

    def __call__(self, path: DataPath, *, at_key: bool) -> Span:
        """Return the place of the value at `path`, or of its key."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in a rule, and the key of the field that it is of."""

    value: DataPath
    key: DataPath


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What of a rule cannot be said: why, where, what could be done, and whether it is a field that is not here."""

    message: str
    path: DataPath
    help: str | None = None
    is_field: bool = False


def places(rule: SigmaRule, detection: Mapping[str, object]) -> dict[int, Place]:
    """Return the places of a rule's values, by the identity of the values that pySigma has made of them."""
    known: dict[int, Place] = {}
    for name, part in rule.detection.detections.items():
        if name in detection:
            known |= dict(_places(part, detection[name], ("detection", name)))
    return known


def _places(part: SigmaDetection | SigmaDetectionItem, written: object, path: DataPath) -> Iterator[tuple[int, Place]]:
    if isinstance(part, SigmaDetectionItem):
        is_list = isinstance(written, list) and len(written) == len(part.value)
        for index, value in enumerate(part.value):
            yield id(value), Place((*path, index) if is_list else path, path)
    elif isinstance(written, Mapping):
        for item, (key, value) in zip(part.detection_items, written.items(), strict=False):
            yield from _places(item, value, (*path, key))
    elif isinstance(written, list) and any(isinstance(each, Mapping | list) for each in written):
        for index, (item, value) in enumerate(zip(part.detection_items, written, strict=False)):
            yield from _places(item, value, (*path, index))
    else:
        for item in part.detection_items:
            yield from _places(item, written, path)


@dataclass
class Conditions:
    """The translation of one rule's conditions; `unsaid` grows by what of them cannot be said."""

    source: LogSource
    places: Mapping[int, Place]
    span: SpanOf
    unsaid: list[Unsaid] = field(default_factory=list)

    def condition(self, node: object) -> ast.Expr:
        """Return what a node of pySigma's tree is in a program."""
        match node:
            case ConditionOR(args=args):
                return either([self.condition(each) for each in args], _NOTHING.span)
            case ConditionAND(args=args):
                return all_of([self.condition(each) for each in args])
            case ConditionNOT(args=[operand]):
                negated = self.condition(operand)
                return ast.Not(negated, negated.span)
            case ConditionFieldEqualsValueExpression(field=name, value=value):
                return self._said(value, lambda place: self._field(name, value, place))
            case ConditionValueExpression(value=value):
                return self._said(value, lambda place: _keyword(value, self.span(place.value, at_key=False)))
            case _:
                self.unsaid.append(Unsaid("the condition selects nothing", ("detection", "condition")))
                return _NOTHING

    def _said(self, value: SigmaType, say: Callable[[Place], ast.Expr]) -> ast.Expr:
        place = self.places.get(id(value), Place(("detection",), ("detection",)))
        try:
            return say(place)
        except UnsaidError as error:
            self.unsaid.append(Unsaid(str(error), place.value, error.help))
            return _NOTHING

    def _field(self, name: str, value: SigmaType, place: Place) -> ast.Expr:
        at_key, at_value = self.span(place.key, at_key=True), self.span(place.value, at_key=False)
        here = self._known(name, place.key)
        if here is None:
            return _NOTHING
        if isinstance(value, SigmaFieldReference):
            other = self._known(value.field, place.value)
            if other is None:
                return _NOTHING
            return _placed(field_reference(here, other, value, at_value), at_key, at_value)
        return _placed(field_test(here, name, value, at_value), at_key, at_value)

    def _known(self, name: str, path: DataPath) -> FieldHere | None:
        here = self.source.field(name)
        if here is None:
            near = nearest(name, self.source.names)
            help_ = f"did you mean `{near}`?" if near else None
            self.unsaid.append(Unsaid(f"`{name}` is no field of these events here", path, help_, is_field=True))
        return here


def _keyword(value: SigmaType, span: Span) -> ast.Expr:
    """Return the test that some text of the event contains a keyword."""
    without_placeholders(value)
    match value:
        case SigmaExpansion(values=values):
            return either([_keyword(each, span) for each in values], span)
        case SigmaRegularExpression():
            every_text = ast.Name("any", span)
            return ast.TextTest(
                "match", every_text, ast.StringLit(program_regex(value), span), negated=False, span=span
            )
        case SigmaCasedString():
            return some_text_test(value, span, cased=True)
        case SigmaString():
            return some_text_test(value, span)
        case SigmaNumber(number=number):
            return some_text_test(SigmaString(str(number)), span)
        case _:
            kind = type(value).__name__.removeprefix("Sigma")
            raise UnsaidError(f"a keyword of the kind {kind} has no form here")


def _placed(expression: ast.Expr, at_key: Span, at_value: Span) -> ast.Expr:
    """Return a condition whose fields and texts stand at the places of the rule's."""

    def placed(node: ast.Node) -> ast.Node:
        match node:
            case ast.Name(name) if node.span == Span(0, 0):
                return ast.Name(name, at_key)
            case ast.StringLit(text) if node.span == Span(0, 0):
                return ast.StringLit(text, at_value)
            case _:
                return node

    return rewrite(expression, placed)  # type: ignore[return-value]  # nothing but names is changed
