"""What stands before a parenthesis behind `filter`: the name of a function, or that of a stream."""

from __future__ import annotations

import pytest

from carlang.model.functions import CALL_NAMES
from carlang.syntax import ast

from .reading import statements


def filtered(text: str) -> ast.Filter:
    (statement,) = statements(text)
    assert isinstance(statement, ast.BareStmt)
    assert isinstance(statement.value, ast.Filter)
    return statement.value


@pytest.mark.parametrize("name", [*sorted(CALL_NAMES), "top5", "top30"])
def test_a_function_begins_a_condition_in_any_case_of_letters(name: str) -> None:
    for spelling in (name, name.upper(), name.title()):
        filter_ = filtered(f"filter {spelling} (exe) == 1")
        assert filter_.input is None
        assert isinstance(filter_.condition, ast.Comparison)
        call = filter_.condition.operands[0]
        assert isinstance(call, ast.Call)
        assert call.function.ident == spelling


@pytest.mark.parametrize("name", ["odd", "lowered", "my_lower", "topx", "top5x", "löwer"])
def test_any_other_name_is_that_of_a_stream(name: str) -> None:
    filter_ = filtered(f"filter {name} (exe == 1)")
    assert filter_.input == ast.Name(name, filter_.span)


def test_a_function_without_a_parenthesis_is_a_stream() -> None:
    filter_ = filtered("filter lower where exe == 1")
    assert filter_.input == ast.Name("lower", filter_.span)
