"""A scope goes in and comes out: a program resolved line by line means what it means at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from carlang.program import CompiledProgram
from carlang.resolve import SymbolKind, bound
from carlang.resolve.scope import EMPTY
from carlang.source import Source
from carlang.syntax import ast
from tests.resolve.programs import compiled, drawn, fragment, published, resolved, written


def _check_line_by_line(programs: Iterable[CompiledProgram], least: int) -> None:
    """Resolve each program by statements, of its own text and of texts of one statement, and compare the streams."""
    compared = 0
    for program in programs:
        statements = program.ast.statements
        if len(statements) == 1:
            continue  # one statement alone is a program, with meanings of its own: a bare condition
        text = program.source.text
        at_once = resolved(program.ast, program.source)
        for split in (False, True):
            scope = EMPTY
            outputs: list[bound.BoundOutput] = []
            for statement in statements:
                line = text[: statement.span.end] if split else text
                source = Source.whole("line.car", line)
                step = resolved(ast.Program((statement,)), source, scope=scope, complete=False)
                assert step.program is not None, text
                scope = step.scope
                outputs += step.program.outputs
            assert scope.streams() == at_once.scope.streams()
            assert at_once.program is not None
            assert scope.named == at_once.program.named
            said = any(isinstance(statement, ast.OutputStmt) for statement in statements)
            bare = any(isinstance(statement, ast.BareStmt) for statement in statements)
            assert bare or not said or tuple(outputs) == at_once.program.outputs
            compared += 1
    assert compared >= least


def test_drawn_programs_mean_the_same_line_by_line() -> None:
    _check_line_by_line(drawn(120), 60)


def test_the_goldens_programs_mean_the_same_line_by_line() -> None:
    _check_line_by_line(written(), 8)


def test_published_programs_mean_the_same_line_by_line(real_corpus: Path) -> None:
    _check_line_by_line(published(real_corpus), 30)


def test_a_line_knows_what_the_lines_before_it_bound() -> None:
    first = fragment('names = ["a.exe", "b*"]')
    second = fragment("p = search Process:Create", first.scope)
    third = fragment("p.size = length(exe)", second.scope)
    fourth = fragment("p | filter exe in names and size > 3", third.scope)
    assert [step.diagnostics for step in (first, second, third, fourth)] == [(), (), (), ()]
    assert fourth.scope.known == {"names": SymbolKind.CONSTANT, "p": SymbolKind.STREAM}
    assert fourth.program is not None
    (output,) = fourth.program.outputs
    whole = compiled(
        'names = ["a.exe", "b*"]\np = search Process:Create\np.size = length(exe)\n'
        "result = filter p where (exe in names and size > 3)\noutput result"
    )
    named = whole.require().outputs[0].stream
    assert isinstance(named, bound.NamedStream)
    assert output.stream == named.stream


def test_a_name_bound_before_has_no_binding_in_the_text_and_its_own_uses() -> None:
    known = fragment("p = search Process:Create\np.size = length(exe)").scope
    symbols = fragment("q = filter p where size > 3 and p.exe == 'a'", known).symbols
    (p,) = symbols.named("p")
    (size,) = symbols.named("size")
    assert (p.kind, p.binding, [u.start for u in p.uses]) == (SymbolKind.STREAM, None, [11, 32])
    assert (size.kind, size.binding, [u.start for u in size.uses]) == (SymbolKind.COLUMN, None, [19])


def test_no_message_points_into_another_text() -> None:
    known = fragment('# a comment that makes this text longer than the next\nxs = ["(", "b"]\nx = 3\nw = "x"').scope
    for line in ("q = search Process:Create where exe match xs", "q = filter x where pid == 1", "q = x + w"):
        step = fragment(line, known)
        assert step.diagnostics
        for fault in step.diagnostics:
            spans = [fault.span, *(label.span for label in fault.labels)]
            assert all(span.end <= len(line) for span in spans), fault


def test_a_faulty_line_leaves_the_scope_before_it_as_it_was() -> None:
    known = fragment("p = search Process:Create").scope
    faulty = fragment("p = search Wibble", known)
    assert faulty.program is None
    assert not fragment("q = filter p where pid == 1", known).diagnostics
    assert fragment("p", known).program is not None


def test_a_fragment_is_not_asked_for_outputs_and_uses() -> None:
    step = fragment("p = search Process:Create\nq = filter p where pid == 1")
    assert step.diagnostics == ()
    assert step.program is not None
    assert step.program.outputs == ()
