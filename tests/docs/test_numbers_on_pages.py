"""How much is shown, held or compared, where a page says so, is what the code has."""

from __future__ import annotations

import pytest

from carlang.baseline.likenesses import LONGEST_VALUE
from carlang.baseline.making import MOST_WAYS
from carlang.cli.run import EXPLAINED_ROWS
from carlang.report import FORMATS, FORMATS_OF_COLUMNS
from carlang.report.html import HITS_WITHOUT_SCRIPT, INCIDENTS_WITHOUT_SCRIPT, ROWS_WITHOUT_SCRIPT
from carlang.report.incident_table import MOST_INCIDENTS
from carlang.report.layout import LONGEST_WORD
from carlang.report.parquet import MANY_ROWS
from carlang.report.xlsx import GOES_ON, PART_LENGTH, SHEET_ROWS
from carlang.triage.record import GENERATIONS_BELOW, MOST_BELOW
from carlang.why.nearest import EXAMPLES, GROUPS
from carlang.why.queries import MOST_TESTS
from tests.conftest import REPOSITORY

WORDS = {3: "three", 11: "eleven", 1_000_000: "a million"}

SENTENCES = [
    ("output", f"in one of {WORDS[len(FORMATS)]} formats"),
    ("output", ", ".join(f"`{name}`" for name in FORMATS_OF_COLUMNS[:-1]) + f" and `{FORMATS_OF_COLUMNS[-1]}` have"),
    ("output", f"the {MOST_INCIDENTS} heaviest of them"),
    ("output", f"longer than {LONGEST_WORD} cells"),
    ("output", f"{WORDS[GENERATIONS_BELOW]} generations of what they started, {MOST_BELOW} of them at most"),
    ("output", f"Beyond {MANY_ROWS:,} rows a file has statistics"),
    ("output", f"the {INCIDENTS_WITHOUT_SCRIPT} heaviest incidents, the {HITS_WITHOUT_SCRIPT} heaviest hits of each"),
    ("output", f"the first {ROWS_WITHOUT_SCRIPT} rows of each output"),
    ("output", f"more than {PART_LENGTH:,} characters ends in `{GOES_ON}`"),
    ("output", f"Beyond {WORDS[SHEET_ROWS]} hits there is another sheet"),
    ("why", f"as `--limit` says and {EXPLAINED_ROWS} without it"),
    ("why", f"{WORDS[GROUPS]} groups are shown, with {WORDS[EXAMPLES]} rows each"),
    ("why", f"Of more than {MOST_TESTS} tests"),
    ("baselines", f"called in more than {MOST_WAYS} ways"),
    ("baselines", f"more than {MOST_WAYS} ways were found"),
    ("baselines", f"only the first {LONGEST_VALUE:,} characters are compared"),
]


@pytest.mark.parametrize(("page", "sentence"), SENTENCES)
def test_a_page_says_the_number_that_the_code_has(page: str, sentence: str) -> None:
    text = (REPOSITORY / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert sentence in " ".join(text.split())
