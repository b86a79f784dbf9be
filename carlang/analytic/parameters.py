"""Parameters: what programs call inputs, and whether a run gives those that there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carlang.analytic.compiled import CompiledAnalytic
from carlang.diagnostics import has_errors, nearest
from carlang.resolve import ParameterError


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an analytic: `types` are those that its uses ask for, `required` says that it has no default."""

    name: str
    types: tuple[str, ...]
    required: bool


def parameters(analytic: CompiledAnalytic) -> tuple[Parameter, ...]:
    """Return an analytic's parameters; raises `CompileError` where it has errors."""
    return tuple(Parameter(i.name, tuple(map(str, i.types)), i.default is None) for i in analytic.inputs)


def known_parameters(params: Mapping[str, Any], analytics: Sequence[CompiledAnalytic]) -> None:
    """Raise `ParameterError` for a parameter that none of the analytics has."""
    known: set[str] = set()
    for analytic in analytics:
        if not has_errors(analytic.diagnostics):
            known |= {each.name for each in analytic.inputs}
    for name in params:
        if name not in known:
            of = analytics[0].id if len(analytics) == 1 else "any of the analytics"
            near = nearest(name, known)
            raise ParameterError(f"`{name}` is not a parameter of {of}" + (f"; did you mean `{near}`?" if near else ""))
