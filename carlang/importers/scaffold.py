"""The file that a new analytic begins as: it checks and its tests pass, so that each change can be a small one."""

from __future__ import annotations

from datetime import date
from string import Template

_SCAFFOLD = Template("""\
---
id: $id
title: What it finds, in a few words
submission_date: $day
platforms: [Windows]
analytic_types: [TTP]
level: medium
coverage:
  - {technique: T1053, subtechniques: [T1053.002], tactics: [TA0002, TA0003, TA0004], coverage: Low}
description: |-
  What is done, by whom, how it shows in the events, and what is not seen.
false_positives:
  - Who else does the same without being an attacker, and why.
tests:
  - name: what is found
    events:
      - {object: process, action: create, time: $day 09:00:00, hostname: HOST1, exe: at.exe}
    expect:
      found: [{hostname: HOST1, exe: at.exe}]
  - name: what comes near, and is not
    events:
      - {object: process, action: create, hostname: HOST1, each: {exe: [cat.exe, at.exe.old]}}
    expect:
      found: []
---
started = search Process:Create
found = filter started where (exe == "at.exe")
output found
""")


def scaffold(id_: str, day: date) -> str:
    """Return the `.car` file of a new analytic, which finds runs of at.exe until somebody writes what it is for."""
    return _SCAFFOLD.substitute(id=id_, day=day.isoformat())
