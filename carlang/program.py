"""A program from text to meaning: parsed, resolved, its diagnostics in one list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from carlang.database import pattern_fault
from carlang.deadline import TimeUpError, task
from carlang.diagnostics import Diagnostic, codes, has_errors
from carlang.errors import CompileError, EngineError
from carlang.model import Model
from carlang.resolve import AnalyticFinder, Symbols, gather, given_values, resolve
from carlang.resolve.bound import BoundProgram
from carlang.source import Source, Span
from carlang.sql import dialect_named, lower
from carlang.syntax import ast, parse


@dataclass(frozen=True)
class CompiledProgram:
    """A program with what became of it; `bound` is None where it has errors, `symbols` are there in any case."""

    source: Source
    ast: ast.Program
    bound: BoundProgram | None
    diagnostics: tuple[Diagnostic, ...]
    symbols: Symbols = field(default=Symbols(), repr=False)

    @property
    def valid(self) -> bool:
        """Whether it can run."""
        return self.bound is not None and not has_errors(self.diagnostics)

    def require(self) -> BoundProgram:
        """Return the bound program; raises `CompileError` with all diagnostics where there is none."""
        if self.bound is None or not self.valid:
            raise CompileError(self.diagnostics)
        return self.bound

    def sql(self, now: datetime, dialect: str = "duckdb", params: Mapping[str, Any] | None = None) -> dict[str, str]:
        """Return the SQL of each output.

        Raises `CompileError` where the program has errors, `ParameterError` where an input lacks its value,
        `ValueError` where there is no such dialect, `UnsupportedError` where it lacks something that the program uses,
        `EngineError` where that takes longer than it may.
        """
        writer = dialect_named(dialect)
        program = self.require()
        values = given_values(program.inputs, params or {})
        try:
            with task():
                return {output.name: writer.text(lower(output, writer, now, values)) for output in program.outputs}
        except TimeUpError as error:
            raise EngineError(str(error)) from error


def compile_program(
    source: Source, model: Model, find_analytic: AnalyticFinder = lambda _: None, own_id: str | None = None
) -> CompiledProgram:
    """Parse and resolve a program; never raises on a bad one.

    `find_analytic` gives the programs that `run Analytic:ID` asks for, `own_id` is the program's own id.
    """
    try:
        with task():
            if len(source.document) > _LARGEST_KEPT:
                return _compiled(source, model, find_analytic, own_id)
            return _kept(source, _Same(model)) or _compiled(source, model, find_analytic, own_id)
    except TimeUpError as error:
        return _out_of_time(source, error)


def _compiled(source: Source, model: Model, find_analytic: AnalyticFinder, own_id: str | None) -> CompiledProgram:
    parsed = parse(source)
    return _resolved(parsed.program, source, model, find_analytic, own_id, parsed.diagnostics)


_LARGEST_KEPT = 64 * 2**10
"""How many characters the document of a program may have that is kept with its meaning."""


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A model, which is equal to itself alone: to compare all its fields would cost more than it saves."""

    model: Model

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.model is self.model

    def __hash__(self) -> int:
        return id(self.model)


# A process that runs a program on store after store compiles it once. An exception, such as that time is up, is not
# kept.
@lru_cache(maxsize=512)
def _kept(source: Source, of: _Same) -> CompiledProgram | None:
    """Compile a program that runs no other analytic, and so means the same wherever it stands; else None."""
    asked: list[str] = []
    compiled = _compiled(source, of.model, asked.append, None)
    return None if asked else compiled


def compile_tree(  # what a resolution takes
    tree: ast.Program,
    source: Source,
    model: Model,
    find_analytic: AnalyticFinder = lambda _: None,
    own_id: str | None = None,
    faults: Sequence[Diagnostic] = (),
) -> CompiledProgram:
    """Resolve a syntax tree; `faults` are the diagnostics of its text."""
    try:
        with task():
            return _resolved(tree, source, model, find_analytic, own_id, faults)
    except TimeUpError as error:
        return _out_of_time(source, error)


def _out_of_time(source: Source, error: TimeUpError) -> CompiledProgram:
    start = error.span.start if error.span else 0
    span = Span(start, min(len(source.text), start + 1))
    fault = Diagnostic(codes.OUT_OF_TIME, str(error), source, span).with_label("it has come as far as this")
    help_ = "give it more time with --timeout, or split the program"
    return CompiledProgram(source, ast.Program(()), None, (fault.with_help(help_),))


def _resolved(  # the same
    tree: ast.Program,
    source: Source,
    model: Model,
    find_analytic: AnalyticFinder,
    own_id: str | None,
    faults: Sequence[Diagnostic],
) -> CompiledProgram:
    analytics = gather(tree, find_analytic, own_id)
    resolved = resolve(tree, source, model, pattern_fault, analytics)
    diagnostics = sorted([*faults, *resolved.diagnostics], key=lambda d: (d.span, d.code.name))
    bound = None if has_errors(faults) else resolved.program
    return CompiledProgram(source, tree, bound, tuple(diagnostics), resolved.symbols)
