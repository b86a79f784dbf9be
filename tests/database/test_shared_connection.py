"""The database that a process shares: connections that know nothing of each other, and one that broke is replaced."""

from __future__ import annotations

import os

import pyarrow as pa
import pytest

from carlang.database import limit_memory, limited_to_task, open_shared
from carlang.database.connection import _shared
from carlang.errors import EngineError


def test_connections_share_neither_tables_nor_what_they_register() -> None:
    with open_shared() as first, open_shared() as second:
        for connection, number in ((first, 1), (second, 2)):
            connection.register("rows", pa.table({"n": [number]}))
            connection.execute("CREATE TEMP TABLE kept AS FROM rows")
        assert first.sql("FROM kept").fetchall() == [(1,)]
        assert second.sql("FROM kept").fetchall() == [(2,)]


def test_a_closed_connection_closes_no_other_and_a_broken_database_is_replaced() -> None:
    with open_shared() as first:
        open_shared().close()
        assert first.sql("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
    _shared.databases[None].close()
    with open_shared() as connection:
        assert connection.sql("SELECT 1").fetchall() == [(1,)]


def test_a_limit_of_memory_is_that_of_the_task_at_hand_and_of_no_other() -> None:
    asked = "SELECT current_setting('memory_limit')"
    with open_shared() as connection:
        (machine,) = connection.sql(asked).fetchall()
    for memory, said in (("64MB", "61.0 MiB"), ("96MiB", "96.0 MiB"), ("64MB", "61.0 MiB")):
        with limit_memory(memory), open_shared() as connection:
            assert connection.sql(asked).fetchall() == [(said,)]
            assert open_shared().sql(asked).fetchall() == [(said,)]
    with open_shared() as connection:
        assert connection.sql(asked).fetchall() == [machine]


def test_what_needs_more_memory_than_the_task_has_says_so() -> None:
    distinct = "SELECT count(*) FROM (SELECT DISTINCT hash(i)::VARCHAR FROM range(1000000) AS t(i))"
    with limit_memory("1MB"), open_shared() as connection:
        with pytest.raises(EngineError, match="give it more with --memory-limit"), limited_to_task(connection):
            connection.execute(distinct)
        assert connection.sql("SELECT 1").fetchall() == [(1,)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
def test_a_forked_process_has_a_database_of_its_own() -> None:
    with open_shared() as connection:
        connection.execute("SELECT count(*) FROM range(1000000)")  # its threads run
    child = os.fork()
    if child == 0:
        # Of a forked process nothing of pytest's may run on, hence _exit.
        try:
            with open_shared() as connection:
                answer = connection.sql("SELECT count(*) FROM range(1000000)").fetchall()
            os._exit(0 if answer == [(1000000,)] else 1)
        except BaseException:  # noqa: BLE001  # the status is all that it can say
            os._exit(2)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
