"""Every analytic of the catalogue is without fault, and its tests notice a change of any of its conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from carlang import catalogue, open_store, run_all
from carlang.analytic import CompiledAnalytic, checked
from carlang.analytic import load as load_file
from carlang.diagnostics import Severity
from carlang.importers import Coverage
from carlang.importers.attack import coverage_faults
from carlang.model import builtin_model
from carlang.project import shipped_catalogue
from carlang.publication import deviations
from carlang.resolve.lineage import references
from carlang.syntax import ast
from carlang.syntax.walk import walk
from carlang.testing import mutants, run_tests
from tests.conftest import REPOSITORY

FILES = sorted((REPOSITORY / "analytics").glob("*.car"))
each_file = pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])

ANALYTIC_TYPES = {"TTP", "Detection", "Situational Awareness", "Anomaly", "Attribution", "Posture/Hygiene", "Forensic"}
WITHOUT_CONTRIBUTORS = {"CAR-2020-04-001"}  # CAR names none for it
WITHOUT_COVERAGE = {"CAR-2015-07-001"}  # context for other analytics, of no technique in particular

EXPECTED_WARNINGS: dict[str, dict[str, str]] = {}
"""Warnings that stay, by analytic and code, with the reason."""


@cache
def load(file: Path) -> CompiledAnalytic:
    """Load an analytic, once for all tests."""
    return load_file(file)


def _references(analytic: CompiledAnalytic) -> set[str]:
    return {r for program in analytic.compiled for r in references(program.require())}


def test_there_are_102_and_their_ids_are_their_own() -> None:
    ids = [load(file).id for file in FILES]
    assert len(ids) == 102
    assert ids == [file.stem for file in FILES]
    assert shipped_catalogue().ids == tuple(ids)


def test_they_are_those_that_car_has(real_corpus: Path) -> None:
    published = {file.stem for file in (real_corpus / "car" / "analytics").glob("CAR-*.yaml")}
    assert {file.stem for file in FILES} == published


@each_file
def test_it_checks_without_errors_and_unexplained_warnings(file: Path) -> None:
    analytic = load(file)
    expected = EXPECTED_WARNINGS.get(analytic.id, {})
    found = [d for d in checked(analytic) if d.severity is Severity.ERROR or d.code.name not in expected]
    assert [f"{d.code.name}: {d.message}" for d in found] == []
    assert expected.keys() <= {d.code.name for d in analytic.diagnostics}


@each_file
def test_its_metadata_is_complete(file: Path) -> None:
    data = load(file).data
    assert data.title
    assert data.title == data.title.strip()
    assert data.submission_date
    assert data.submission_date.year >= 2013
    assert set(data.platforms) <= {"Windows", "Linux", "macOS"}
    assert data.platforms
    assert set(data.analytic_types) <= ANALYTIC_TYPES
    assert data.analytic_types
    assert bool(data.contributors) == (data.id not in WITHOUT_CONTRIBUTORS)
    assert len(data.description) > 100
    assert bool(data.coverage) == (data.id not in WITHOUT_COVERAGE)


@each_file
def test_its_techniques_and_tactics_are_those_of_attack(file: Path) -> None:
    data = load(file).data
    assert list(coverage_faults(data.coverage)) == []
    assert [entry for entry in data.coverage if not entry.tactics] == []


@each_file
def test_its_references_hold_what_its_program_asks_for(file: Path) -> None:
    analytic = load(file)
    said = set(analytic.data.metadata.get("data_model_references", ()))
    assert _references(analytic) - said == set()


@each_file
def test_its_references_are_those_of_the_model(file: Path) -> None:
    for reference in load(file).data.metadata["data_model_references"]:
        name, action, *field = reference.split("/")
        owner = builtin_model().objects[name]
        assert action in {a.name for a in owner.actions}
        assert set(field) <= owner.fields.keys()


@each_file
def test_its_tests_pass_and_no_mutant_survives_them(file: Path) -> None:
    result = run_tests(load(file), mutate=True)
    assert [(case.name, case.error, case.mismatches) for case in result.cases if not case.passed] == []
    assert [f"{survivor.change}: {survivor.text}" for survivor in result.survivors] == []
    assert [fault for _, fault in result.in_vain] == []
    assert len(result.cases) >= 3
    assert len({case.name for case in result.cases}) == len(result.cases)
    assert result.mutants > 0


def test_hardly_any_mutant_is_named_as_equivalent() -> None:
    named = sum(len(load(file).data.equivalent_mutants) for file in FILES)
    count = sum(1 for file in FILES for program in load(file).compiled for _ in mutants(program.ast))
    assert named <= 0.02 * count


@each_file
def test_its_tests_have_events_that_are_found_and_events_that_are_not(file: Path) -> None:
    tests = load(file).data.tests
    rows = [case.rows(output) for case in tests for output in case.expect]
    assert sum(rows) > 0
    assert 0 in rows or any(len(case.events) > 1 for case in tests)


@each_file
def test_it_says_what_is_known_to_match_without_being_an_attack_and_why(file: Path) -> None:
    known = load(file).data.false_positives
    assert known
    assert [text for text in known if len(text.split()) < 8 or not text.endswith(".")] == []


RANKING = (REPOSITORY / "docs" / "ranking.md").read_text(encoding="utf-8")
"""The page of levels, with a row an analytic."""


@each_file
def test_its_levels_are_those_that_the_page_gives_reasons_for(file: Path) -> None:
    data = load(file).data
    assert data.level is not None
    levels = f"`{data.level.text}`" + "".join(f", {name} `{level.text}`" for name, level in data.levels.items())
    assert re.search(rf"^\| {data.id} \| {re.escape(levels)} \| \w.+ \|$", RANKING, re.MULTILINE)


@each_file
def test_what_it_changed_of_cars_publication_is_explained(file: Path, real_corpus: Path) -> None:
    """Facts under `changes`, the program in a comment, and nothing is explained that is as CAR has it."""
    published = load(real_corpus / "car" / "analytics" / f"{file.stem}.yaml")
    assert list(deviations(load(file), published)) == []


PATH_AS_NAME = re.compile(r"\b((?:parent_)?exe)\s*(?:!=|==?)\s*[\"“”]?[a-z]:\\[^\"“”\n]*?([\w.]+\.exe)", re.IGNORECASE)
"""A base name that CAR compares with a path, in quotes of any kind and without."""

NAMES = frozenset({"exe", "parent_exe"})


@each_file
def test_a_base_name_that_car_compares_with_a_path_is_compared_with_the_name_at_its_end(
    file: Path, real_corpus: Path
) -> None:
    """The same repair everywhere: the field stays, its folder goes, and no path stands in for it."""
    published = load(real_corpus / "car" / "analytics" / f"{file.stem}.yaml").program
    meant = {(m[1].casefold(), m[2].casefold()) for m in PATH_AS_NAME.finditer(published)}
    compared = {(name, text.casefold()) for name, text in _comparisons(load(file))}
    assert meant - compared == set()
    assert [text for name, text in compared if name in NAMES and "\\" in text] == []
    assert not {name for name, text in compared if any(text.endswith("\\" + end) for _, end in meant)}


def _comparisons(analytic: CompiledAnalytic) -> Iterator[tuple[str, str]]:
    """Yield the fields of a program with the texts that they are compared with, one by one or in a list."""
    nodes = [n for program in analytic.compiled for statement in program.ast.statements for n in walk(statement)]
    for node in nodes:
        match node:
            case ast.Comparison(operands=(ast.Name(ident=name), ast.StringLit(value=text))):
                yield name, text
            case ast.In(item=ast.Name(ident=name), container=ast.ListLit(items=items)):
                yield from ((name, item.value) for item in items if isinstance(item, ast.StringLit))


@each_file
def test_net1_counts_wherever_net_does(file: Path) -> None:
    names = {text.casefold() for name, text in _comparisons(load(file)) if name == "exe"}
    names |= {text.casefold() for text in _lists(load(file))}
    assert ("net.exe" in names) == ("net1.exe" in names)


def _lists(analytic: CompiledAnalytic) -> Iterator[str]:
    """Yield the texts of a program's lists that have names."""
    for program in analytic.compiled:
        for statement in program.ast.statements:
            match statement:
                case ast.AssignStmt(value=ast.ListLit(items=items)):
                    yield from (item.value for item in items if isinstance(item, ast.StringLit))


def test_car_compares_a_base_name_with_a_path_in_a_dozen_analytics(real_corpus: Path) -> None:
    published = (load(real_corpus / "car" / "analytics" / f"{file.stem}.yaml") for file in FILES)
    assert sum(bool(PATH_AS_NAME.search(analytic.program)) for analytic in published) >= 12


@each_file
def test_its_tests_in_words_are_words_of_its_own(file: Path, real_corpus: Path) -> None:
    published = (real_corpus / "car" / "analytics" / f"{file.stem}.yaml").read_text(encoding="utf-8")
    data = load(file).data
    texts = [*(test.description for test in data.unit_tests), *data.false_positives, *data.changes.values()]
    assert [text for text in texts if text in published] == []


def test_all_run_on_the_sample_store_and_none_fails() -> None:
    analytics = catalogue()
    assert len(analytics) == len(FILES)
    report = run_all(analytics, open_store())
    assert report.failed == ()
    told = {r.analytic for r in report.results} | {n.analytic for n in report.not_run}
    assert told == {a.id for a in analytics}
    assert all(n.reason for n in report.not_run)


def test_the_check_of_coverage_finds_faults() -> None:
    entries = [Coverage("T9999"), Coverage("T1053", ("T1055.001",), ("TA0043",))]
    assert len(list(coverage_faults(entries))) == 3
