"""CAR's published programs: what docs/corpus.md says becomes of them is so."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from carlang.analytic import load

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
    assert count["published"] >= 55
    assert count["published"] + count["fixed"] >= 80
    for fate in found:
        if fate.kind == "cannot":
            assert any(d.severity.value == "error" for d in fate.left), fate.name


def test_what_compiles_has_sql(real_corpus: Path) -> None:
    for file in sorted((real_corpus / "car" / "analytics").glob("*.yaml")):
        analytic = load(file)
        for program in analytic.compiled:
            if program.valid:
                given = {each.name: "2020-01-01" for each in program.require().inputs}
                queries = program.sql(datetime(2020, 1, 1, tzinfo=UTC), params=given)
                assert queries
                assert all(text.lstrip().startswith(("WITH", "SELECT")) for text in queries.values())
