"""Every path, name, command and option that documents, docstrings, comments and messages mention exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.docs.mentions import Text, configuration_texts, faults, made_by, module_texts, modules, page_texts, pages

EXAMPLES = {Path(__file__), REPOSITORY / "tests" / "docs" / "test_example_runner.py"}
"""Files that mention what does not exist, to see that it is noticed."""


def _name(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("page", pages(), ids=_name)
def test_what_a_page_mentions_exists(page: Path) -> None:
    made = made_by(page)
    found = [fault for text in page_texts(page) for fault in faults(text)]
    assert [fault for fault in found if fault.partition(": ")[2] not in made] == []


@pytest.mark.parametrize("package", sorted({path.parent for path in modules()}), ids=_name)
def test_what_code_mentions_exists(package: Path) -> None:
    files = [path for path in modules() if path.parent == package and path not in EXAMPLES]
    assert [fault for path in files for text in module_texts(path) for fault in faults(text)] == []


def test_what_runs_the_tests_mentions_only_what_exists() -> None:
    texts = list(configuration_texts())
    assert len(texts) >= 4
    assert [fault for text in texts for fault in faults(text)] == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("see docs/nowhere.md", "docs/nowhere.md"),
        ("see docs/store.md, and docs/s*.md", None),
        ("as `nothing.py` does", "nothing.py"),
        ("as `store/delta.py` and `delta.py` do", None),
        ("`carlang.store.open_store`, `carlang.toml`, `carlang.Store.files`", None),
        ("`carlang.store.close_store`", "carlang.store.close_store"),
        ("`carlang.stores`", "carlang.stores"),
        ("`carlang run X --store S`, `carlang store info`, `carlang COMMAND --help`, `carlang --version`", None),
        ("`carlang walk`", "carlang walk"),
        ("`carlang store walk`", "carlang walk"),
        ("`carlang fmt --store X`", "carlang fmt --store"),
        ("carlang walks in prose, --store too", None),
        ("`--store`", None),
        ("`--stores`", "--stores"),
        ("tests/test_release.py::test_the_changelog_keeps_its_form", None),
        ("tests/test_release.py::test_nothing", "tests/test_release.py::test_nothing"),
        ("`just test`", None),
        ("`just rest`", "just rest"),
        ("`$CARLANG_STORE`", None),
        ("`$CARLANG_STORES`", "CARLANG_STORES"),
        ("CL201", None),
        ("CL999", "CL999"),
    ],
)
def test_a_mention_of_what_does_not_exist_is_a_fault(text: str, fault: str | None, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    found = [f for t in page_texts(page) for f in faults(Text(Path("page.md"), t.line, t.text, t.code))]
    assert found == ([] if fault is None else [f"page.md: {fault}"])
