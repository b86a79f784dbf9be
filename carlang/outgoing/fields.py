"""What rules call the fields of a log source's events: the tables by which rules are read, the other way round.

`sigma/log_sources.yaml` and the sensors' mappings say what a rule's field is here. Each such meaning is compiled as a
program is, and looked up by what it is in the bound tree; so what is written here is read as the same again.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from carlang.mapping import builtin_sensors, called_by_sensor
from carlang.model import builtin_model
from carlang.outgoing.detection import Detection, Item
from carlang.outgoing.meanings import meaning
from carlang.program import compile_program
from carlang.resolve.bound import AllOf, BoundExpr, BoundOutput, Filtered, NamedStream, Present
from carlang.sigma import ByAlgorithm, ByValue, Held, LogSource, OneOf
from carlang.source import Source, Span
from carlang.syntax import ast, format_tree

_NOWHERE = Span(0, 0)
_COMPUTER = "Computer"
_OF_ALL = ("Image", "User", "ProcessId")
"""What each record of Sysmon's has, and rules of every category ask for."""
# As sensors write them, not as exports that are listed beside them do.
_MEMBER = re.compile(r"[A-Z]\w*")


@dataclass(frozen=True, slots=True)
class Part:
    """A column that a mapping makes of a member: `base_name` or `extension` of it, where `when` holds if there is."""

    kind: str
    member: str
    when: Detection | None = None


@dataclass(eq=False)
class RuleFields:
    """The fields of a log source by what they are here."""

    source: LogSource
    held: dict[Hashable, str] = field(default_factory=dict)
    """Names by the expression that the field is."""
    by_value: dict[Hashable, list[Item]] = field(default_factory=dict)
    """Items by the condition that one of a field's few values is."""
    by_algorithm: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Lists of hashes, each with the algorithm, by column."""
    parts: dict[str, Part] = field(default_factory=dict)
    """By column what is made of a part of a member."""


@cache
def rule_fields(source: LogSource) -> RuleFields:
    """Return the fields of a log source by what they are here."""
    known = RuleFields(source)
    asked: list[tuple[ast.Expr, str, str | None]] = []
    for name in _names(source):
        match source.field(name):
            case Held(expression):
                asked.append((ast.Exists(expression, negated=False, span=_NOWHERE), name, None))
            case ByValue(conditions):
                asked += [(condition, name, text) for text, condition in conditions.items()]
            case ByAlgorithm(by_algorithm):
                for algorithm, column in by_algorithm.items():
                    known.by_algorithm.setdefault(column, (name, algorithm))
            case OneOf() | None:  # one of several texts, none of which the name means by itself
                pass
    for (_, name, text), condition in zip(asked, _bound(source, [each for each, _, _ in asked]), strict=True):
        if text is not None:
            known.by_value.setdefault(meaning(condition), []).append(Item(name, (), (text,)))
        elif isinstance(condition, Present):
            known.held.setdefault(meaning(condition.operand), name)
    known.parts.update(_parts(source))
    if not source.entry.records:
        known.parts["hostname"] = Part("host", _COMPUTER)  # of the frame, which mappings of sensors do not have
    return known


def _names(source: LogSource) -> Iterator[str]:
    """Yield the names of a source's fields, those of its own table first: what sensors call them are the others."""
    yield from source.entry.fields
    for searched in source.classes:
        for action in searched.actions or (None,):
            called = _called(source.object, action.ident.casefold() if action else None)
            for by_sensor in called.values():
                yield from filter(_MEMBER.fullmatch, by_sensor.get(source.entry.sensor, ()))
    # Behind what Sysmon's own records are known to have: `image_path` of an access is `SourceImage` there.
    if source.entry.sensor == "sysmon" and source.entry.category:
        yield from _OF_ALL  # of classes that Sysmon itself has no events of, too


@cache
def _called(object_: str, action: str | None) -> Mapping[str, Mapping[str, Sequence[str]]]:
    return called_by_sensor(builtin_sensors(builtin_model()), object_, action)


def _bound(source: LogSource, conditions: Sequence[ast.Expr]) -> list[BoundExpr]:
    """Return conditions of the table as the meaning that they have in a program."""
    events = ast.Name("events", _NOWHERE)
    statements: list[ast.Statement] = [ast.AssignStmt(events, ast.Search(source.classes, None, (), _NOWHERE), _NOWHERE)]
    names = [ast.Name(f"f{number}", _NOWHERE) for number in range(len(conditions))]
    for name, condition in zip(names, conditions, strict=True):
        statements.append(ast.AssignStmt(name, ast.Filter(events, condition, _NOWHERE), _NOWHERE))
    statements.append(ast.OutputStmt(tuple(names), _NOWHERE))
    text = format_tree(ast.Program(tuple(statements)))
    program = compile_program(Source.whole("log_sources.yaml", text), builtin_model()).require()
    return [_condition(output) for output in program.outputs]


@cache
def table_condition(source: LogSource) -> BoundExpr:
    """Return what narrows a source down, as the meaning that it has in a program."""
    if source.narrowed is None:
        return AllOf(())
    return _bound(source, [source.narrowed])[0]


def _condition(output: BoundOutput) -> BoundExpr:
    match output.stream:
        case NamedStream(stream=Filtered(condition=condition)):
            return condition
        case other:
            raise TypeError(other)


def _parts(source: LogSource) -> Iterator[tuple[str, Part]]:
    for column, part in source.entry.parts.items():
        when = [Item(name, (), (text,)) for name, text in part.when.items()]
        yield column, Part(part.kind, part.member, when[0] if when else None)
