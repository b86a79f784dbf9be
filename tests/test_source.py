"""Offsets into a program and places in the document that it was read from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carlang.source import LineOrigin, Location, Source, Span, line_starts

_TEXT = st.text(alphabet="ab\n\r\té😀", max_size=40)


@given(_TEXT)
def test_every_offset_of_a_whole_document_is_at_its_line_and_column(text: str) -> None:
    source = Source.whole("a.car", text)
    line, column = 1, 1
    for offset, character in enumerate(text):
        assert source.position(offset) == (line, column)
        line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
    assert source.position(len(text)) == (line, column)


@given(_TEXT)
def test_lines_start_behind_newlines(text: str) -> None:
    assert line_starts(text) == [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]


@given(_TEXT, _TEXT)
def test_a_block_is_where_it_stands_in_its_document(before: str, text: str) -> None:
    document = f"{before}\n{text}"
    first = before.count("\n") + 2
    source = Source.block("a.md", document, text, first)
    whole = Source.whole("a.md", document)
    for offset in range(len(text) + 1):
        assert source.position(offset) == whole.position(offset + len(before) + 1)
        assert source.document_span(Span(offset, offset)).start == offset + len(before) + 1


@given(_TEXT, st.data())
def test_a_mapped_text_is_where_its_characters_stand(document: str, data: st.DataObject) -> None:
    kept = sorted(data.draw(st.sets(st.integers(0, max(len(document) - 1, 0)), max_size=10))) if document else []
    text = "".join(document[i] for i in kept)
    source = Source.mapped("a.yaml", document, text, [*kept, len(document)])
    whole = Source.whole("a.yaml", document)
    for offset, place in enumerate([*kept, len(document)]):
        assert source.position(offset) == whole.position(place)
        assert source.document_span(Span(offset, offset)).start == place


def test_an_indented_block_is_mapped_line_by_line() -> None:
    document = "x:\n  - |\n    ab\n    cd\n"
    source = Source("a.yaml", "ab\ncd", document, (LineOrigin(3, 5), LineOrigin(4, 5)))
    assert source.location(Span(1, 4)) == Location("a.yaml", 3, 6, 4, 6)
    assert document[slice(*_ends(source.document_span(Span(3, 5))))] == "cd"


def _ends(span: Span) -> tuple[int, int]:
    return span.start, span.end


def test_a_place_behind_the_end_is_the_end() -> None:
    source = Source.mapped("a.yaml", "abc", "b", [1, 2])
    assert source.position(99) == source.position(1) == (1, 3)


@pytest.mark.parametrize(("one", "other"), [((1, 3), (5, 9)), ((5, 9), (1, 3)), ((1, 9), (3, 5)), ((2, 2), (2, 2))])
def test_a_span_to_another_covers_both(one: tuple[int, int], other: tuple[int, int]) -> None:
    whole = Span(*one).to(Span(*other))
    assert (whole.start, whole.end) == (min(one[0], other[0]), max(one[1], other[1]))


def test_the_lines_of_a_document_are_without_their_ends() -> None:
    assert Source.whole("a.car", "a\r\nb\n").document_lines == ["a", "b", ""]
    assert Source("a.car", "text alone").document_lines == ["text alone"]
