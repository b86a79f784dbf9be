"""Analytics that a program runs: gathered before it, each resolved once, with circles shown."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from carlang.diagnostics import Severity
from carlang.model.types import STRING, TIME
from carlang.program import CompiledProgram
from carlang.resolve import gather
from carlang.source import Source
from carlang.syntax import parse
from tests.resolve.programs import compiled

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def _id(number: int) -> str:
    return f"CAR-2020-01-{number:03}"


def _faults(program: CompiledProgram) -> list[tuple[str, str]]:
    return [(d.code.name, d.message) for d in program.diagnostics if d.severity is Severity.ERROR]


def test_a_chain_of_sixty_that_run_the_next_one_twice_is_compiled_at_once() -> None:
    others = {_id(60): "p = search Process:Create where pid == 1\noutput p"}
    for number in range(1, 60):
        step = f"a = run Analytic:{_id(number + 1)}\nb = run Analytic:{_id(number + 1)}\nc = a + b\noutput c"
        others[_id(number)] = step
    text = f"a = run Analytic:{_id(1)}\nb = run Analytic:{_id(1)}\nc = a + b\noutput c"
    compiled("p = search Process:Create\noutput p")  # what is made once, such as the parser, is not what is measured
    begun = time.process_time()
    program = compiled(text, others)
    taken = time.process_time() - begun
    assert program.valid, program.diagnostics
    assert taken < 10.0  # it is 0.1 s; nobody would live to see the end of 2^60
    # Each of the 60 has three streams at most, once; resolved anew at each call there would be 2^60.
    assert len(program.require().named) == 60 * 3 + 1
    assert len({named.key.casefold() for named in program.require().named}) == 60 * 3 + 1


def test_each_analytic_is_read_once_and_stands_behind_those_that_it_runs() -> None:
    asked: list[str] = []
    programs = {"a": "x = run Analytic:B-1\ny = run Analytic:C-1\noutput x, y", "b-1": "x = run Analytic:C-1\noutput x"}
    programs["c-1"] = "p = search Process:Create\noutput p"

    def find(id_: str) -> Source | None:
        asked.append(id_)
        text = programs.get(id_.casefold())
        return Source.whole(id_, text) if text else None

    tree = parse(Source.whole("a", programs["a"] + "\nz = run Analytic:c-1\nw = run Analytic:D-1")).program
    gathered = gather(tree, find, "A")
    assert [called.id for called in gathered.called] == ["C-1", "B-1"]
    assert asked == ["B-1", "C-1", "D-1"]
    assert gathered.cycles == {}


def test_a_circle_is_an_error_that_shows_it() -> None:
    others = {_id(2): f"b = run Analytic:{_id(3)}\noutput b", _id(3): f"c = run Analytic:{_id(1).lower()}\noutput c"}
    program = compiled(f"a = run Analytic:{_id(2)}\noutput a", others, own_id=_id(1))
    assert _faults(program) == [("CL212", f"`{_id(2)}` has errors and cannot be run")]
    own = compiled(f"a = run Analytic:{_id(1)}\noutput a", {}, own_id=_id(1))
    assert _faults(own) == [("CL213", f"the analytics run one another: {_id(1)} → {_id(1)}")]
    inner = compiled(others[_id(3)], {**others, _id(1): f"a = run Analytic:{_id(2)}\noutput a"}, own_id=_id(3))
    (fault,) = [d for d in inner.diagnostics if d.code.name == "CL212"]
    assert "CAR-2020-01-002` has errors" in fault.notes[0]


def test_a_circle_that_the_program_is_no_part_of_is_seen() -> None:
    others = {_id(2): f"b = run Analytic:{_id(3)}\noutput b", _id(3): f"c = run Analytic:{_id(2)}\noutput c"}
    program = compiled(f"a = run Analytic:{_id(2)}\nb = run Analytic:{_id(3)}\noutput a, b", others)
    assert [code for code, _ in _faults(program)] == ["CL212", "CL212"]


def test_streams_of_the_analytic_keep_apart_from_those_of_the_program() -> None:
    inner = "p = search File:Create where pid == 1\noutput p"
    text = f"p = search Process:Create where pid == 2\nr = run Analytic:{_id(2)}\ns = run Analytic:{_id(2)}\n"
    text += "output p, r, s"
    program = compiled(text, {_id(2): inner})
    assert program.valid
    assert [named.key for named in program.require().named] == ["p", f"{_id(2)}.p", "r", "s"]
    sql = program.sql(NOW)
    assert list(sql) == ["p", "r", "s"]
    assert sql["r"].count("file") == sql["s"].count("file") > 0


def test_an_input_that_both_declare_is_one_with_the_programs_default() -> None:
    inner = {_id(2): 'input host: string = "inner"\np = search Process:Create where hostname == host\noutput p'}
    before = compiled(f'input host: string = "outer"\nr = run Analytic:{_id(2)}\noutput r', inner)
    behind = compiled(f'r = run Analytic:{_id(2)}\ninput host: string = "outer"\noutput r', inner)
    alone = compiled(f"r = run Analytic:{_id(2)}\noutput r", inner)
    for program, default in ((before, "outer"), (behind, "outer"), (alone, "inner")):
        (host,) = program.require().inputs
        assert (host.name, host.types, getattr(host.default, "value", None)) == ("host", (STRING,), default)


def test_an_input_that_both_declare_as_other_types_is_given_as_both() -> None:
    inner = {_id(2): 'input since: string = "a"\np = search Process:Create where exe == since\noutput p'}
    text = f"input since: time\nr = run Analytic:{_id(2)}\ns = filter r where time > since\noutput s"
    (since,) = compiled(text, inner).require().inputs
    assert since.types == (TIME, STRING)
    assert "2020" in compiled(text, inner).sql(NOW, params={"since": "2020-01-01"})["s"]


def test_what_a_program_does_not_use_is_remarked_on_above_a_run_too() -> None:
    text = f"x = search File:Create\nr = run Analytic:{_id(2)}\noutput r"
    program = compiled(text, {_id(2): "p = search Process:Create where pid == 1\noutput p"})
    assert [(d.code.name, text[d.span.start : d.span.end]) for d in program.diagnostics] == [("CL405", "x")]
