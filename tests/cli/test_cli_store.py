from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import carlang
from tests.engine.trees import write
from tests.judgement.fleets import events


def test_store_info_as_json_says_what_a_store_holds(store: Path) -> None:
    done = carlang("store", "info", store, "--format", "json")
    assert (done.status, done.err) == (0, "")
    info = done.json()
    assert (info["path"], info["rows"], info["writable"], info["sensors"]) == (str(store), 5, True, ["sysmon"])
    assert (info["first_time"], info["last_time"]) == ("2024-03-05T08:00:01.000000Z", "2024-03-05T08:00:05.000000Z")
    (held,) = info["classes"]
    assert (held["object"], held["action"], held["rows"]) == ("process", "create", 5)
    assert held["fill"].items() >= {"exe": 1.0, "pid": 1.0, "md5_hash": 0.0}.items()


def test_store_info_as_text_says_the_same(store: Path) -> None:
    done = carlang("store", "info", store)
    assert (done.status, done.err) == (0, "")
    for said in (str(store), "5 events", "process/create", "sysmon", "2024-03-05 08:00:01", "md5_hash"):
        assert said in done.out


def test_without_a_path_it_is_the_store_that_other_commands_would_use(store: Path, tmp_path: Path) -> None:
    sample = carlang("store", "info", "--format", "json", cwd=tmp_path)
    assert sample.json()["writable"] is False
    assert "sample store" in sample.err
    named = carlang("store", "info", "--format", "json", cwd=tmp_path, env={"CARLANG_STORE": str(store)})
    assert (named.json()["rows"], named.err) == (5, "")


@pytest.mark.parametrize("make", [False, True], ids=["missing", "a file"])
def test_what_is_no_store_cannot_be_read(make: bool, tmp_path: Path) -> None:  # noqa: FBT001  # a case of the test
    if make:
        (tmp_path / "x").write_text("no store", encoding="utf-8")
    done = carlang("store", "info", tmp_path / "x")
    assert (done.status, done.out) == (3, "")
    assert str(tmp_path / "x") in done.err


def test_wrong_usage_has_status_2(store: Path) -> None:
    done = carlang("store", "info", store, "--format", "xml")
    assert (done.status, done.out) == (2, "")
    assert carlang("store", "weigh", store).status == 2


def test_info_by_host_says_who_is_seen_and_when(tmp_path: Path) -> None:
    root = tmp_path / "store"
    start = {"sensor": "sysmon", "exe": "at.exe", "command_line": "at"}
    write(root, "process/create", events(["B"], start, hours=(0, 1, 5)) + events(["A", None], {"exe": "at.exe"}))
    write(root, "flow/start", events(["b"], {"sensor": "zeek", "dest_port": 1}))
    done = carlang("store", "info", root, "--by", "host")
    lines = [line.split("  ") for line in done.out.splitlines()]
    assert [[cell.strip() for cell in line if cell.strip()] for line in lines] == [
        ["host", "flow/start", "process/create", "platform", "sensors"],
        ["A", "1 60%", "unknown"],
        ["B", "1 100%", "3 100%", "Windows or Linux", "sysmon, zeek"],
        ["(no host named)", "1 40%", "unknown"],
    ]
    document = carlang("store", "info", root, "--by", "host", "--format", "json").json()
    assert [(host["host"], host["rows"], host["sensors"], host["platforms"]) for host in document["hosts"]] == [
        ("A", 1, [], []),
        ("B", 4, ["sysmon", "zeek"], ["Windows", "Linux"]),
        (None, 1, [], []),
    ]
    (_, of_class) = document["hosts"][1]["classes"]
    assert of_class["hours"] == [
        {"start": "2024-03-05T08:00:00Z", "end": "2024-03-05T10:00:00Z"},
        {"start": "2024-03-05T13:00:00Z", "end": "2024-03-05T14:00:00Z"},
    ]
    assert document["hosts"][0]["classes"][0]["fill"] == {"exe": 1.0, "hostname": 1.0, "time": 1.0}
    assert carlang("store", "info", root, "--by", "sensor").status == 2
