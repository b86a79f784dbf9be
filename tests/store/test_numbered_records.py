"""Stores of carlang 0.1, in which the ids of records are numbers: they are read, added to, and converted."""

from __future__ import annotations

import json
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from deltalake.schema import PrimitiveType, Schema

import carlang
from carlang.model import builtin_model
from carlang.store import Store, compact, create_store, open_store, write_plain
from carlang.store.columns import model_columns
from carlang.store.delta_columns import delta_fields
from tests.ingesting import load, query, sysmon_create, write_lines


def _old_store(folder: Path, events: pa.Table) -> Path:
    """Make a store as carlang 0.1 left it: ids are numbers in the table and in its file."""
    columns = model_columns(builtin_model()) | {"record_id": "BIGINT"}
    settings: dict[str, str | None] = {"delta.dataSkippingNumIndexedCols": "-1"}
    schema = Schema(delta_fields(columns))
    DeltaTable.create(folder, schema, partition_by=["object", "action"], configuration=settings)
    deltalake.write_deltalake(folder, events, mode="append", schema_mode="merge")
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    events = pa.table(
        {
            "object": ["process"] * 3,
            "action": ["create"] * 3,
            "record_id": pa.array([9, 10, None], pa.int64()),
            "exe": ["a.exe", "b.exe", "c.exe"],
        }
    )
    return _old_store(tmp_path / "old", events)


def _types(store: Store) -> set[pa.DataType]:
    return {pq.read_schema(file.path).field("record_id").type for file in store.files()}


def _ids(store: Path) -> list[str | None]:
    output = carlang.run("search Process:Create", carlang.open_store(store))["result"]
    return [row["record_id"] for row in output.rows()]


def _document(tmp_path: Path) -> Path:
    document = {"object": "process", "action": "create", "exe": "d.exe", "record_id": "wB-1f", "time": None}
    return write_lines(tmp_path / "documents.json", [document])


def test_an_old_store_is_read_as_it_is(old: Path) -> None:
    assert _ids(old) == ["9", "10", None]
    text = "p = search Process:Create\nq = filter p where (record_id > 9)\noutput q"
    rows = carlang.run(text, carlang.open_store(old))["q"].rows()
    assert [row["exe"] for row in rows] == ["b.exe"]
    assert DeltaTable(old).version() == 1


def test_new_records_go_beside_old_ones(old: Path, tmp_path: Path) -> None:
    load(old, _document(tmp_path))
    assert _ids(old) == ["9", "10", "wB-1f", None]
    assert _types(open_store(old)) == {pa.int64(), pa.string()}
    (field,) = (f for f in DeltaTable(old).schema().fields if f.name == "record_id")
    assert field.type == PrimitiveType("string")


@pytest.mark.parametrize("added", [0, 1])
def test_compact_converts(old: Path, tmp_path: Path, added: int) -> None:
    if added:
        load(old, _document(tmp_path))
    before = _ids(old)
    done = compact(open_store(old))
    assert (done.written, done.rows) == (1, len(before))
    assert _ids(old) == before
    assert _types(open_store(old)) == {pa.string()}
    assert compact(open_store(old)).written == 0


def test_a_plain_copy_has_texts(old: Path, tmp_path: Path) -> None:
    load(old, _document(tmp_path))
    write_plain(open_store(old), tmp_path / "copy")
    assert _types(open_store(tmp_path / "copy")) == {pa.string()}
    assert _ids(tmp_path / "copy") == ["9", "10", "wB-1f", None]


def test_a_record_of_an_old_store_is_known_again_in_another_export(tmp_path: Path) -> None:
    store = tmp_path / "store"
    load(store, write_lines(tmp_path / "first.json", [sysmon_create(7)]))
    (file,) = open_store(store).files("process")
    events = pq.read_table(file.path)
    index = events.schema.get_field_index("record_id")
    events = events.set_column(index, "record_id", events["record_id"].cast(pa.int64()))
    for name, value in (("object", "process"), ("action", "create")):
        events = events.append_column(name, pa.array([value] * events.num_rows))
    old = _old_store(tmp_path / "old", events)
    assert query(old, "SELECT typeof(record_id) FROM events") == [("BIGINT",)]
    again = write_lines(tmp_path / "again.json", [sysmon_create(7, Extra="x"), sysmon_create(8)])
    report = load(old, again, dedupe="record")
    assert (report.duplicates, _ids(old)) == (1, ["7", "8"])


def test_ids_are_texts_in_json(tmp_path: Path) -> None:
    store = tmp_path / "store"
    create_store(store, builtin_model())
    load(store, write_lines(tmp_path / "log.json", [sysmon_create(7)]))
    rows = carlang.run("search Process:Create", carlang.open_store(store))["result"].rows()
    assert json.dumps([row["record_id"] for row in rows]) == '["7"]'
