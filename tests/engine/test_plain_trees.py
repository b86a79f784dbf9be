"""Parquet trees as others write them: other types, missing columns, empty parts, rows split over files in any way."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import carlang
from tests.engine.trees import NOW, START, numbered, run, values, where, write

NAIVE = START.replace(tzinfo=None)
US = pa.timestamp("us")


@pytest.mark.parametrize(
    ("kind", "stored", "read"),
    [
        (pa.string(), "12", 12),
        (pa.string(), " 12 ", 12),
        (pa.string(), "abc", None),
        (pa.string(), "", None),
        (pa.int8(), 12, 12),
        (pa.int32(), 12, 12),
        (pa.uint64(), 12, 12),
        (pa.uint64(), 2**64 - 1, None),
        (pa.float64(), 12.0, 12),
        (pa.float64(), float("nan"), None),
        (pa.float64(), float("inf"), None),
        (pa.decimal128(20, 2), Decimal("12.00"), 12),
        (pa.dictionary(pa.int32(), pa.string()), "12", 12),
        (pa.timestamp("us"), NAIVE, None),
        (pa.binary(), b"12", None),
        (pa.null(), None, None),
    ],
)
def test_a_number_stored_as_another_type_is_read_or_missing(
    tmp_path: Path, kind: pa.DataType, stored: Any, read: int | None
) -> None:
    write(tmp_path, "process/create", numbered([stored, None], "pid"), {"pid": kind})
    found = values(tmp_path, "pid")
    assert found in ([read, None], [12, None])
    if kind != pa.binary():
        assert found == [read, None]
    assert where(tmp_path, "pid exists") == ([0] if found[0] is not None else [])


@pytest.mark.parametrize(
    ("kind", "stored", "read"),
    [
        (pa.timestamp("us"), NAIVE, START),
        (pa.timestamp("s"), NAIVE, START),
        (pa.timestamp("ns", "UTC"), START, START),
        (pa.timestamp("us", "America/New_York"), START, START),
        (pa.timestamp("ms", "+05:00"), START, START),
        (pa.date32(), date(2020, 1, 1), START),
        (pa.string(), "2020-01-01T00:00:00Z", START),
        (pa.string(), "2020-01-01 01:00:00+01:00", START),
        (pa.string(), "yesterday", None),
        (pa.int64(), 1577836800, None),
    ],
)
def test_a_time_stored_as_another_type_is_a_utc_time_or_missing(
    tmp_path: Path, kind: pa.DataType, stored: Any, read: datetime | None
) -> None:
    write(tmp_path, "process/create", [{"record_id": 0, "time": stored, "exe": "a"}], {"time": kind})
    result = carlang.run("search Process:Create", carlang.open_store(tmp_path))["result"]
    assert result.to_arrow().schema.field("time").type == pa.timestamp("us", "UTC")
    assert [row["time"] for row in result.rows()] == [read]
    assert where(tmp_path, 'time == "2020-01-01T00:00:00Z"') == ([0] if read else [])


@pytest.mark.parametrize("kind", [pa.bool_(), pa.int64(), pa.string()])
def test_a_truth_value_stored_as_another_type(tmp_path: Path, kind: pa.DataType) -> None:
    written: dict[pa.DataType, list[Any]] = {
        pa.bool_(): [True, False],
        pa.int64(): [1, 0],
        pa.string(): ["TRUE", "false"],
    }
    stored = written[kind]
    write(tmp_path, "process/create", numbered([*stored, None], "signature_valid"), {"signature_valid": kind})
    assert where(tmp_path, "signature_valid") == [0]
    assert where(tmp_path, "signature_valid == false") == [1]


def _mixed(root: Path, *, empty: bool) -> Path:
    types = {"time": US, "pid": pa.int32(), "signature_valid": pa.string()}
    write(root, "process/create", [{"record_id": 0, "time": NAIVE, "pid": 1, "signature_valid": "true"}], types)
    rows: list[dict[str, Any]] = [] if empty else [{"record_id": 1, "time": START, "pid": 2, "signature_valid": True}]
    full = {
        "record_id": pa.int64(),
        "time": pa.timestamp("us", "UTC"),
        "pid": pa.int64(),
        "signature_valid": pa.bool_(),
    }
    write(root, "process/terminate", rows, full)
    return root


@pytest.mark.parametrize("empty", [True, False])
def test_files_of_two_actions_may_store_a_field_as_different_types(tmp_path: Path, empty: bool) -> None:  # noqa: FBT001  # parametrized
    store = carlang.open_store(_mixed(tmp_path, empty=empty))
    for search in ("search Process:Create", "search Process"):
        schema = carlang.run(search, store)["result"].to_arrow().schema
        assert schema.field("time").type == pa.timestamp("us", "UTC")
        assert schema.field("pid").type == pa.int64()
        assert schema.field("signature_valid").type == pa.bool_()
    assert where(tmp_path, "signature_valid and pid == 1") == [0]


def test_files_of_one_action_may_store_a_field_as_different_types(tmp_path: Path) -> None:
    write(tmp_path, "process/create", numbered(["1", "x"], "pid"), {"pid": pa.string()})
    write(tmp_path, "process/create", [{"record_id": 2, "time": NAIVE, "pid": 3}], {"pid": pa.int32(), "time": US})
    write(tmp_path, "process/create", [{"record_id": 4, "exe": "no pid, no time"}])
    rows = run(tmp_path, "search Process:Create")
    assert sorted((int(row["record_id"]), row["pid"], row["time"]) for row in rows if row["time"]) == [
        (0, 1, START),
        (1, None, START + timedelta(seconds=1)),
        (2, 3, START),
    ]
    assert [row["exe"] for row in rows if row["time"] is None] == ["no pid, no time"]


def test_a_column_that_no_file_has_is_missing_everywhere(tmp_path: Path) -> None:
    write(tmp_path, "process/create", [{"record_id": 0}])
    assert where(tmp_path, "exe == null and time == null and signature_valid == null and pid == null") == [0]
    assert where(tmp_path, 'exe != "a" and not pid > 1') == [0]
    assert where(tmp_path, 'exe == "a" or pid > 1 or signature_valid or exe match ""') == []


def test_columns_that_the_model_does_not_have_are_left_out_and_object_and_action_are_the_folders(
    tmp_path: Path,
) -> None:
    write(tmp_path, "process/create", [{"record_id": 0, "object": "evil", "action": "evil", "stranger": "x"}])
    (row,) = run(tmp_path, "search Process:Create")
    assert (row["object"], row["action"]) == ("process", "create")
    assert "stranger" not in row


def test_parts_without_rows_files_or_folders_give_no_rows(tmp_path: Path) -> None:
    write(tmp_path, "process/create", [], {"record_id": pa.int64(), "exe": pa.string()})
    (tmp_path / "file" / "create").mkdir(parents=True)
    assert run(tmp_path, "search Process:Create") == []
    assert run(tmp_path, "search Process:Terminate") == []
    assert run(tmp_path, "search File | filter file_name == 'x'") == []
    assert where(tmp_path, 'exe != "x"') == []


def _all_classes(root: Path) -> Path:
    write(root, "process/create", numbered(["a", "b"], "exe"))
    write(root, "process/terminate", numbered(["c"], "exe"))
    write(root, "process/access", numbered(["d"], "exe"))
    write(root, "file/create", numbered(["e"], "file_name"))
    write(root, "user_session/login", numbered(["f"], "user"))
    return root


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("Process:Create", ["a", "b"]),
        ("process:CREATE", ["a", "b"]),
        ("Process", ["a", "c", "d", "b"]),
        ("Process:*", ["a", "c", "d", "b"]),
        ("Process:Create,Terminate", ["a", "c", "b"]),
        ("Process:Create or Process:Terminate", ["a", "c", "b"]),
        ("(Process:Create and Process:Terminate)", ["a", "c", "b"]),
        ("Process:Create or Process:Create", ["a", "b"]),
        ("Process:Create or File:Create", ["a", None, "b"]),
        ("File:Create or Process:Terminate or User_Session:Login", ["c", None, None]),
        ("UserSession:login", [None]),
        ("user session:Login", [None]),
    ],
)
def test_a_search_of_several_classes_is_their_union(tmp_path: Path, search: str, found: list[str | None]) -> None:
    rows = run(_all_classes(tmp_path), f"search {search}")
    assert sorted(str(row.get("exe")) for row in rows) == sorted(map(str, found))


def test_the_union_of_objects_has_the_fields_of_all_and_filters_ask_for_any(tmp_path: Path) -> None:
    _all_classes(tmp_path)
    union = "p = search Process:Create or File:Create or User_Session:Login"
    rows = run(tmp_path, f'{union}\nq = filter p where (exe == "A" or file_name == "E" or user == "F")\noutput q')
    assert {(row["object"], row["action"]) for row in rows} == {
        ("process", "create"),
        ("file", "create"),
        ("user_session", "login"),
    }
    assert len(rows) == 3
    missing = run(tmp_path, f'{union}\nq = filter p where exe != "a"\noutput q')
    assert sorted(row["object"] for row in missing) == ["file", "process", "user_session"]


def test_rows_are_in_the_order_of_time_record_id_and_the_other_columns(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"record_id": 2, "time": START, "exe": "b"},
        {"record_id": 1, "time": START + timedelta(seconds=1), "exe": "x"},
        {"record_id": None, "time": START, "exe": "c"},
        {"record_id": 2, "time": START, "exe": "a"},
        {"record_id": 1, "time": None, "exe": "z"},
        {"record_id": 1, "time": START, "exe": "d"},
        {"record_id": 2, "time": START, "exe": None},
    ]
    write(tmp_path, "process/create", rows)
    found = [row["exe"] for row in run(tmp_path, "search Process:Create")]
    assert found == ["d", "a", "b", None, "c", "x", "z"]


@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_the_same_rows_in_other_files_give_the_same_result(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    row = st.fixed_dictionaries(
        {
            "record_id": st.one_of(st.none(), st.integers(0, 2)),
            "time": st.one_of(st.none(), st.integers(0, 2).map(lambda s: START + timedelta(seconds=s))),
            "exe": st.sampled_from(["a", "A", "b", "", None]),
            "pid": st.one_of(st.none(), st.integers(-1, 1)),
        }
    )
    rows: list[dict[str, Any]] = data.draw(st.lists(row, max_size=10))
    text = "p = search Process:Create\np.n = pid + 1\nq = filter p where exe != 'b' and not n == 1\noutput q"
    results = []
    for _ in range(2):
        root = tmp_path_factory.mktemp("split")
        order = data.draw(st.permutations(rows))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
        types = {"record_id": pa.int64(), "time": pa.timestamp("us", "UTC"), "exe": pa.string(), "pid": pa.int64()}
        for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
            write(root, "process/create", order[start:end], types)
        results.append(carlang.run(text, carlang.open_store(root), now=NOW)["q"].to_arrow())
    assert results[0].equals(results[1])


def test_a_limit_cuts_the_table_and_not_the_count(tmp_path: Path) -> None:
    write(tmp_path, "process/create", numbered("abcdefg", "exe"))
    store = carlang.open_store(tmp_path)
    for limit, count in ((0, 0), (3, 3), (7, 7), (100, 7)):
        output = carlang.run("search Process:Create", store, limit=limit)["result"]
        assert (output.count, output.total) == (count, 7)
        assert [row["exe"] for row in output.rows()] == list("abcdefg")[:count]


def test_a_window_takes_events_from_since_to_before_until_and_those_without_a_time(tmp_path: Path) -> None:
    write(tmp_path, "process/create", [*numbered("abcd", "exe"), {"record_id": 9, "exe": "e", "time": None}])
    store = carlang.open_store(tmp_path)
    second = timedelta(seconds=1)
    rows = carlang.run("search Process:Create", store, since=START + second, until=START + 3 * second)["result"].rows()
    assert [row["exe"] for row in rows] == ["b", "c", "e"]


def test_a_query_beyond_its_memory_or_time_is_an_engine_error(tmp_path: Path) -> None:
    write(tmp_path, "process/create", numbered([str(i) * 80 for i in range(60_000)], "exe"))
    store = carlang.open_store(tmp_path)
    # Rows alone are written to disk, beyond what memory has; to sort them by what is long takes more than there is.
    assert carlang.run("search Process:Create", store, memory_limit="64MB")["result"].count == 60_000
    with pytest.raises(carlang.EngineError, match="ran out of memory"):
        carlang.run("search Process:Create | sort by exe", store, memory_limit="64MB")
    slow = "p = search Process:Create\nq = filter p where exe match '(.*a){20}(.*b){20}(.*c){20}'\noutput q"
    with pytest.raises(carlang.EngineError, match="longer than"):
        carlang.run(slow, store, timeout=0.000001)


def test_a_memory_limit_that_is_none_is_an_engine_error(tmp_path: Path) -> None:
    write(tmp_path, "process/create", [{"record_id": 1}])
    for limit in ("lots", "1GB'; SELECT 1; --", ""):
        if limit:
            with pytest.raises(carlang.EngineError):
                carlang.run("search Process:Create", carlang.open_store(tmp_path), memory_limit=limit)


def test_the_name_of_a_folder_may_hold_quotes(tmp_path: Path) -> None:
    root = tmp_path / 'it\'s a "store" [x] ; -- $$'
    write(root, "process/create", numbered(["a"], "exe"))
    assert where(root, "exe == 'a'") == [0]
