"""Texts: case, wildcards, literal text, regular expressions, Windows variables."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carlang.syntax.literal import string_literal
from tests.engine.trees import flags, numbered, where, write

TEXTS = [
    "cmd.exe",  # 0
    "a%b",
    "a_b",
    "a?b",
    "a[b]c",
    "x\ny",  # 5
    "C:\\Windows\\a",
    "it's",
    "--",
    "$$;'",
    'say "hi"',  # 10
    "ÄÖÜß é",
    "ЯЖ 日本 😀",
    "  pad  ",
    "tab\tx",
    "a*b",  # 15
    "a\x85b\u2028c\x0bd",
    "~!^#$%_*",
    "a\\%b\\_c\\",
    "%windir%\\x",
    None,  # 20
    "",
    "__SQLGLOT__LBREAK__",
    "a\r\nb",
    "\ufeffx\u200b",
]
PRESENT = [i for i, text in enumerate(TEXTS) if text is not None]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("texts")
    write(root, "process/create", numbered(TEXTS, "command_line"))
    return root


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('command_line == "CMD.EXE"', [0]),
        ('command_line == "a%b"', [1]),
        ('command_line == "%%%"', []),
        ('command_line == "a_b"', [2]),
        ('command_line == "___"', []),
        ('command_line == "a?b"', [3]),
        ('command_line == "???"', []),
        ('command_line == "a[b]c"', [4]),
        ('command_line == "a[a-z]c"', []),
        ('command_line == "*%*"', [1, 17, 18, 19]),
        ('command_line == "*_*"', [2, 17, 18, 22]),
        ('command_line == "A*b"', [1, 2, 3, 15, 23]),
        ('command_line == "x*y"', [5]),
        ('command_line == "*"', PRESENT),
        ('command_line == "**"', PRESENT),
        ('command_line == "*C*"', [0, 4, 6, 16, 18]),
        (r'command_line == "c:\windows\A"', [6]),
        (r'command_line == "c:\\WINDOWS\\*"', [6]),
        (r'command_line == "a\%b\_c\\"', [18]),
        (r'command_line == "*\_*"', [18]),
        ('command_line == "it\'s"', [7]),
        ('command_line == "--"', [8]),
        ('command_line == "$$;\'"', [9]),
        (r'command_line == "SAY \"HI\""', [10]),
        ('command_line == "äöüß É"', [11]),
        ('command_line == "äö*É"', [11]),
        ('command_line contains "öü"', [11]),
        ('command_line == "яж 日本 😀"', [12]),
        ('command_line == "яж 日* 😀"', [12]),
        ('command_line startswith "яж"', [12]),
        ('command_line == "  PAD  "', [13]),
        ('command_line == "pad"', []),
        ('command_line == "tab\tX"', [14]),
        ('command_line == "a\x85b\u2028c\x0bd"', [16]),
        ('command_line == "~!^#$%_*"', [17]),
        ('command_line == "~!^#$%_*x"', []),
        ('command_line == "__SQLGLOT__LBREAK__"', [22]),
        ('command_line == "\ufeffx\u200b"', [24]),
        ('command_line contains "%"', [1, 17, 18, 19]),
        ('command_line contains "a_b"', [2]),
        ('command_line contains "a*b"', [1, 2, 3, 4, 14, 15, 16, 18, 23]),
        ('command_line contains ("*a*b*")', [1, 2, 3, 4, 14, 15, 16, 18, 23]),
        ('command_line startswith "*["', [4]),
        ('command_line endswith "b"', [1, 2, 3, 15, 23]),
        ('command_line endswith "a*B"', [1, 2, 3, 15, 23]),
        (r'command_line endswith "\\"', [18]),
        ('command_line contains ["--", "$$"]', [8, 9]),
        ('command_line includes one of ["HI", "*pad*"]', [10, 13]),
        ('command_line in ["a_B", "*IT*", "*\'"]', [2, 7, 9]),
        ('command_line match "^a.b$"', [1, 2, 3, 15]),
        ('command_line match "A%B|IT\'S"', [1, 7]),
        (r'command_line match "\\$"', [18]),
        (r'command_line match "c:\\w"', [6]),
        ('command_line match "яж"', [12]),
        (r'command_line match "[[:digit:]]|\p{Cyrillic}"', [12]),
        ('command_line match ["^-", "hi"]', [8, 10]),
        ('command_line.matches("^IT")', [7]),
        (r'command_line match "\x00"', []),
        ('"a_b" == command_line', [2]),
        ('"a*b" == command_line', [15]),
        ('command_line in "xx cmd.EXE yy"', [0, 21]),
        ("command_line in ['a%B', 5]", [1]),
    ],
)
def test_texts(store: Path, condition: str, found: list[int]) -> None:
    assert where(store, condition) == found


@pytest.mark.parametrize("test", ["== {}", "in [{}]", "contains {}", "startswith {}", "endswith {}", "== *{}*"])
def test_every_text_is_found_by_itself_written_as_a_string(store: Path, test: str) -> None:
    written = [i for i, text in enumerate(TEXTS) if text is not None and "\n" not in text]
    star = "*" if "*" in test else ""
    literals = [string_literal(f"{star}{TEXTS[i]}{star}") for i in written]
    conditions = [f"command_line {test.replace('*{}*', '{}').format(literal)}" for literal in literals]
    for index, found in zip(written, flags(store, conditions), strict=True):
        assert index in found


def _like(value: str, pattern: str) -> bool:
    """Match a pattern of texts and `*` by the definition."""
    rest = pattern.lower().split("*")
    value = value.lower()
    if len(rest) == 1:
        return value == rest[0]
    if not value.startswith(rest[0]) or len(value) < len(rest[0]) + len(rest[-1]) or not value.endswith(rest[-1]):
        return False
    at, end = len(rest[0]), len(value) - len(rest[-1])
    for piece in rest[1:-1]:
        at = value.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


_WILD = st.text(alphabet="aAb*%_~!\\?['\"", max_size=8)


_VALUE = st.text(alphabet="aAb%_~!\\\n?['\"*", max_size=8)


@given(st.lists(_VALUE, min_size=1, max_size=30), st.lists(_WILD, min_size=1, max_size=30))
@settings(max_examples=8, deadline=None)
def test_a_star_is_any_run_and_nothing_else_is_a_wildcard(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], patterns: list[str]
) -> None:
    root = tmp_path_factory.mktemp("wild")
    write(root, "process/create", numbered(texts, "command_line"))
    expected = [[n for n, text in enumerate(texts) if _like(text, pattern)] for pattern in patterns]
    literals = [string_literal(pattern) for pattern in patterns]
    assert flags(root, [f"command_line == {literal}" for literal in literals]) == expected
    assert flags(root, [f"command_line in ['!', {literal}]" for literal in literals]) == [
        sorted({*found, *(n for n, text in enumerate(texts) if text == "!")}) for found in expected
    ]


PATHS = [
    r"C:\Windows\System32\cmd.exe",  # 0
    r"D:\WINDOWS\explorer.exe",
    r"C:\Windows.old\x",
    r"%WinDir%\notepad.exe",
    r"C:\Program Files\a\b.exe",
    r"C:\Program Files (x86)\a\b.exe",  # 5
    r"C:\Users\Jo Doe\AppData\Roaming\x.exe",
    r"C:\Users\jo\AppData\Local\Temp\y.exe",
    r"C:\Windows\Temp\z.exe",
    r"C:\ProgramData\p.exe",
    r"\\host\c$\Windows\x.exe",  # 10
    r"CC:\Windows\x.exe",
    r"C:\x\C:\Windows\y",
    None,
]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (r'image_path == "%windir%\*"', [0, 1, 3, 8]),
        (r'image_path == "%SystemRoot%\system32\*"', [0]),
        (r'image_path == "%SYSTEMROOT%\\*.exe"', [0, 1, 8]),
        (r'image_path == "%programfiles%\*"', [4, 5]),
        (r'image_path == "%ProgramFiles(x86)%\*"', [5]),
        (r'image_path == "%appdata%\x.exe"', [6]),
        (r'image_path == "%temp%\*"', [7, 8]),
        (r'image_path == "%userprofile%\*"', [6, 7]),
        (r'image_path == "%programdata%\*"', [9]),
        (r'image_path == "%windir%\explorer.exe"', [1]),
        (r'image_path != "%windir%\*"', [2, 4, 5, 6, 7, 9, 10, 11, 12, 13]),
        (r'image_path in ["%temp%\*", "%windir%\system32\*"]', [0, 7, 8]),
        (r'image_path startswith "%windir%\"'.replace('\\"', '\\\\"'), [0, 1, 3, 8]),
        (r'image_path in "%windir%\*"', [0, 1, 3, 8]),
        (r'image_path not in "%temp%\*"', [0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13]),
        (r'image_path == "%nosuchvariable%\*"', []),
        (r'image_path == "*%windir%\*"', [3]),
        (r'image_path == "%windir%*"', [0, 1, 2, 3, 8]),
    ],
)
def test_a_windows_variable_at_the_head_of_a_pattern_stands_for_its_usual_places(
    tmp_path: Path, condition: str, found: list[int]
) -> None:
    write(tmp_path, "process/create", numbered(PATHS, "image_path"))
    assert where(tmp_path, condition) == found


def test_a_windows_variable_is_plain_text_against_a_field_that_is_no_path(tmp_path: Path) -> None:
    write(tmp_path, "process/create", numbered([r"C:\Windows\x", r"%windir%\x"], "command_line"))
    assert where(tmp_path, r'command_line == "%windir%\*"') == [1]
    assert where(tmp_path, r'command_line contains "%windir%"') == [1]


def test_between_two_fields_a_star_is_a_star(tmp_path: Path) -> None:
    rows = [{"record_id": 0, "exe": "ab", "parent_exe": "a*"}, {"record_id": 1, "exe": "A*", "parent_exe": "a*"}]
    write(tmp_path, "process/create", rows)
    assert where(tmp_path, "exe == parent_exe") == [1]
    assert where(tmp_path, "exe in [parent_exe]") == [1]
    assert where(tmp_path, "exe contains parent_exe") == [1]


@given(st.lists(st.text(alphabet="aAäÄяЯéÉzZ1_ ", max_size=4), min_size=1, max_size=12))
@settings(max_examples=8, deadline=None)
def test_equality_without_case_is_that_of_lower_case(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    root = tmp_path_factory.mktemp("case")
    write(root, "process/create", numbered(texts, "command_line"))
    wanted = texts[0]
    same = [i for i, text in enumerate(texts) if text.lower() == wanted.lower()]
    assert where(root, f"command_line == {string_literal(wanted.upper())}") == same
    assert where(root, f"lower(command_line) == upper({string_literal(wanted)})") == same
