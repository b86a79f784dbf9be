"""Whatever a text holds, what is shown of it is printable, and JSON says the same."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from carlang.escapes import json_escaped, json_text, printable

STEERING = st.sampled_from("\x1b\x9b\x07\x7f\u202e\u2028\ufeff\U000e0041\r\n\t[]\\")
UNICODE = st.text(st.characters(codec="utf-8") | STEERING)
ANYTHING = st.text(st.characters() | STEERING)  # lone surrogates, too


@given(ANYTHING)
def test_what_is_shown_is_printable(text: str) -> None:
    assert printable(text).isprintable()
    assert all(char.isprintable() or char in "\n\t" for char in printable(text, keep="\n\t"))


@given(ANYTHING)
def test_what_is_printable_stays_as_it_is(text: str) -> None:
    assert not text.isprintable() or printable(text) == text


@given(st.dictionaries(UNICODE, st.lists(UNICODE)))
def test_json_is_printable_and_reads_back(value: object) -> None:
    text = json_text(value)
    assert all(char.isprintable() or char == "\n" for char in text)
    assert json.loads(text) == value


def test_a_lone_surrogate_is_text_in_json() -> None:
    assert json_escaped('"a\udcff"') == r'"a\\udcff"'
