"""CAR's published programs: what docs/corpus.md says becomes of them is so."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from carlang.analytic import CompiledAnalytic, load
from carlang.program import CompiledProgram
from carlang.repair import repair_analytic
from carlang.source import Source
from carlang.syntax import format_program

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_corpus", DOCS / "generate_corpus.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_says_what_becomes_of_each_program(generator: ModuleType, real_corpus: Path) -> None:
    folder = real_corpus / "car" / "analytics"
    assert generator.page(folder) == (DOCS / "corpus.md").read_text(encoding="utf-8")


def test_most_programs_run_and_the_others_name_their_faults(generator: ModuleType, real_corpus: Path) -> None:
    found = list(generator.fates(real_corpus / "car" / "analytics"))
    count = Counter(fate.kind for fate in found)
    assert len(found) == 95
    assert count["published"] >= 60
    assert count["published"] + count["fixed"] >= 88
    for fate in found:
        if fate.kind == "cannot":
            assert any(d.severity.value == "error" for d in fate.left), fate.name


def test_what_compiles_has_sql(real_corpus: Path) -> None:
    for file in sorted((real_corpus / "car" / "analytics").glob("*.yaml")):
        analytic = load(file)
        for program in analytic.compiled:
            if program.valid:
                queries = _sql(program)
                assert queries
                assert all(text.lstrip().startswith(("WITH", "SELECT")) for text in queries.values())


def test_repairs_and_layout_are_done_once_and_change_nothing_that_was_right(real_corpus: Path) -> None:
    for file in sorted((real_corpus / "car" / "analytics").glob("*.yaml")):
        published = load(file)
        repaired = _of(published, [each.text for each in repair_analytic(published)])
        assert not any(each.changed for each in repair_analytic(repaired)), file
        texts = [format_program(source) or source.text for source in repaired.data.sources]
        laid_out = _of(published, texts)
        assert [format_program(source) or source.text for source in laid_out.data.sources] == texts
        for before, after, final in zip(published.compiled, repaired.compiled, laid_out.compiled, strict=True):
            assert before.diagnostics or before.source.text == after.source.text
            if after.valid:
                assert _sql(final) == _sql(after)
            if before.valid and before.source.text == after.source.text:
                assert _sql(final) == _sql(before)


def _of(analytic: CompiledAnalytic, texts: Sequence[str]) -> CompiledAnalytic:
    sources = tuple(Source.whole(s.name, text) for s, text in zip(analytic.data.sources, texts, strict=True))
    return replace(analytic, data=replace(analytic.data, sources=sources))


def _sql(program: CompiledProgram) -> dict[str, str]:
    given = {each.name: "2020-01-01" for each in program.require().inputs}
    return program.sql(datetime(2020, 1, 1, tzinfo=UTC), params=given)
