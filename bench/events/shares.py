"""What share of made-up events is what: how much they repeat themselves, and how many of them analytics pick out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from carlang.analytic import CompiledAnalytic, RunOptions, run_analytics
from carlang.database import open_memory
from carlang.store import open_store


@dataclass(frozen=True, slots=True)
class Shares:
    """Of the process starts of a store: how many there are, and how many command lines and images are told apart.

    `hits` is how many of them stand in some row of some output, `rows` how many rows each output has.
    """

    events: int
    command_lines: int
    images: int
    hits: int
    rows: Counter[str]


def shares(path: Path, analytics: Iterable[CompiledAnalytic]) -> Shares:
    """Count process starts of a store, and those that stand in the outputs of analytics that need no parameters."""
    store = open_store(path)
    files = [str(file.path) for file in store.files("process", ["create"])]
    with open_memory() as connection:
        query = """
            SELECT count(*), count(DISTINCT command_line), count(DISTINCT image_path)
            FROM read_parquet($files, hive_partitioning = false)
        """
        events, command_lines, images = connection.execute(query, {"files": files}).fetchall()[0]
        report = run_analytics(list(analytics), store, RunOptions.of(), {})
        outputs = {f"{each.analytic} {each.output.name}": each.output.to_arrow() for each in report.results}
        picked = [
            t.select(["source", "record_id"]) for t in outputs.values() if {"source", "record_id"} <= {*t.column_names}
        ]
        hits = 0
        if picked:
            connection.register("picked", pa.concat_tables(picked))
            hit = """
                SELECT count(*) FROM read_parquet($files, hive_partitioning = false)
                SEMI JOIN picked USING (source, record_id)
            """
            hits = connection.execute(hit, {"files": files}).fetchall()[0][0]
    return Shares(events, command_lines, images, hits, Counter({name: t.num_rows for name, t in outputs.items()}))
