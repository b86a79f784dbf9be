"""The examples of Sigma's specification of correlations, and the whole one on events at its borders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import carlang
from carlang.importers import load_text
from carlang.levels import Level
from tests.ingesting import write_lines

BASES = """\
---
title: A login that fails
id: 5638f7c0-ac70-491d-8465-2a65075e0d86
name: failed_login
logsource: {product: windows, service: security}
detection:
    selection:
        EventID: [529, 4625]
    condition: selection
---
title: A login
name: successful_login
logsource: {product: windows, service: security}
detection:
    selection:
        EventID: [528, 4624]
    condition: selection
---
title: A share
name: share
logsource: {product: windows, service: security}
detection:
    selection:
        EventID: 5140
    condition: selection
"""
MANY = """\
---
title: Multiple failed logons
name: many_failed_logins
correlation:
    type: event_count
    rules:
        - failed_login
    group-by:
        - ComputerName
    timespan: 10m
    condition:
        gte: 3
"""
# A section as the specification has it, and the statement that says it.
EXAMPLES = [
    (
        (
            "type: event_count\nrules:\n  - 5638f7c0-ac70-491d-8465-2a65075e0d86\ngroup-by:\n  - ComputerName\n"
            "timespan: 1h\ncondition:\n  gte: 100"
        ),
        "hits = group failed_login by ComputerName having (count() >= 100) within any 1 hour",
    ),
    (
        (
            "type: event_count\nrules:\n  - failed_login\ngroup-by:\n  - ComputerName\n"
            "timespan: 90m\ncondition:\n  gt: 100\n  lte: 200"
        ),
        "having (\n    count() > 100\n    and count() <= 200\n) within any 90 minutes",
    ),
    (
        (
            "type: value_count\nrules:\n  - 5638f7c0-ac70-491d-8465-2a65075e0d86\ngroup-by:\n  - ComputerName\n"
            "  - WorkstationName\ntimespan: 1d\ncondition:\n  field: User\n  gte: 100"
        ),
        "having (\n    count(distinct User_value) >= 100\n) within any 1 day",
    ),
    (
        (
            "type: temporal\nrules:\n  - failed_login\n  - successful_login\n  - share\ngroup-by:\n  - ComputerName\n"
            "  - User\ntimespan: 5m"
        ),
        "hits = together (failed_login, successful_login, share) by ComputerName, User_key within 5 minutes",
    ),
    (
        (
            "type: temporal_ordered\nrules:\n  - many_failed_logins\n  - successful_login\ngroup-by:\n  - User\n"
            "timespan: 1h"
        ),
        "hits = sequence (many_failed_logins, successful_login) by User_value within 1 hour",
    ),
    (
        (
            "type: temporal_ordered\nrules:\n  - failed_login\n  - successful_login\n  - share\ngroup-by:\n  - User\n"
            "timespan: 5m\ncondition: failed_login AND successful_login AND share"
        ),
        "hits = sequence (failed_login, successful_login, share) by User_key within 5 minutes",
    ),
    (
        (
            "type: temporal\nrules:\n  - failed_login\n  - share\ngroup-by:\n  - internal_ip\n  - remote_ip\n"
            "timespan: 10s\naliases:\n  internal_ip:\n    failed_login: IpAddress\n    share: Source\n"
            "  remote_ip:\n    failed_login: Source\n    share: IpAddress"
        ),
        "share.internal_ip = event_data.Source\n",
    ),
]


@pytest.mark.parametrize(("section", "statement"), EXAMPLES)
def test_an_example_of_the_specification_is_a_program(section: str, statement: str) -> None:
    indented = "\n".join(f"    {line}" for line in section.split("\n"))
    analytic = carlang.load_text(f"title: Example\nid: example\ncorrelation:\n{indented}\n{MANY}{BASES}", "example.yml")
    assert [fault.message for fault in analytic.check()] == []
    assert statement in load_text(f"title: Example\ncorrelation:\n{indented}\n{MANY}{BASES}", "x.yml").sources[0].text


WHOLE = f"""\
title: Correlation - Multiple Failed Logins Followed by Successful Login
id: b180ead8-d58f-40b2-ae54-c8940995b9b6
status: experimental
author: Florian Roth (Nextron Systems)
date: 2023-06-16
correlation:
    type: temporal_ordered
    rules:
        - multiple_failed_login
        - successful_login
    group-by:
        - User
    timespan: 10m
falsepositives:
    - Unlikely
level: high
---
title: Multiple failed logons
name: multiple_failed_login
correlation:
    type: event_count
    rules:
        - failed_login
    group-by:
        - User
    timespan: 10m
    condition:
        gte: 10
{BASES.rpartition("---")[0]}"""


def test_ten_failures_and_a_success_of_one_user_are_a_hit(tmp_path: Path) -> None:
    records = [
        # A failure a minute, ten in nine minutes; the success is ten minutes behind the last, but after more failures.
        *(_logon(4625, minute, "eve") for minute in range(10)),
        *(_logon(4625, minute, "eve") for minute in (12, 15)),
        _logon(4624, 19, "EVE"),
        # Of nine failures, and of ten in a longer time, the success is none of these.
        *(_logon(4625, minute, "adam") for minute in range(9)),
        _logon(4624, 10, "adam"),
        *(_logon(4625, minute * 1.2, "bob") for minute in range(10)),
        _logon(4624, 11, "bob"),
    ]
    carlang.ingest([write_lines(tmp_path / "logons.ndjson", records)], tmp_path / "store")
    file = load_text(WHOLE, "example.yml")
    assert (file.level, file.platforms, file.false_positives) == (Level.HIGH, ("Windows",), ("Unlikely",))
    (hits,) = carlang.load_text(WHOLE, "example.yml").run(tmp_path / "store").values()
    assert [row["successful_login.User_key"] for row in hits.rows()] == ["EVE"]


def _logon(code: int, minute: float, user: str) -> dict[str, Any]:
    seconds = round(minute * 60)
    time = f"2024-03-05T12:{seconds // 60:02}:{seconds % 60:02}Z"
    return {"Channel": "Security", "EventID": code, "Hostname": "H", "EventTime": time, "User": user}


TWO = """\
title: Two
correlation: {{type: {kind}, rules: [{first}, started], group-by: [{key}], timespan: 5m}}
---
title: Inner
name: inner
correlation: {{type: event_count, rules: [started], group-by: [{key}], timespan: 5m, condition: {{gte: 3}}}}
---
title: Started
name: started
logsource: {{category: process_creation, product: windows}}
detection:
    s: {{CommandLine: x}}
    condition: s
---
title: Logged
name: logged
logsource: {{product: windows, service: system}}
detection:
    s: {{EventID: 1}}
    condition: s
"""


@pytest.mark.parametrize(
    ("first", "key", "statement"),
    [
        # A number beside a text is compared as one; a field of one name in both needs no other.
        ("logged", "ProcessId", "started.ProcessId = to_string(pid)"),
        ("inner", "ProcessId", ") by pid within 5 minutes"),
        ("inner", "User", ") by user within 5 minutes"),
        # An instant and the time of an event are columns of one row.
        ("inner", "UtcTime", "started.UtcTime = time"),
        ("logged", "UtcTime", "CL604 `UtcTime` is a text in the events of one rule and a time in those of another"),
    ],
)
def test_a_key_has_one_name_and_one_type_in_all_parts(first: str, key: str, statement: str) -> None:
    analytic = carlang.load_text(TWO.format(kind="temporal_ordered", first=first, key=key), "two.yml")
    faults = [f"{fault.code.name} {fault.message}" for fault in analytic.check()]
    assert faults in ([], [statement])
    assert faults or statement in analytic.program
