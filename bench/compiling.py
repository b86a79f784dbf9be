# ruff: noqa: INP001  # a folder of commands, not a package
"""Load and compile analytics: a task of its own, whose process imports what that takes and no more.

    python -m bench.compiling '{"programs": 1400, "only": null}'

is such a process: it prints what the task took by itself.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict

from bench.cost import taken
from bench.rules import rules
from carlang import importers
from carlang.analytic import CompiledAnalytic
from carlang.cache import VARIABLE, flush
from carlang.model import builtin_model
from carlang.project import shipped_catalogue


def catalogue(only: str) -> list[CompiledAnalytic]:
    """Return the analytics of the catalogue whose ids begin with a text."""
    shipped = shipped_catalogue()
    files = [file for each in shipped.ids if each.startswith(only) and (file := shipped.find(each))]
    return [CompiledAnalytic(file, builtin_model(), shipped) for file in files]


def texts(programs: int, *, ascii_only: bool) -> list[tuple[str, str]]:
    """Return the texts and names of made-up programs."""
    return [(rule.car(), rule.name) for rule in rules(programs, ascii_only=ascii_only)]


def loaded(only: str | None, made: Sequence[tuple[str, str]]) -> list[CompiledAnalytic]:
    """Return the catalogue, or what of it begins with a text, and made-up programs, compiled."""
    programs = (CompiledAnalytic(importers.load_text(*text), builtin_model()) for text in made)
    analytics = [*([] if only is None else catalogue(only)), *programs]
    for analytic in analytics:
        if analytic.diagnostics and not analytic.compiled:
            raise RuntimeError(f"{analytic.id}: {analytic.diagnostics[0].message}")
        analytic.outputs()
    return analytics


def compiling(
    only: str | None = "", programs: int = 0, *, ascii_only: bool = False, fresh: bool = False
) -> Callable[[], int]:
    """Load and compile the catalogue, and made-up programs, whose texts are there; `fresh` with an empty cache."""
    made = texts(programs, ascii_only=ascii_only)

    def work() -> int:
        with _fresh_cache() if fresh else nullcontext():
            return len(loaded(only, made))

    return work


@contextmanager
def _fresh_cache() -> Iterator[None]:
    before = os.environ.get(VARIABLE)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[VARIABLE] = folder
        try:
            yield
        finally:
            flush()
            if before is None:
                del os.environ[VARIABLE]
            else:
                os.environ[VARIABLE] = before


if __name__ == "__main__":
    print(json.dumps(asdict(taken(compiling(**json.loads(sys.argv[1]))))))
