"""Each part of what is measured runs at a tiny size and prints its table; no test looks at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.measure import Cost, Measure, told
from bench.parts import PARTS, Bench, commands, started
from bench.rules import rules
from bench.tables import BEGIN, END, Table, write_page
from carlang import importers
from carlang.analytic import CompiledAnalytic
from carlang.model import builtin_model


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("bench")
    return Bench(folder, [2000], [3], Measure(1, apart=False), [100], peer_rules=[3], only="CAR-2013-05-004")


@pytest.mark.parametrize(
    ("part", "titles"),
    [
        ("one", ["One analytic"]),
        ("catalogue", ["The catalogue"]),
        ("growth", ["More events", "More programs"]),
        ("ingest", ["Ingest"]),
        ("peers", ["Beside other engines"]),
    ],
)
def test_a_part_makes_its_tables(bench: Bench, part: str, titles: list[str]) -> None:
    tables = list(PARTS[part](bench))
    assert [table.title for table in tables] == titles
    for table in tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.header)}
        assert f"| {' | '.join(table.rows[0])} |" in table.markdown()


@pytest.mark.skipif(sys.platform == "win32", reason="the other interpreter is a script of the shell")
def test_engines_that_disagree_on_the_rows_are_not_compared(bench: Bench, tmp_path: Path) -> None:
    other = tmp_path / "python"
    # Its arguments are the script, the engine, the log, the rules and perhaps the program that runs them.
    other.write_text(
        '#!/bin/sh\ncase $2 in zircolite) rows=$(cat "$5");; *) rows=0;; esac\n'
        """echo "{\\"cpu\\": [1, 2, 3], \\"wall\\": 7, \\"peak\\": 8, \\"rows\\": $rows}"\n"""
    )
    other.chmod(0o755)
    program = tmp_path / "zircolite.py"
    program.write_text("0")
    beside = replace(bench, peers=str(other), zircolite=str(program))
    (table,) = PARTS["peers"](beside)
    assert [row[0] for row in table.rows[1:]] == [
        f"{engine}, 3 rules, 100" for engine in ("EQL in Python", "pySigma on SQLite", "Zircolite")
    ]
    assert table.rows[-1][2:7] == ["1.00", "2.00", "3.00", "6.00", "7.00"]
    program.write_text("1")
    with pytest.raises(RuntimeError, match=r"the engines disagree on the rows: .*'Zircolite': 1"):
        list(PARTS["peers"](beside))


def test_the_start_of_a_process_is_compared_with_the_first(bench: Bench) -> None:
    processes = commands([3])
    assert next(iter(processes)) == "`import duckdb`"
    table = started(bench, {"nothing": ["-c", "pass"], "a cache": ["-c", "import os; os.environ['CARLANG_CACHE']"]})
    assert [row[0] for row in table.rows] == ["nothing", "a cache"]
    assert table.rows[0][-1] == "1.00"


def test_a_task_is_measured_with_what_is_imported_for_it_and_without(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.parts.process", lambda *_: Cost(2, 2, 0, 0))
    monkeypatch.setattr("bench.parts.told", lambda *_: Cost(1, 1, 0, 0))
    rows = started(bench, commands([3])).rows
    names = ["load and compile the catalogue", "load and compile 3 programs"]
    assert [row[0] for row in rows[-4:]] == [*names, *(f"{name}, without imports" for name in names)]
    assert [row[-1] for row in rows[-4:]] == ["1.00", "1.00", "0.50", "0.50"]


def test_what_a_task_takes_is_told_by_itself() -> None:
    printing = 'print(\'said\'); print(\'{"cpu": 0.5, "wall": 1, "peak": 2, "rows": 3}\')'
    assert told([sys.executable, "-c", printing], {}, 2) == Cost(0.5, 1, 2, 3)


def test_no_part_of_that_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["speed"])
    assert "there is no part speed; there are one, catalogue" in capsys.readouterr().err


def test_plots_that_cannot_be_drawn_are_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bench.__main__.find_spec", lambda _: None)
    with pytest.raises(SystemExit):
        main(["one", "--into", str(tmp_path / "page.md")])
    said = capsys.readouterr()
    assert "matplotlib, which is not installed" in said.err
    assert not said.out


def test_rounds_that_differ_in_their_rows_are_no_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: Iterator[int] = iter((1, 2))
    monkeypatch.setattr("bench.measure.TASKS", {"task": lambda: lambda: next(rows)})
    with pytest.raises(RuntimeError, match=r"task gave \[1, 2\] rows"):
        Measure(2, apart=False)("task")


def test_the_least_of_all_rounds_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = iter((Cost(3, 5, 100, 7), Cost(4, 4, 90, 7)))
    monkeypatch.setattr("bench.measure.TASKS", {"task": lambda: lambda: 7})
    monkeypatch.setattr("bench.measure.taken", lambda _: next(costs))
    assert Measure(2, apart=False)("task") == Cost(3, 4, 90, 7)


def test_made_up_rules_compile_and_ask_in_every_way() -> None:
    made = rules(60)
    assert made == rules(60) != rules(60, seed=8)
    for rule in made[:20]:
        compiled = CompiledAnalytic(importers.load_text(rule.car(), rule.name), builtin_model())
        assert [output.name for output in compiled.outputs()] == ["hit"]
    text = "".join(rule.car() for rule in made)
    assert all(form in text for form in ("image_path endswith", "parent_image_path endswith", "and not (command_line"))
    assert any(not rule.eql().isascii() for rule in made)
    assert all(rule.eql().isascii() for rule in rules(60, ascii_only=True))


def test_tables_come_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Before\n\n{BEGIN}\n{END}\n\nafter\n", "utf-8")
    write_page(page, "then\n", [Table("One", ["what", "s"], [["a", "1"]]), Table("Other", ["what", "s"], [["b", "2"]])])
    write_page(page, "now\n", [Table("One", ["what", "s"], [["a", "3"]], "A note.")])
    text = page.read_text("utf-8")
    assert text.startswith(
        f"# Before\n\n{BEGIN}\n\n### One\n\nA note.\n\n| what | s |\n| --- | ---: |\n| a | 3 |\n\nnow\n"
    )
    assert text.endswith(f"### Other\n\n| what | s |\n| --- | ---: |\n| b | 2 |\n\nthen\n\n{END}\n\nafter\n")
    assert "| a | 1 |" not in text
    page.write_text("# Without marks\n", "utf-8")
    with pytest.raises(SystemExit, match="has no `<!-- measured -->`"):
        write_page(page, "", [])
