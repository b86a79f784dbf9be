"""Rules in the dialects of others, as pySigma's backends write them.

A backend is a package of its own, `pysigma-backend-NAME`, which pySigma finds where it is installed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, cast

from sigma.collection import SigmaCollection
from sigma.conversion.base import Backend
from sigma.exceptions import SigmaError
from sigma.plugins import InstalledSigmaPlugins

from carlang.sigma.engine import POLICY
from carlang.sigma.rules import read_pipelines
from carlang.sigma.unsaid import BackendError

_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    # Else `=` is with case in a table whose columns do not say otherwise, and Sigma's texts are without.
    "sqlite": {"collate_nocase": True},
}


@cache
def backend_names() -> tuple[str, ...]:
    """Return the names of the backends that are installed."""
    return tuple(sorted(_backends()))


@cache
def _backends() -> Mapping[str, type[Backend]]:
    plugins = InstalledSigmaPlugins.autodiscover(include_pipelines=False, include_validators=False)
    classes = cast("Mapping[str, type[Backend]]", plugins.backends)  # declared as instances
    # pySigma's own tests have backends, which it finds where pytest is loaded.
    return {
        name: backend for name, backend in classes.items() if not backend.__module__.startswith("sigma.backends.test")
    }


class Dialect:
    """A backend with the pipelines that rules go through before it; raises `BackendError`, `PipelineError`."""

    def __init__(self, name: str, pipelines: Sequence[tuple[str, str]] = ()) -> None:
        backend = _backends().get(name)
        if backend is None:
            installed = ", ".join(backend_names()) or "none"
            raise BackendError(
                f"pySigma {version('pysigma')} has no backend `{name}` here (installed: {installed}); "
                f"`pip install pysigma-backend-{name}` brings one that accepts this pySigma, if there is one"
            )
        self.name = name
        self._backend = backend(processing_pipeline=read_pipelines(pipelines), **_OPTIONS.get(name, {}))

    def queries(self, rules: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
        """Return the queries of rules that belong together, texts as a rule; raises `BackendError` for what is refused.

        A rule that a correlation refers to stands before it, and has no query of its own.
        """
        try:
            collection = SigmaCollection.from_dicts([dict(rule) for rule in rules], policy=POLICY)
            return tuple(_listed(self._backend.convert(collection)))
        except (SigmaError, NotImplementedError) as error:
            raise BackendError(f"pySigma's backend `{self.name}` refuses the rule: {error}") from None


def _listed(queries: Any) -> Iterator[Any]:
    """Yield queries one by one; some backends write all of them into one text."""
    if isinstance(queries, str):
        yield queries
    else:
        yield from queries
