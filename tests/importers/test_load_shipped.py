"""The catalogue that ships is read fast, and means what it means when it is read with every check."""

from __future__ import annotations

import pytest

from carlang.importers import load_file, load_text
from carlang.model import builtin_model
from carlang.program import compile_program
from carlang.source import Source
from tests.conftest import REPOSITORY

FILES = sorted((REPOSITORY / "analytics").glob("*.car"))


def test_an_analytic_that_ships_is_the_same_read_either_way() -> None:
    assert [file.name for file in FILES[::4] if load_file(file, shipped=True) != load_file(file)] == []


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("id: [1", "not YAML"),
        ("id: X\ntests: {a: {b: ]", "not YAML"),
        ("id: \x07", "U+0007"),
        ("id: !!set 5", "expected a mapping"),
    ],
)
def test_one_that_somebody_broke_is_refused_as_any_other(front: str, message: str) -> None:
    text = f"---\n{front}\n---\np = search Process:Create\noutput p\n"
    (fault,) = load_text(text, "broken.car", shipped=True).diagnostics
    assert message in fault.message
    assert fault == load_text(text, "broken.car").diagnostics[0]


def test_a_program_is_compiled_once_unless_it_depends_on_others() -> None:
    model = builtin_model()
    alone = Source.whole("a.car", "output search Process:Create\n")
    assert compile_program(alone, model) is compile_program(Source.whole("a.car", alone.text), model)
    assert compile_program(alone, model) is not compile_program(Source.whole("b.car", alone.text), model)
    caller = Source.whole("a.car", "x = run Analytic:OTHER\noutput x\n")
    other = Source.whole("o.car", "output search File:Create\n")
    assert not compile_program(caller, model).valid
    assert compile_program(caller, model, lambda _: other).valid
