"""The engine's connection reads the store's files and nothing else, whatever the query."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from carlang.database import Limits, locked_connection
from carlang.errors import EngineError
from tests.engine.trees import numbered, write


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with a store, a secret beside it, a store's namesake with a secret, and links out of the store."""
    write(tmp_path / "store", "process/create", numbered(["a"], "exe"))
    (tmp_path / "secret.txt").write_text("hush")
    (tmp_path / "store2").mkdir()
    (tmp_path / "store2" / "secret.txt").write_text("hush")
    (tmp_path / "store" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "store" / "out").symlink_to(tmp_path)
    (tmp_path / "scratch").mkdir()
    return tmp_path


@pytest.fixture
def connection(house: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = locked_connection(house / "store", Limits(), house / "scratch")
    yield opened
    opened.close()


def test_the_stores_own_files_can_be_read(connection: duckdb.DuckDBPyConnection, house: Path) -> None:
    files = f"{house}/store/process/create/*.parquet"
    assert connection.execute("SELECT exe FROM read_parquet($files)", {"files": files}).fetchall() == [("a",)]


OUTSIDE = [
    "/etc/passwd",
    "/proc/self/environ",
    "file:///etc/passwd",
    "{house}/secret.txt",
    "{house}/store2/secret.txt",
    "{house}/store/../secret.txt",
    "{house}/store/link.txt",
    "{house}/store/out/secret.txt",
    "{house}/store/./../store2/secret.txt",
    "{house}/store/process/../../secret.txt",
    "http://127.0.0.1:9/x",
    "s3://bucket/x",
]
READERS = ["read_text", "read_blob", "read_csv", "read_json", "read_parquet", "parquet_metadata", "sniff_csv", "glob"]


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("reader", READERS)
def test_nothing_outside_the_store_can_be_read(
    connection: duckdb.DuckDBPyConnection, house: Path, reader: str, path: str
) -> None:
    with pytest.raises(duckdb.Error):
        connection.execute(f"SELECT * FROM {reader}('{path.format(house=house)}')").fetchall()  # noqa: S608


STATEMENTS = [
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_text(['/etc/passwd'])",
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM glob('{house}/*')",
    "COPY (SELECT 1) TO '{house}/out.csv'",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "COPY (SELECT 1) TO '{house}/store/out/x.csv'",
    "ATTACH '{house}/x.db'",
    "ATTACH '{house}/store2/x.db' AS y",
    "EXPORT DATABASE '{house}/db'",
    "IMPORT DATABASE '{house}/db'",
    "INSTALL httpfs",
    "FORCE INSTALL json",
    "LOAD httpfs",
    "LOAD '{house}/store/x.duckdb_extension'",
    "UPDATE EXTENSIONS",
    "CREATE SECRET s (TYPE http)",
    "SET memory_limit = '100GB'",
    "SET threads = 64",
    "SET GLOBAL threads = 64",
    "SET TimeZone = 'America/New_York'",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET allowed_directories = ['/']",
    "SET temp_directory = '/tmp'",
    "SET allow_unsigned_extensions = true",
    "RESET lock_configuration",
    "RESET enable_external_access",
    "PRAGMA threads = 64",
    "PRAGMA temp_directory = '/tmp'",
    "CALL enable_logging(storage = 'file', storage_path = '{house}/logs')",
    "SELECT getenv('HOME')",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_would_leave_the_store_or_change_a_setting_fails(
    connection: duckdb.DuckDBPyConnection, house: Path, statement: str
) -> None:
    before = sorted(path for path in house.rglob("*") if "out" not in path.parts)
    with pytest.raises(duckdb.Error):
        connection.execute(statement.format(house=house)).fetchall()
    assert sorted(path for path in house.rglob("*") if "out" not in path.parts) == before


def test_variables_of_the_python_program_are_no_tables(connection: duckdb.DuckDBPyConnection) -> None:
    secret = pa.table({"password": ["hush"]})
    assert secret.num_rows == 1
    with pytest.raises(duckdb.Error):
        connection.execute("SELECT * FROM secret").fetchall()


def test_the_limits_hold(house: Path) -> None:
    opened = locked_connection(house / "store", Limits(memory="64MB"), house / "scratch")
    (found,) = opened.execute("SELECT current_setting('memory_limit')").fetchall()
    assert "61" in str(found[0])  # 64 MB are 61.0 MiB
    opened.close()


@pytest.mark.parametrize("memory", ["lots", "1GB'; SET threads = 1; --", "1 elephant"])
def test_a_limit_that_is_none_is_an_engine_error(house: Path, memory: str) -> None:
    with pytest.raises(EngineError, match="memory_limit"):
        locked_connection(house / "store", Limits(memory=memory), house / "scratch")


def test_a_folder_with_quotes_in_its_name_is_no_way_out(tmp_path: Path) -> None:
    folder = tmp_path / "a', '/"
    write(folder, "process/create", numbered(["a"], "exe"))
    (tmp_path / "scratch").mkdir()
    opened = locked_connection(folder, Limits(), tmp_path / "scratch")
    with pytest.raises(duckdb.Error):
        opened.execute("SELECT * FROM read_text('/etc/passwd')").fetchall()
    opened.close()
