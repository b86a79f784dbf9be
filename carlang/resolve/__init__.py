"""AST and model to a bound program: every name a reference, every expression a type."""

from carlang.resolve.inputs import Given, MissingParameterError, ParameterError, WrongParameterError, given_values
from carlang.resolve.program import DEFAULT_OUTPUT, Resolved, resolve
from carlang.resolve.scope import AnalyticFinder, PatternCheck

__all__ = [
    "DEFAULT_OUTPUT",
    "AnalyticFinder",
    "Given",
    "MissingParameterError",
    "ParameterError",
    "PatternCheck",
    "Resolved",
    "WrongParameterError",
    "given_values",
    "resolve",
]
