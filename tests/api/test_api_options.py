"""An option that cannot be is refused before anything runs, by a message that says what can be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import carlang
from carlang.engine import Session
from tests.api.conftest import sysmon_record

AT = 'search Process:Create | filter exe == "at.exe"'

# Each is of a wrong type on purpose, which a type checker refuses before: the options are Any here.
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"limit": -1}, r"limit: -1 is not a number of rows; write 0 or more"),
    ({"limit": "3"}, r"limit: '3' is not a number of rows"),
    ({"limit": True}, r"limit: True is not a number of rows"),
    ({"limit": 1.5}, r"limit: 1.5 is not a number of rows"),
    ({"memory_limit": "lots"}, r"memory_limit: 'lots' is not an amount of memory; write 2GB"),
    ({"memory_limit": 2_000_000_000}, r"memory_limit: 2000000000 is not an amount of memory; write 2GB"),
    ({"memory_limit": "0GB"}, r"memory_limit: '0GB' is not an amount of memory"),
    ({"memory_limit": "63MB"}, r"memory_limit: '63MB' is too little; 64 MB are the least"),
    ({"memory_limit": "0.0001%"}, r"memory_limit: '0.0001%' is too little; 64 MB are the least"),
    ({"timeout": 0}, r"timeout: 0 is not a time span above zero; write 60s, 500ms or 2m"),
    ({"timeout": -1.5}, r"timeout: -1.5 is not a time span above zero"),
    ({"timeout": "0s"}, r"timeout: '0s' is not a time span above zero"),
    ({"timeout": "soon"}, r"timeout: 'soon' is not a time span"),
    ({"timeout": float("nan")}, r"timeout: nan is not a time span"),
    ({"timeout": timedelta(0)}, r"timeout: datetime.timedelta\(0\) is not a time span"),
    ({"timeout": 10**400}, r"timeout: 1000.* is not a time span"),
    ({"timeout": True}, r"timeout: True is not a time span"),
    ({"now": "lately"}, r"now: 'lately' is not a time; write 2020-09-01, 2020-09-01T12:00:00Z or with an offset"),
    ({"now": 0}, r"now: 0 is not a time"),
    ({"since": 2020}, r"since: 2020 is not a time"),
    ({"until": "2020-13-01"}, r"until: '2020-13-01' is not a time"),
    ({"since": "2024-03-06", "until": "2024-03-05"}, r"since: 2024-03-06T.* is after until, 2024-03-05T"),
    ({"store": 3}, r"store: 3 is neither a Store nor a path"),
    ({"store": ""}, r"store: '' is neither a Store nor a path"),
    ({"store": "a\0b"}, r"store: 'a\\x00b' is neither a Store nor a path"),
    ({"params": "least=2"}, r"params: 'least=2' is not a mapping of parameters' names to their values"),
    ({"params": {1: 2}}, r"params: \{1: 2\} is not a mapping"),
]


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a session that is opened fail the test."""

    def opened(*_: object, **__: object) -> None:
        pytest.fail("a session was opened")

    monkeypatch.setattr("carlang.analytic.run.Session", opened)


@pytest.mark.usefixtures("nothing_runs")
@pytest.mark.parametrize(("options", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_value_is_refused_before_anything_runs(options: dict[str, Any], message: str) -> None:
    analytic = carlang.load_text(AT)
    calls: list[Callable[..., object]] = [
        analytic.run,
        lambda **given: carlang.run(AT, **given),
        lambda **given: carlang.run_all([analytic], **given),
    ]
    for call in calls:
        with pytest.raises(carlang.OptionError, match=message) as raised:
            call(**options)
        assert isinstance(raised.value, ValueError)


@pytest.mark.usefixtures("nothing_runs")
def test_a_name_or_one_analytic_is_no_list_of_analytics() -> None:
    one: Any = carlang.load_text(AT)
    name: Any = "CAR-2013-05-004"
    for wrong in (one, name, [name]):
        with pytest.raises(carlang.OptionError, match="is not a list of analytics; `load` and"):
            carlang.run_all(wrong)


def test_a_dialect_that_there_is_not_is_a_value_error_that_names_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="there is no dialect 'x'; choose one of duckdb"):
        carlang.load_text(AT).sql("x")
    with pytest.raises(carlang.OptionError, match="now: 'x' is not a time"):
        carlang.load_text(AT).sql(now="x")


@pytest.mark.parametrize("now", ["2024-03-05T08:00:03Z", "2024-03-05 10:00:03+02:00", datetime(2024, 3, 5, 8, 0, 3)])  # noqa: DTZ001  # without a zone it is UTC
def test_times_are_datetimes_or_texts(store: carlang.Store, now: datetime | str) -> None:
    for output in (
        carlang.run("search Process:Create | filter time < now", store, now=now)["result"],
        carlang.run("search Process:Create", store, until=now)["result"],
    ):
        assert [row["pid"] for row in output] == [1, 2]


@pytest.mark.parametrize("timeout", [60, 60.0, "60", "60s", "1m", "60000ms", timedelta(minutes=1)])
def test_spans_of_time_are_seconds_texts_or_timedeltas(
    store: carlang.Store, timeout: timedelta | str | float, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float | None] = []

    def spy(*arguments: Any, **options: Any) -> Session:
        seen.append(arguments[2].seconds)
        return Session(*arguments, **options)

    monkeypatch.setattr("carlang.analytic.run.Session", spy)
    assert len(carlang.run(AT, store, timeout=timeout)["result"]) == 2
    assert seen == [60.0]


def test_a_path_is_accepted_wherever_a_store_is(events: Path) -> None:
    for store in (events, str(events), carlang.open_store(events)):
        assert carlang.run(AT, store)["result"].count == 2
        assert carlang.load_text(AT).run(store)["result"].count == 2
        assert carlang.run_all([carlang.load_text(AT)], store).found == 2


def test_one_source_is_a_path_and_not_its_letters(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text(sysmon_record(1, "at.exe"), encoding="utf-8")
    sources: list[str | Path | list[Path] | tuple[str, ...]] = [str(log), log, [log], (str(log),)]
    for number, source in enumerate(sources):
        report = carlang.ingest(source, tmp_path / f"events{number}")
        assert [(s.source, s.status) for s in report.sources] == [(str(log), carlang.Status.INGESTED)]


@pytest.mark.parametrize("sources", [3, [3], b"log.ndjson", None, [None], "", [""], "a\0b"])
def test_sources_that_are_no_paths_are_refused(sources: Any, tmp_path: Path) -> None:
    with pytest.raises(carlang.OptionError, match="is neither a path nor a list of paths"):
        carlang.ingest(sources, tmp_path / "events")
    assert not (tmp_path / "events").exists()


def test_an_ingest_that_cannot_begin_makes_no_store(tmp_path: Path) -> None:
    store: Any = 3
    with pytest.raises(carlang.OptionError, match="store: 3 is neither a Store nor a path"):
        carlang.ingest([], store)
    with pytest.raises(carlang.IngestError, match="`record` is what there is"):
        carlang.ingest([], tmp_path / "events", dedupe="x")
    with pytest.raises(carlang.IngestError, match="did you mean `sysmon`"):
        carlang.ingest([], tmp_path / "events", sensor="sysmn")
    with pytest.raises(carlang.IngestError, match="did you mean `Europe/Berlin`"):
        carlang.ingest([], tmp_path / "events", timezone="Europe/Berlim")
    assert not (tmp_path / "events").exists()


def test_parameters_are_described_and_wrong_ones_named(store: carlang.Store) -> None:
    text = "input least: integer = 3\ninput name\np = search Process:Create\n"
    analytic = carlang.load_text(text + "h = filter p where (pid > least and exe == name)\noutput h\n")
    assert analytic.inputs == (
        carlang.Parameter("least", ("integer",), required=False),
        carlang.Parameter("name", ("base name",), required=True),
    )
    with pytest.raises(carlang.ParameterError, match="did you mean `least`"):
        analytic.run(store, params={"leas": 1})
    with pytest.raises(carlang.WrongParameterError, match="`least`: 'many' is not an integer"):
        analytic.run(store, params={"least": "many", "name": "x"})
    with pytest.raises(carlang.MissingParameterError, match="name"):
        analytic.run(store)


def test_a_wrong_value_of_any_size_is_shown_in_a_short_line() -> None:
    with pytest.raises(carlang.OptionError) as refused:
        carlang.run_all(["x" * 10_000] * 10_000)  # type: ignore[list-item]  # the wrong value
    assert len(str(refused.value)) < 500


MODEL = r"model: .* is not a Model; builtin_model and load_model give one"
PROJECT = r"project: .* is not a Project; Project.find and Project.read give one"


@pytest.mark.parametrize("wrong", ["ours.yaml", Path("carlang.toml"), 0, "", [], {}])
def test_what_is_no_model_and_no_project_is_refused_also_where_python_takes_it_for_false(
    wrong: Any, tmp_path: Path
) -> None:
    calls: list[Callable[..., object]] = [
        lambda **given: carlang.run(AT, **given),
        lambda **given: carlang.check(AT, **given),
        lambda **given: carlang.load_text(AT, **given),
        lambda **given: carlang.load("CAR-2013-05-004", **given),
        lambda **given: carlang.ingest([], tmp_path / "events", **given),
    ]
    for call in calls:
        with pytest.raises(carlang.OptionError, match=MODEL):
            call(model=wrong)
        with pytest.raises(carlang.OptionError, match=PROJECT):
            call(project=wrong)
    with pytest.raises(carlang.OptionError, match=PROJECT):
        carlang.catalogue(wrong)
    assert not (tmp_path / "events").exists()


@pytest.mark.parametrize("wrong", [None, b"search Process:Create", 0, Path("at.car")])
def test_a_program_is_a_text(wrong: Any) -> None:
    for call in (carlang.run, carlang.check, carlang.load_text):
        with pytest.raises(carlang.OptionError, match=r"text: .* is not the text of a program"):
            call(wrong)


@pytest.mark.parametrize("wrong", [None, b"at.car", 0, "", "a\0b", [Path("at.car")]])
def test_what_is_loaded_is_a_path_or_an_id(wrong: Any) -> None:
    with pytest.raises(carlang.OptionError, match=r"target: .* is neither a path nor the id of an analytic"):
        carlang.load(wrong)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"keep_raw": "no"}, "keep_raw: 'no' is not True or False"),
        ({"strict": "false"}, "strict: 'false' is not True or False"),
        ({"hostname": 7}, "hostname: 7 is not a text"),
        ({"timezone": 2}, "timezone: 2 is not a text"),
        ({"sensor": None}, "sensor: None is neither a sensor's name nor a mapping file"),
        ({"progress": print}, "progress: .* is not an object with start, file and advance"),
    ],
)
def test_an_option_of_an_ingest_that_cannot_be_is_refused_before_a_store_is_made(
    option: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(carlang.OptionError, match=message):
        carlang.ingest([], tmp_path / "events", **option)
    assert not (tmp_path / "events").exists()


def test_extensions_of_the_model_are_paths_of_either_kind_or_one_of_them(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(
        "objects: {process: {fields: {score: {type: integer, description: How odd it is.}}}}\n", encoding="utf-8"
    )
    extensions: list[str | Path | list[str | Path]] = [file, str(file), [file], [str(file)]]
    for each in extensions:
        model = carlang.load_model(each)
        assert carlang.check("search Process:Create | filter score > 5", model=model) == []
