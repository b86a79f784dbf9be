"""Rows of attacks, to be put among the made-up events."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from carlang.database import open_memory
from carlang.model import builtin_model
from carlang.project import shipped_catalogue
from carlang.store import open_store
from carlang.testing.events import event_tables

Attacks = dict[str, pa.Table]
"""Rows by class, `process/create`."""


@cache
def catalogue_attacks() -> Attacks:
    """Return the events of the tests that the catalogue's analytics carry: of attacks, and of what is like them."""
    events = [event for analytic in shipped_catalogue().all() for case in analytic.tests for event in case.events]
    return {
        f"{name}/{action}": table.filter(pc.equal(table["action"], action))
        for name, table in event_tables(events, builtin_model()).items()
        for action in pc.unique(table["action"]).to_pylist()
    }


def recorded_attacks(store: Path) -> Attacks:
    """Return Sysmon's events in a store of recordings."""
    opened = open_store(store)
    attacks = {}
    with open_memory() as connection:
        for name in sorted({(file.object, file.action) for file in opened.files()}):
            files = [str(file.path) for file in opened.files(name[0], [name[1]])]
            query = """
                SELECT * FROM read_parquet($files, union_by_name = true, hive_partitioning = false)
                WHERE sensor = 'sysmon' ORDER BY time, source, record_id, guid
            """
            attacks["/".join(name)] = connection.sql(query, params={"files": files}).to_arrow_table()
    return attacks
