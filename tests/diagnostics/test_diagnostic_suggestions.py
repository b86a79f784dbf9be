"""The one "did you mean"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carlang.diagnostics import nearest
from carlang.diagnostics.suggest import edit_distance

NAMES = ["command_line", "exe", "image_path", "pid", "ppid", "user", "parent_exe"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("command_lin", "command_line"),
        ("CommandLine", "command_line"),
        ("COMMAND-LINE", "command_line"),
        ("comand_lnie", "command_line"),
        ("exf", "exe"),
        ("xee", "exe"),
        ("parentexe", "parent_exe"),
        ("imagepth", "image_path"),
        ("wibble", None),
        ("", None),
        ("e", None),
        ("dest_ip", None),
    ],
)
def test_the_nearest_name_is_meant_if_it_is_near(word: str, meant: str | None) -> None:
    assert nearest(word, NAMES) == meant


def test_the_same_word_in_another_case_comes_before_a_nearer_spelling() -> None:
    assert nearest("Pidd", ["pid", "PIDD"]) == "PIDD"
    assert nearest("ab_c", ["abd", "ABC", "ab_d"]) == "ABC"


def test_of_equally_near_names_the_first_in_the_alphabet_is_meant() -> None:
    assert nearest("pib", ["pic", "pia", "pid"]) == "pia"
    assert nearest("x", []) is None


_WORD = st.text(alphabet="abc", max_size=6)


def _distance(a: str, b: str) -> int:
    """Compute the distance by its definition: insertions, deletions, changes, swaps of neighbours."""
    table = [[i + j if not i * j else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            same = a[i - 1] == b[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (not same))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(_WORD, _WORD, st.integers(0, 6))
def test_the_distance_is_right_up_to_the_limit(a: str, b: str, limit: int) -> None:
    found = edit_distance(a, b, limit)
    exact = _distance(a, b)
    assert found == exact if exact <= limit else found > limit


@given(_WORD, st.lists(_WORD, max_size=5))
def test_a_suggestion_is_one_of_the_names(word: str, names: list[str]) -> None:
    assert nearest(word, names) in [*names, None]
    if word in names:
        assert nearest(word, names) is not None
