"""What people write who come from other languages, and what a likely repair makes of it: the tables' forms at work."""

from __future__ import annotations

import re

import pytest

import carlang
from carlang import analytic
from carlang.diagnostics import CODES, Applicability
from carlang.foreign import forms
from carlang.foreign.conversions import CONVERSIONS, places
from carlang.foreign.tables import functions, texts
from carlang.model.functions import CALL_NAMES
from carlang.repair import LIKELY, repair_analytic

P = "p = search Process:Create\n"

CONDITIONS = [
    ("exe LIKE 'cmd%'", "exe == 'cmd*'"),
    ("not exe ilike '%x%' or pid == 4", "not exe == '*x*' or pid == 4"),
    ("exe NOT LIKE '%x%'", "exe != '*x*'"),
    ('command_line like~ "*x*"', 'command_line == "*x*"'),
    ('exe like ("a*", "b*")', 'exe in ["a*", "b*"]'),
    ("parent_exe IS NULL", "parent_exe == null"),
    ("parent_exe is not null and pid is null", "parent_exe != null and pid == null"),
    ('exe =~ "cmd.exe"', 'exe == "cmd.exe"'),
    ('exe === "cmd.exe"', 'exe == "cmd.exe"'),
    ('exe !~ "cmd.exe"', 'exe != "cmd.exe"'),
    ("pid ≥ 3 and pid ≤ 9 or pid ≠ 5", "pid >= 3 and pid <= 9 or pid != 5"),
    ('command_line has "x" and command_line !has "y"', 'command_line contains "x" and command_line not contains "y"'),
    ('command_line has_any ("x", "y")', 'command_line contains ["x", "y"]'),
    ('command_line has_all ("x", "y")', '(command_line contains "x" and command_line contains "y")'),
    ('command_line contains any of ["x", "y"]', 'command_line contains ["x", "y"]'),
    ('command_line contains all of ["x", "y"]', '(command_line contains "x" and command_line contains "y")'),
    ('exe glob "a*"', 'exe == "a*"'),
    ('command_line !contains "x"', 'command_line not contains "x"'),
    ('exe !in ("a", "b")', 'exe not in ("a", "b")'),
    ('exe in~ ("a", "b")', 'exe in ("a", "b")'),
    ('exe starts with "a"', 'exe startswith "a"'),
    ('exe does not end with "a"', 'exe not endswith "a"'),
    ("!(pid == 3)", "not (pid == 3)"),
    ("pid == 3 && !(pid == 4) || ppid == 5", "pid == 3 and not (pid == 4) or ppid == 5"),
    (r"image_path|endswith: '\cmd.exe'", r"image_path endswith '\cmd.exe'"),
    ('command_line|contains|all: ["a", "b"]', 'command_line contains ["a", "b"]'),
    ('command_line|re: "a.*"', 'command_line match "a.*"'),
    ('exe : "cmd.exe"', 'exe == "cmd.exe"'),
    ('exe : ("a", "b")', 'exe in ("a", "b")'),
    ("command_line match /a.b/i", 'command_line match "a.b"'),
    ('command_line matches regex "a.b"', 'command_line match "a.b"'),
    ('exe equals "a"', 'exe == "a"'),
    ("pid == 0x1010", "pid == 4112"),
    ("time > now() - 1 hour", "time > now - 1 hour"),
    ("time > ago(1h)", "time > now - 1h"),
    ("len(command_line) > 10", "length(command_line) > 10"),
    ('tolower(exe) == "a"', 'lower(exe) == "a"'),
    ('startsWith(command_line, "cmd")', 'command_line startswith "cmd"'),
    ('wildcard(command_line, "*a*", "*b*")', 'command_line in ["*a*", "*b*"]'),
    ("isnotempty(parent_exe)", "parent_exe != null"),
    ("between(pid, 1, 4)", "pid between 1 and 4"),
    ('between(command_line, "a.", "b") == "x"', r'regex_extract(command_line, "a\.(.*?)b") == "x"'),
    ('indexOf(command_line, "x", 2) == 3', 'index_of(command_line, "x", 2) == 3'),
    ("charindex('x', exe) == 3", "index_of(exe, 'x') == 3"),
    ('number("0x10", 16) == pid', 'to_number("0x10", 16) == pid'),
    ("iff(pid > 3, 1, 2) == 1", "(if pid > 3 then 1 else 2) == 1"),
    ("if(pid > 3, exe, null) == 'x'", "(if pid > 3 then exe else null) == 'x'"),
    ("case(pid > 3, 1, pid > 2, 2, 3) == 1", "(if pid > 3 then 1 else if pid > 2 then 2 else 3) == 1"),
    ("case(pid > 3, 1, pid > 2, 2) == 1", "(if pid > 3 then 1 else if pid > 2 then 2 else null) == 1"),
    (
        "CASE WHEN pid > 3 THEN 1 WHEN pid > 2 THEN 2 ELSE 3 END == 1",
        "(if pid > 3 then 1 else if pid > 2 then 2 else 3) == 1",
    ),
    ("CASE WHEN pid > 3 THEN 1 END == 1", "(if pid > 3 then 1 else null) == 1"),
    ("(pid > 3 ? 1 : 2) == 2", "((if pid > 3 then 1 else 2)) == 2"),
    ("pid == if ppid == 4 then 1 else 2", "pid == (if ppid == 4 then 1 else 2)"),
    ("add(pid, modulo(ppid, 2)) == subtract(pid, 1)", "(pid + (ppid % 2)) == (pid - 1)"),
    ('extract("a(b)", 1, exe) == "b"', 'regex_extract(exe, "a(b)") == "b"'),
    ('arrayContains(split(exe, "."), "exe")', 'split(exe, ".") contains "exe"'),
    ('mvindex(split(exe, "."), -1) == "exe"', 'split(exe, ".")[-1] == "exe"'),
    ('searchmatch("x") or * has "y"', 'any contains "x" or any contains "y"'),
    ('* has "y"', 'any contains "y"'),
    ('if (pid > 3) then exe == "a"', 'if (pid > 3) then exe == "a" else false'),
    (
        '(if pid > 3 then "a" elif pid > 2 then "b" else "c") == "a"',
        '(if pid > 3 then "a" else if pid > 2 then "b" else "c") == "a"',
    ),
    ("(if (pid > 3) { 1 } else { 2 }) == 1", "(if (pid > 3) then 1 else 2) == 1"),
    ("(3 if pid > 3 else 4) == 3", "(if pid > 3 then 3 else 4) == 3"),
    ("pid between (1 .. 4)", "pid between 1 and 4"),
    ("pid between (1, 4)", "pid between 1 and 4"),
    ('* contains "y"', 'any contains "y"'),
    ('like(exe, "%a%")', 'exe == "*a*"'),
    ('exe == "%cmd%"', 'exe == "*cmd*"'),
    ('exe == "cmd?.exe"', 'exe == "cmd*.exe"'),
    ('exe contians "x"', 'exe contains "x"'),
    ("pid == 3 adn ppid == 4", "pid == 3 and ppid == 4"),
]

OPTIONAL = "join (p, q optional) where (p.pid == q.ppid)"
IN = "user in unique(q.user)"

STATEMENTS = [
    ("DeviceProcessEvents | where pid == 3", "search Process:Create | filter pid == 3"),
    (
        "f = filter process_creation where (pid == 3)\noutput f",
        "f = filter (search Process:Create) where (pid == 3)\noutput f",
    ),
    (
        "search Process:Create | filter time > datetime(2024-03-05)",
        'search Process:Create | filter time > "2024-03-05"',
    ),
    ("search Process:Create | where pid == 3", "search Process:Create | filter pid == 3"),
    ("search Process:Create | stats count by hostname", "search Process:Create | count by hostname"),
    ("search Process:Create | summarize count() by hostname", "search Process:Create | count by hostname"),
    (
        "search Process:Create | summarize n = dcount(user) by hostname, exe",
        "search Process:Create | group by hostname, exe | select count(distinct user) as n",
    ),
    ("search Process:Create | stats max(pid) as m", "search Process:Create | select max(pid) as m"),
    ("search Process:Create | table exe pid", "search Process:Create | select exe, pid"),
    ("search Process:Create | project exe, pid", "search Process:Create | select exe, pid"),
    ('process where exe == "a"', 'search Process where exe == "a"'),
    ('library where module_name : "a"', 'search Module:Load where module_name == "a"'),
    ("x = network where dest_port == 3", "x = search Flow where dest_port == 3\noutput x"),
    ("SELECT * FROM process WHERE exe = 'a'", "search Process where exe = 'a'"),
    ("select exe from process where exe like 'a%'", "search Process where exe == 'a*' | select exe"),
    (
        "SELECT hostname, count(*) FROM process GROUP BY hostname",
        "search Process | group by hostname | select hostname, count()",
    ),
    ("search Process:Create | sort -pid, +exe", "search Process:Create | sort by pid desc, exe"),
    ("search Process:Create | sort 5 - num(pid)", "search Process:Create | sort by pid desc | head 5"),
    ("search Process:Create | sort exe", "search Process:Create | sort by exe"),
    ("search Process:Create | order by pid asc, exe", "search Process:Create | sort by pid, exe desc"),
    ("search Process:Create | sort by pid nulls last | take 3", "search Process:Create | sort by pid desc | head 3"),
    ("search Process:Create | sort by -pid, exe", "search Process:Create | sort by pid desc, exe"),
    ("search Process:Create | head(10)", "search Process:Create | head 10"),
    (f"{P}x = top 3 of p\noutput x", f"{P}x = head 3 of p\noutput x"),
    (f"{P}x = tail p 3\noutput x", f"{P}x = tail 3 of p\noutput x"),
    *(
        (f"{P}q = p\nx = {join} where (p.pid == q.ppid)\noutput x", f"{P}q = p\nx = {OPTIONAL}\noutput x")
        for join in ("left join (p, q)", "LEFT OUTER JOIN p, q", "join (p, optional q)", "join (p, q left)")
    ),
    *(
        (f"{P}q = p\nx = filter p where user in {inner}\noutput x", f"{P}q = p\nx = filter p where {IN}\noutput x")
        for inner in ("(select user from q)", "(from q select user)", "(q | distinct user)")
    ),
    ("search Process:Create | limit 10", "search Process:Create | head 10"),
    ("search Process:Create | tail", "search Process:Create | tail 10"),
    ("search Process:Create | top 5 by time", "search Process:Create | sort by time desc | head 5"),
    ("search Process:Create | top limit=5 exe", "search Process:Create | count by exe | sort by count desc | head 5"),
    ("search Process:Create | rare exe", "search Process:Create | count by exe | sort by count | head 10"),
    ("search Process:Create | dedup exe, user", "search Process:Create | unique by exe, user"),
    ("search Process:Create | dedup exe sortby -time", "search Process:Create | sort by time desc | unique by exe"),
    ("search Process:Create | unique exe | head 5", "search Process:Create | unique by exe | head 5"),
    ("search Process:Create | distinct exe", "search Process:Create | unique by exe | select exe"),
    ("SELECT * FROM process ORDER BY time DESC LIMIT 5", "search Process | sort by time desc | head 5"),
    (
        "SELECT exe FROM process WHERE pid = 3 ORDER BY time LIMIT 5",
        "search Process where pid = 3 | sort by time | select exe | head 5",
    ),
    (
        "SELECT exe, count(*) AS n FROM process GROUP BY exe ORDER BY n DESC",
        "search Process | group by exe | select exe, count() AS n | sort by n desc",
    ),
    (
        "search Process:Create | summarize count() by bin(time, 1h), exe",
        "search Process:Create | count by exe every 1h",
    ),
    (
        "search Process:Create | summarize n = dcount(user) by exe, bin(TimeGenerated, 1 d)",
        "search Process:Create | group by exe every 1 d | select count(distinct user) as n",
    ),
    ("search Process:Create | timechart span=5m count", "search Process:Create | count every 5m"),
    (
        "search Process:Create | bin _time span=1h | stats count by _time, exe",
        "search Process:Create | count by exe every 1h",
    ),
    (
        "search Process:Create | transaction exe, user maxpause=5m",
        "search Process:Create | group by exe, user within 5m",
    ),
    (
        "SELECT exe FROM process GROUP BY exe HAVING count(*) > 5",
        "search Process | group by exe having (count() > 5) | select exe",
    ),
    (
        "search Process:Create | group by exe where (count() > 5)",
        "search Process:Create | group by exe having (count() > 5)",
    ),
    (
        "search Process:Create | group by exe havnig (count() > 5)",
        "search Process:Create | group by exe having (count() > 5)",
    ),
    ("serach Process:Create | filetr pid == 3", "search Process:Create | filter pid == 3"),
]

# What can only be sketched, or said.
SKETCHES = [
    "search Process:Create | extend x = pid + 1",
    "search Process:Create | join kind=leftouter (other) on pid",
    "search Process:Create | eval x = pid",
    'sequence by hostname with maxspan=5m [process where exe == "a"] [file where file_name == "b"]',
    "index=main sourcetype=sysmon EventCode=1",
]


def likely(text: str) -> str:
    (repaired,) = repair_analytic(analytic.load_text(text), LIKELY)
    assert carlang.check(repaired.text) is not None
    return repaired.text


def errors(text: str) -> list[str]:
    return [d.message for d in carlang.check(text) if d.severity.value == "error"]


@pytest.mark.parametrize(("foreign", "here"), CONDITIONS)
def test_a_condition_of_another_language_is_written_as_here(foreign: str, here: str) -> None:
    text = f"{P}f = filter p where ({{}})\noutput f\n"
    assert likely(text.format(foreign)) == text.format(here)
    assert errors(text.format(here)) == []


@pytest.mark.parametrize(("foreign", "here"), STATEMENTS)
def test_a_statement_of_another_language_is_written_as_here(foreign: str, here: str) -> None:
    assert likely(f"{foreign}\n").strip() == here
    assert errors(here) == []


@pytest.mark.parametrize("text", SKETCHES)
def test_what_has_no_form_here_is_explained_and_left_alone(text: str) -> None:
    first = carlang.check(text)[0]
    assert first.code.name == "CL114"
    assert first.help
    assert first.repair is None or first.repair.applicability is Applicability.SKETCH
    assert likely(text) == text


def test_nothing_of_another_language_is_repaired_without_asking() -> None:
    for foreign, _ in CONDITIONS:
        text = f"{P}f = filter p where ({foreign})\noutput f\n"
        (repaired,) = repair_analytic(analytic.load_text(text))
        assert not repaired.changed


def test_the_tables_call_what_there_is() -> None:
    asked = [conversion for form in forms() for _, conversion in places(form.here or "") if conversion]
    asked += [conversion for entry in functions().values() for _, conversion in places(entry.here) if conversion]
    asked += [entry.here for entry in texts()]
    assert set(asked) <= set(CONVERSIONS)
    for form in forms():
        assert form.code in CODES
        assert {name for name, _ in places(form.here or "")} <= set(form.regex.groupindex), form.form


def test_a_function_of_another_language_is_none_here_and_stands_for_one_that_is() -> None:
    for name, function in functions().items():
        assert name not in CALL_NAMES or name in ("match", "contains", "replace"), name
        written = function.call(["a", "1", "2"]) or ""
        called = re.findall(r"\b(\w+)\(", written)
        assert set(called) <= set(CALL_NAMES), written
