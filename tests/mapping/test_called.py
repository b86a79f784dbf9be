"""What sensors call fields: the members that mappings fill them from, and nothing else that stands in braces."""

from __future__ import annotations

import pytest

from carlang.mapping.called import _members
from carlang.mapping.expression import parse_expression


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("given({client})", [(0, "client")]),
        ("port(regexp_extract({client}, '^(\\d+\\.){3}\\d+:(\\d+)$', 2))", [(2, "client")]),
        ("nullif({guid}, '{00000000}')", [(2, "guid")]),
        ("CASE WHEN 'a{1,3}' = '{x}' THEN '{y}' END", []),
        ("coalesce({a}, regexp_extract({b}, '.{8}'))", [(1, "a"), (1, "b")]),
    ],
    ids=str,
)
def test_braces_within_a_text_are_no_members(expression: str, named: list[tuple[int, str]]) -> None:
    assert list(_members(parse_expression(expression))) == named
