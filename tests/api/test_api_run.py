from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import carlang
from carlang.analytic import options
from carlang.engine import duckdb_engine

AT = 'search Process:Create | filter exe == "at.exe"'
NO_THREADS = "the store holds no thread/remote_create events"


def test_the_shipped_analytic_finds_its_three_runs_on_the_sample_store() -> None:
    at = carlang.load("CAR-2013-05-004")
    assert (at.id, at.title, at.techniques) == ("CAR-2013-05-004", "Execution with AT", ("T1053.002",))
    assert 'filter process where (exe == "at.exe")' in at.program
    assert at.check() == []
    result = at.run()
    assert list(result) == ["at"]
    assert [row["hostname"] for row in result["at"].rows()] == ["HOST1", "HOST1", "HOST2"]


def test_an_analytic_is_loaded_from_a_path_in_either_form(tmp_path: Path) -> None:
    file = tmp_path / "mine.car"
    file.write_text(AT, encoding="utf-8")
    for path in (file, str(file)):
        assert carlang.load(path).run()["result"].count == 3


def test_a_result_maps_the_outputs_in_the_order_of_the_program(store: carlang.Store) -> None:
    program = "b = search Process:Create\na = filter b where (pid > 2)\noutput b, a\n"
    result = carlang.run(program, store)
    assert list(result) == ["b", "a"]
    assert [output.count for output in result.values()] == [4, 2]
    assert repr(result) == "Result(b: 4 rows, a: 2 rows)"
    with pytest.raises(KeyError):
        result["c"]


def test_rows_and_table_and_count_say_the_same(store: carlang.Store) -> None:
    output = carlang.run(AT, store)["result"]
    table = output.to_arrow()
    assert isinstance(table, pa.Table)
    assert (output.name, output.count, output.total, table.num_rows) == ("result", 2, 2, 2)
    assert table.to_pylist() == output.rows()
    assert [column.name for column in output.columns] == table.column_names
    assert [row["command_line"] for row in output.rows()] == ["at.exe 2", "AT.EXE 3"]


def test_times_are_utc_and_a_missing_value_is_none(store: carlang.Store) -> None:
    output = carlang.run(AT, store)["result"]
    row = output.rows()[0]
    assert row["time"] == datetime(2024, 3, 5, 8, 0, 2, 250_000, tzinfo=UTC)
    assert row["time"].utcoffset() == timedelta(0)
    assert output.to_arrow().schema.field("time").type == pa.timestamp("us", tz="UTC")
    assert row["md5_hash"] is None


def test_a_limit_cuts_the_rows_and_not_the_total(store: carlang.Store) -> None:
    whole = carlang.run("search Process:Create", store)["result"]
    for limit in range(6):
        cut = carlang.run("search Process:Create", store, limit=limit)["result"]
        assert (cut.count, cut.total) == (min(limit, 4), 4)
        assert cut.rows() == whole.rows()[:limit]


def test_now_is_the_instant_that_was_given_in_whatever_zone(store: carlang.Store) -> None:
    program = "search Process:Create | filter time < now"
    instant = datetime(2024, 3, 5, 8, 0, 3, tzinfo=UTC)
    for now in (instant, instant.astimezone(timezone(timedelta(hours=5))), instant.replace(tzinfo=None)):
        assert [row["pid"] for row in carlang.run(program, store, now=now)["result"].rows()] == [1, 2]


def test_a_window_leaves_out_what_lies_outside(store: carlang.Store) -> None:
    since, until = (datetime(2024, 3, 5, 8, 0, second, 250_000, tzinfo=UTC) for second in (2, 4))
    output = carlang.run("search Process:Create", store, since=since, until=until)["result"]
    assert [row["pid"] for row in output.rows()] == [2, 3]


def test_two_runs_give_the_same_bytes(store: carlang.Store) -> None:
    # Parquet holds no bytes for what is missing; Arrow's buffers hold undefined ones there and at their ends.
    def serialized() -> bytes:
        sink = pa.BufferOutputStream()
        pq.write_table(carlang.run("search Process:Create", store)["result"].to_arrow(), sink)
        return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # pyarrow has no types of its own

    first = serialized()
    assert len(first) > 1000
    assert first == serialized()


def test_a_condition_and_its_negation_split_a_stream(store: carlang.Store) -> None:
    program = (
        "p = search Process:Create\n"
        'a = filter p where (parent_exe == "explorer.exe")\n'
        'b = filter p where (parent_exe != "explorer.exe")\n'
        'c = filter p where not (parent_exe == "explorer.exe")\n'
        "d = filter p where (parent_exe == null)\n"
        "output a, b, c, d\n"
    )
    result = carlang.run(program, store)
    pids = {name: [row["pid"] for row in output.rows()] for name, output in result.items()}
    assert pids == {"a": [1, 2, 3], "b": [4], "c": [4], "d": [4]}


def test_a_program_with_errors_raises_all_of_its_diagnostics(store: carlang.Store) -> None:
    program = (
        "p = search Process:Create\na = filter p where (exee == 'x')\nb = filter p where (pid > 'many')\noutput a, b\n"
    )
    for call in (
        lambda: carlang.run(program, store),
        lambda: carlang.load_text(program).run(store),
        lambda: carlang.load_text(program).sql(),
    ):
        with pytest.raises(carlang.CompileError) as raised:
            call()
        assert [d.code.name for d in raised.value.diagnostics] == ["CL201", "CL303"]
        assert "process has no field `exee`" in str(raised.value)


def test_a_parameter_that_no_program_asks_for_is_an_error_that_names_it(store: carlang.Store) -> None:
    analytic = carlang.load("CAR-2013-05-004")
    for call in (
        lambda: analytic.run(store, params={"nobody_asked": 1}),
        lambda: carlang.run(AT, store, params={"nobody_asked": 1}),
        lambda: carlang.run_all([analytic, carlang.load_text(AT)], store, params={"nobody_asked": 1}),
    ):
        with pytest.raises(carlang.ParameterError, match="nobody_asked"):
            call()


def test_an_input_takes_the_value_that_was_given_and_lacks_it_otherwise(store: carlang.Store) -> None:
    analytic = carlang.load_text("input least\np = search Process:Create\nh = filter p where (pid > least)\noutput h\n")
    for value in (2, "2"):
        assert [row["pid"] for row in analytic.run(store, params={"least": value})["h"].rows()] == [3, 4]
    with pytest.raises(carlang.ParameterError, match="least"):
        analytic.run(store)
    report = carlang.run_all([analytic, carlang.load_text(AT)], store)
    assert [r.output.total for r in report.results] == [2]
    assert "least" in report.not_run[0].reason


def test_an_option_that_there_is_not_is_a_type_error(store: carlang.Store) -> None:
    with pytest.raises(TypeError):
        carlang.run(AT, store, no_such_option=1)  # type: ignore[call-arg]  # what is tested


def test_the_sql_of_every_output_comes_by_name() -> None:
    analytic = carlang.load_text("a = search Process:Create\nb = filter a where (pid > 2)\noutput b, a\n")
    assert list(analytic.sql()) == ["b", "a"]
    assert analytic.sql("duckdb") == analytic.sql()
    with pytest.raises(ValueError, match="choose one of duckdb"):
        analytic.sql("spark")


def test_run_all_tells_results_from_what_could_not_run_and_what_failed(store: carlang.Store) -> None:
    texts = {
        "broken": "search Process:Create | filter exee == 'x'",
        "found": AT,
        "nothing": "search Process:Create | filter exe == 'nothing.exe'",
        "threads": "search Thread:RemoteCreate",
        "warned": "p = search Process:Create\na = filter p where (pid == 1)\n",
    }
    now = datetime(2024, 3, 6, tzinfo=UTC)
    analytics = [carlang.load_text(text, f"{name}.car") for name, text in texts.items()]
    report = carlang.run_all(analytics, store, now=now)
    assert [(r.analytic, r.output.name, r.output.total) for r in report.results] == [
        ("found", "result", 2),
        ("nothing", "result", 0),
        ("warned", "a", 1),
    ]
    assert [(n.analytic, n.output, n.reason) for n in report.not_run] == [("threads", "result", NO_THREADS)]
    assert [(f.analytic, [d.code.name for d in f.diagnostics], f.error) for f in report.failed] == [
        ("broken", ["CL201"], None)
    ]
    assert [d.code.name for d in report.warnings] == ["CL401"]
    assert (report.now, report.found, report.store) == (now, 3, str(store.path))


def test_an_analytic_can_have_results_and_outputs_that_could_not_run(store: carlang.Store) -> None:
    program = "p = search Process:Create\nt = search Thread:RemoteCreate\noutput p, t\n"
    report = carlang.run_all([carlang.load_text(program, "both.car")], store)
    assert [(r.analytic, r.output.name) for r in report.results] == [("both", "p")]
    assert [(n.analytic, n.output) for n in report.not_run] == [("both", "t")]


def test_a_union_of_which_half_is_absent_is_partly_blind_whatever_it_finds(store: carlang.Store) -> None:
    def outcome(condition: str) -> tuple[int, tuple[object, ...]]:
        program = f"search Process:Create,Terminate | filter {condition}"
        (result,) = carlang.run_all([carlang.load_text(program)], store).results
        assert result.output.judgement is not None
        assert result.output.judgement.state is carlang.State.PARTLY
        return result.output.total, result.output.judgement.reasons

    assert outcome("exe == 'at.exe'") == (2, (carlang.NoEvents("process", "terminate"),))
    assert outcome("exe == 'nothing.exe'") == (0, (carlang.NoEvents("process", "terminate"),))


def test_run_all_of_nothing_is_an_empty_report(store: carlang.Store) -> None:
    report = carlang.run_all([], store)
    assert (report.results, report.not_run, report.failed, report.found) == ((), (), (), 0)


def test_a_query_that_fails_is_reported_and_stops_no_other(
    store: carlang.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise carlang.EngineError("the query fails")

    analytics = [carlang.load_text(AT), carlang.load_text("search Thread:RemoteCreate")]
    monkeypatch.setattr(duckdb_engine.DuckDBEngine, "query", fail)
    report = carlang.run_all(analytics, store)
    assert (report.results, [n.reason for n in report.not_run]) == ((), [NO_THREADS])
    assert [failed.error for failed in report.failed] == ["the query fails"]


def test_without_memory_nothing_is_judged_or_run_and_each_analytic_says_so(
    store: carlang.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With the least that is allowed no query over so small a store fails.
    monkeypatch.setattr(options, "LEAST_MEMORY", 1)
    monkeypatch.setattr(duckdb_engine, "LEAST_MEMORY", 1)
    report = carlang.run_all([carlang.load_text(AT), carlang.load_text(AT)], store, memory_limit="1KB")
    assert (report.results, report.not_run, len(report.failed)) == ((), (), 2)
    assert all("ran out of memory" in str(failed.error) for failed in report.failed)
    with pytest.raises(carlang.EngineError, match="ran out of memory"):
        carlang.run(AT, store, memory_limit="1KB")


def test_several_threads_may_run_over_one_store(events: Path) -> None:
    store = carlang.open_store(events)
    analytic = carlang.load_text("search Process:Create | filter pid > 1")

    def task(number: int) -> tuple[list[int], list[int]]:
        of_text = carlang.run(f"search Process:Create | filter pid == {number % 4 + 1}", store)["result"]
        return [row["pid"] for row in analytic.run(store)["result"].rows()], [row["pid"] for row in of_text.rows()]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(task, range(40)))
    assert found == [([2, 3, 4], [number % 4 + 1]) for number in range(40)]


def test_several_threads_may_check_and_compile_at_once() -> None:
    def task(number: int) -> tuple[list[str], bool]:
        text = f'search Process:Create | filter (exe{number % 2} == "x" or command_line match "a{{{number}}}")'
        found = [d.message for d in carlang.check(text)]
        return found, f"a{{{number}}}" in carlang.load_text(text.replace(f"exe{number % 2}", "exe")).sql()["result"]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(task, range(1, 41)))
    assert found == [([f"process has no field `exe{number % 2}`"], True) for number in range(1, 41)]
