"""The table of symbols: every name of a program is in it once, with what it is and where it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from carlang.model.types import INTEGER, STRING, TIME, Kind
from carlang.program import CompiledProgram
from carlang.resolve import Symbol, SymbolKind
from carlang.source import Span
from carlang.syntax import ast, walk
from tests.resolve.programs import compiled, drawn, published, written


def _token(text: str, name: ast.Name) -> Span:
    """Return where a name stands without the brackets and blanks that its node may span."""
    inside = text[name.span.start : name.span.end]
    lead = len(inside) - len(inside.lstrip("([ \n"))
    return Span(name.span.start + lead, name.span.start + len(inside.rstrip(")] \n")))


def _names(program: CompiledProgram) -> list[Span]:
    """Return the places of all names of a program; `Analytic` before the colon of a `run` is a word, not a name."""
    nodes = list(walk(program.ast))
    words = {id(node.kind) for node in nodes if isinstance(node, ast.RunAnalytic)}
    return [_token(program.source.text, n) for n in nodes if isinstance(n, ast.Name) and id(n) not in words]


def _check_every_name_is_in_one_symbol(programs: Iterable[CompiledProgram], least: int) -> None:
    names = 0
    for program in programs:
        places = Counter(place for symbol in program.symbols for place in symbol.spans)
        text = program.source.text
        for place in _names(program):
            assert places[place] == 1, f"{text[place.start : place.end]} at {place} in\n{text}"
        assert set(places.values()) <= {1}
        assert set(places) <= set(_names(program))
        names += len(places)
    assert names >= least


def test_every_name_of_drawn_programs_is_in_one_symbol() -> None:
    _check_every_name_is_in_one_symbol(drawn(150), 1000)


def test_every_name_of_the_goldens_programs_is_in_one_symbol() -> None:
    _check_every_name_is_in_one_symbol(written(), 100)


def test_every_name_of_published_programs_is_in_one_symbol(real_corpus: Path) -> None:
    _check_every_name_is_in_one_symbol(published(real_corpus), 300)


def _symbol(program: CompiledProgram, name: str, kind: SymbolKind) -> Symbol:
    (symbol,) = [symbol for symbol in program.symbols.named(name) if symbol.kind is kind]
    return symbol


def _marks(text: str, symbol: Symbol) -> tuple[str, list[str]]:
    """Return the line and column, from 1, of a symbol's binding and of its uses."""

    def at(span: Span) -> str:
        assert text[span.start : span.end].casefold() == symbol.name.casefold()
        line = text.count("\n", 0, span.start) + 1
        return f"{line}:{span.start - text.rfind(chr(10), 0, span.start)}"

    return at(symbol.binding) if symbol.binding else "", [at(use) for use in symbol.uses]


def test_a_stream_has_its_binding_uses_and_columns() -> None:
    text = "p = search Process:Create\nq = filter p where (p.pid == 1 and q.ppid == 2)\noutput q, p"
    program = compiled(text)
    p, q = _symbol(program, "p", SymbolKind.STREAM), _symbol(program, "q", SymbolKind.STREAM)
    assert _marks(text, p) == ("1:1", ["2:12", "2:21", "3:11"])
    assert _marks(text, q) == ("2:1", ["2:36", "3:8"])
    assert "command_line" in [c.name for c in p.columns]
    assert p.columns == q.columns


def test_a_name_that_is_bound_again_is_another_symbol() -> None:
    text = "p = search Process:Create\np = filter p where pid == 1\noutput p"
    first, second = compiled(text).symbols.named("p")
    assert _marks(text, first) == ("1:1", ["2:12"])
    assert _marks(text, second) == ("2:1", ["3:8"])


def test_constants_values_and_inputs_have_their_types() -> None:
    text = (
        'input host: string\nnames = ["a.exe", "b.exe"]\nk = 3\np = search Process:Create\nhighest = max(p.pid)\n'
        "q = filter p where exe in names and pid > k and pid < highest and hostname == host\noutput q"
    )
    program = compiled(text)
    assert program.valid
    host = _symbol(program, "host", SymbolKind.INPUT)
    assert (host.type, _marks(text, host)) == (STRING, ("1:7", ["6:79"]))
    names = _symbol(program, "names", SymbolKind.CONSTANT)
    assert names.type is not None
    assert (names.type.kind, names.type.item) == (Kind.LIST, STRING)
    assert _marks(text, names) == ("2:1", ["6:27"])
    k = _symbol(program, "k", SymbolKind.CONSTANT)
    assert (k.type, _marks(text, k)) == (INTEGER, ("3:1", ["6:43"]))
    highest = _symbol(program, "highest", SymbolKind.SCALAR)
    assert (highest.type, _marks(text, highest)) == (INTEGER, ("5:1", ["6:55"]))


def test_a_derived_field_is_a_column_with_its_uses_and_the_stream_stays_one_symbol() -> None:
    text = "p = search Process:Create\np.size = length(exe)\np.exe = lower(exe)\nq = filter p where size > 3\noutput q"
    text += "\nr = filter q where exe == 'a'\noutput r"
    program = compiled(text)
    assert program.valid
    size = _symbol(program, "size", SymbolKind.COLUMN)
    assert (size.type, _marks(text, size)) == (INTEGER, ("2:3", ["4:20"]))
    assert _marks(text, _symbol(program, "p", SymbolKind.STREAM)) == ("1:1", ["2:1", "3:1", "4:12"])
    assert [c.name for c in _symbol(program, "p", SymbolKind.STREAM).columns][-2:] == ["size", "exe"]
    # The field of the model and the one that took its place are two.
    assert _marks(text, _symbol(program, "exe", SymbolKind.FIELD)) == ("", ["2:17", "3:15"])
    assert _marks(text, _symbol(program, "exe", SymbolKind.COLUMN)) == ("3:3", ["6:20"])


def test_a_part_of_a_join_is_told_from_its_stream() -> None:
    text = (
        "a = search Process:Create\nb = search File:Create\nj = join (a, b) where (a.pid == b.pid)\n"
        "k = filter j where (j.a.exe == 'x' and b.time > a.time)\noutput k"
    )
    program = compiled(text)
    assert program.valid
    stream, part = _symbol(program, "a", SymbolKind.STREAM), _symbol(program, "a", SymbolKind.PART)
    assert _marks(text, stream) == ("1:1", ["3:11"])
    assert _marks(text, part) == ("", ["3:24", "4:23", "4:49"])
    assert part.definition == part.joined_at == stream.uses[0]
    assert part.columns == stream.columns
    assert _marks(text, _symbol(program, "pid", SymbolKind.FIELD)) == ("", ["3:26", "3:35"])
    assert _symbol(program, "time", SymbolKind.FIELD).type == TIME


def test_columns_of_groups_and_selections_are_symbols() -> None:
    text = (
        "p = search Process:Create\np.size = length(exe)\ng = group p by hostname\nh = filter g where count > 2\n"
        "s = from h select sum(size) as total, count\nt = filter s where total > 4 and count > 1\noutput t"
    )
    program = compiled(text)
    assert program.valid
    assert _marks(text, _symbol(program, "total", SymbolKind.COLUMN)) == ("5:32", ["6:20"])
    assert _marks(text, _symbol(program, "size", SymbolKind.COLUMN)) == ("2:3", ["5:23"])
    assert _marks(text, _symbol(program, "count", SymbolKind.COLUMN)) == ("", ["4:20", "5:39", "6:34"])
    assert _marks(text, _symbol(program, "sum", SymbolKind.FUNCTION)) == ("", ["5:19"])


def test_the_model_functions_and_analytics_are_symbols_that_the_program_does_not_bind() -> None:
    text = "r = run Analytic:CAR-2020-01-001\nq = filter r where Image endswith lower('X')\noutput q"
    program = compiled(text, {"CAR-2020-01-001": "p = search Process:Create\noutput p"})
    assert program.valid
    assert _marks(text, _symbol(program, "CAR-2020-01-001", SymbolKind.ANALYTIC)) == ("", ["1:18"])
    assert _marks(text, _symbol(program, "lower", SymbolKind.FUNCTION)) == ("", ["2:35"])
    # Another name for a field is a use of the field.
    image = _symbol(program, "image_path", SymbolKind.FIELD)
    assert [text[use.start : use.end] for use in image.uses] == ["Image"]
    # The other analytic's names stand in another text.
    assert program.symbols.named("p") == ()


def test_a_program_with_errors_has_the_symbols_of_what_could_be_read() -> None:
    text = "p = search Process:Create\nq = filter p where wibble == 1\n"
    text += "r = search Wobble\ns = filter r where pid == 1\noutput q"
    program = compiled(text)
    assert not program.valid
    assert _marks(text, _symbol(program, "p", SymbolKind.STREAM)) == ("1:1", ["2:12"])
    assert _marks(text, _symbol(program, "r", SymbolKind.STREAM)) == ("3:1", ["4:12"])
    assert program.symbols.named("wibble") == ()


@pytest.mark.parametrize(
    ("offset", "name"), [(0, "p"), (1, "p"), (4, None), (12, "process"), (45, "p"), (46, "p"), (47, "pid")]
)
def test_the_symbol_at_an_offset(offset: int, name: str | None) -> None:
    text = "p = search Process:Create\nq = filter p where p.pid == 1\noutput q"
    symbol = compiled(text).symbols.at(offset)
    assert (symbol.name if symbol else None) == name
