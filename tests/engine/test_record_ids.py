"""Ids of records are texts that are numbers where they are all digits: in comparisons with numbers, and in order."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from tests.engine.trees import START, run, write

_BEYOND_64_BITS = "123456789012345678901234567890"
_IDS = ["10", "9", "007", "wB-1f", "Ab3", "0x2", "1e1", None, _BEYOND_64_BITS]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    rows = [{"record_id": each, "time": START, "exe": str(number)} for number, each in enumerate(_IDS)]
    write(tmp_path, "process/create", rows, {"record_id": pa.string()})
    return tmp_path


def _ids(root: Path, condition: str) -> list[str | None]:
    rows = run(root, f"p = search Process:Create\nq = filter p where ({condition})\noutput q")
    return [row["record_id"] for row in rows]


def test_ids_of_digits_come_first_and_as_numbers(store: Path) -> None:
    found = [row["record_id"] for row in run(store, "search Process:Create")]
    assert found == ["007", "9", "10", _BEYOND_64_BITS, "0x2", "1e1", "Ab3", "wB-1f", None]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("record_id == 10", ["10"]),
        ("10 == record_id", ["10"]),
        ("record_id == 7", ["007"]),
        ("record_id in [9, 10, 11]", ["9", "10"]),
        ('record_id in [9, "AB3", "wb*"]', ["9", "Ab3", "wB-1f"]),
        ("record_id < 10", ["007", "9"]),
        ("record_id == 2", []),
        ('record_id == "0x2"', ["0x2"]),
        ("to_int(record_id) == 2", []),
        ("coalesce(record_id, 0) == 0", [_BEYOND_64_BITS, "0x2", "1e1", "Ab3", "wB-1f", None]),
        ("coalesce(record_id, 0) == 9", ["9"]),
        ('coalesce(record_id, "none") == "none"', [None]),
        ("record_id >= 9 and record_id <= 10", ["9", "10"]),
        ("8 < record_id", ["9", "10"]),
        ("record_id + 1 == 11", ["10"]),
        ("record_id == pid + 9", []),
        ('record_id == "10"', ["10"]),
        ('record_id == "7"', []),
        ('record_id == "WB-1F"', ["wB-1f"]),
        ('record_id startswith "w"', ["wB-1f"]),
    ],
)
def test_ids_beside_numbers_are_numbers_and_beside_texts_texts(store: Path, condition: str, found: list[str]) -> None:
    assert _ids(store, condition) == found


def test_not_equal_is_the_exact_complement(store: Path) -> None:
    assert len(_ids(store, "record_id != 10")) == len(_IDS) - 1


def test_ids_are_compared_with_one_another_as_numbers(store: Path) -> None:
    text = (
        "p = search Process:Create\nj = join (p, q = search Process:Create) where (p.record_id < q.record_id)\noutput j"
    )
    text = text.replace("q = search Process:Create) where", "q) where").replace("j =", "q = p\nj =")
    pairs = {(row["p.record_id"], row["q.record_id"]) for row in run(store, text)}
    assert {("9", "10"), ("007", "9"), ("007", "10")} <= pairs
    assert ("10", "9") not in pairs


def test_the_greatest_id_is_the_greatest_number(store: Path) -> None:
    text = "p = search Process:Create\nq = from p select max(record_id) as most, count(record_id) as all\noutput q"
    (row,) = run(store, text)
    assert row == {"most": 10, "all": len(_IDS) - 1}


def test_files_of_numbers_are_read_beside_files_of_texts(store: Path) -> None:
    write(store, "process/create", [{"record_id": 8, "time": START}], {"record_id": pa.int64()})
    assert _ids(store, "record_id in [8, 9]") == ["8", "9"]
