"""Programs with faults: each faulty line says in a comment which codes it gets, the rendering stands beside it.

`# CL201 CL303` at the end of a line names the codes of that line; where a string without an end would swallow the
comment, `#^ CL102` on the next line does. `pytest --update-goldens` writes the renderings anew.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import carlang
from carlang.diagnostics import CODES, render_all
from tests.conftest import Golden

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.car"))
_CODES = re.compile(r"#(\^?) (CL\d{3}(?: CL\d{3})*)$")

ELSEWHERE = {
    "CL112": "a program of four million characters",
    "CL113": "a program within a limit of time",
    "CL213": "analytics that run one another: needs a second file",
}


def _expected(text: str) -> Counter[tuple[int, str]]:
    found: Counter[tuple[int, str]] = Counter()
    for number, line in enumerate(text.split("\n"), 1):
        if match := _CODES.search(line):
            found.update((number - len(match.group(1)), code) for code in match.group(2).split())
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_line_gets_the_codes_that_it_names(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = Counter((d.location.line, d.code.name) for d in carlang.check(text))
    assert sorted(found.elements()) == sorted(_expected(text).elements())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_rendering_is_that_of_the_file_beside(path: Path, golden: Golden) -> None:
    found = carlang.load_text(path.read_text(encoding="utf-8"), path.name).check()
    golden(path.with_suffix(".txt"), render_all(found))


def test_every_code_of_programs_appears_in_some_file() -> None:
    shown = {code for path in FILES for _, code in _expected(path.read_text(encoding="utf-8"))}
    programs = {code for code in CODES if "CL1" <= code < "CL5"}
    assert sorted(programs - shown - set(ELSEWHERE)) == []


def test_the_exceptions_are_no_longer_than_they_must_be() -> None:
    shown = {code for path in FILES for _, code in _expected(path.read_text(encoding="utf-8"))}
    assert not shown & set(ELSEWHERE)
    assert set(ELSEWHERE) <= set(CODES)
