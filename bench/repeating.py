# ruff: noqa: INP001  # a folder of commands, not a package
"""Make a large log of a small one: recordings again and again, each time of other hosts, users and processes.

A copy has hosts of its own, users of its own in paths, GUIDs and numbers of records of its own, and lies some days
later; so no record is told twice, and paths and command lines that name a user's folder are new each time. What
happens, and how often a rule is met by it, stays: a store of attacks alone, of which a tenth is found by some rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

_COMPUTER = re.compile(r'("Computer":")([^"]*)')
_USER = re.compile(r'(\\\\Users\\\\)([^\\"]+)', re.IGNORECASE)
_GUID = re.compile(r"\b([0-9A-Fa-f]{8})(?=-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\b)")
_RECORD = re.compile(r'("EventRecordID":)(\d+)')
_DATE = re.compile(r"\b(20\d\d)-([01]\d)-([0-3]\d)(?=[T ])")
_DAYS = 30
"""Over how many days copies are spread: an incident's logs, and not a year's."""
_RECORDS = 10_000_000
"""How far apart the numbers of records of two copies are."""


def repeated(lines: Sequence[str], count: int) -> Iterator[str]:
    """Yield so many records, JSON in lines, made of fewer."""
    for number in range(count):
        copy, index = divmod(number, len(lines))
        yield lines[index] if copy == 0 else _varied(lines[index], copy)


def _varied(line: str, copy: int) -> str:
    line = _COMPUTER.sub(rf"\g<1>\g<2>-{copy:04}", line)
    line = _USER.sub(rf"\g<1>\g<2>{copy}", line)
    line = _GUID.sub(lambda guid: f"{int(guid[1], 16) ^ copy << 8:08X}", line)
    line = _RECORD.sub(lambda record: f"{record[1]}{int(record[2]) + copy * _RECORDS}", line)
    return _DATE.sub(lambda day: _later(day, copy % _DAYS), line)


def _later(day: re.Match[str], days: int) -> str:
    try:
        return str(date(int(day[1]), int(day[2]), int(day[3])) + timedelta(days=days))
    except ValueError:  # a text that looks like a day
        return day[0]


def write_repeated(recordings: Path, log: Path, count: int) -> None:
    """Write a log of so many records, of the lines of JSON in all files of a folder."""
    lines = [line for file in sorted(recordings.glob("*.json")) for line in file.read_text("utf-8").splitlines()]
    with log.open("w", encoding="utf-8") as written:
        written.writelines(f"{line}\n" for line in repeated(lines, count))
