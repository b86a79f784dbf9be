"""The reference's tables of functions and aggregates say what their entries say, row by row."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from carlang.model.functions import AGGREGATES, CALL_NAMES, SCALARS, STREAM_FUNCTIONS, Form, Function
from tests.conftest import REPOSITORY


def _table(functions: Mapping[str, Function], last: str) -> str:
    """Return the table as the page has it: a function whose entry is changed is copied from the failure."""
    lines = [f"| {'aggregate' if last == 'of no values' else 'function'} | result | {last} |", "|---|---|---|"]
    for function in functions.values():
        called = [*function.usage]
        called += [usage.replace(function.name, alias, 1) for alias in function.aliases for usage in function.usage]
        forms = ", ".join(f"`{each}`" for each in called)
        lines.append(f"| {forms} | {function.gives} | {function.edges + ' ' if function.edges else ''}|")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("functions", "last"), [(SCALARS, "edge cases"), (AGGREGATES, "of no values")], ids=["functions", "aggregates"]
)
def test_a_table_of_the_reference_is_made_of_the_entries(functions: Mapping[str, Function], last: str) -> None:
    page = (REPOSITORY / "docs" / "language.md").read_text(encoding="utf-8")
    head = next(line for line in page.splitlines() if line.startswith("| ") and line.endswith(f"| result | {last} |"))
    table = page[page.index(head) :].partition("\n\n")[0]
    assert table == _table(functions, last)


def test_every_entry_stands_under_its_name_and_shows_its_call() -> None:
    for form, functions in ((Form.SCALAR, SCALARS), (Form.AGGREGATE, AGGREGATES)):
        for name, function in functions.items():
            assert (function.name, function.form) == (name, form)
            assert function.usage[0].startswith(f"{name}(")
            assert function.documentation.endswith(".")
            assert {name, *function.aliases} <= CALL_NAMES
            required = [parameter.required for parameter in function.parameters]
            assert required == sorted(required, reverse=True), "what can be left out stands behind what cannot"
    assert STREAM_FUNCTIONS <= CALL_NAMES
