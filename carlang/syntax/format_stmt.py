"""Statements and streams as documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import assert_never

from carlang.source import Source
from carlang.syntax import ast
from carlang.syntax.format_doc import Doc, Group, Item, flat
from carlang.syntax.format_expr import SUM, bracketed, condition, expression, names
from carlang.syntax.functions import is_function

_CALL = re.compile(r"(\w+)\(")


def statement(source: Source, node: ast.Statement) -> Doc:
    """Return a statement."""
    match node:
        case ast.AssignStmt(target, value):
            return [f"{target.ident} = ", *_value(source, value)]
        case ast.FieldStmt(stream, field, value):
            return [f"{stream.ident}.{field.ident} = ", *expression(source, value, SUM)]
        case ast.InputStmt(name, kind, default):
            head = f"input {name.ident}" + (f": {kind.ident}" if kind else "")
            return [head, " = ", *expression(source, default, SUM)] if default else [head]
        case ast.OutputStmt(items):
            return [_keyword(source, node), " ", _outputs(source, items)]
        case ast.BareStmt(ast.Comparison((left, ast.ListLit((ast.Name(),)) as right), ("==",))):  # `a.b.c = [f]`
            return [*expression(source, left, SUM), " = ", *expression(source, right, SUM)]
        case ast.BareStmt(value):
            return _value(source, value)
        case ast.FaultyStmt():
            return [source.text[node.span.start : node.span.end]]
        case _:
            assert_never(node)


def _keyword(source: Source, node: ast.OutputStmt) -> str:
    """Return the word that the statement begins with, `output` or `return`."""
    return "return" if source.text[node.span.start : node.span.end].casefold().startswith("return") else "output"


def _outputs(source: Source, items: Sequence[ast.Stream]) -> Group:
    if len(items) == 1:
        return Group([Item(_stream(source, items[0]), items[0].span)])
    return Group([Item(_input(source, item), item.span) for item in items])


def _value(source: Source, value: ast.Value) -> Doc:
    return _stream(source, value) if isinstance(value, ast.StreamForm) else expression(source, value)


def _input(source: Source, node: ast.Stream) -> Doc:
    """Return a stream where a name usually stands."""
    return [node.ident] if isinstance(node, ast.Name) else [bracketed(_stream(source, node), node.span)]


def _inputs(source: Source, nodes: Sequence[ast.Stream], *, brackets: bool) -> Group:
    items = [Item(_input(source, node), node.span) for node in nodes]
    return Group(items, "(", ")") if brackets else Group(items)


def _stream(source: Source, node: ast.Stream) -> Doc:
    match node:
        case ast.Name(ident):
            return [ident]
        case ast.Search():
            return _search(source, node)
        case ast.Pipe(head, stages):
            first = [bracketed(_stream(source, head), head.span)] if isinstance(head, ast.Pipe) else None
            items = [Item(first or _stream(source, head), head.span)]
            items += [Item(_stage(source, stage), stage.span, "|") for stage in stages]
            return [Group(items)]
        case ast.Filter(stream, test):
            words = ["filter ", *_input(source, stream), " where "] if stream else ["filter where "]
            return [*words, condition(source, test)]
        case ast.Join() | ast.Group() | ast.Select() | ast.By():
            return _combined(source, node)
        case ast.Sequence(steps, keys, within, until):
            doc: list[str | Group] = ["sequence ", _inputs(source, steps, brackets=True), *_by(source, keys)]
            doc += [" within ", *expression(source, within)] if within else []
            return [*doc, " until ", *_input(source, until)] if until else doc
        case ast.RunAnalytic(kind, id_):
            return [f"run {kind.ident}:{id_.ident}"]
        case _:
            assert_never(node)


def _combined(source: Source, node: ast.Join | ast.Group | ast.Select | ast.By) -> Doc:
    """Return a join, a group, a selection or a count, whole or as a stage of a pipe."""
    match node:
        case ast.Join(inputs, test):
            doc: Doc = ["join ", _inputs(source, inputs, brackets=len(inputs) > 1)]
            return [*doc, " where ", condition(source, test)] if test else doc
        case ast.Group(inputs, keys, gap):
            doc = ["group ", _inputs(source, inputs, brackets=False)] if inputs else ["group"]
            doc = [*doc, *_by(source, keys)]
            return [*doc, " within ", *expression(source, gap)] if gap else doc
        case ast.Select(stream, columns):
            doc = ["from ", *_input(source, stream), " select "] if stream else ["select "]
            return [*doc, Group([Item(_column(source, column), column.span) for column in columns])]
        case ast.By(value, keys):
            return [*(expression(source, value, SUM) if value else ["count"]), *_by(source, keys)]
        case _:
            assert_never(node)


def _column(source: Source, column: ast.SelectItem) -> Doc:
    doc = expression(source, column.value)
    return [*doc, f" as {column.alias.ident}"] if column.alias else doc


def _by(source: Source, keys: Sequence[ast.Name | ast.Member]) -> Doc:
    return [" by ", names(keys, source)] if keys else []


def _stage(source: Source, node: ast.Stage) -> Doc:
    """Return a stage of a pipe; a filter needs no `where` there, unless its condition begins with an unknown call."""
    if isinstance(node, ast.Filter) and node.input is None:
        doc = expression(source, node.condition)
        call = _CALL.match(flat(doc) or "")
        if call is None or is_function(call.group(1)):
            return ["filter ", *doc]
    return _stream(source, node)


def _search(source: Source, node: ast.Search) -> Doc:
    items = []
    for number, each in enumerate(node.classes):
        lead = ""
        if number:
            gap = node.classes[number - 1].span.end, each.span.start
            joined = any(gap[0] <= place.start < gap[1] for place in node.conjunctions)
            lead = "and" if joined else "or"
        items.append(Item([_event_class(source, each)], each.span, lead))
    doc: Doc = ["search ", Group(items)]
    return [*doc, " where ", condition(source, node.condition)] if node.condition else doc


def _event_class(source: Source, node: ast.EventClass) -> str:
    if node.actions:
        return f"{node.object.ident}:{','.join(action.ident for action in node.actions)}"
    every = ":" in source.text[node.span.start : node.span.end]
    return node.object.ident + (":*" if every else "")
