"""Programs to resolve: published, drawn, and the goldens', each parsed beside its text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from carlang import analytic
from carlang.database import pattern_fault
from carlang.model import builtin_model
from carlang.program import CompiledProgram, compile_program
from carlang.resolve import Resolved, gather, resolve
from carlang.resolve.scope import EMPTY, Scope
from carlang.source import Source
from carlang.syntax import ast, parse
from tests.reference.chooser import seeded
from tests.reference.drawn_events import events
from tests.reference.drawn_programs import program
from tests.seeds import drawn_seeds

TESTS = Path(__file__).parent.parent


def compiled(text: str, others: dict[str, str] | None = None, own_id: str | None = None) -> CompiledProgram:
    """Compile a program; `others` are the programs of other analytics by id."""

    def find(id_: str) -> Source | None:
        other = {key.casefold(): text for key, text in (others or {}).items()}.get(id_.casefold())
        return None if other is None else Source.whole(f"{id_}.car", other)

    return compile_program(Source.whole("case.car", text), builtin_model(), find, own_id)


def resolved(
    tree: ast.Program,
    source: Source,
    *,
    scope: Scope = EMPTY,
    complete: bool = True,
) -> Resolved:
    """Resolve a tree that runs no other analytic."""
    analytics = gather(tree, lambda _: None)
    return resolve(tree, source, builtin_model(), pattern_fault, analytics, scope=scope, complete=complete)


def fragment(text: str, scope: Scope = EMPTY) -> Resolved:
    """Resolve a line of a longer program."""
    source = Source.whole("line.car", text)
    return resolved(parse(source).program, source, scope=scope, complete=False)


def drawn(count: int) -> Iterator[CompiledProgram]:
    """Yield drawn programs without errors."""
    for seed in drawn_seeds(count):
        choose = seeded(seed)
        known = compiled(program(choose, events(choose))[0])
        if known.valid:
            yield known


def written() -> Iterator[CompiledProgram]:
    """Yield the programs of the goldens."""
    for path in sorted((TESTS / "golden").glob("*.car")):
        yield compiled(path.read_text(encoding="utf-8"))


def published(corpus: Path) -> Iterator[CompiledProgram]:
    """Yield CAR's published programs, those without errors."""
    for path in sorted((corpus / "car" / "analytics").glob("*.yaml")):
        yield from (known for known in analytic.load(path).compiled if known.valid)
