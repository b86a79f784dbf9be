"""CAR's published programs: read without an exception, faults where a reader of the page would see them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from carlang import analytic
from carlang.diagnostics import Severity, render_all
from carlang.program import CompiledProgram


def _programs(corpus: Path) -> Iterator[tuple[str, CompiledProgram]]:
    for path in sorted((corpus / "car" / "analytics").glob("*.yaml")):
        for program in analytic.load(path).compiled:
            yield path.stem, program


@pytest.fixture(scope="module")
def published(real_corpus: Path) -> list[tuple[str, CompiledProgram]]:
    return list(_programs(real_corpus))


def test_there_are_95(published: list[tuple[str, CompiledProgram]]) -> None:
    assert len(published) == 95


def test_every_diagnostic_lies_in_its_program_and_can_be_shown(published: list[tuple[str, CompiledProgram]]) -> None:
    for name, program in published:
        first, _ = program.source.position(0)
        last, _ = program.source.position(len(program.source.text))
        for found in program.diagnostics:
            place = found.location
            assert first <= place.line <= place.end_line <= last, (name, found.code.name, place)
            assert f"{place.line}:{place.column}" in render_all([found])


def test_the_place_in_the_document_has_the_text_of_the_program(published: list[tuple[str, CompiledProgram]]) -> None:
    for name, program in published:
        for found in program.diagnostics:
            text = program.source.text[found.span.start : found.span.end].split("\n")[0]
            line = program.source.document_lines[found.location.line - 1]
            assert line[found.location.column - 1 :].startswith(text), (name, found.code.name, text)


def test_the_programs_that_cannot_be_parsed_are_few_and_known(published: list[tuple[str, CompiledProgram]]) -> None:
    """In these a bracket, a quote, a comma or an operator is missing, or they are prose; more would be a regression."""
    broken = {
        n for n, p in published if any(d.code.name < "CL2" and d.severity is Severity.ERROR for d in p.diagnostics)
    }
    assert broken <= {
        "CAR-2013-03-001",  # "HKEY_..\" ends in a backslash
        "CAR-2013-04-002",
        "CAR-2013-07-001",
        "CAR-2013-07-002",
        "CAR-2013-02-008",
        "CAR-2013-05-005",
        "CAR-2014-02-001",
        "CAR-2014-03-005",
        "CAR-2014-05-001",
        "CAR-2014-11-002",
        "CAR-2014-12-001",
        "CAR-2015-07-001",
        "CAR-2016-03-001",
        "CAR-2016-04-003",
        "CAR-2019-04-001",
        "CAR-2020-05-003",
        "CAR-2020-09-005",
        "CAR-2020-11-003",
        "CAR-2020-11-004",
        "CAR-2020-11-005",
        "CAR-2020-11-006",
        "CAR-2020-11-011",
        "CAR-2021-02-001",
        "CAR-2021-02-002",
        "CAR-2021-05-008",
        "CAR-2021-05-010",
        "CAR-2021-05-011",
        "CAR-2021-05-012",
        "CAR-2021-11-001",
    }


@pytest.mark.parametrize(
    "name",
    ["CAR-2013-05-004", "CAR-2014-11-003", "CAR-2020-09-001", "CAR-2019-08-001", "CAR-2014-03-006", "CAR-2021-12-002"],
)
def test_a_faultless_program_is_read_without_a_remark(published: list[tuple[str, CompiledProgram]], name: str) -> None:
    (program,) = [p for n, p in published if n == name]
    assert not [d for d in program.diagnostics if d.severity is Severity.ERROR]
    assert program.bound


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("CAR-2020-11-002", "CL404", ""),
        ("CAR-2021-05-004", "CL108", "*"),
        ("CAR-2021-05-001", "CL107", ""),
        ("CAR-2020-09-002", "CL403", "and"),
        ("CAR-2020-11-003", "CL103", "("),
        ("CAR-2020-11-005", "CL104", ")"),
        ("CAR-2021-02-001", "CL102", ""),
    ],
)
def test_a_known_fault_is_found_at_its_place(
    published: list[tuple[str, CompiledProgram]], name: str, code: str, text: str
) -> None:
    found = [(p, d) for n, p in published if n == name for d in p.diagnostics if d.code.name == code]
    assert found
    for program, diagnostic in found:
        assert text in program.source.text[diagnostic.span.start : diagnostic.span.end].lower()
