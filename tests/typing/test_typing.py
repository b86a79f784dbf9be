"""The door is typed: mypy accepts what the page on the library shows, and refuses what there is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mypy import api

from tests.conftest import REPOSITORY
from tests.docs.fences import fences

HERE = Path(__file__).parent
_IGNORE = re.compile(r"# type: ignore\[([a-z,-]+)\]")
_ERROR = re.compile(r"(?P<file>[^:]+):(?P<line>\d+): error: .*\[(?P<code>[a-z-]+)\]")

Errors = set[tuple[str, int, str]]
"""File, line, code."""


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> Errors:
    """What mypy finds in the page's Python, in what is accepted, and in what is refused without its comments."""
    folder = tmp_path_factory.mktemp("typing")
    page = [fence.text for fence in fences(REPOSITORY / "docs" / "library.md") if fence.language == "python"]
    (folder / "page.py").write_text("\n".join(page), encoding="utf-8")
    (folder / "accepted.py").write_text((HERE / "accepted.py").read_text(encoding="utf-8"), encoding="utf-8")
    refused = _IGNORE.sub("# refused", (HERE / "refused.py").read_text(encoding="utf-8"))
    (folder / "refused.py").write_text(refused, encoding="utf-8")
    settings = folder / "mypy.ini"
    settings.write_text(
        f"[mypy]\nstrict = True\nmypy_path = {REPOSITORY}\nignore_missing_imports = True\n"
        # Errors of carlang itself are the business of another run.
        "[mypy-carlang.*]\nfollow_imports = silent\n",
        encoding="utf-8",
    )
    files = [str(folder / f"{name}.py") for name in ("page", "accepted", "refused")]
    out, err, _ = api.run(["--config-file", str(settings), "--hide-error-context", "--no-error-summary", *files])
    assert not err
    return {(Path(m["file"]).name, int(m["line"]), m["code"]) for m in _ERROR.finditer(out)}


def test_what_the_page_shows_is_accepted(errors: Errors) -> None:
    assert not [error for error in errors if error[0] == "page.py"]


def test_what_is_typed_is_accepted(errors: Errors) -> None:
    assert not [error for error in errors if error[0] == "accepted.py"]


def test_what_there_is_not_is_refused_on_its_line(errors: Errors) -> None:
    lines = (HERE / "refused.py").read_text(encoding="utf-8").splitlines()
    expected = {
        ("refused.py", number, code)
        for number, line in enumerate(lines, 1)
        if (comment := _IGNORE.search(line))
        for code in comment[1].split(",")
    }
    assert {error for error in errors if error[0] == "refused.py"} == expected
    assert len(expected) > 25
