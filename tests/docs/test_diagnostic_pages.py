"""Every code has a page, and the page shows what carlang says and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from carlang import load, load_text
from carlang.baseline import is_baseline_text, read_baseline
from carlang.diagnostics import CODES, Diagnostic, render_all
from tests.conftest import REPOSITORY
from tests.docs.fences import Fence, fences

FOLDER = REPOSITORY / "docs" / "diagnostics"
INDEX = FOLDER / "README.md"
SUFFIXES = {"markdown": ".md", "yaml": ".yaml"}
LATIN = "latin-1"
_ROW = re.compile(r"^\| \[(CL\d{3})\]\((CL\d{3})\.md\) \| (\w+) \| (.+) \|$", re.MULTILINE)


def _page(code: str) -> list[Fence]:
    return fences(FOLDER / f"{code}.md")


def _shown(page: Sequence[Fence]) -> Fence:
    """Return the fence that shows what is said of the page's example."""
    return next(fence for fence in page if fence.shows_diagnostics)


def _said(example: Fence, name: str, folder: Path) -> list[Diagnostic]:
    """Return what is said of an example called `name`: of a text, of a file in Latin-1, or by what Python runs."""
    if example.language == "python":
        names: dict[str, Any] = {}
        exec(example.text, names)  # noqa: S102  # the page's own example
        return list(names["diagnostics"])
    if example.language == LATIN:
        (folder / name).write_text(example.text, encoding=LATIN)
        return load(folder / name).check()
    return _checked(example, name)


def _checked(example: Fence, name: str) -> list[Diagnostic]:
    """Return what is said of an analytic, or of a baseline."""
    if example.language == "yaml" and is_baseline_text(example.text):
        return list(read_baseline(example.text, name).diagnostics)
    return load_text(example.text, name).check()


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert sorted(page.stem for page in FOLDER.glob("*.md") if page != INDEX) == sorted(CODES)


def test_the_index_lists_every_code_with_its_severity_and_title() -> None:
    rows = _ROW.findall(INDEX.read_text(encoding="utf-8"))
    assert rows == [(c.name, c.name, c.severity.value, c.title) for c in sorted(CODES.values(), key=lambda c: c.name)]


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_page_begins_with_the_title_and_severity_of_its_code(code: str) -> None:
    head, _, body = (FOLDER / f"{code}.md").read_text(encoding="utf-8").partition("\n\n")
    assert head == f"# {code}: {CODES[code].title}"
    assert body.startswith(f"**{CODES[code].severity.value.capitalize()}.** ")
    headings = [line for line in body.split("\n") if line.startswith("## ")]
    assert headings[:2] == ["## Example", "## Repair"]


@pytest.mark.parametrize("code", sorted(CODES))
def test_the_example_of_a_page_has_its_diagnostic_alone_and_exactly_as_shown(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _page(code)
    shown = _shown(page)
    assert page[0].line < shown.line
    monkeypatch.chdir(tmp_path)
    said = _said(page[0], shown.named_file or "", Path())
    assert [diagnostic.code.name for diagnostic in said] == [code]
    assert render_all(said).rstrip() == shown.text


@pytest.mark.parametrize("code", sorted(CODES))
def test_nothing_is_said_of_the_repaired_example(code: str) -> None:
    page = _page(code)
    repaired = page[-1]
    assert repaired.line > _shown(page).line
    in_its_form = ("markdown", "yaml") if code.startswith("CL6") else ("markdown",)
    usual = "yaml" if code.startswith("CL7") else "car"
    assert repaired.language == (page[0].language if page[0].language in in_its_form else usual)
    name = (_shown(page).named_file or "").rpartition(".")[0] + SUFFIXES.get(repaired.language, ".car")
    assert render_all(_checked(repaired, name)) == ""
