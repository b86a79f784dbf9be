"""Text to AST. Lark stays inside."""

from carlang.syntax.format import format_program, format_tree
from carlang.syntax.functions import FUNCTIONS, is_function
from carlang.syntax.parse import Parsed, parse
from carlang.syntax.walk import children, rewrite, walk

__all__ = [
    "FUNCTIONS",
    "Parsed",
    "children",
    "format_program",
    "format_tree",
    "is_function",
    "parse",
    "rewrite",
    "walk",
]
