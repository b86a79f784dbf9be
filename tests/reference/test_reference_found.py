"""Disagreements that drawn cases have found, each shrunk to the program and the rows that show it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.reference.cases import check, compiled
from tests.reference.drawn_events import NOW, START, Event


def process(number: int, **fields: Any) -> Event:
    time = START + timedelta(seconds=number)
    return {"object": "process", "action": "create", "time": time, "record_id": str(number), **fields}


def test_a_difference_compares_a_column_that_is_called_like_a_function_of_the_engine() -> None:
    events = [process(1, user="a", exe="x"), process(2, user="b", exe="x"), process(3, user=None, exe="x")]
    assert check("p = search Process:Create\nq = p - p\noutput q", events) == 0
    assert check("p = search Process:Create\nc = count(p) by user\nq = p - c by user\noutput q", events) == 0


def test_a_count_stands_beside_the_commonest_values_of_a_whole_stream() -> None:
    text = "p = search Process:Create\nq = from p select count() as n, top(exe, 2) as t, rare(exe, 1) as r\noutput q"
    assert check(text, [process(1, exe="a"), process(2, exe="A"), process(3, exe="b"), process(4)]) == 1
    assert check(text, []) == 0


def test_a_list_of_values_has_each_once_whatever_its_case() -> None:
    events = [process(1, exe="cmd.exe"), process(2, exe="CMD.EXE"), process(3, exe="at.exe"), process(4)]
    assert check("p = search Process:Create\nq = from p select values(exe) as v\noutput q", events) == 1


def test_a_search_for_every_action_ends_with_its_line() -> None:
    text = "p = search Process:*\nq = p + p\noutput p, q"
    assert check(text, [process(1), process(2)]) == 6


def test_a_test_of_an_address_does_not_multiply_the_text_of_the_query() -> None:
    text = "search Flow | filter not (src_ip > '::ffff:10.0.0.1') and dest_ip in [10.0.0.0/31, 'fe80::1']"
    assert sum(map(len, compiled(text).sql(NOW).values())) < 20_000
    addresses = ("10.0.0.1", "::ffff:10.0.0.0", "FE80::0001", "10.0.0", None)
    flows = [{"object": "flow", "action": "start", "src_ip": a, "dest_ip": b} for a in addresses for b in addresses]
    assert check(text, flows) == 12


def test_the_capital_of_a_letter_is_a_single_letter() -> None:
    text = "p = search Process:Create\nq = from p select upper(exe) as e\noutput q"
    assert check(text, [process(1, exe="straße İıſςŉᾳǆ")]) == 1


def test_rows_of_a_join_come_by_the_times_of_all_parts_first() -> None:
    events = [process(1, exe="b"), process(2, exe="a"), {**process(3, exe="a"), "time": START + timedelta(seconds=1)}]
    text = "p = search Process:Create\nq = p\nj = join (p, q) where (p.record_id != q.record_id)\noutput j"
    assert check(text, events) == 6


def test_an_empty_match_of_a_regular_expression_is_missing() -> None:
    text = 'p = search Process:Create\nq = from p select record_id, regex_extract(user, "^$|(x)?m") as e\noutput q'
    assert check(text, [process(1, user=""), process(2, user="m"), process(3, user="xm"), process(4)]) == 4


def test_a_whole_number_beyond_64_bits_is_missing() -> None:
    largest = 2**63 - 1
    events = [process(1, pid=largest, ppid=1), process(2, pid=-largest - 1, ppid=-1), process(3, pid=2**62, ppid=2)]
    sums = "pid + ppid as a, pid - ppid as b, pid * ppid as c, abs(pid) as d, pid * 2 + 1 as f"
    assert check(f"p = search Process:Create\nq = from p select record_id, {sums}\noutput q", events) == 3
    assert (
        check("p = search Process:Create\nq = filter p where (pid + ppid > 0 or abs(pid) exists)\noutput q", events)
        == 2
    )
    assert check("p = search Process:Create\nq = from p select sum(pid) as s, sum(ppid) as t\noutput q", events) == 1


def test_of_values_at_one_time_the_first_is_the_least_without_case_and_the_last_the_greatest() -> None:
    events = [{**process(number, exe=exe), "time": START} for number, exe in enumerate(("B", "a", "C", "b"))]
    wanted = "first(exe) as f, last(exe) as l, min(exe) as a, max(exe) as b"
    text = f"p = search Process:Create\nq = from p select {wanted}\noutput q"
    assert check(text, events) == 1


def test_what_stands_before_a_leading_separator_is_an_empty_text() -> None:
    text = "p = search Process:Create\nq = from p select dirname(user) as d, length(dirname(user)) as n\noutput q"
    events = [process(1, user="\\S"), process(2, user="S"), process(3, user="/"), process(4, user=""), process(5)]
    assert check(text, events) == 5


def test_an_aggregate_of_a_whole_stream_has_its_sign_taken_away() -> None:
    text = "p = search Process:Create\nk = max(p.pid)\nl = avg(p.pid)\noutput filter p where abs(k) == k and abs(l) > 2"
    assert check(text, [process(1, pid=3), process(2, pid=4)]) == 2
    assert check(text, [process(1, pid=-3), process(2, pid=None)]) == 0


def test_a_number_too_great_is_missing_beside_an_aggregate_of_a_whole_stream_as_well() -> None:
    text = "p = search Process:Create\nk = max(p.pid)\nq = filter p where k * k exists\noutput q"
    assert check(text, [process(1, pid=3_000_000_000)]) == 1
    assert check(text, [process(1, pid=4_000_000_000)]) == 0
    least = "p = search Process:Create\nq = from p select abs(pid) as a, abs(min(pid, 0)) as b\noutput q"
    assert check(least, [process(1, pid=-(2**63)), process(2, pid=-5), process(3)]) == 3


def test_a_list_of_durations_holds_durations() -> None:
    text = "p = search Process:Create\nq = from p select values(time - now) as v, top(now - time, 2) as w\noutput q"
    assert check(text, [process(1), process(2), process(2), {**process(3), "time": None}]) == 1
    assert check(text, []) == 0
