from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.cli.commands import carlang

ANALYTIC = """\
---
title: Runs of at.exe
tests:
  - name: at.exe is found
    events:
      - {{object: process, action: create, time: 2013-05-13T09:58:00Z, hostname: HOST1, exe: at.exe}}
      - {{object: process, action: create, time: 2013-05-13T09:58:01Z, hostname: HOST1, exe: cat.exe}}
    expect:
      at: [{{exe: {found}}}]
---
p = search Process:Create
at = filter p where (exe == "at.exe")
output at
"""


@pytest.fixture
def analytics(tmp_path: Path) -> Path:
    """A folder with an analytic whose test passes and one whose test fails."""
    (tmp_path / "right.car").write_text(ANALYTIC.format(found="at.exe"), encoding="utf-8")
    (tmp_path / "wrong.car").write_text(ANALYTIC.format(found="cat.exe"), encoding="utf-8")
    return tmp_path


def test_a_test_that_passes_has_status_0_and_one_that_fails_status_1(analytics: Path) -> None:
    right = carlang("test", analytics / "right.car")
    assert (right.status, right.err) == (0, "")
    assert "1 passed, 0 failed" in right.out
    wrong = carlang("test", analytics / "wrong.car")
    assert wrong.status == 1
    assert "at.exe is found" in wrong.out
    assert "0 passed, 1 failed" in wrong.out


def test_the_tests_of_shipped_analytics_pass() -> None:
    done = carlang("test", "CAR-2013-05-004")
    assert done.status == 0
    assert " 0 failed" in done.out


def test_junit_names_what_failed(analytics: Path) -> None:
    report = analytics / "report.xml"
    done = carlang("test", analytics, "--format", "junit", "--output", report, "--jobs", "1")
    assert (done.status, done.out) == (1, "")
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314  # written by this very test
    assert [case.find("failure") is not None for case in cases] == [False, True]


def test_wrong_usage_has_status_2(analytics: Path) -> None:
    done = carlang("test", analytics, "--format", "xml")
    assert (done.status, done.out) == (2, "")
    assert carlang("test", "no-such-analytic").status == 2
