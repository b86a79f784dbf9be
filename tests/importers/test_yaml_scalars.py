"""Programs in YAML scalars of every style have the place of each character."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from carlang.importers import load_text
from carlang.source import Span

HEAD = "title: t\nimplementations:\n"


def placed(code: str) -> list[tuple[str, int, int]]:
    """Return each character of the program of a document with its line and column."""
    analytic = load_text(HEAD + code, "x.yaml")
    (source,) = analytic.sources
    return [(c, *source.position(i)) for i, c in enumerate(source.text)]


def lines_of(code: str) -> list[tuple[str, int, int]]:
    """Return each word of the program with the line and column of its first character."""
    words: list[tuple[str, int, int]] = []
    before = " "
    for character, line, column in placed(code):
        if character in " \n":
            pass
        elif before in " \n":
            words.append((character, line, column))
        else:
            words[-1] = (words[-1][0] + character, *words[-1][1:])
        before = character
    return words


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param(
            "  - code: |-\n      a b\n        c\n\n      d\n    type: pseudocode\n",
            [("a", 4, 7), ("b", 4, 9), ("c", 5, 9), ("d", 7, 7)],
            id="literal",
        ),
        pytest.param(
            "  - type: Pseudocode\n    code: |2+ # note\n          a\n      b\n\n",
            [("a", 5, 11), ("b", 6, 7)],
            id="literal with an indentation indicator",
        ),
        pytest.param(
            "  - type: psuedocode\n    code: >\n      a b\n      c\n\n\n      d\n        e\n      f\n",
            [("a", 5, 7), ("b", 5, 9), ("c", 6, 7), ("d", 9, 7), ("e", 10, 9), ("f", 11, 7)],
            id="folded",
        ),
        pytest.param(
            "  - {type: pseudocode, code: a b}\n", [("a", 3, 30), ("b", 3, 32)], id="plain"
        ),
        pytest.param(
            "  - type: pseudocode\n    code: a\n      b\n\n      c # not c\n",
            [("a", 4, 11), ("b", 5, 7), ("c", 7, 7)],
            id="plain over lines",
        ),
        pytest.param(
            "  - type: pseudocode\n    code: 'a ''b'' c\n      d'\n",
            [("a", 4, 12), ("'b'", 4, 14), ("c", 4, 20), ("d", 5, 7)],
            id="single-quoted",
        ),
        pytest.param(
            '  - type: pseudocode\n    code: "a \\"b\\" \\x41\\u0042 c\\nd \\\n       e\n\n      f"\n',
            [("a", 4, 12), ('"b"', 4, 14), ("AB", 4, 20), ("c", 4, 31), ("d", 4, 34), ("e", 5, 8), ("f", 7, 7)],
            id="double-quoted",
        ),
    ],
)  # fmt: skip
def test_each_word_has_its_place(code: str, expected: list[tuple[str, int, int]]) -> None:
    assert lines_of(code) == expected


def test_the_end_of_a_scalar_has_a_place() -> None:
    (source,) = load_text(HEAD + "  - {type: pseudocode, code: 'ab'}\n", "x.yaml").sources
    assert source.position(2) == (3, 33)


def test_a_span_of_the_program_is_a_span_of_the_document() -> None:
    for code in ("  - {type: pseudocode, code: 'a ''b'' c'}\n", "  - type: pseudocode\n    code: |\n      a 'b' c\n"):
        (source,) = load_text(HEAD + code, "x.yaml").sources
        span = source.document_span(Span(source.text.index("c"), source.text.index("c") + 1))
        assert source.document[span.start : span.end] == "c"


@given(
    text=st.text(st.sampled_from("ab \n\"'\\:#é\t|>-"), min_size=1, max_size=40),
    style=st.sampled_from(["|", ">", '"', "'", None]),
    width=st.sampled_from([5, 20, 80]),
)
def test_every_character_stands_where_its_place_says(text: str, style: str | None, width: int) -> None:
    data = {"title": "t", "implementations": [{"type": "pseudocode", "code": text}]}
    document = yaml.dump(data, default_style=style, width=width, allow_unicode=True)
    sources = load_text(document, "x.yaml").sources
    assert [source.text for source in sources] == [text]
    lines = document.split("\n")
    places = [sources[0].position(i) for i in range(len(text))]
    assert places == sorted(places)
    for character, (line, column) in zip(text, places, strict=True):
        written = (lines[line - 1] + "\n")[column - 1]
        assert written in {character, "\\"} or (character == " " and written == "\n")
