"""AST and model to a bound program: every name a reference, every expression a type."""

from carlang.resolve.program import DEFAULT_OUTPUT, Resolved, resolve
from carlang.resolve.scope import PatternCheck

__all__ = ["DEFAULT_OUTPUT", "PatternCheck", "Resolved", "resolve"]
