# ruff: noqa: INP001  # a folder of commands, not a package
"""The things that are measured, each prepared first: a task is a function that returns the work to be timed.

Arguments are plain values, so that they can be handed to another process; the work returns how many rows it gave.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from bench.compiling import catalogue, compiling, loaded, texts
from bench.ingest import columns_of, duckdb_alone
from carlang.analytic import CompiledAnalytic, RunOptions, run_analytics, run_one
from carlang.database import text_literal
from carlang.loading import ingest
from carlang.model import builtin_model
from carlang.results import RunReport
from carlang.store import Store, open_store

Work = Callable[[], int]

SCANNED: Mapping[str, tuple[str, ...]] = {
    "process": ("exe", "image_path", "command_line", "parent_exe", "parent_image_path"),
    "file": ("file_name", "file_path", "extension", "image_path"),
    "registry": ("key", "value", "new_content", "image_path"),
    "flow": ("exe", "image_path", "dest_ip", "dest_hostname"),
    "module": ("module_name", "module_path", "image_path", "signer"),
}
"""The columns of texts that analytics ask about, by object."""

HAND_SQL: Mapping[str, str] = {
    "CAR-2013-05-004": "lower(exe) = 'at.exe'",
    "CAR-2013-08-001": "lower(exe) = 'schtasks.exe'",
    "CAR-2014-03-006": "lower(exe) = 'rundll32.exe'",
}
"""Conditions over process starts as somebody would write them who knows DuckDB and the store."""


def _files(store: Store, object_name: str) -> str:
    return f"[{', '.join(text_literal(str(file.path)) for file in store.files(object_name))}]"


def scan(store: str) -> Work:
    """Read the columns of texts of all classes that a store has, and add up their lengths."""
    opened = open_store(store)
    queries = []
    for name, columns in SCANNED.items():
        if opened.files(name):
            lengths = ", ".join(f"sum(strlen({column}))" for column in columns)
            queries.append(f"SELECT count(*), {lengths} FROM read_parquet({_files(opened, name)})")  # noqa: S608  # quoted

    def work() -> int:
        with duckdb.connect() as connection:
            return sum(int(connection.execute(query).fetchall()[0][0]) for query in queries)

    return work


def hand_sql(store: str, analytic: str) -> Work:
    """Run the SQL that stands for an analytic, all columns in the order of time, into an Arrow table."""
    query = f"""
        SELECT * FROM read_parquet({_files(open_store(store), "process")})
        WHERE {HAND_SQL[analytic]} ORDER BY time, record_id
    """  # noqa: S608  # quoted

    def work() -> int:
        with duckdb.connect() as connection:
            return int(connection.sql(query).to_arrow_table().num_rows)

    return work


def one(store: str, analytic: str) -> Work:
    """Run one analytic, compiled before, over a store that is open."""
    (compiled,) = catalogue(analytic)
    compiled.outputs()
    opened = open_store(store)
    opened.files()
    return lambda: sum(output.total for output in run_one(compiled, opened, RunOptions.of(), {}).values())


def _prepared(only: str | None, programs: int = 0, *, ascii_only: bool = False) -> list[CompiledAnalytic]:
    return loaded(only, texts(programs, ascii_only=ascii_only))


def together(store: str, only: str | None = "", programs: int = 0, *, ascii_only: bool = False) -> Work:
    """Run the catalogue, or what of it begins with a text, and made-up programs, compiled before, all in one run."""
    analytics = _prepared(only, programs, ascii_only=ascii_only)
    opened = open_store(store)
    opened.files()
    return lambda: _rows(run_analytics(analytics, opened, RunOptions.of(), {}))


def apart(store: str, only: str = "") -> Work:
    """Run each analytic of the catalogue by itself."""
    analytics = _prepared(only)
    opened = open_store(store)
    opened.files()
    return lambda: sum(_rows(run_analytics([analytic], opened, RunOptions.of(), {})) for analytic in analytics)


def _rows(report: RunReport) -> int:
    return sum(sum(batch.num_rows for batch in each.output.batches()) for each in report.results)


def ingesting(log: str, store: str) -> Work:
    """Ingest a log into a new store."""
    shutil.rmtree(store, ignore_errors=True)

    def work() -> int:
        report = ingest([log], store, model=builtin_model())
        if report.rejected:
            raise RuntimeError(f"{report.rejected} rejected: {report.rejections[:1]}")
        return report.records

    return work


def reading_json(log: str, target: str) -> Work:
    """Have DuckDB alone read lines of JSON, all members as texts, and write them as one Parquet file."""
    columns = columns_of(Path(log))

    def work() -> int:
        duckdb_alone(Path(log), columns, Path(target))
        with duckdb.connect() as connection:
            return int(
                connection.execute("SELECT count(*) FROM read_parquet($file)", {"file": target}).fetchall()[0][0]
            )

    return work


TASKS: Mapping[str, Callable[..., Work]] = {
    task.__name__: task for task in (scan, hand_sql, one, together, apart, compiling, ingesting, reading_json)
}
