"""The larger logs of the bench for Sigma's rules: more of the same, and no record twice."""

from __future__ import annotations

import json
import re

from bench.repeating import repeated

RECORD = (
    r'{"Event":{"System":{"Computer":"PC1","EventRecordID":7,"TimeCreated":"2020-02-28T10:00:00Z"},"EventData":'
    r'{"Image":"C:\\Users\\anna\\a.exe","Guid":"747F3D96-0B1C-5E3B-0000-0010A1B2C3D4","Other":"2020-13-45 x"}}}'
)


def test_a_copy_is_of_another_host_user_process_and_day_and_says_the_same() -> None:
    first, other, *_, same_day = [json.loads(line)["Event"] for line in repeated([RECORD], 31)]
    assert first == json.loads(RECORD)["Event"]
    assert other["System"] == {
        "Computer": "PC1-0001",
        "EventRecordID": 10_000_007,
        "TimeCreated": "2020-02-29T10:00:00Z",
    }
    assert other["EventData"]["Image"] == r"C:\Users\anna1\a.exe"
    assert re.fullmatch(r"747F3C96-0B1C-5E3B-0000-0010A1B2C3D4", other["EventData"]["Guid"])
    assert other["EventData"]["Other"] == "2020-13-45 x"
    assert same_day["System"]["TimeCreated"] == first["System"]["TimeCreated"]
    assert same_day != first


def test_copies_are_as_many_as_are_asked_for_and_no_two_are_equal() -> None:
    lines = list(repeated([RECORD, RECORD.replace(":7", ":8")], 101))
    assert len(lines) == len(set(lines)) == 101
