"""A run that finds what an earlier one has kept says the same as one that finds nothing, and does the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from carlang import program
from carlang.analytic import CompiledAnalytic, RunOptions, checked, run_analytics, run_one
from carlang.cache import VARIABLE, Kept
from carlang.cache import segments as store
from carlang.diagnostics import render_all
from carlang.diagnostics.json import diagnostic_json
from carlang.errors import CompileError
from carlang.importers import load as loading
from carlang.importers import load_file, load_text
from carlang.model import Column, builtin_model, load_model
from carlang.program import CompiledProgram
from carlang.project import Catalogue
from carlang.store import open_store

TESTS = Path(__file__).parent
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Runs:
    """Runs of the same work in the same folder, each as if in a process of its own; `read` counts what was kept."""

    monkeypatch: pytest.MonkeyPatch
    folder: Path
    read: int = 0
    missed: int = 0

    def __call__(self, work: Callable[[], Any], *, kept: bool) -> Any:
        self.monkeypatch.setenv(VARIABLE, str(self.folder) if kept else "off")
        self.forget()
        self.read = self.missed = 0
        return work()

    def forget(self) -> None:
        store.flush()
        vars(store)["_opened"].clear()
        vars(loading)["_kept"].cache_clear()
        vars(program)["_kept"].cache_clear()
        builtin_model.cache_clear()

    def counted(self, get: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any) -> Any:
            value = get(*arguments)
            self.read += value is not None
            self.missed += value is None
            return value

        return counting


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Runs]:
    made = Runs(monkeypatch, tmp_path / "cache")
    monkeypatch.setattr(Kept, "get", made.counted(Kept.get))
    yield made
    made.forget()


def same(runs: Runs, work: Callable[[], Any]) -> None:
    """Hold that work gives the same without a cache, with an empty one and with a full one, which it then uses."""
    without = runs(work, kept=False)
    assert runs(work, kept=True) == without
    assert runs.missed
    assert runs(work, kept=True) == without
    assert runs.read
    assert not runs.missed


def spelled(value: Any, seen: dict[int, int]) -> Any:
    """Return data with all of its fields, also those that take no part in equality, and what is the same object.

    That counts of streams and expressions; of columns two programs may share one.
    """
    if isinstance(value, tuple | list):
        return [spelled(each, seen) for each in value]
    if not is_dataclass(value) or isinstance(value, Column | type):
        return repr(sorted(value)) if isinstance(value, frozenset) else repr(value)
    if id(value) in seen:
        return seen[id(value)]
    seen[id(value)] = len(seen)
    return type(value).__name__, {each.name: spelled(getattr(value, each.name), seen) for each in fields(value)}


def meaning(compiled: CompiledProgram) -> tuple[Any, ...]:
    """Return all that a program came to."""
    return spelled(compiled.bound, {}), compiled.ast, compiled.symbols, compiled.valid


def said(analytic: CompiledAnalytic) -> tuple[Any, ...]:
    """Return all that can be asked of an analytic before it runs."""
    data = replace(analytic.data, diagnostics=())
    found = checked(analytic)
    told = [diagnostic_json(each) for each in found], render_all(found)
    places = [(case.span(), case.span("events", 0), case.places, case.row_places) for case in data.tests]
    try:
        queries = analytic.sql(now=NOW)
    except CompileError as error:
        queries = {"error": str(error)}
    return repr(data), data, told, places, queries, [meaning(each) for each in analytic.compiled]


def test_the_catalogue(runs: Runs) -> None:
    def work() -> list[Any]:
        catalogue = Catalogue()
        return [said(CompiledAnalytic(data, builtin_model(), catalogue)) for data in catalogue.all()[::6]]

    same(runs, work)


def test_what_is_wrong_with_programs(runs: Runs) -> None:
    files = sorted((TESTS / "errors").rglob("*.car"))
    assert len(files) > 30
    same(runs, lambda: [said(CompiledAnalytic(load_file(file), builtin_model())) for file in files])


def test_published_programs(runs: Runs, real_corpus: Path) -> None:
    files = sorted((real_corpus / "car" / "analytics").glob("*.yaml"))[::4]
    assert files
    same(runs, lambda: [said(CompiledAnalytic(load_file(file), builtin_model())) for file in files])


def test_published_sigma_rules(runs: Runs, real_rules: Path) -> None:
    files = sorted((real_rules / "rules").rglob("*.yml"))[::120]
    assert len(files) > 10
    same(runs, lambda: [said(CompiledAnalytic(load_file(file), builtin_model())) for file in files])


SIGMA = """\
title: A job
logsource: {category: process_creation, product: windows}
detection:
    selection:
        %s
    condition: selection
"""
RULES = {
    "plain": SIGMA % "Image|endswith: '\\at.exe'",
    "remark": SIGMA % "OriginalFileName: '\\at.exe'",
    "renamed": SIGMA % "cmd|contains: '/delete'",
    "refused": SIGMA % "Hashes|contains: 'MD5=12'",
    "of nothing": (SIGMA % "Image: a").replace("windows", "abacus"),
    "no date": "date: tomorrow\n" + SIGMA % "Image: a",
    "no condition": (SIGMA % "Image: a").replace("condition", "conditions"),
    "no YAML": "detection:\n  - {",
    "filtered": SIGMA % "Image|endswith: '\\at.exe'" + "---\ntitle: F\nlogsource: {category: process_creation}\n"
    "filter:\n    rules: any\n    selection: {User: SYSTEM}\n    condition: not selection\n",
}
PIPELINE = "name: ours\npriority: 1\ntransformations:\n  - {id: a, type: field_name_mapping, mapping: {cmd: %s}}\n"


def _rules(folder: Path, pipeline: str = "") -> list[Any]:
    pipelines = (("ours.yml", pipeline),) if pipeline else ()
    loaded = [load_file(folder / f"{name}.yml", pipelines=pipelines) for name in RULES]
    return [said(CompiledAnalytic(data, builtin_model())) for data in loaded]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, text in RULES.items():
        (folder / f"{name}.yml").write_text(text, "utf-8")
    (folder / "plain.tests.yaml").write_text("tests:\n  - {name: a, events: [{object: process}], expect: {hits: 0}}\n")
    return folder


def test_sigma_rules_through_pipelines_that_change(runs: Runs, rules: Path) -> None:
    """What was kept of a rule is of its text and of that of each pipeline."""
    pipelines = ["", PIPELINE % "CommandLine", "name: ["]
    told = [runs(partial(_rules, rules, pipeline), kept=False) for pipeline in pipelines]
    assert len({repr(each) for each in told}) == len(pipelines)
    for pipeline, expected in zip(pipelines * 2, told * 2, strict=True):
        same_now = runs(partial(_rules, rules, pipeline), kept=True)
        assert same_now == expected
    assert not runs.missed


def test_a_sigma_rule_that_was_changed_means_what_it_says_now(runs: Runs, rules: Path) -> None:
    same(runs, lambda: _rules(rules))
    (rules / "plain.yml").write_text(SIGMA % "Image|endswith: '\\net.exe'", "utf-8")
    (rules / "plain.tests.yaml").unlink()
    same(runs, lambda: _rules(rules))


@pytest.mark.parametrize(
    "damage", [lambda kept: kept[: len(kept) // 2], lambda kept: kept[:-9] + bytes(9), lambda _: b""]
)
def test_sigma_rules_are_read_anew_where_what_was_kept_is_damaged(
    runs: Runs, rules: Path, damage: Callable[[bytes], bytes]
) -> None:
    without = runs(lambda: _rules(rules), kept=False)
    runs(lambda: _rules(rules), kept=True)
    runs.forget()
    for file in runs.folder.iterdir():
        file.write_bytes(damage(file.read_bytes()))
    assert runs(lambda: _rules(rules), kept=True) == without
    assert runs.missed
    assert runs(lambda: _rules(rules), kept=True) == without
    assert not runs.missed


def test_what_a_run_finds(runs: Runs) -> None:
    ids = ("CAR-2013-05-004", "CAR-2014-07-001")

    def work() -> list[Any]:
        store_, catalogue = open_store(None), Catalogue()
        data = [each for id_ in ids if (each := catalogue.find(id_))]
        analytics = [CompiledAnalytic(each, builtin_model(), catalogue) for each in data]
        results = [run_one(analytic, store_, RunOptions.of(now=NOW), {}) for analytic in analytics]
        return [(out.name, out.total, out.rows(), out.judgement) for result in results for out in result.values()]

    same(runs, work)


TOGETHER = """\
p = search Process:Create
at = filter p where exe == "at.exe"
short = filter p where command_line contains "net" and pid > 4
late = filter p where exe == "cmd.exe" and time < now
e = search Event:Log
member = filter e where event_data.TargetUserName exists
output at, short, late, member
"""


def test_what_outputs_find_that_are_asked_together(runs: Runs) -> None:
    def work() -> list[Any]:
        analytic = CompiledAnalytic(load_text(TOGETHER, "a.car"), builtin_model())
        report = run_analytics([analytic], open_store(None), RunOptions.of(now=NOW), {})
        return [(each.output.name, each.output.total, each.output.rows()) for each in report.results]

    assert len(work()) > 2
    same(runs, work)


TOP = "a = run Analytic:MIDDLE\nb = filter a where exe == 'x.exe'\noutput b\n"
MIDDLE = "c = run Analytic:BOTTOM\nd = filter c where pid == 1\noutput d\n"
BOTTOM = "e = search Process:Create\noutput e\n"


def _told(folder: Path) -> tuple[Any, ...]:
    return said(CompiledAnalytic(load_file(folder / "TOP.car"), builtin_model(), Catalogue([folder])))


@pytest.mark.parametrize(
    "changed",
    [
        {"BOTTOM": "e = search Process:Terminate\noutput e\n"},
        {"BOTTOM": "e = search Flow:Start\noutput e\n"},
        {"BOTTOM": "# moved\n\ne = search Proces:Create\noutput e\n"},
        {"MIDDLE": "d = run Analytic:TOP\noutput d\n"},
        {"MIDDLE": None},
    ],
)
def test_a_program_that_runs_others_means_what_they_mean_now(
    runs: Runs, tmp_path: Path, changed: dict[str, str | None]
) -> None:
    """What was kept of it holds as long as all that it runs is what it was, wherever in the chain."""
    folder = tmp_path / "analytics"
    folder.mkdir()
    for name, text in {"TOP": TOP, "MIDDLE": MIDDLE, "BOTTOM": BOTTOM}.items():
        (folder / f"{name}.car").write_text(text)
    same(runs, lambda: _told(folder))
    before = runs(lambda: _told(folder), kept=True)
    for name, other in changed.items():
        file = folder / f"{name}.car"
        file.unlink() if other is None else file.write_text(other)
    after = runs(lambda: _told(folder), kept=True)
    assert after != before
    assert runs(lambda: _told(folder), kept=True) == after == runs(lambda: _told(folder), kept=False)


def test_a_model_of_ones_own_has_programs_of_its_own(runs: Runs, tmp_path: Path) -> None:
    extension = tmp_path / "ours.yaml"
    program_ = tmp_path / "p.car"
    program_.write_text("p = search Process:Create\nq = filter p where ours == 1\noutput q\n")

    def work(type_: str, *, kept: bool) -> list[str]:
        return runs(partial(faults, type_), kept=kept)  # type: ignore[no-any-return]

    def faults(type_: str) -> list[str]:
        extension.write_text(f"objects:\n  process:\n    fields:\n      ours: {{type: {type_}, description: Ours.}}\n")
        faults = [
            CompiledAnalytic(load_file(program_), each).diagnostics for each in (load_model(extension), builtin_model())
        ]
        return [each.code.name for diagnostics in faults for each in diagnostics]

    told = {type_: work(type_, kept=False) for type_ in ("integer", "boolean")}
    assert told["integer"] != told["boolean"]
    for type_ in ("integer", "boolean", "integer", "boolean"):
        assert work(type_, kept=True) == told[type_]


def test_a_model_that_was_changed_in_memory_has_no_name_to_be_kept_under() -> None:
    model = builtin_model()
    assert model.digest
    assert replace(model, ties=()).digest == ""
    assert replace(model) == model
