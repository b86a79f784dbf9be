"""`--format markdown`: what stands where; tests/report/test_hostile_values.py has what is escaped."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from carlang.report.markdown import inline
from tests.report.runs import events, full_run, result, run, written
from tests.report.test_timeline import ranked

FULL = """\
# carlang run

2 analytics, 1 row found; 1 not run, 2 failed

store: events/, now: 2026-01-01T00:00:00.000000Z

## CAR-2013-05-004 Execution with AT

T1053.002 · output at · 1 row

Every row: object process, action create

| time | hostname | user | command_line | exe | image_path | pid |
| --- | --- | --- | --- | --- | --- | --- |
| 2019-04-27T12:20:35.123Z | IEWIN7 | IEWIN7\\IEUser | at  13:20 /interactive cmd | at.exe | C:\\Windows\\System32\\at.exe | 1234 |

## Ran and found nothing

| analytic | title | output |
| --- | --- | --- |
| CAR-2014-01-001 | Quiet | q |

## Not seen

| what | analytic | title | output | why |
| --- | --- | --- | --- | --- |
| not run | CAR-2013-10-002 | DLL Injection |  | the store holds no thread/remote_create events |
| failed | CAR-2020-01-001 | Broken |  | process has no field \\`command_lin\\` |
| failed | CAR-2020-01-002 | Slow |  | out of time after 60 s |
"""  # noqa: E501  # rows of tables


def test_a_run_is_a_table_an_output_and_what_was_not_seen() -> None:
    assert written(full_run(), "markdown") == FULL


def test_incidents_stand_first_where_the_run_was_ranked() -> None:
    text = written(ranked(), "markdown")
    assert "\n## Incidents\n\n| weight | level | first | hosts | what | techniques |\n" in text
    assert "\n| 77.5 | critical | 2019-04-27T12:20:35.000000Z | H | Share | T1, T2 |" in text
    assert text.index("## Incidents") < text.index("## B Execution")


def test_columns_are_those_that_tell_what_it_is_of_and_what_conditions_looked_at() -> None:
    made = result(events(extra=["x"], other=["y"], record_id=["7"]))
    text = written(run(replace(made, output=replace(made.output, tested=("extra",)))), "markdown")
    assert "| time | hostname | user | command_line | exe | extra |\n" in text
    assert "\n4 more columns with values\n" in text
    chosen = written(run(made, result(events(), "B")), "markdown", columns=["pid", "extra"])
    assert "| pid | extra |\n| --- | --- |\n| 1234 | x |\n" in chosen
    assert "| pid |\n| --- |\n| 1234 |\n" in chosen
    assert "Every row" not in chosen
    assert "| \\# | time |" in written(run(replace(made, number=1)), "markdown")


def test_a_cut_and_an_output_without_rows_to_show_are_said() -> None:
    text = written(
        run(result(pa.table({"n": [1]}), total=9), result(pa.table({"n": [1]}).slice(1), total=4)), "markdown"
    )
    assert "9 rows · showing 1 of 9 rows" in text
    assert text.count("| --- |") == 1


def test_paths_and_names_of_fields_stay_as_they_are() -> None:
    assert inline(r"C:\Windows\System32\at.exe image_path a: b") == r"C:\Windows\System32\at.exe image_path a: b"
    assert inline(r"\\host\c$ *.exe a|b <b> _x_ https://x www.x\\") == (
        r"\\\host\c\$ \*.exe a\|b &lt;b&gt; \_x\_ https\://x www\.x\\\\"
    )
    assert inline(" a\nb\x1b ") == r"&#32;a\nb\x1b&#32;"
