"""Outputs that are judged alike stand together, by hosts as well as by reasons."""

from __future__ import annotations

import pyarrow as pa

from carlang.report.gaps import judged_alike
from carlang.results import HostGroup, Judgement, NoEvents, State

NO_STARTS = (NoEvents("process", "create"),)


def coded(numbers: list[int | None], names: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(numbers, pa.int32()), names)


def blind(hosts: pa.Array, reasons: tuple[NoEvents, ...] = NO_STARTS) -> Judgement:
    return Judgement(State.BLIND, reasons, (HostGroup(State.BLIND, reasons, hosts),))


def test_what_is_judged_alike_stands_together_in_the_order_of_what_was_asked() -> None:
    first, second = coded([0, 1], ["a", "b", "c"]), coded([0, 2], ["a", "b", "c"])
    judged = [
        ("one", blind(first)),
        ("two", blind(second)),
        ("three", blind(first, (NoEvents("flow", "start"),))),
        ("four", blind(coded([0, 1], ["a", "b", "c"]))),
        ("five", None),
        ("six", Judgement(State.BLIND, NO_STARTS)),
        ("seven", blind(second)),
    ]
    assert [names for _, names in judged_alike(judged)] == [["one", "four"], ["two", "seven"], ["three"]]


def test_the_same_names_are_the_same_hosts_however_they_are_numbered() -> None:
    arrays = [
        coded([0, 1, None], ["a", "b"]),
        coded([1, 0, None], ["b", "a"]),
        pa.array(["a", "b", None]),
        coded([0, 1, None], ["b", "a"]),
        pa.array(["a", "b", "c"]),
    ]
    judged = [(number, blind(hosts)) for number, hosts in enumerate(arrays)]
    assert [numbers for _, numbers in judged_alike(judged)] == [[0, 1, 2], [3], [4]]
