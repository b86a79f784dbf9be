"""What the tests of syntax share: a program's statements, expressions, codes and the text under a node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from carlang.source import Source, Span
from carlang.syntax import Parsed, ast, parse


def read(text: str) -> Parsed:
    return parse(Source.whole("test.car", text))


def codes(text: str) -> list[str]:
    return [d.code.name for d in read(text).diagnostics]


def statements(text: str) -> tuple[ast.Statement, ...]:
    """Return the statements of a program without faults."""
    parsed = read(text)
    assert not parsed.diagnostics, [(d.code.name, d.message, d.location) for d in parsed.diagnostics]
    return parsed.program.statements


def condition(text: str) -> ast.Expr:
    """Return a condition as it is read behind `where`."""
    (statement,) = statements(f"q = filter p where {text}")
    assert isinstance(statement, ast.AssignStmt)
    assert isinstance(statement.value, ast.Filter)
    return statement.value.condition


def value(text: str) -> ast.Expr:
    """Return a value as it is read on the right of an operator."""
    found = condition(f"f == {text}")
    assert isinstance(found, ast.Comparison)
    return found.operands[1]


def string(text: str) -> str:
    found = value(text)
    assert isinstance(found, ast.StringLit)
    return found.value


def nodes(node: Any) -> Iterator[Any]:
    """Yield a node and all nodes below it."""
    todo = [node]
    while todo:
        at = todo.pop()
        if isinstance(at, tuple):
            todo.extend(at)
        elif is_dataclass(at) and not isinstance(at, Span):
            yield at
            todo.extend(getattr(at, f.name) for f in fields(at) if f.name != "conjunctions")


def under(text: str, node: Any) -> str:
    return text[node.span.start : node.span.end]
