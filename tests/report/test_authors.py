"""Authors of analytics stay named beside what these find, as licenses of rules demand."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import openpyxl
import pytest

from tests.report.runs import events, result, run, written, written_bytes

FOUND = replace(result(events(author=["a value"], extra=["b"])), author="A. Author,\n  B. Author", license="DRL 1.1")


@pytest.mark.parametrize("format_", ["table", "json", "ndjson", "markdown", "html", "timeline", "timesketch"])
def test_each_format_names_the_author_of_what_it_shows(format_: str) -> None:
    text = written(run(FOUND), format_)
    assert ("A. Author" in text, "B. Author" in text) == (True, True)
    # Lines of JSON are of a row each, and timelines have columns of their own.
    assert ("DRL 1.1" in text) == (format_ not in ("ndjson", "timesketch"))
    assert "a value" in text, "a column of that name is not lost"


def test_an_analytic_without_an_author_has_no_such_key() -> None:
    (line,) = written(run(result(events())), "ndjson").splitlines()
    assert "author" not in json.loads(line)
    assert not {"author", "license"} & json.loads(written(run(result(events())), "json"))["results"][0].keys()
    (row,) = csv.DictReader(io.StringIO(written(run(result(events())), "timeline"), newline=""))
    assert row["author"] == ""


def test_a_page_says_what_an_analytic_is_for() -> None:
    page = written(run(replace(FOUND, description="Detects <b>it</b>.")), "html")
    assert '<p class="note">Detects &lt;b&gt;it&lt;/b&gt;.</p>' in page


def test_a_workbook_names_the_author_in_a_column() -> None:
    content = written_bytes(run(replace(FOUND, author="=A. Author")), "xlsx")
    head, row = openpyxl.load_workbook(io.BytesIO(content))["Timeline"].iter_rows(values_only=True)
    assert dict(zip(head, row, strict=True))["author"] == "=A. Author (DRL 1.1)"
