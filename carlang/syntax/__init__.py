"""Text to AST. Lark stays inside."""

from carlang.syntax.functions import FUNCTIONS, is_function
from carlang.syntax.parse import Parsed, parse

__all__ = ["FUNCTIONS", "Parsed", "is_function", "parse"]
