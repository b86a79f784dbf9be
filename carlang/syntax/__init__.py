"""Text to AST and back: parse, walk, rewrite, format. Lark stays inside.

`layout` cuts a program into statements, Lark parses each by `grammar/car.lark`, `build` makes its nodes. `faults`,
`unquoted`, `quotes` and `brackets` put into words what goes wrong on the way, with a repair where there is one.
"""

from carlang.syntax.format import format_program, format_tree
from carlang.syntax.parse import Parsed, parse
from carlang.syntax.walk import children, rewrite, walk

__all__ = [
    "Parsed",
    "children",
    "format_program",
    "format_tree",
    "parse",
    "rewrite",
    "walk",
]
