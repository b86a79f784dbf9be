"""What the program of a rule hands out."""

from __future__ import annotations

from carlang.source import Source
from carlang.syntax import ast, parse


def output_names(program: Source) -> tuple[str, ...]:
    """Return the names of a program's outputs, in their order."""
    statements = parse(program).program.statements
    outputs = (statement for statement in statements if isinstance(statement, ast.OutputStmt))
    return tuple(item.ident for output in outputs for item in output.items if isinstance(item, ast.Name))
