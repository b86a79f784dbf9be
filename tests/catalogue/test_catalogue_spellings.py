"""A command line that an analytic finds is found in its other spellings: blanks, quotes, switches, suffixes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from carlang.analytic import CompiledAnalytic
from carlang.importers import Case
from carlang.model import builtin_model
from carlang.project import shipped_catalogue
from carlang.testing import run_tests

Events = tuple[Mapping[str, Any], ...]

WORD = re.compile(r"(?:[^\s\"]|\"[^\"]*\"?)+")
SWITCH = re.compile(r"^(\"?)([-/])(?=[A-Za-z])")
OF_POWERSHELL = re.compile(r"^(\"?)([-/])(?=(?:c|command|ep|ex\w*)\"?$)", re.IGNORECASE)
"""PowerShell's own switches; behind them stand those of cmdlets, which take dashes alone."""

OPERATORS = frozenset({"&", "&&", "|", "||", ">", ">>", "<", "-"})

COUNTING = re.compile(r"\b(?:group|join|count|by|run)\b")
"""Words of programs whose rows are of several events, so that the events of other tests change them."""


def _words(command: str) -> list[str]:
    return WORD.findall(command)


def _name(event: Mapping[str, Any]) -> str:
    """Return the name of an event's program, without its suffix."""
    first = _words(str(event["command_line"]))[0].strip('"')
    return re.split(r"[\\/]", str(event.get("exe") or first))[-1].casefold().removesuffix(".exe")


def _quoted(event: Mapping[str, Any]) -> str:
    words = _words(str(event["command_line"]))
    return " ".join(word if '"' in word or word in OPERATORS else f'"{word}"' for word in words)


def _other_signs(event: Mapping[str, Any]) -> str:
    if not str(event.get("exe") or ".exe").casefold().endswith(".exe"):
        return _line(event)  # of Linux
    switch = OF_POWERSHELL if _name(event) in {"powershell", "pwsh"} else SWITCH
    return " ".join(switch.sub(_other_sign, word, count=1) for word in _words(_line(event)))


def _other_sign(match: re.Match[str]) -> str:
    return match[1] + ("/" if match[2] == "-" else "-")


def _other_suffix(event: Mapping[str, Any]) -> str:
    """Write the program with `.exe` where it stands without, and without where it stands with it."""
    first, *rest = _words(_line(event))
    name = first.strip('"')
    if not str(event.get("exe") or ".exe").casefold().endswith(".exe"):
        return _line(event)  # of Linux
    changed = name[:-4] if name.casefold().endswith(".exe") else f"{name}.exe"
    return " ".join([first.replace(name, changed), *rest])


def _with_path(event: Mapping[str, Any]) -> str:
    first, *rest = _words(_line(event))
    if re.search(r"[\\/]", first):
        return _line(event)
    name = first.strip('"')
    windows = str(event.get("exe") or ".exe").casefold().endswith(".exe")
    return " ".join([f'"C:\\Windows\\System32\\{name}"' if windows else f"/bin/{name}", *rest])


def _line(event: Mapping[str, Any]) -> str:
    return str(event["command_line"])


SPELLINGS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "two blanks": lambda event: "  ".join(_words(_line(event))),
    "a tab": lambda event: "\t".join(_words(_line(event))),
    "quotes": _quoted,
    "the other sign before a switch": _other_signs,
    "the other suffix": _other_suffix,
    "its path": _with_path,
}
"""How to write a command line so that its program does the same."""

EXCEPTIONS: dict[tuple[str, str], str] = {
    ("CAR-2013-07-001", "the other sign before a switch"): "PuTTY's switches begin with a hyphen alone",
    ("CAR-2020-08-002", "the other sign before a switch"): "bash.exe takes a hyphen alone, as bash does anywhere",
    ("CAR-2014-07-001", "a tab"): "the blank within a service's path is what it looks for",
    ("CAR-2014-07-001", "quotes"): "a path in quotes is not open to interception",
    ("CAR-2014-07-001", "the other suffix"): "a name behind the first blank would be another program",
}
"""What an analytic does not find in a spelling, with the reason.

Of none are carets, variables and quotes within words: cmd.exe takes carets and variables out before it starts a
program, whose own record has neither, and few programs see quotes. They stay in the record of the shell itself, of
which a match is a second find. Short names of files are one of the file system, not of the command line.
"""


@cache
def analytics() -> tuple[CompiledAnalytic, ...]:
    """The analytics whose program asks something of a command line."""
    shipped = (CompiledAnalytic(data, builtin_model()) for data in shipped_catalogue().all())
    return tuple(a for a in shipped if re.search(r"command_line (?:not )?(?:match|contains|==|!=|in|>)", a.program))


def _respelled(case: Case, spelling: str) -> Case | None:
    """Return a test that finds something with its command lines in a spelling; its rows are counted alone."""
    counts = {name: case.rows(name) for name in case.expect}
    events = [
        e | {"command_line": SPELLINGS[spelling](e)} if e.get("command_line") else e for e in map(dict, case.events)
    ]
    if not any(counts.values()) or events == list(map(dict, case.events)):
        return None
    return replace(case, name=f"{spelling}: {case.name}", events=tuple(events), expect=counts, origin=None)


def _together(cases: Sequence[Case]) -> list[Case]:
    """Put tests into one where rows of one event are counted, so that a run does for all of them."""
    alike = [case for case in cases if not case.params and case.now is None]
    if not alike:
        return list(cases)
    counts = Counter({name: 0 for case in alike for name in case.expect})
    for case in alike:
        counts.update({name: rows for name, rows in case.expect.items() if isinstance(rows, int)})
    events = tuple(event for case in alike for event in case.events)
    return [replace(alike[0], name="all", events=events, expect=counts), *(case for case in cases if case not in alike)]


def _failures(analytic: CompiledAnalytic, cases: Sequence[Case]) -> dict[str, object]:
    result = run_tests(CompiledAnalytic(replace(analytic.data, tests=tuple(cases)), builtin_model()))
    return {case.name.partition(": ")[0]: (case.error, case.mismatches) for case in result.cases if not case.passed}


@pytest.mark.parametrize("analytic", analytics(), ids=lambda analytic: analytic.id)
def test_what_is_found_is_found_in_its_other_spellings(analytic: CompiledAnalytic) -> None:
    cases = [c for spelling in SPELLINGS for case in analytic.data.tests if (c := _respelled(case, spelling))]
    excused = {spelling for id_, spelling in EXCEPTIONS if id_ == analytic.id}
    counts = COUNTING.search(re.sub(r"#.*", "", analytic.program))
    if not excused and not counts and not _failures(analytic, _together(cases)):
        return
    other = _failures(analytic, cases)
    assert {spelling: why for spelling, why in other.items() if spelling not in excused} == {}
    assert excused <= other.keys(), "an exception that is none any more"


def test_nearly_half_of_the_catalogue_is_respelled() -> None:
    assert len(analytics()) >= 40
