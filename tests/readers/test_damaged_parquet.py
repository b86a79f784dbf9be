"""Parquet files that are cut, damaged, or hold what JSON or DuckDB have no form for."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from carlang.readers.containers import read_log
from carlang.readers.records import LogFile, ReadFault
from tests.readers.damage import read_content


def _written(table: pa.Table, **options: Any) -> bytes:
    target = io.BytesIO()
    parquet.write_table(table, target, **options)
    return target.getvalue()


_NAMES = [f"{letter}{number}" for letter in "ABCD" for number in range(4)]
_TABLE = pa.table({"Channel": ["Security"] * len(_NAMES), "name": _NAMES})
_WHOLE = _written(_TABLE, row_group_size=4, compression="none", use_dictionary=False, write_page_checksum=True)


def test_a_group_of_rows_that_is_damaged_costs_no_other() -> None:
    place = _WHOLE.index(b"B2")
    read, faults = read_content(_WHOLE[:place] + b"\xff" + _WHOLE[place + 1 :])
    assert read == [name for name in _NAMES if not name.startswith("B")]
    (fault,) = faults
    assert "rows 5 to 8 are missing" in fault


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_WHOLE[:-9], id="cut"),
        pytest.param(_WHOLE[:200], id="cut in its rows"),
        pytest.param(_WHOLE[:-8] + b"\xff\xff\xff\x7fPAR1", id="a footer of any size"),
        pytest.param(_WHOLE[:-60] + b"\xff" * 30 + _WHOLE[-30:], id="a damaged footer"),
        pytest.param(b"PARE" + _WHOLE[4:], id="encrypted"),
        pytest.param(b"PAR1", id="nothing but the magic"),
    ],
)
def test_a_file_whose_footer_is_none_is_named(content: bytes) -> None:
    read, faults = read_content(content)
    assert read == []
    assert len(faults) == 1


def test_bytes_that_are_no_utf8_become_the_replacement_character() -> None:
    """DuckDB ends in a fault of its own at such a text, and takes no query of any kind after it."""
    texts = pa.array([b"one", b"t\xff\xfewo", None, b"three"]).cast(pa.large_binary())
    broken = pa.Array.from_buffers(pa.large_string(), 4, texts.buffers())
    nested = pa.StructArray.from_arrays([broken], ["inner"])
    names = pa.array(["A", "B", "C", "D"])
    assert read_content(_written(pa.table({"Channel": broken, "name": names}))) == (["A", "B", "C", "D"], [])
    read, faults = read_content(_written(pa.table({"Channel": nested, "name": names})))
    assert read == ["A", "C", "D"]
    assert len(faults) == 1


def test_types_of_all_kinds_are_read() -> None:
    columns = {
        "name": pa.array(["A"]),
        "a_list": pa.array([[{"x": [1, None]}]]),
        "a_map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        "decimal": pa.array([Decimal("1.5")]),
        "half": pa.array([0.5], pa.float32()).cast(pa.float16()),
        "duration": pa.array([timedelta(seconds=1)]),
        "dictionary": pa.array(["x"]).dictionary_encode(),
        "nothing": pa.nulls(1),
        "bytes": pa.array([b"\xff\0"]),
        "time": pa.array([1], pa.time64("ns")),
        "large": pa.array(["y"], pa.large_string()),
    }
    content = _written(pa.table(columns), store_schema=True)
    ((_, records),) = list(read_log(LogFile("log", io.BytesIO(content))))
    assert not isinstance(records, ReadFault)
    (record,) = map(json.loads, records.lines.to_pylist())
    assert record["name"] == "A"
    assert record["a_list"] == [{"x": [1, None]}]
    assert record["dictionary"] == "x"
    assert set(record) == set(columns) - {"nothing"}
