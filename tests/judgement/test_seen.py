"""Rows of an inventory get the same number for the same host, and for the same kind of events; nothing else does."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carlang.judgement.seen import Seen
from carlang.store import mark
from carlang.store.statistics import SCHEMA

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "host": st.sampled_from([None, "", "a", "A", "b", "ä", "Ä"]),
            "object": st.sampled_from(["event", "file"]),
            "action": st.sampled_from(["log", "create"]),
            "log": st.sampled_from([None, "", "Security"]),
            "rows": st.sampled_from([0, 1, 2]),
            "filled": st.sets(st.sampled_from(["exe", "time", mark("provider"), mark("provider", "x")])).map(
                lambda names: [(name, 1) for name in sorted(names)]
            ),
            "ids": st.sampled_from([[], [{"count": 1, "first": 2, "last": 2}]]),
        }
    ),
    max_size=8,
)


@given(ROWS)
def test_numbers_are_those_of_what_rows_are_of(rows: list[dict[str, Any]]) -> None:
    hours: list[dict[str, int]] = []
    inventory = pa.Table.from_pylist([{**row, "hollow": 0, "timed": 0, "hours": hours} for row in rows], SCHEMA)
    seen = Seen.of(inventory)
    kinds = {kind["kind"]: kind for kind in seen.kinds.to_pylist()}
    names = sorted({row["host"].lower() for row in rows if row["host"] is not None})
    names = [None, *names] if any(row["host"] is None for row in rows) else names
    for row, read in zip(rows, seen.rows.to_pylist(), strict=True):
        keys = [key for key, _ in row["filled"]]
        assert names[read["id"]] == (row["host"] and row["host"].lower())
        assert read["marks"] == [key for key in keys if "=" in key]
        expected = {name: row[name] for name in ("object", "action", "log")} | {"present": row["rows"] > 0}
        assert kinds[read["kind"]] == expected | {"fields": [k for k in keys if "=" not in k], "kind": read["kind"]}
    assert len({repr({**kind, "kind": 0}) for kind in kinds.values()}) == len(kinds)
    assert [run["id"] for run in seen.ids.to_pylist()] == [
        read["id"] for row, read in zip(rows, seen.rows.to_pylist(), strict=True) if row["ids"]
    ]


@pytest.mark.parametrize("length", [0, 3])
def test_a_part_of_an_inventory_is_one(length: int) -> None:
    row = {"object": "file", "action": "create", "rows": 1, "hollow": 0, "timed": 0, "hours": [], "ids": []}
    rows = [{**row, "host": host, "filled": [(host, 1)]} for host in "abcdef"]
    seen = Seen.of(pa.Table.from_pylist(rows, SCHEMA).slice(2, length))
    assert seen.rows["host"].to_pylist() == ["c", "d", "e"][:length]
    assert seen.kinds["fields"].to_pylist() == [["c"], ["d"], ["e"]][:length]
