"""Analytics written in a dialect: Sigma's own, or one of pySigma's backends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carlang import sigma
from carlang.analytic import CompiledAnalytic
from carlang.diagnostics import Diagnostic
from carlang.errors import WrongUseError
from carlang.escapes import json_text
from carlang.outgoing.rules import OutgoingRule, outgoing

SIGMA = "sigma"
"""The dialect that needs no backend."""


class ExportError(WrongUseError):
    """There is no such dialect here, or a pipeline cannot be used."""


@dataclass(frozen=True, slots=True)
class ExportedOutput:
    """What an output is in a dialect: a rule, or a query of one; `value` is data, `name` one for a file."""

    rule: OutgoingRule
    name: str
    value: Any

    @property
    def text(self) -> str:
        """What a file of it holds."""
        if self.value is self.rule.data:
            return self.rule.text
        return f"{self.value if isinstance(self.value, str) else json_text(self.value)}\n"


@dataclass(frozen=True, slots=True)
class Exported:
    """An analytic in a dialect, and why outputs are not there."""

    pieces: tuple[ExportedOutput, ...]
    diagnostics: tuple[Diagnostic, ...]


class Exporter:
    """Writes analytics in a dialect; `pipelines` are names and texts of those that rules go through before a backend.

    Raises `ExportError` for a dialect that there is not, and for a pipeline that cannot be used.
    """

    def __init__(self, dialect: str, pipelines: Sequence[tuple[str, str]] = ()) -> None:
        self._backend = None if dialect == SIGMA else _backend(dialect, pipelines)

    def exported(self, analytic: CompiledAnalytic, params: Mapping[str, Any] | None = None) -> Exported:
        """Return an analytic in the dialect; see `outgoing` for what becomes of outputs that have no rule."""
        written = outgoing(analytic, params)
        pieces: list[ExportedOutput] = []
        faults = list(written.diagnostics)
        for rule in written.rules:
            try:
                pieces += self._pieces(rule)
            except sigma.BackendError as error:
                faults.append(rule.fault(str(error)))
        return Exported(tuple(pieces), tuple(faults))

    def _pieces(self, rule: OutgoingRule) -> Iterator[ExportedOutput]:
        if self._backend is None:
            yield ExportedOutput(rule, f"{rule.name}.yml", rule.data)
            return
        queries = self._backend.queries([*rule.referred, rule.data])
        for number, query in enumerate(queries):
            name = rule.name if len(queries) == 1 else f"{rule.name}.{number + 1}"
            yield ExportedOutput(rule, f"{name}.txt", query)


def _backend(dialect: str, pipelines: Sequence[tuple[str, str]]) -> sigma.Dialect:
    try:
        return sigma.Dialect(dialect, pipelines)
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("sigma", "re2"):
            raise
        why = "it is written by pySigma 2, which is not installed: pip install 'carlang[sigma]'"
        raise ExportError(f"{dialect}: {why}") from None
    except (sigma.BackendError, sigma.PipelineError) as error:
        raise ExportError(str(error)) from None
