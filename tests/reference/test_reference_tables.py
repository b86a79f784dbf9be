"""The reference evaluator against tables written by hand: events by number, and the numbers that must come out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.reference.cases import compiled
from tests.reference.drawn_events import NOW, START, Event
from tests.reference.evaluator import run
from tests.reference.texts import fold

P, F, S = "p = search Process:Create\n", "f = search Flow\n", "s = search User_Session\n"


def process(number: int, second: float | None = 0, action: str = "create", **fields: Any) -> Event:
    time = None if second is None else START + timedelta(seconds=second)
    return {"object": "process", "action": action, "time": time, "record_id": str(number), **fields}


def rows(text: str, events: Sequence[Event] = (), **params: Any) -> list[dict[str, Any]]:
    """Return the rows of the one output of a program."""
    tables = run(compiled(text).require(), events, NOW, params)
    (table,) = tables.values()
    return [dict(row) for row in table.rows]


def numbers(condition: str, events: Sequence[Event], **params: Any) -> list[int]:
    """Return the numbers of the processes for which a condition holds."""
    return [int(row["record_id"]) for row in rows(f"{P}q = filter p where ({condition})\noutput q", events, **params)]


def values(expression: str, events: Sequence[Event]) -> list[Any]:
    """Return an expression over processes, in order of their times."""
    return [row["e"] for row in rows(f"{P}q = from p select record_id, {expression} as e\noutput q", events)]


TEXTS = [
    process(1, exe="at.exe", user=None),
    process(2, exe="AT.EXE", user="a"),
    process(3, exe="cat.exe", user="A"),
    process(4, exe=None, user="b*"),
    process(5, exe="a%_[?", user="b\nc"),
]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('exe == "at.exe"', [1, 2]),
        ('exe != "at.exe"', [3, 4, 5]),
        ('not (exe == "at.exe")', [3, 4, 5]),
        ('exe == "*at.exe"', [1, 2, 3]),
        ('"*at.exe" == exe', []),
        ('exe == "a%_[?"', [5]),
        ('exe == "a?.exe"', []),
        ('exe in ["AT.exe", "c*"]', [1, 2, 3]),
        ('exe not in ["at.exe"]', [3, 4, 5]),
        ("exe == null", [4]),
        ("exe != null and user exists", [2, 3, 5]),
        ("exe not exists or user does not exist", [1, 4]),
        ("user == exe", []),
        ('user == "b*"', [4, 5]),
        ('user == "b*c"', [5]),
        ("user in exe", [2, 3]),
        ('exe contains "T.E"', [1, 2, 3]),
        ('exe does not contain "at"', [4, 5]),
        ('exe startswith "A" and exe endswith ["e", "?"]', [1, 2, 5]),
        ('exe match "^.t[.]"', [1, 2]),
        ('exe not match "t"', [4, 5]),
        ('exe < "b"', [1, 2, 5]),
        ('exe >= "at.exe" and exe <= "AT.EXE"', [1, 2]),
        ("user == max(user)", [4]),
        ("count() > 4", [1, 2, 3, 4, 5]),
        ("count() > 5", []),
        ("true", [1, 2, 3, 4, 5]),
    ],
)
def test_conditions_on_texts(condition: str, found: list[int]) -> None:
    assert numbers(condition, TEXTS) == found


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('if exe == "at.exe" then 1 else 2', [1, 1, 2, 2, 2]),
        ('if not (exe == "at.exe") then 1 else null', [None, None, 1, 1, 1]),
        ('if user == "a" then exe else user', [None, "AT.EXE", "cat.exe", "b*", "b\nc"]),
        ('if user == "A" then 1 else if exe exists then 2 else 3.5', [2, 1, 1, 3.5, 2]),
        ('if exe contains "c" then exe contains "t" else user exists', [False, True, True, True, True]),
        ("(if user exists then length(user) else -1) + 1", [0, 2, 2, 3, 4]),
        ('split(exe, ".")[0]', ["at", "AT", "cat", None, "a%_[?"]),
        ('split(exe, ".")[1]', ["exe", "EXE", "exe", None, None]),
        ('split(exe, ".")[-1]', ["exe", "EXE", "exe", None, "a%_[?"]),
        ('split(exe, ".")[-2]', ["at", "AT", "cat", None, None]),
        ('last(split(exe, "t"))', [".exe", "AT.EXE", ".exe", None, "a%_[?"]),
        ('["x", "y"][-1]', ["y"] * 5),
        ('["x", "y"][2]', [None] * 5),
        ('index_of(exe, "E")', [3, 3, 4, None, None]),
        ('index_of(exe, "E", 4)', [5, 5, 4, None, None]),
        ('index_of(exe, "", 6)', [6, 6, 6, None, None]),
        ("index_of(exe, user)", [None, 0, 1, None, None]),
        ("-pid", [None] * 5),
        ("-(1 - 3) * -2 + -1", [-5] * 5),
        ("-1 + 2", [1] * 5),
    ],
)
def test_values_that_are_chosen_and_elements_of_lists(expression: str, found: list[Any]) -> None:
    assert values(expression, TEXTS) == found


@pytest.mark.parametrize(
    ("text", "base", "found"),
    [
        ("1.5", "", 1.5),
        ("-2", "", -2.0), (" +3. ", "", 3.0), (".5", "", 0.5), ("2e3", "", 2000.0), ("0x1F", "", 31.0),
        ("", "", None), (".", "", None), ("nan", "", None), ("inf", "", None), ("1_0", "", None), ("1e999", "", None),
        ("-0x1", "", None), ("1,5", "", None), ("0xg", "", None), ("1e", "", None),
        ("ff", 16, 255), ("0xFF", 16, 255), ("-0xFF", 16, -255), ("0x", 16, None), ("", 16, None), ("fg", 16, None),
        ("0x10", 10, None), ("10", 10, 10), ("1.5", 10, None), ("101", 2, 5), ("102", 2, None), ("777", 8, 511),
        (" +zZ ", 36, 1295), ("7fffffffffffffff", 16, 2**63 - 1), ("8000000000000000", 16, None),
        ("-8000000000000000", 16, -(2**63)), ("0" * 200 + "7", 10, 7), ("9" * 200, 36, None), ("\u212a", 36, None),
    ],
)  # fmt: skip
def test_numbers_are_read_in_any_base(text: str, base: int | str, found: float | None) -> None:
    call = f"to_number(exe, {base})" if base else "to_number(exe)"
    assert values(call, [process(1, exe=text)]) == [found]


ANY = [
    process(1, exe="ab", command_line="cd", source="xy", sensor="xy", hostname="H1", pid=77),
    process(2, exe="a", command_line="b", extra='{"n": {"m": ["xy", 7.5, true, null]}, "exe": "q"}'),
    process(3, exe=None, guid="{AB}", extra="no json"),
]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('any contains "ab"', [1, 3]),
        ('any match "^b$"', [2]),
        ('any match "bc|abcd|a,b"', []),
        ('any == "xy"', [2]),
        ('any != "xy"', [1, 3]),
        ('any == "x*"', [2]),
        ('any in ["H1", "7.5"]', [1, 2]),
        ('any in ["true", "q", "null"]', [2]),
        ('any not in ["77", "ab"]', [2, 3]),
        ('"ab" in any', [1, 3]),
        ('any == "process" and ANY startswith ["CRE"]', [1, 2, 3]),
        ('not (any endswith "b")', [3]),
        ('any contains "{"', [3]),
        ("p.any == exe", [1, 2]),
        ('any == "3"', [3]),
        ('any contains "json"', []),
    ],
)
def test_a_test_of_every_text_of_an_event(condition: str, found: list[int]) -> None:
    assert numbers(condition, ANY) == found


def test_a_field_or_a_value_of_the_program_called_any_comes_first() -> None:
    text = f'{P}p.any = exe\nq = filter p where (any == "cd" or any == "a")\noutput q'
    assert [row["record_id"] for row in rows(text, ANY)] == ["2"]
    text = f'any = "cd"\n{P}q = filter p where (command_line == any)\noutput q'
    assert [row["record_id"] for row in rows(text, ANY)] == ["1"]
    text = f'{P}any = p\nq = join (p, any) where (any.exe == "a" and p.any == "ab" and p.pid == 77)\noutput q'
    assert [(row["p.record_id"], row["any.record_id"]) for row in rows(text, ANY)] == [("1", "2")]


NUMBERS = [
    process(1, 0, pid=4, ppid=None, signature_valid=True),
    process(2, 1, pid=5, ppid=2, signature_valid=False),
    process(3, 2, pid=-5, ppid=0, signature_valid=None),
    process(4, None, pid=None, ppid=1, signature_valid=None),
]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("pid > 4", [2]),
        ("-5 < pid", [1, 2]),
        ("-5 <= pid <= -pid + 0", [3]),
        ("-pid > -5", [1, 3]),
        ("pid between -5 and 4", [1, 3]),
        ("pid not between -5 and 4", [2, 4]),
        ("pid between 4 and -5", []),
        ("pid = 4", [1]),
        ("0 < pid <= 5", [1, 2]),
        ("pid in [4, -5]", [1, 3]),
        ("pid + ppid == 7", [2]),
        ("pid / ppid > 2", [2]),
        ("pid / ppid == null", [1, 3, 4]),
        ("pid % 2 == -1", [3]),
        ("signature_valid", [1]),
        ("not signature_valid", [2, 3, 4]),
        ("signature_valid == false", [2]),
        ("signature_valid != true", [2, 3, 4]),
        ('time > "2024-01-01"', [2, 3]),
        ('time >= "2024-01-01T01:00:01+01:00"', [2, 3]),
        ("now - time < 29 seconds", [3]),
        ("time - 1 second == min(time)", [2]),
        ("pid > k", [1, 2]),
    ],
)
def test_conditions_on_numbers_and_times(condition: str, found: list[int]) -> None:
    text = f"{P}input k: integer = 3\nq = filter p where ({condition})\noutput q"
    assert [int(row["record_id"]) for row in rows(text, NUMBERS)] == found


def test_a_given_parameter_replaces_the_default() -> None:
    text = f"{P}input k: integer = 3\nq = filter p where (pid > k)\noutput q"
    assert [int(row["record_id"]) for row in rows(text, NUMBERS, k=4)] == [2]
    assert [int(row["record_id"]) for row in rows(text, NUMBERS, k="4")] == [2]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("src_ip in 10.0.0.0/8", [1, 2, 3]),
        ("src_ip in ::ffff:10.0.0.0/104", [1, 2, 3]),
        ('src_ip == "10.0.0.1"', [1, 2, 3]),
        ('src_ip != "10.0.0.1"', [4, 5, 6, 7]),
        ("src_ip in fe80::/10", [4]),
        ('src_ip < "fe80::2"', [1, 2, 3, 4, 7]),
        ('src_ip == "10.*"', [1, 6]),
        ('src_ip contains ":a00:"', [3]),
    ],
)
def test_conditions_on_addresses(condition: str, found: list[int]) -> None:
    spelt = ["10.0.0.1", "::ffff:10.0.0.1", "::FFFF:a00:1", "FE80::0001", None, "10.0.0", "2001:db8::"]
    events = [{"object": "flow", "action": "start", "record_id": str(i), "src_ip": ip} for i, ip in enumerate(spelt, 1)]
    text = f"{F}q = filter f where ({condition})\noutput q"
    assert [int(row["record_id"]) for row in rows(text, events)] == found


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("lower(user)", "c:\\a b\\straße.i"),
        ("upper(user)", "C:\\A B\\STRAẞE.İ"),
        ("length(user)", 15),
        ("trim(concat(' ', exe, '\t'))", "x"),
        ("concat(exe, pid, signature_valid, pid / 2)", "x7true3.5"),
        ("concat(exe, sid)", None),
        ("substring(user, 3, 3)", "A b"),
        ("substring(user, 20)", ""),
        ("replace(user, 'a', '')", "C:\\A b\\strße.İ"),
        ("replace(user, '', 'x')", "C:\\A b\\straße.İ"),
        (r"split(user, '\\')", ["C:", "A b", "straße.İ"]),
        ("basename(user)", "straße.İ"),
        ("dirname(user)", "C:\\A b"),
        ("dirname(exe)", None),
        ("extension(user)", ".İ"),
        ("extension(exe)", None),
        ("regex_extract(user, 'A (.)')", "b"),
        ("regex_extract(user, 'ß.')", "ße"),
        ("regex_extract(user, 'q')", None),
        ("regex_extract(user, '(q)|a')", None),
        ("abs(-3)", 3),
        ("round(2.5)", 3.0),
        ("round(-2.5)", -3.0),
        ("round(1.25, 1)", 1.3),
        ("min(pid, ppid, 9)", 7),
        ("max(pid, ppid)", 7),
        ("coalesce(sid, exe)", "x"),
        ("to_int(' 0x1F ')", 31),
        ("to_int('1.5')", None),
        ("to_int(pid / 2)", 3),
        ("to_string(time)", "2024-01-01T00:00:00.000000Z"),
        ("to_string(90 s)", "90.0"),
        ("year(time)", 2024),
        ("hour(time - 1 hour)", 23),
        ("day_of_week(time)", 1),
        ("pid * 2 - 1", 13),
        ("pid / 0", None),
        ("pid % 4", 3),
        ("time + 1 day - time", 86_400_000_000),
        ("(time + 3 s - time) / 2", 1_500_000),
    ],
)
def test_functions(expression: str, found: Any) -> None:
    event = process(1, exe="x", user="C:\\A b\\straße.İ", pid=7, signature_valid=True)
    assert values(expression, [event]) == [found]


def test_a_character_has_one_lower_case_letter_whatever_stands_around_it() -> None:
    assert fold("İIΣΑΣ\u212a") == "iiσασk"
    assert fold("e\u0301É😀ß") == "e\u0301é😀ß"


def test_members_of_a_record_are_texts_whatever_their_case_and_underscores() -> None:
    written = ['{"Size": 5, "File_Name": "x"}', '{"size": null, "SIZE": true}', "no json", None, '{"deep": {"a": [1]}}']
    events = [
        {"object": "flow", "action": "start", "record_id": str(i), "proto_info": w} for i, w in enumerate(written)
    ]
    members = "proto_info.size as n, proto_info.filename as f, proto_info.deep as d"
    text = f"{F}q = from f select record_id, {members}\noutput q"
    found = [(row["n"], row["f"], row["d"]) for row in rows(text, events)]
    assert found == [("5", "x", None), ("true", None, None), (None,) * 3, (None,) * 3, (None, None, '{"a":[1]}')]


def test_every_combination_of_parts_that_fits_is_a_row_of_a_join() -> None:
    events = [process(1, 0, pid=1), process(2, 1, pid=1), process(3, 1, pid=None), process(4, 2, "terminate", pid=1)]
    test = "p.pid == t.pid and p.time < t.time <= p.time + 1 s"
    text = f"{P}t = search Process:Terminate\nj = join (p, t) where ({test})\noutput j"
    assert [(int(row["p.record_id"]), int(row["t.record_id"])) for row in rows(text, events)] == [(2, 4)]
    text = f"{P}q = p\nj = join (p, q) where (p.time < q.time)\noutput j"
    assert [(int(row["p.record_id"]), int(row["q.record_id"])) for row in rows(text, events)] == [(1, 2), (1, 3)]


GROUPED = [
    process(1, 0, exe="b", user="U", pid=1),
    process(2, 1, exe="A", user="u", pid=2),
    process(3, 5, exe="a", user="u", pid=4),
    process(4, None, exe=None, user="u", pid=None),
    process(5, 2, exe="c", user=None, pid=3),
]


def test_groups_have_equal_keys_without_case_and_missing_ones_together() -> None:
    text = f"{P}g = group p by user\noutput g"
    found = [(r["user"], r["count"], _second(r["first_time"]), _second(r["last_time"])) for r in rows(text, GROUPED)]
    assert found == [("U", 4, 0, 5), (None, 1, 2, 2)]


def test_a_longer_pause_begins_a_session_and_rows_without_time_are_one_of_their_own() -> None:
    text = f"{P}g = group p by user within 1 second\noutput g"
    found = [(r["user"], r["count"], _second(r["first_time"]), _second(r["last_time"])) for r in rows(text, GROUPED)]
    assert found == [("U", 2, 0, 1), ("u", 1, 5, 5), ("u", 1, None, None), (None, 1, 2, 2)]


@pytest.mark.parametrize(
    ("aggregate", "found"),
    [
        ("count()", 4),
        ("count(exe)", 3),
        ("count(distinct exe)", 2),
        ("sum(pid)", 7),
        ("avg(pid)", 7 / 3),
        ("median(pid)", 2.0),
        ("percentile(pid, 75)", 3.0),
        ("stdev(pid)", (7 / 3) ** 0.5),
        ("min(exe)", "A"),
        ("max(exe)", "b"),
        ("first(exe)", "b"),
        ("last(exe)", "a"),
        ("values(exe)", ["A", "b"]),
        ("top(exe, 1)", ["A"]),
        ("rare(exe, 9)", ["b", "A"]),
        ("TOP2(pid)", [1, 2]),
        ("sum(now - time)", 84_000_000),
        ("max(time) - min(time)", 5_000_000),
        ("length(values(pid))", 3),
    ],
)
def test_aggregates_of_a_group(aggregate: str, found: Any) -> None:
    text = f"{P}g = group p by user\nh = from g select {aggregate} as a\nk = filter h where (user exists)\noutput k"
    (row,) = rows(text, GROUPED)
    assert row["user"] == "U"
    assert row["a"] == pytest.approx(found) if isinstance(found, float) else row["a"] == found


def test_aggregates_of_no_values() -> None:
    text = "from p select count(exe) as n, values(exe) as v, top(exe, 1) as t, max(exe) as m, stdev(pid) as d"
    assert rows(f"{P}q = {text}\noutput q", [process(1, pid=1)]) == [{"n": 0, "v": [], "t": [], "m": None, "d": None}]
    assert rows(f"{P}q = {text}\noutput q", []) == []


def test_a_condition_on_groups_sees_their_columns_and_their_rows() -> None:
    text = f"{P}g = group p by user\nh = filter g where (count > 1 and max(pid) == 4)\noutput h"
    assert [row["user"] for row in rows(text, GROUPED)] == ["U"]


def test_count_by_and_unique_and_scalars() -> None:
    assert rows(f"{P}q = count(p) by user\noutput q", GROUPED) == [
        {"user": "U", "count": 4},
        {"user": None, "count": 1},
    ]
    assert rows(f"{P}q = unique(p.exe)\noutput q", GROUPED) == [{"exe": "A"}, {"exe": "b"}, {"exe": "c"}]
    text = f"{P}n = max(p.pid)\nq = filter p where (pid == n)\noutput q"
    assert [int(row["record_id"]) for row in rows(text, GROUPED)] == [3]


def test_a_difference_takes_missing_as_equal_and_ignores_what_singles_out_an_event() -> None:
    events = [process(1, 0, exe="a"), process(2, 1, exe="A"), process(3, 2, exe=None), process(4, 3, exe="b")]
    text = f"{P}r = filter p where (record_id in [1, 3])\nq = p - r\noutput q"
    assert [int(row["record_id"]) for row in rows(text, events)] == [4]
    text = f"{P}r = filter p where (record_id in [1, 3])\nq = p - r by record_id\noutput q"
    assert [int(row["record_id"]) for row in rows(text, events)] == [2, 4]


def test_a_union_keeps_every_row_and_what_a_side_lacks_is_missing() -> None:
    flow = {"object": "flow", "action": "start", "record_id": "9", "src_ip": "::1", "time": START}
    found = rows(f"{P}{F}q = p + f + p\noutput q", [process(1, exe="a"), flow])
    assert [(int(row["record_id"]), row["exe"], row["src_ip"]) for row in found] == [
        (1, "a", None),
        (1, "a", None),
        (9, None, "::1"),
    ]


def test_a_derived_field_is_added_or_replaced() -> None:
    text = f'{P}p.exe = concat(exe, "!")\np.long = (exe == "a!")\nq = from p select exe, long\noutput q'
    assert rows(text, [process(1, exe="a"), process(2, exe=None)]) == [
        {"exe": "a!", "long": True},
        {"exe": None, "long": False},
    ]


def test_rows_come_by_time_then_record_then_columns_missing_last() -> None:
    events = [
        process(3, 1),
        process(2, 1),
        process(9, None),
        process(1, 5),
        process(2, 1, exe="a"),
        process(2, 1, exe="A"),
    ]
    found = [(int(row["record_id"]), row["exe"]) for row in rows(f"{P}output p", events)]
    assert found == [(2, "A"), (2, "a"), (2, None), (3, None), (1, None), (9, None)]


def test_now_is_one_instant() -> None:
    assert values("now", [process(1)]) == [NOW]
    assert datetime(2024, 1, 1, 0, 0, 30, tzinfo=UTC) == NOW


def _second(time: datetime | None) -> int | None:
    return None if time is None else int((time - START).total_seconds())


def test_a_list_that_is_computed_has_elements_too() -> None:
    text = (
        f'xs = split("a,b", ",")\n{P}q = from p select first(xs) as a, xs[-1] as b, last(xs) as c, xs[2] as d\noutput q'
    )
    assert rows(text, [process(1)]) == [{"a": "a", "b": "b", "c": "b", "d": None}]
