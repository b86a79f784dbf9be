"""A program from text to meaning: parsed, resolved, its diagnostics in one list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from carlang import resolve, sql, syntax
from carlang.cache import Codec, Kept, digest_of
from carlang.database import pattern_fault
from carlang.deadline import TimeUpError, task
from carlang.diagnostics import Diagnostic, codes, has_errors
from carlang.errors import CompileError, EngineError
from carlang.model import Column, Model
from carlang.resolve import given_values
from carlang.resolve.bound import BoundProgram
from carlang.source import Source, Span

if TYPE_CHECKING:
    from carlang.resolve import AnalyticFinder, Symbols
    from carlang.syntax import ast


@dataclass(frozen=True, slots=True)
class Reading:
    """What an editor asks of a program and a run does not: its syntax tree and the names in it."""

    ast: ast.Program
    symbols: Symbols


@dataclass(frozen=True)
class CompiledProgram:
    """A program with what became of it; `bound` is None where it has errors, `symbols` are there in any case.

    `read` gives the syntax tree and the symbols. Of a program whose meaning was kept from an earlier run it reads the
    text when it is asked.
    """

    source: Source
    bound: BoundProgram | None
    diagnostics: tuple[Diagnostic, ...]
    read: Callable[[], Reading] = field(repr=False, compare=False)

    @cached_property
    def _reading(self) -> Reading:
        return self.read()

    @property
    def ast(self) -> ast.Program:
        """The syntax tree."""
        return self._reading.ast

    @property
    def symbols(self) -> Symbols:
        """The names of the program, and what each stands for."""
        return self._reading.symbols

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
        writer = sql.dialect_named(dialect)
        program = self.require()
        values = given_values(program.inputs, params or {})
        try:
            with task():
                return {output.name: writer.text(sql.lower(output, writer, now, values)) for output in program.outputs}
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


_LARGEST_KEPT = 64 * 2**10
"""How many characters the document of a program may have that is kept in memory with its meaning."""


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
    compiled = _compiled(source, of.model, asked.append, _ALONE)
    return None if asked else compiled


_ALONE = "\n"
"""In the place of a program's own id where it is compiled as one that runs nothing; no id is so."""


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What is kept of a program between runs; `asked` are the analytics that it runs, with digests of their texts."""

    bound: BoundProgram | None
    diagnostics: tuple[Diagnostic, ...]
    asked: tuple[tuple[str, bytes], ...] = ()


_CODEC = Codec(
    (
        "carlang.program",
        "carlang.resolve.bound.",
        "carlang.model.types",
        "carlang.diagnostics.diagnostic",
        "carlang.source",
    ),
    codes.CODES,
    Column,
)
_meanings = Kept("program", _CODEC)


def _compiled(source: Source, model: Model, find_analytic: AnalyticFinder, own_id: str | None) -> CompiledProgram:
    """Return a program as it was compiled by an earlier run, if what it runs is what it was then, or compile it."""

    def read() -> CompiledProgram:
        parsed = syntax.parse(source)
        return _resolved(parsed.program, source, model, find_analytic, own_id, parsed.diagnostics)

    if not model.digest:
        return read()
    key = (model.digest, source.text, own_id or "")
    kept = _meanings.get(key, (source,))
    if isinstance(kept, _Meaning) and all(_digest(find_analytic(id_)) == digest for id_, digest in kept.asked):
        return CompiledProgram(source, kept.bound, kept.diagnostics, lambda: read().read())
    asked: list[tuple[str, bytes]] = []

    def noted(id_: str) -> Source | None:
        answer = find_analytic(id_)
        asked.append((id_, _digest(answer)))
        return answer

    parsed = syntax.parse(source)
    made = _resolved(parsed.program, source, model, noted, own_id, parsed.diagnostics)
    _meanings.put(key, _Meaning(made.bound, made.diagnostics, tuple(asked)), (source,))
    return made


def _digest(source: Source | None) -> bytes:
    """Return a digest of a program and its places: what is wrong with it is told with them."""
    if source is None:
        return b""
    places = [(origin.line, origin.column) for origin in source.origins]
    return digest_of(source.name, source.text, source.document, repr(places), repr(source.offsets))


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
    nothing = Reading(syntax.Program(()), resolve.Symbols())
    return CompiledProgram(source, None, (fault.with_help(help_),), lambda: nothing)


def _resolved(  # the same
    tree: ast.Program,
    source: Source,
    model: Model,
    find_analytic: AnalyticFinder,
    own_id: str | None,
    faults: Sequence[Diagnostic],
) -> CompiledProgram:
    analytics = resolve.gather(tree, find_analytic, own_id)
    resolved = resolve.resolve(tree, source, model, pattern_fault, analytics)
    diagnostics = sorted([*faults, *resolved.diagnostics], key=lambda d: (d.span, d.code.name))
    bound = None if has_errors(faults) else resolved.program
    reading = Reading(tree, resolved.symbols)
    return CompiledProgram(source, bound, tuple(diagnostics), lambda: reading)
