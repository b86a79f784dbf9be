"""The names of the language's functions."""

from carlang.model.functions import SCALARS, scalar

FUNCTIONS = frozenset(SCALARS)


def is_function(name: str) -> bool:
    """Tell whether a function of the language has this name, in any case of letters."""
    return scalar(name) is not None
