"""A comparison with a missing value is false, and `not` of it true."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.trees import numbered, where, write

NAMES = ["at.exe", "AT.EXE", "cmd.exe", "", None]
ALL = [0, 1, 2, 3, 4]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("logic")
    rows = numbered(NAMES, "exe")
    for row, pid, parent, valid in zip(
        rows, [1, 2, None, 0, None], ["at.exe", None, "CMD.exe", "", None], [True, False, None, True, None], strict=True
    ):
        row.update(pid=pid, ppid=1, parent_exe=parent, signature_valid=valid)
    write(root, "process/create", rows)
    return root


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('exe == "at.exe"', [0, 1]),
        ('exe != "at.exe"', [2, 3, 4]),
        ('not exe == "at.exe"', [2, 3, 4]),
        ('not exe != "at.exe"', [0, 1]),
        ('exe == ""', [3]),
        ('exe != ""', [0, 1, 2, 4]),
        ("exe == null", [4]),
        ("exe != null", [0, 1, 2, 3]),
        ("null == exe", [4]),
        ("exe exists", [0, 1, 2, 3]),
        ("not exe exists", [4]),
        ("exe not exists", [4]),
        ("exe does not exist", [4]),
        ("pid < 1", [3]),
        ("not pid < 1", [0, 1, 2, 4]),
        ("pid <= 1", [0, 3]),
        ("pid > 1", [1]),
        ("not pid > 1", [0, 2, 3, 4]),
        ("pid >= 1", [0, 1]),
        ("1 > pid", [3]),
        ("pid != 1", [1, 2, 3, 4]),
        ("pid == ppid", [0]),
        ("pid != ppid", [1, 2, 3, 4]),
        ("exe == parent_exe", [0, 2, 3]),
        ("exe != parent_exe", [1, 4]),
        ('exe in ["at.exe", "x"]', [0, 1]),
        ('exe not in ["at.exe", "x"]', [2, 3, 4]),
        ('exe in ["at.exe", null]', [0, 1, 4]),
        ('exe not in ["at.exe", null]', [2, 3]),
        ("exe in []", []),
        ("exe not in []", ALL),
        ("pid in [0, 1]", [0, 3]),
        ("pid not in [0, 1]", [1, 2, 4]),
        ('exe contains "exe"', [0, 1, 2]),
        ('exe does not contain "exe"', [3, 4]),
        ('exe contains ""', [0, 1, 2, 3]),
        ('not exe contains ""', [4]),
        ("exe contains []", []),
        ('exe startswith "AT"', [0, 1]),
        ('not exe startswith "AT"', [2, 3, 4]),
        ('exe endswith ".EXE"', [0, 1, 2]),
        ('not exe endswith ".EXE"', [3, 4]),
        ('exe match "^a"', [0, 1]),
        ('exe does not match "^a"', [2, 3, 4]),
        ('exe match ""', [0, 1, 2, 3]),
        ("signature_valid", [0, 3]),
        ("not signature_valid", [1, 2, 4]),
        ("signature_valid == true", [0, 3]),
        ("signature_valid == false", [1]),
        ("signature_valid != true", [1, 2, 4]),
        ("signature_valid != false", [0, 2, 3, 4]),
        ("signature_valid exists", [0, 1, 3]),
        ("true", ALL),
        ("false", []),
        ("not true", []),
        ("not false", ALL),
        ("not (exe == 'at.exe' and pid == 1)", [1, 2, 3, 4]),
        ("not (exe == 'x' or pid == 1)", [1, 2, 3, 4]),
        ("not (not (pid == 1))", [0]),
        ("not (not (pid != 1))", [1, 2, 3, 4]),
        ("pid == 1 or not pid == 1", ALL),
        ("pid == 1 and not pid == 1", []),
        ("exe == 'at.exe' or pid == 0 and exe == ''", [0, 1, 3]),
        ("not (pid + 1 > 0)", [2, 4]),
        ("pid / pid == 1", [0, 1]),
        ("not (pid / pid == 1)", [2, 3, 4]),
        ("pid % 0 == 0", []),
        ("0 < pid < 2", [0]),
        ("not (0 < pid < 2)", [1, 2, 3, 4]),
        ("pid == ppid == 1", [0]),
        ("exe in parent_exe", [0, 2, 3]),
        ("exe not in parent_exe", [1, 4]),
        ("cidr_match(command_line, '10.0.0.0/8')", []),
        ("not cidr_match(command_line, '10.0.0.0/8')", ALL),
        ("lower(exe) == 'at.exe'", [0, 1]),
        ("not lower(exe) == 'at.exe'", [2, 3, 4]),
        ("coalesce(exe, 'none') == 'NONE'", [4]),
        ("coalesce(signature_valid, true)", [0, 2, 3, 4]),
        ("not coalesce(signature_valid, false)", [1, 2, 4]),
        ("exe == '*'", [0, 1, 2, 3]),
        ("exe != '*'", [4]),
        ("not exe in ['*x*', 'at.exe']", [3, 4]),
    ],
)
def test_a_condition_is_true_or_false_also_where_values_are_missing(
    store: Path, condition: str, found: list[int]
) -> None:
    assert where(store, condition) == found


_TESTS = [
    "exe == 'at.exe'",
    "pid > 0",
    "exe in ['cmd.exe', null]",
    "exe match 'a'",
    "signature_valid",
    "exe exists",
    "parent_exe contains exe",
    "pid < ppid",
]


@pytest.mark.parametrize("first", _TESTS)
@pytest.mark.parametrize("second", _TESTS)
def test_and_or_not_are_those_of_sets(store: Path, first: str, second: str) -> None:
    one, two = set(where(store, first)), set(where(store, second))
    assert set(where(store, f"({first}) and ({second})")) == one & two
    assert set(where(store, f"({first}) or ({second})")) == one | two
    assert set(where(store, f"({first}) and not ({second})")) == one - two
    assert set(where(store, f"not (({first}) or ({second}))")) == set(ALL) - one - two
