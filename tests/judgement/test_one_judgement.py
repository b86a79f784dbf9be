"""Commands, the Navigator layer and the library say the same of every output of the catalogue, on six stores."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pytest

from carlang.analytic import CompiledAnalytic, RunOptions, run_analytics
from carlang.engine import Session
from carlang.report import write_report
from carlang.resolve.bound import BoundOutput
from carlang.results import Output, RunReport, State, judgement_json, judgement_text
from carlang.store import open_store
from tests.catalogue.generator import generator
from tests.cli.commands import carlang
from tests.ingesting import load, sysmon_create, write_lines
from tests.mapping.sensor_records import windows, zeek

NOW = "2020-01-03"
_SECURITY = ("Security", "Microsoft-Windows-Security-Auditing")
_SYSMON = ("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon")
_AUDIT = """\
type=SYSCALL msg=audit(1577934245.123:{0}): arch=c000003e syscall=59 success=yes exit=0 items=2 ppid=10 pid=2{0} \
auid=1000 uid=0 gid=0 euid=0 tty=pts0 ses=3 comm="id" exe="/usr/bin/id" key=(null)
type=EXECVE msg=audit(1577934245.123:{0}): argc=1 a0="id"
"""

_WINDOWS = [
    sysmon_create(),
    windows(_SYSMON, 3, Image="C:\\a.exe", ProcessId=3, DestinationPort=3389, DestinationIp="10.0.0.1"),
    windows(_SYSMON, 12, EventType="DeleteKey", TargetObject="HKLM\\SOFTWARE\\x", Image="C:\\a.exe", ProcessId=3),
    windows(_SYSMON, 11, TargetFilename="C:\\x.bat", Image="C:\\a.exe", ProcessId=3),
]
_LOGONS = [
    windows(_SECURITY, 4624, LogonType=10, AuthenticationPackageName="Negotiate", TargetUserName="adam"),
    windows(_SECURITY, 4688, NewProcessName="C:\\Windows\\System32\\at.exe", NewProcessId="0x10", ProcessId="0x4"),
]
_ZEEK = [
    zeek("conn", proto="tcp", duration=1, **{"id.resp_p": 3389}),
    zeek("dce_rpc", endpoint="ITaskSchedulerService"),
]
_RECORDS: dict[str, list[Any]] = {
    "evtx": [*_WINDOWS, *_LOGONS],
    "security": _LOGONS,
    "zeek": _ZEEK,
    "auditd": [],
    "mixture": [*_WINDOWS, *_LOGONS, *_ZEEK],
}


@pytest.fixture(scope="session")
def catalogue() -> list[CompiledAnalytic]:
    """The catalogue, compiled once."""
    analytics: list[CompiledAnalytic] = generator()["catalogue"]()
    return analytics


@pytest.fixture(scope="session", params=[*_RECORDS, "sample"])
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, catalogue: list[CompiledAnalytic]
) -> tuple[Path, RunReport]:
    """A store, and a run of the catalogue over it."""
    kind = request.param
    path = open_store().path
    if kind != "sample":
        folder = tmp_path_factory.mktemp(kind)
        path, audit = folder / "store", folder / "audit.log"
        sources = [write_lines(folder / "log.json", _RECORDS[kind])] if _RECORDS[kind] else []
        if kind in ("auditd", "mixture"):
            audit.write_text("".join(_AUDIT.format(number) for number in (1, 2)), encoding="utf-8")
            sources.append(audit)
        load(path, *sources, hostname="web1")
    # What is found is no matter here, and a hundred queries take their time: two of the six answer them.
    querying = contextlib.nullcontext() if kind in ("mixture", "sample") else patch.object(Session, "run", _nothing)
    with querying:
        return path, run_analytics(catalogue, open_store(path), RunOptions.of(now=NOW), {})


def _nothing(_: Session, output: BoundOutput, *__: object) -> Output:
    return Output(output.name, output.stream.columns, pa.table({}))


@pytest.fixture(autouse=True)
def _compiled_once(catalogue: list[CompiledAnalytic]) -> Iterator[None]:
    """Have commands take the catalogue that is compiled already."""
    with (
        patch("carlang.cli.catalog.catalogue_analytics", lambda _: catalogue),
        patch("carlang.cli.check.find_analytics", lambda *_: catalogue),
        patch("carlang.cli.selection.find_analytics", lambda *_: catalogue),
    ):
        yield


def _of_run(report: RunReport) -> dict[tuple[str, str], Any]:
    """Return each output's judgement as a run gives it."""
    judged = {(r.analytic, r.output.name): r.output.judgement for r in report.results}
    judged |= {(n.analytic, n.output or ""): n.judgement for n in report.not_run if n.output}
    return {key: judgement_json(judgement) for key, judgement in judged.items() if judgement is not None}


def test_all_say_the_same(run: tuple[Path, RunReport]) -> None:
    path, report = run
    judged = _of_run(report)
    assert len({analytic for analytic, _ in judged}) == 102

    checked = carlang("check", "x", "--store", path, "--now", NOW, "--format", "json").json()["judgements"]
    of_check = {(each["analytic"], each["output"]): each["judgement"] for each in checked}
    assert of_check == judged

    rows = carlang("catalog", "list", "--store", path, "--now", NOW, "--format", "json").json()
    of_list = {(row["analytic"], name): judgement for row in rows for name, judgement in row["judgements"].items()}
    assert of_list == of_check
    for row in rows:
        states = {judgement["state"] for judgement in row["judgements"].values()}
        assert row["runs"] == bool(states - {"blind", "not_asked"})

    covered = carlang("catalog", "coverage", "--store", path, "--now", NOW, "--format", "json").json()
    of_coverage = {
        (id_, name): judgement
        for technique in covered
        for id_, outputs in technique["judgements"].items()
        for name, judgement in outputs.items()
    }
    assert of_coverage == {key: of_check[key] for key in of_coverage}
    assert of_coverage

    document = json.loads(_written(report, "json"))
    of_json = {(r["analytic"], r["output"]): r["judgement"] for r in document["results"]}
    of_json |= {(n["analytic"], n["output"]): n["judgement"] for n in document["not_run"] if "judgement" in n}
    assert of_json == judged

    comments = "\n".join(t["comment"] for t in json.loads(_written(report, "navigator"))["techniques"])
    for result in report.results:
        if result.output.judgement is not None and result.output.judgement.state.value == "partly":
            assert f"({result.output.name}): " in comments
            assert judgement_text(result.output.judgement) in comments


def _written(report: RunReport, name: Any) -> str:
    stream = io.BytesIO()
    write_report(report, stream, name)
    return stream.getvalue().decode()


def _states(report: RunReport) -> dict[str, str]:
    return {f"{analytic} {output}": of["state"] for (analytic, output), of in _of_run(report).items()}


def _codes(report: RunReport, analytic: str, output: str) -> set[str]:
    return {reason["code"] for reason in _of_run(report)[analytic, output]["reasons"]}


@pytest.mark.parametrize("run", ["mixture", "sample"], indirect=True)
def test_what_is_blind_finds_nothing(run: tuple[Path, RunReport]) -> None:
    states = {(r.output.name, r.output.judgement and r.output.judgement.state) for r in run[1].results}
    assert {state for _, state in states} == {State.ANSWERED, State.PARTLY}
    assert run[1].found


@pytest.mark.parametrize("run", ["zeek"], indirect=True)
def test_a_column_that_is_only_shown_does_not_make_a_network_sensor_blind(run: tuple[Path, RunReport]) -> None:
    states = _states(run[1])
    assert states["CAR-2013-07-002 rdp"] in ("answered", "partly")
    assert ("field_never_filled" in _codes(run[1], "CAR-2013-07-002", "rdp")) is False
    assert states["CAR-2013-05-004 at"] == "blind"


@pytest.mark.parametrize("run", ["evtx"], indirect=True)
def test_one_absent_alternative_is_partly_blind_and_all_of_them_are_blind(run: tuple[Path, RunReport]) -> None:
    states = _states(run[1])
    # Deletions alone, one of the four that it names: neither additions nor edits are seen.
    assert states["CAR-2020-09-002 clsid_keys"] == "partly"
    assert states["CAR-2020-11-001 registry_logon_key_events"] == "blind"
    assert states["CAR-2020-11-011 scr_reg_events"] == "blind"
    assert states["CAR-2014-02-001 modified_service"] == "partly"
    assert states["CAR-2013-01-002 startup_files"] == "partly"
    assert states["CAR-2020-11-001 logon_script_key_processes"] == "answered"


@pytest.mark.parametrize("run", ["security"], indirect=True)
def test_an_analytic_on_records_of_a_log_needs_that_log(run: tuple[Path, RunReport]) -> None:
    assert _states(run[1])["CAR-2016-04-003 stopped"] == "blind"
    assert _codes(run[1], "CAR-2016-04-003", "stopped") == {"no_log"}
    assert _states(run[1])["CAR-2016-04-005 rdp_logins"] == "answered"


@pytest.mark.parametrize("run", ["auditd"], indirect=True)
def test_analytics_for_windows_are_not_asked_of_linux(
    run: tuple[Path, RunReport], catalogue: list[CompiledAnalytic]
) -> None:
    states = _states(run[1])
    windows_alone = {analytic.id for analytic in catalogue if analytic.data.platforms == ("Windows",)}
    assert {key.split()[0] for key, state in states.items() if state == "not_asked"} == windows_alone - {
        "CAR-2015-07-001"
    }


@pytest.mark.parametrize("run", ["sample"], indirect=True)
@pytest.mark.parametrize(
    ("analytic", "output"),
    [
        ("CAR-2013-09-005", "new_services"),
        ("CAR-2014-11-002", "new_cmd"),
        ("CAR-2019-04-002", "new_processes"),
    ],
)
def test_windows_that_hold_no_events_are_blind_with_an_instant_that_would_hold_some(
    run: tuple[Path, RunReport], catalogue: list[CompiledAnalytic], analytic: str, output: str
) -> None:
    (reason,) = _of_run(run[1])[analytic, output]["reasons"]
    assert reason["code"] == "window_without_events"
    (chosen,) = [each for each in catalogue if each.id == analytic]
    again = run_analytics([chosen], open_store(run[0]), RunOptions.of(now=reason["now"]), {})
    assert _states(again)[f"{analytic} {output}"] == "answered"
