"""Tests of text at the edges of what they hold for: the empty text, the text itself, one character more or less."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.boundaries.tables import kept, opposite, store_of, truths

PROCESS = "process/create"


#   values                  "" a  AT at. cat  *   missing
TEXTS: list[str | None] = ["", "a", "AT", "at.", "cat", "a*", None]
TESTS = {
    'command_line contains "at"': "..TTT..",
    'command_line contains ""': "TTTTTT.",
    'command_line contains "at*"': "..TTT..",
    'command_line contains "a*t"': "..TTT..",
    'command_line contains ["at.", "ca"]': "...TT..",
    'command_line startswith "at"': "..TT...",
    'command_line startswith ""': "TTTTTT.",
    'command_line startswith "a*t"': "..TT...",
    'command_line endswith "at"': "..T.T..",
    'command_line endswith ""': "TTTTTT.",
    'command_line endswith "*"': "TTTTTT.",
    'command_line match "at"': "..TTT..",
    'command_line match "^at$"': "..T....",
    'command_line match "^at."': "...T...",
    'command_line match ""': "TTTTTT.",
    'command_line match "^$"': "T......",
    'command_line == "at"': "..T....",
    'command_line == "at*"': "..TT...",
    'command_line == "*at"': "..T.T..",
    'command_line == "*"': "TTTTTT.",
    'command_line == "**"': "TTTTTT.",
    'command_line == "a*"': ".TTT.T.",
    'command_line == "a*t"': "..T....",
    'command_line == "at?"': ".......",
    'command_line == "_t"': ".......",
    'command_line == ""': "T......",
    'command_line in ["at", ""]': "T.T....",
    'command_line in ["*t"]': "..T.T..",
    'command_line in "cat"': "TTT.T..",
}
NEGATED = {
    'command_line does not contain "at"': "TT...TT",
    'command_line not startswith "at"': "TT..TTT",
    'command_line not endswith "at"': "TT.T.TT",
    'command_line not match "at"': "TT...TT",
    'command_line does not match "at"': "TT...TT",
    'command_line != "at"': "TT.TTTT",
    'command_line != "*"': "......T",
    'command_line not in ["at", ""]': ".T.TTTT",
    'command_line not in ["*t"]': "TT.T.TT",
    'command_line not in "cat"': "...T.TT",
}


def test_a_test_of_text_holds_for_the_texts_that_it_holds_for_by_hand(tmp_path: Path) -> None:
    folder = store_of(tmp_path, PROCESS, [{"command_line": text} for text in TEXTS])
    wanted = TESTS | NEGATED
    wanted |= {f"not ({condition})": opposite(truth) for condition, truth in wanted.items()}
    assert truths(folder, "Process:Create", list(wanted)) == wanted


@pytest.mark.parametrize("field", ["image_path", "command_line"])
def test_a_star_is_a_wildcard_in_a_literal_and_a_star_in_a_field(field: str, tmp_path: Path) -> None:
    folder = store_of(
        tmp_path, PROCESS, [{field: text, "parent_image_path": "a*"} for text in ("a*", "ab", "A*", None)]
    )
    wanted = {f"{field} == parent_image_path": "T.T.", f"parent_image_path == {field}": "T.T."}
    wanted |= {f'{field} == "a*"': "TTT.", f'"a*" == {field}': "T.T.", f'{field} < "a*"': "...."}
    wanted |= {f'{field} <= "a*"': "T.T.", f'{field} >= "a*"': "TTT."}
    assert truths(folder, "Process:Create", list(wanted)) == wanted


PATHS = [
    "C:\\Windows\\at.exe",
    "z:\\WINDOWS\\AT.EXE",
    "%WinDir%\\at.exe",
    "C:\\Windowsx\\at.exe",
    "CC:\\Windows\\at.exe",
    "\\Windows\\at.exe",
    "C:\\Windows\\at.exe\\",
    "x%windir%\\at.exe",
    None,
]


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        (r'image_path == "%windir%\\at.exe"', "TTT......"),
        (r'image_path != "%windir%\\at.exe"', "...TTTTTT"),
        (r'image_path in ["%windir%\\at.exe"]', "TTT......"),
        (r'image_path == "%windir%\\*"', "TTT...T.."),
        (r'image_path startswith "%windir%\\at"', "TTT...T.."),
        (r'command_line == "%windir%\\at.exe"', "..T......"),
        (r'image_path == "x%windir%\\at.exe"', ".......T."),
    ],
)
def test_a_windows_variable_is_its_folder_on_any_drive_and_its_own_text_on_paths_alone(
    condition: str, truth: str, tmp_path: Path
) -> None:
    folder = store_of(tmp_path, PROCESS, [{"image_path": text, "command_line": text} for text in PATHS])
    assert truths(folder, "Process:Create", [condition]) == {condition: truth}
    assert kept(folder, condition, "Process:Create") == [n for n, mark in enumerate(truth) if mark == "T"]
