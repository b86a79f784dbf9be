"""What stands in the program of a rule: its outputs, and the fields by the names that the rule has for them."""

from __future__ import annotations

import re

from carlang.source import Source
from carlang.syntax import ast, parse

_KEY = re.compile(r"""["']?([^\s"'|:]+)[^\s:]*:""")


def output_names(program: Source) -> tuple[str, ...]:
    """Return the names of a program's outputs, in their order."""
    statements = parse(program).program.statements
    outputs = (statement for statement in statements if isinstance(statement, ast.OutputStmt))
    return tuple(item.ident for output in outputs for item in output.items if isinstance(item, ast.Name))


def rule_field(program: Source, field: str) -> str | None:
    """Return what a rule calls a field of its program, None where that stands at no key of the rule.

    Of several keys that are one field, `CommandLine` and `ProcessCommandLine`, the first counts. The program is
    searched as a text: to parse it takes milliseconds, and thousands of rules may lack a field in a store.
    """
    for written in re.finditer(rf"\b{re.escape(field)}\b", program.text) if program.offsets else ():
        start = program.offsets[written.start()]
        key = _KEY.match(program.document, start)
        if key and program.document[:start].rstrip(" \t-")[-1:] in ("\n", "{", ","):
            return key[1]
    return None
