"""Text to AST. Lark stays inside."""

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
