from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carlang.report import FORMATS
from tests.cli.commands import AT, CARLANG, UNSUPPORTED, WARNED, carlang, environment
from tests.conftest import POSIX

SENSORS = ("sysmon", "windows_security")
SAMPLE_HITS = ["at 10:00 calc.exe", "at 1 /delete", "AT.EXE 22:30 /every:M,T,W,Th,F C:\\Windows\\Temp\\backup.cmd"]
SAMPLE_LINE = "no --store given: running on the sample store that ships with carlang\n"


def test_the_shipped_analytic_runs_by_its_id_on_the_sample_store(tmp_path: Path) -> None:
    done = carlang("run", "CAR-2013-05-004", "--format", "json", cwd=tmp_path)
    assert (done.status, done.err) == (0, SAMPLE_LINE)
    document = done.json()
    (result,) = document["results"]
    assert document["version"] == 1
    assert (document["not_run"], document["failed"]) == ([], [])
    assert (result["analytic"], result["title"], result["output"]) == ("CAR-2013-05-004", "Execution with AT", "at")
    assert (result["techniques"], result["count"]) == (["T1053.002"], 3)
    assert [row["command_line"] for row in result["rows"]] == SAMPLE_HITS
    assert {"name": "time", "type": "time"} in result["columns"]
    assert result["rows"][0]["time"] == "2013-05-13T09:58:00.000000Z"


def test_an_id_is_found_in_any_case(tmp_path: Path) -> None:
    assert len(carlang("run", "car-2013-05-004", "--format", "ndjson", cwd=tmp_path).lines()) == 3


def test_a_program_on_standard_input_or_the_command_line_is_a_target(store: Path) -> None:
    for done in (
        carlang("run", "-", "--store", store, "--format", "ndjson", stdin=AT),
        carlang("run", "-e", AT, "--store", store, "--format", "ndjson"),
    ):
        assert done.status == 0
        assert [row["exe"] for row in done.lines()] == ["at.exe", "AT.EXE"]


def test_a_folder_is_all_analytics_in_it_and_one_that_is_broken_stops_no_other(programs: Path, store: Path) -> None:
    done = carlang("run", programs, "--store", store, "--format", "json")
    document = done.json()
    assert done.status == 1
    assert [(r["analytic"], r["output"], r["count"]) for r in document["results"]] == [
        ("at", "result", 2),
        ("warned", "at", 2),
    ]
    assert [(n["analytic"], n["reason"]) for n in document["not_run"]] == [
        ("threads", "the store holds no thread/remote_create events")
    ]
    (failed,) = document["failed"]
    (diagnostic,) = failed["diagnostics"]
    assert failed["analytic"] == "faulty"
    assert (diagnostic["code"], diagnostic["severity"]) == ("CL201", "error")
    assert (diagnostic["line"], diagnostic["column"], diagnostic["end_line"], diagnostic["end_column"]) == (
        2,
        22,
        2,
        33,
    )
    assert diagnostic["file"] == str(programs / "faulty.car")


def test_a_target_named_twice_runs_once(programs: Path, store: Path) -> None:
    at = programs / "at.car"
    assert len(carlang("run", at, at, "--store", store, "--format", "ndjson").lines()) == 2


def test_json_on_standard_output_parses_though_there_are_warnings(store: Path) -> None:
    done = carlang("run", "-e", WARNED, "--store", store, "--format", "json")
    assert done.status == 0
    assert done.json()["results"][0]["count"] == 2
    assert "warning[CL401]" in done.err


def test_rows_are_alone_on_standard_output_and_what_could_not_run_is_said_beside_them(store: Path) -> None:
    done = carlang("run", "-e", UNSUPPORTED, "--store", store, "--format", "ndjson")
    assert (done.status, done.out) == (0, "")
    assert "the store holds no thread/remote_create events" in done.err
    assert "1 not run" in done.err


def test_what_could_not_run_never_counts_as_nothing_found(store: Path) -> None:
    table = carlang("run", "-e", UNSUPPORTED, "--store", store)
    assert "Could not run, which does not mean that nothing is there" in table.out
    assert "Ran and found nothing" not in table.out
    found_nothing = carlang("run", "-e", 'search Process:Create | filter exe == "nothing.exe"', "--store", store)
    assert "Ran and found nothing" in found_nothing.out
    assert "Could not run" not in found_nothing.out


def test_a_field_that_no_event_has_makes_an_empty_result_one_that_could_not_run(store: Path) -> None:
    done = carlang("run", "-e", 'search Process:Create | filter md5_hash == "00"', "--store", store, "--format", "json")
    document = done.json()
    assert document["results"] == []
    assert document["not_run"][0]["reason"] == "no process/create event in the store has `md5_hash`"


def test_an_unknown_id_is_wrong_usage_with_the_nearest_name() -> None:
    done = carlang("run", "CAR-2013-05-04")
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        "error: `CAR-2013-05-04` is neither a file nor the id of an analytic; did you mean `CAR-2013-05-004`?\n"
    )


def test_a_missing_store_cannot_be_read(tmp_path: Path) -> None:
    done = carlang("run", "CAR-2013-05-004", "--store", tmp_path / "none")
    assert (done.status, done.out) == (3, "")
    assert str(tmp_path / "none") in done.err


@pytest.mark.parametrize("damage", ["log", "file"])
def test_a_damaged_store_cannot_be_read(damage: str, store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "events"
    for path in store.rglob("*"):
        if path.is_file():
            to = copy / path.relative_to(store)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(path.read_bytes())
    for path in copy.rglob("*.json" if damage == "log" else "*.parquet"):
        path.write_bytes(b"not what it was")
    done = carlang("run", "CAR-2013-05-004", "--store", copy)
    assert (done.status, done.out) == (3, "")
    assert done.err.startswith("error: ")


def test_a_plain_tree_with_a_damaged_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "process" / "create").mkdir(parents=True)
    (tmp_path / "process" / "create" / "x.parquet").write_bytes(b"PAR1 not PAR1")
    done = carlang("run", "CAR-2013-05-004", "--store", tmp_path)
    assert (done.status, done.out) == (3, "")
    assert "x.parquet" in done.err


def test_the_environment_names_the_store_where_no_option_does(store: Path, tmp_path: Path) -> None:
    arguments = ("run", "-e", AT, "--format", "ndjson")
    named = carlang(*arguments, cwd=tmp_path, env={"CARLANG_STORE": str(store)})
    assert [row["hostname"] for row in named.lines()] == ["DESK7", "DESK7"]
    assert "sample store" not in named.err
    (tmp_path / "carlang.toml").write_text('store = "nowhere"\n', encoding="utf-8")
    assert len(carlang(*arguments, cwd=tmp_path, env={"CARLANG_STORE": str(store)}).lines()) == 2
    assert carlang(*arguments, "--store", store, cwd=tmp_path, env={"CARLANG_STORE": "nowhere"}).status == 0


def test_carlang_toml_above_the_working_directory_names_the_store_and_the_catalogue(
    programs: Path, store: Path, tmp_path: Path
) -> None:
    text = f'store = {json.dumps(str(store))}\n[catalogue]\npath = ["{programs.name}"]\n'
    (tmp_path / "carlang.toml").write_text(text, encoding="utf-8")
    done = carlang("run", "threads", "at", "--format", "json", cwd=programs / "below")
    document = done.json()
    assert (done.status, done.err) == (0, f"settings: {tmp_path / 'carlang.toml'}\n")
    assert [r["count"] for r in document["results"]] == [2]
    assert [n["analytic"] for n in document["not_run"]] == ["threads"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("store = 1\n", "`store` is a path"),
        ("stor = 'x'\n", "unknown key `stor`; did you mean `store`?"),
        ("store = \n", "cannot be read"),
        ("[model]\nextend = ['none.yaml']\n", "none.yaml"),
        ("[catalogue]\npath = ['none']\n", "none"),
    ],
)
def test_a_faulty_carlang_toml_is_wrong_usage_and_named(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "carlang.toml").write_text(text, encoding="utf-8")
    done = carlang("run", "CAR-2013-05-004", cwd=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_a_model_file_adds_fields_to_programs(store: Path, tmp_path: Path) -> None:
    model = "objects:\n  process:\n    fields:\n      score: {type: integer, description: How odd it is.}\n"
    (tmp_path / "ours.yaml").write_text(model, encoding="utf-8")
    arguments = ("check", "-e", "search Process:Create | filter score > 5")
    assert carlang(*arguments, cwd=tmp_path).status == 1
    (tmp_path / "carlang.toml").write_text('[model]\nextend = ["ours.yaml"]\n', encoding="utf-8")
    assert carlang(*arguments, cwd=tmp_path).status == 0
    done = carlang("run", *arguments[1:], "--store", store, cwd=tmp_path)
    assert "no process/create event in the store has `score`" in done.out


def test_a_hit_gives_status_4_where_it_is_asked_for(store: Path) -> None:
    nothing = 'search Process:Create | filter exe == "nothing.exe"'
    assert carlang("run", "-e", AT, "--store", store).status == 0
    assert carlang("run", "-e", AT, "--store", store, "--fail-on-hit").status == 4
    assert carlang("run", "-e", AT, "--store", store, "--fail-on-hit", "--limit", "0").status == 4
    assert carlang("run", "-e", nothing, "--store", store, "--fail-on-hit").status == 0
    assert carlang("run", "-e", UNSUPPORTED, "--store", store, "--fail-on-hit").status == 0


def test_a_faulty_program_outweighs_a_hit(programs: Path, store: Path) -> None:
    assert carlang("run", programs, "--store", store, "--fail-on-hit").status == 1


def test_a_limit_cuts_rows_and_says_of_how_many(store: Path) -> None:
    arguments = ("run", "-e", "search Process:Create", "--store", store, "--limit", "2")
    table = carlang(*arguments)
    assert "5 rows · showing 2 of 5 rows" in table.out
    assert "5 rows found" in table.out
    (result,) = carlang(*arguments, "--format", "json").json()["results"]
    assert (result["count"], len(result["rows"]), result["truncated"]) == (5, 2, True)
    ndjson = carlang(*arguments, "--format", "ndjson")
    assert len(ndjson.lines()) == 2
    assert "5 rows" in ndjson.err


def test_a_table_on_the_screen_shows_a_hundred_rows_and_a_file_all(tmp_path: Path) -> None:
    arguments = ("run", "-e", "search Process:Create")
    assert "showing 100 of " in carlang(*arguments).out
    assert carlang(*arguments, "--output", tmp_path / "table.txt").status == 0
    assert "showing" not in (tmp_path / "table.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("format_", [name for name, each in FORMATS.items() if not each.binary])
def test_every_format_of_text_goes_to_standard_output_and_to_files_alike(
    format_: str, store: Path, tmp_path: Path
) -> None:
    now = "2024-03-06T00:00:00Z"
    arguments = ("run", "CAR-2013-05-004", "--store", store, "--format", format_, "--now", now)
    shown = carlang(*arguments)
    saved = carlang(*arguments, "--output", tmp_path / "results")
    assert (shown.status, saved.status, saved.out) == (0, 0, "")
    assert (tmp_path / "results").read_bytes().decode("utf-8") == shown.out
    marks = {"html": "<html", "navigator": '"techniqueID": "T1053.002"', "table": "2 rows"}
    assert marks.get(format_, "AT.EXE 4") in shown.out


def test_parquet_goes_to_files_and_pipes(store: Path, tmp_path: Path) -> None:
    arguments = [CARLANG, "run", "CAR-2013-05-004", "--store", str(store), "--format", "parquet"]
    with (tmp_path / "piped.parquet").open("wb") as pipe:
        subprocess.run(arguments, env=environment(), stdout=pipe, stderr=subprocess.PIPE, check=True)
    assert carlang(*arguments[1:], "--output", tmp_path / "saved.parquet").status == 0
    for name in ("piped.parquet", "saved.parquet"):
        table = pq.read_table(tmp_path / name)
        assert table.column("command_line").to_pylist() == ["at.exe 2", "AT.EXE 4"]


@POSIX
def test_parquet_on_a_terminal_is_wrong_usage(store: Path) -> None:
    arguments = [CARLANG, "run", "CAR-2013-05-004", "--store", str(store), "--format", "parquet"]
    terminal, end = os.openpty()
    try:
        done = subprocess.run(arguments, env=environment(), stdout=end, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(end)
        os.close(terminal)
    assert (done.returncode, b"--output PATH" in done.stderr) == (2, True)


def test_results_that_cannot_be_written_are_wrong_usage(store: Path, tmp_path: Path) -> None:
    done = carlang("run", "-e", AT, "--store", store, "--output", tmp_path / "none" / "x.txt")
    assert done.status == 2
    assert "cannot be written" in done.err


def test_columns_are_chosen_and_a_name_that_no_output_has_is_wrong_usage(store: Path) -> None:
    csv = carlang("run", "-e", AT, "--store", store, "--columns", "hostname, EXE", "--format", "csv")
    assert csv.out.splitlines()[0] == "analytic,title,output,hostname,exe"
    lines = carlang("run", "-e", AT, "--store", store, "--columns", "exe", "--format", "ndjson").lines()
    assert [list(line)[4:] for line in lines] == [["exe"]] * len(lines) != []
    for columns, format_, said in (
        ("exe,hosname", "csv", "no output has a column 'hosname'; did you mean hostname?"),
        ("exe", "html", "not for html"),
        (" ,", "csv", "name some"),
    ):
        wrong = carlang("run", "-e", AT, "--store", store, "--columns", columns, "--format", format_)
        assert (wrong.status, wrong.out) == (2, "")
        assert f"error: --columns: {said}" in wrong.err


def test_since_and_until_bound_the_time_of_events(store: Path) -> None:
    def numbers(*options: str) -> list[int]:
        arguments = ("run", "-e", "search Process:Create", "--store", store, "--format", "ndjson")
        return [row["pid"] for row in carlang(*arguments, *options).lines()]

    assert numbers("--since", "2024-03-05T08:00:03Z") == [3, 4, 5]
    assert numbers("--until", "2024-03-05T08:00:03Z") == [1, 2]
    assert numbers("--since", "2024-03-05T10:00:02+02:00", "--until", "2024-03-05 08:00:04") == [2, 3]
    assert numbers("--since", "2024-03-06") == []


def test_now_is_what_it_is_said_to_be(store: Path) -> None:
    program = "search Process:Create | filter now - 2 seconds <= time < now"
    arguments = ("run", "-e", program, "--store", store, "--format", "json", "--now", "2024-03-05T08:00:04Z")
    document = carlang(*arguments).json()
    assert document["now"] == "2024-03-05T08:00:04.000000Z"
    assert [row["pid"] for row in document["results"][0]["rows"]] == [2, 3]


@pytest.mark.parametrize("option", ["--since", "--until", "--now"])
@pytest.mark.parametrize("value", ["lately", "2024-13-01", "12:00", ""])
def test_what_is_not_a_time_is_wrong_usage(option: str, value: str, store: Path) -> None:
    done = carlang("run", "-e", AT, "--store", store, option, value)
    assert (done.status, done.out) == (2, "")
    assert f"{option}: {value!r} is not a time" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "xml"), "there is no format 'xml'"),
        (("--engine", "spark"), "there is no engine 'spark'"),
        (("--limit", "-1"), "--limit"),
        (("--limit", "many"), "--limit"),
        (("--timeout", "soon"), "--timeout: 'soon' is not a time span"),
        (("--timeout", "0s"), "--timeout"),
        (("--memory-limit", "much"), "--memory-limit: 'much' is not an amount of memory"),
        (("--memory-limit", "1KB"), "--memory-limit: '1KB' is too little; 64 MB are the least"),
        (("--param", "host"), "--param: 'host' is not of the form name=value"),
        (("--param", "nobody_asked=1"), "nobody_asked"),
        (("--technique", "T9999"), "--technique: none of the analytics covers T9999"),
        (("--no-such-option",), "--no-such-option"),
    ],
)
def test_what_an_option_cannot_mean_is_wrong_usage(arguments: tuple[str, ...], said: str, store: Path) -> None:
    done = carlang("run", "CAR-2013-05-004", "--store", store, *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_a_parameter_gives_an_input_its_value(store: Path) -> None:
    program = "input host\np = search Process:Create\nh = filter p where (hostname == host and pid < 3)\noutput h\n"
    arguments = ("run", "-e", program, "--store", store, "--format", "json")
    assert carlang(*arguments, "--param", "host=desk7").json()["results"][0]["count"] == 2
    assert carlang(*arguments, "--param", "host=a=b").json()["results"][0]["count"] == 0
    near = carlang(*arguments, "--param", "hst=DESK7")
    assert (near.status, near.out) == (2, "")
    assert "did you mean `host`?" in near.err


def test_an_input_without_a_value_is_named_and_nothing_counts_as_not_found(store: Path) -> None:
    program = "input host\np = search Process:Create\nh = filter p where (hostname == host)\noutput h\n"
    alone = carlang("run", "-e", program, "--store", store, "--format", "json")
    assert (alone.status, alone.out) == (2, "")
    assert "`host` needs a value: --param host=" in alone.err
    document = carlang("run", "-e", program, "CAR-2013-05-004", "--store", store, "--format", "json").json()
    assert [result["analytic"] for result in document["results"]] == ["CAR-2013-05-004"]
    assert [entry["reason"] for entry in document["not_run"]] == ["`host` needs a value: --param host=…"]


def test_a_folder_without_analytics_is_wrong_usage(tmp_path: Path) -> None:
    assert carlang("run", tmp_path).status == 2


@pytest.mark.parametrize("technique", ["T1053", "t1053.002"])
def test_a_technique_chooses_its_analytics(technique: str, programs: Path, store: Path) -> None:
    arguments = ("run", programs, "CAR-2013-05-004", "--store", store, "--format", "json", "--technique", technique)
    document = carlang(*arguments).json()
    assert [result["analytic"] for result in document["results"]] == ["CAR-2013-05-004"]
    assert document["failed"] == []


def test_a_query_that_takes_too_long_is_stopped_and_named(large_store: Path) -> None:
    heavy = 'search Process:Create | filter command_line match "(a.*b.*c.*d.*e.*f){9}$"'
    arguments = ("run", "-e", heavy, "CAR-2013-05-004", "--store", large_store, "--format", "json")
    done = carlang(*arguments, "--timeout", "100ms")
    assert done.status == 1
    failed = {failure["analytic"]: failure["error"] for failure in done.json()["failed"]}
    assert "ran longer than 0.1 s" in failed["<-e>"]


def test_a_time_limit_holds_also_where_it_ends_before_the_query_has_begun(large_store: Path) -> None:
    heavy = 'search Process:Create | filter command_line match "(a.*b.*c.*d.*e.*f){9}$"'
    done = carlang("run", "-e", heavy, "--store", large_store, "--format", "json", "--timeout", "0.01ms")
    assert done.status == 1
    assert "ran longer than" in done.json()["failed"][0]["error"]


def test_a_query_that_takes_too_much_memory_is_stopped_and_named(large_store: Path, store: Path) -> None:
    done = carlang(
        "run", "-e", "search Process:Create", "--store", large_store, "--memory-limit", "64MB", "--limit", "1"
    )
    assert done.status == 1
    assert "ran out of memory; give it more with --memory-limit" in done.out
    assert carlang("run", "-e", AT, "--store", store, "--memory-limit", "200MB").status == 0


def test_records_of_one_occurrence_are_a_row_unless_they_are_wanted_apart(tmp_path: Path) -> None:
    start = {"time": "2024-01-01T00:00:00Z", "hostname": "H", "pid": 7, "exe": "a.exe", "record_id": "1"}
    tested = [start | {"object": "process", "action": "create", "sensor": sensor} for sensor in SENSORS]
    folder = tmp_path / "events" / "process" / "create"
    folder.mkdir(parents=True)
    times = pa.array([datetime(2024, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("us", "UTC"))
    columns = {name: [value] * 2 for name, value in start.items() if name != "time"}
    pq.write_table(pa.table({**columns, "time": times, "sensor": list(SENSORS)}), folder / "0.parquet")
    file = tmp_path / "starts.car"
    head = {"id": "starts", "tests": [{"name": "two", "events": tested, "expect": {"p": 1}}]}
    file.write_text(f"---\n{json.dumps(head)}\n---\np = search Process:Create\noutput p\n", encoding="utf-8")
    together, apart = (
        carlang("run", file, "--store", tmp_path / "events", "--format", "json", *option).json()["results"][0]
        for option in ([], ["--records-apart"])
    )
    assert (together["count"], together["tied"]) == (1, ["process/create"])
    assert together["columns"][-1] == {"name": "record_ids", "type": "list", "item": "id"}
    assert together["rows"][0]["record_ids"] == ["1", "1"]
    assert (apart["count"], "tied" in apart, "record_ids" in apart["rows"][0]) == (2, False, False)
    for command in (["run"], ["explain"], ["run", "--format", "html"]):
        told = carlang(*command, file, "--store", tmp_path / "events").out
        assert "Records of two sensors that tell of one occurrence are one row: process/create" in told
    assert [carlang("test", file, *option).status for option in ([], ["--records-apart"])] == [0, 1]
