"""The reference of the language names everything that the language has, and its examples give the rows it shows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carlang import load_text, run_all
from carlang.diagnostics import CODES, render_all
from carlang.model.functions import AGGREGATES, CALL_NAMES, NUMBERED_TOP, SCALARS, STREAM_FUNCTIONS
from carlang.report import write_report
from carlang.results import AnalyticOutput
from carlang.source import Source
from carlang.syntax import ast, parse, walk
from tests.conftest import REPOSITORY
from tests.docs.fences import Fence, fences

PAGE = REPOSITORY / "docs" / "language.md"
CORRELATION = REPOSITORY / "docs" / "correlation.md"
GRAMMAR = REPOSITORY / "grammar" / "car.lark"
HEAD = 3
"""How many columns of `--format csv` name the analytic and the output."""

_TERMINAL = re.compile(r"^([A-Z_]+)[.\d]*: /(.*)/$", re.MULTILINE)
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


def _words(regex: str) -> set[str]:
    """Return the words that a terminal of the grammar is made of."""
    plain = re.sub(r"\\[a-zA-Z]|\?ai:|\[[^\]]*\]", " ", regex)
    for optional in re.findall(r"\((\w+)\)\?", plain):
        plain = plain.replace(f"({optional})?", "")
    return set(re.findall(r"[a-z]\w+", plain))


def _keywords() -> set[str]:
    grammar = GRAMMAR.read_text(encoding="utf-8")
    terminals = [regex for _, regex in _TERMINAL.findall(grammar) if "?ai:" in regex]
    return {*CALL_NAMES, *(word for regex in terminals for word in _words(regex))}


def _spelt() -> set[str]:
    """Return the words that the page spells as code."""
    code = " ".join(_CODE.findall(PAGE.read_text(encoding="utf-8")))
    return set(re.findall(r"[a-z]\w*", code.casefold()))


def _examples(page: Path) -> Iterator[tuple[Fence, list[Fence]]]:
    """Yield the programs of a page, each with the fences that show its rows."""
    program: Fence | None = None
    shown: list[Fence] = []
    for fence in fences(page):
        if fence.language == "csv":
            shown.append(fence)
        else:
            if program:
                yield program, shown
            program, shown = (fence if fence.language == "car" else None), []
    if program:
        yield program, shown


EXAMPLES = [*_examples(PAGE), *_examples(CORRELATION)]


def _table(text: str, first: int = 0) -> list[list[str]]:
    return [line[first:] for line in csv.reader(io.StringIO(text))]


def _filled(table: list[list[str]]) -> list[list[str]]:
    """Return a table without the columns that no row fills, as `--format csv` writes it."""
    kept = [number for number in range(len(table[0])) if any(row[number] for row in table[1:])]
    return [[row[number] for number in kept] for row in table]


def _results(program: str) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Run a program on the sample store; return of each output the names of its columns, and its CSV as texts."""
    report = run_all([load_text(program, "example.car")])
    assert (report.failed, report.not_run) == ((), ())

    def table(result: AnalyticOutput) -> tuple[list[str], list[list[str]]]:
        text = io.StringIO()
        write_report(replace(report, results=(result,)), text, "csv")
        return [column.name for column in result.output.columns], _table(text.getvalue(), HEAD)

    return {result.output.name: table(result) for result in report.results}


def test_the_page_names_every_keyword_of_the_grammar() -> None:
    keywords = _keywords()
    assert {"search", "within", "between", "startswith", "percentile", "milliseconds", "distinct"} <= keywords
    assert keywords - _spelt() == set()


def test_the_page_has_a_line_for_every_function_and_aggregate() -> None:
    described = set(re.findall(r"`(\w+)\(", PAGE.read_text(encoding="utf-8")))
    assert CALL_NAMES - described == set()


def test_the_page_sends_its_readers_to_pages_of_codes_that_are() -> None:
    assert set(re.findall(r"diagnostics/(CL\d{3})\.md", PAGE.read_text(encoding="utf-8"))) <= set(CODES)


_TEXTS_AND_REMARKS = re.compile(r""""(?:\\.|[^"\\])*"|'[^'\n]*'|#.*""")


def _shown() -> str:
    """Return the programs of the page's examples, all of which run, without texts and comments."""
    return _TEXTS_AND_REMARKS.sub("", "\n".join(program.text for program, _ in _examples(PAGE)).casefold())


def test_every_keyword_is_in_an_example_that_runs() -> None:
    assert _keywords() - CALL_NAMES - set(re.findall(r"[a-z]\w*", _shown())) == set()


def test_every_function_is_called_in_an_example_that_runs() -> None:
    called = set(re.findall(r"([a-z]\w*)\s*\(", _shown()))
    shown = {*SCALARS, *AGGREGATES, *STREAM_FUNCTIONS}  # under one of their names
    assert shown - called == set()


def test_every_form_of_the_grammar_is_in_an_example_that_runs() -> None:
    """The grammar's rules make these nodes, one each: tests/syntax/test_grammar_names.py."""
    sources = [Source.whole("x.car", load_text(program.text, "x.car").program) for program, _ in _examples(PAGE)]
    used = {type(node) for source in sources for node in walk(parse(source).program)}
    nodes = {each for each in vars(ast).values() if isinstance(each, type) and each.__module__ == ast.__name__}
    assert {node.__name__ for node in nodes - used} == {"FaultyStmt"}  # what no rule reads


def test_the_page_describes_no_function_that_there_is_not() -> None:
    described = set(re.findall(r"`(\w+)\([^`]*\)`", PAGE.read_text(encoding="utf-8")))
    others = described - CALL_NAMES
    assert {name for name in others if not NUMBERED_TOP.fullmatch(name)} <= _keywords()


@pytest.mark.parametrize(("program", "shown"), EXAMPLES, ids=[program.place for program, _ in EXAMPLES])
def test_an_example_gives_the_rows_that_the_page_shows(program: Fence, shown: list[Fence]) -> None:
    assert render_all(load_text(program.text, "example.car").check()) == ""
    found = _results(program.text)
    names = [name for fence in shown for name in fence.words] or list(found)[:1]
    assert names == list(found)
    tables = [_table(fence.text) for fence in shown]
    assert [(table[0], _filled(table)) for table in tables] == [found[name] for name in names]


def test_the_examples_use_every_form_of_stream() -> None:
    text = " ".join(program.text for program, _ in EXAMPLES)
    forms = {"search", "filter", "join", "group", "within", "from", "select", "count", "unique", "sequence", "run"}
    forms |= {"sort", "head", "optional"}
    forms |= {"having", "any", "every", "together", "children"}
    assert forms - set(re.findall(r"\w+", text)) == set()


def test_each_of_sigmas_correlations_has_an_example_that_finds_something() -> None:
    text = CORRELATION.read_text(encoding="utf-8")
    types = re.findall(r"^  type: (\w+)$", text, re.MULTILINE)
    assert types == re.findall(r"^## (\w+)$", text, re.MULTILINE)
    assert types == ["event_count", "value_count", "temporal", "temporal_ordered"]
    shown = [fence for _, fences_ in _examples(CORRELATION) for fence in fences_]
    assert len(shown) == len(types)
    assert all(len(_table(fence.text)) > 1 for fence in shown)
