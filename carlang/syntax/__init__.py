"""Text to AST and back: parse, walk, rewrite, format. Lark stays inside.

`layout` cuts a program into statements, Lark parses each by `grammar/car.lark`, `build` makes its nodes. `faults`,
`unquoted`, `quotes` and `brackets` put into words what goes wrong on the way, with a repair where there is one.
"""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.syntax.ast import Program
    from carlang.syntax.format import format_program, format_tree, place_tree
    from carlang.syntax.parse import Parsed, parse
    from carlang.syntax.walk import children, rewrite, walk
else:
    __getattr__ = hand_on(
        __name__,
        {
            "syntax.ast": "Program",
            "syntax.format": "format_program() format_tree() place_tree()",
            "syntax.parse": "Parsed parse()",
            "syntax.walk": "children() rewrite() walk()",
        },
    )

__all__ = [
    "Parsed",
    "Program",
    "children",
    "format_program",
    "format_tree",
    "parse",
    "place_tree",
    "rewrite",
    "walk",
]
