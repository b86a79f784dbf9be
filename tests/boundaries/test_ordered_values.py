"""Every comparison of every type with a value, at it, just below it and just above it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.boundaries.tables import ORDERED, START, TICK, TURNED, kept, opposite, store_of, truths


@dataclass(frozen=True)
class Edge:
    """A literal, and values of a field just below it, at it and just above it."""

    field: str
    literal: str
    below: Any
    at: Any
    above: Any
    kind: str = "process/create"


SECOND = timedelta(seconds=1)
PROCESS, FLOW = "process/create", "flow/start"
_LARGEST = 2**63 - 1

EDGES = [
    Edge("pid", "445", 444, 445, 446),
    Edge("pid", '"445"', 444, 445, 446),
    Edge("pid", '"0x1BD"', 444, 445, 446),
    Edge("pid", "0", -1, 0, 1),
    Edge("pid", "-1", -2, -1, 0),
    Edge("pid", "4.5", 4, None, 5),
    Edge("pid", str(2**53 + 1), 2**53, 2**53 + 1, 2**53 + 2),
    Edge("pid", str(_LARGEST), _LARGEST - 1, _LARGEST, None),
    Edge("dest_port", "445", 444, 445, 446, FLOW),
    Edge("dest_port", '"65535"', 65534, 65535, 65536, FLOW),
    Edge("time", '"2024-02-29T23:59:59Z"', START - TICK, START, START + TICK),
    Edge("time", '"2024-02-29 23:59:59"', START - TICK, START, START + TICK),
    Edge("time", '"2024-03-01T01:29:59+01:30"', START - TICK, START, START + TICK),
    Edge("time", '"2024-02-29T23:59:59.000001Z"', START, START + TICK, START + 2 * TICK),
    Edge("time", '"2024-03-01"', START + SECOND - TICK, START + SECOND, START + SECOND + TICK),
    Edge("command_line", '"at b"', "at ab", "AT B", "at b "),
    Edge("command_line", '"b"', "aé", "B", "bA"),
    Edge("command_line", '"é"', "zz", "É", "Éa"),
    Edge("command_line", '""', None, "", "\t"),
    Edge("command_line", "445", "444", "445", "4450"),
    Edge("exe", '"at.exe"', "At.ex", "AT.EXE", "at.exe0"),
    Edge("image_path", r'"C:\\Windows"', "c:\\window", "c:\\WINDOWS", "C:\\Windows\\"),
    Edge("guid", '"{ab-2}"', "{AB-1}", "{AB-2}", "{AB-3}"),
    Edge("md5_hash", '"0f"', "0E", "0F", "10"),
    Edge("sid", '"S-1-5-18"', "s-1-5-17", "s-1-5-18", "S-1-5-180"),
    Edge("integrity_level", '"medium"', "LOW", "Medium", "System"),
]


def _events(edge: Edge) -> list[dict[str, Any]]:
    return [{edge.field: value} for value in (edge.below, edge.at, edge.above, None)]


def _without_absent(edge: Edge, truth: str) -> str:
    """Return the truth where a value that there is not, such as one above the largest, is missing from the events."""
    values = (edge.below, edge.at, edge.above, None)
    return "".join(truth[3] if value is None else mark for value, mark in zip(values, truth, strict=True))


@pytest.mark.parametrize("edge", EDGES, ids=lambda e: f"{e.field} {e.literal}")
def test_an_operator_says_of_a_value_below_at_and_above_another_what_it_says_by_hand(
    edge: Edge, tmp_path: Path
) -> None:
    folder = store_of(tmp_path, edge.kind, _events(edge))
    wanted: dict[str, str] = {}
    for operator, truth in ORDERED.items():
        expected = _without_absent(edge, truth)
        wanted[f"{edge.field} {operator} {edge.literal}"] = expected
        if not edge.literal.startswith("-"):  # a negative number stands to the right of a comparison alone
            wanted[f"{edge.literal} {TURNED[operator]} {edge.field}"] = expected
        wanted[f"not ({edge.field} {operator} {edge.literal})"] = opposite(expected)
    wanted[f"{edge.field} in [{edge.literal}]"] = _without_absent(edge, ORDERED["=="])
    wanted[f"{edge.field} not in [{edge.literal}]"] = _without_absent(edge, ORDERED["!="])
    wanted[f"{edge.field} < {edge.literal} and {edge.field} >= {edge.literal}"] = "...."
    if not edge.literal.startswith("-"):
        wanted[f"{edge.literal} <= {edge.field} < {edge.literal}"] = "...."
        wanted[f"{edge.literal} <= {edge.field} <= {edge.literal}"] = _without_absent(edge, ".T..")
    search = "Process:Create" if edge.kind == PROCESS else "Flow:Start"
    assert truths(folder, search, list(wanted)) == wanted


@pytest.mark.parametrize("edge", [EDGES[0], EDGES[10], EDGES[20]], ids=lambda e: f"{e.field} {e.literal}")
@pytest.mark.parametrize("operator", ORDERED)
def test_a_filter_keeps_the_events_of_which_its_condition_is_true(edge: Edge, operator: str, tmp_path: Path) -> None:
    folder = store_of(tmp_path, edge.kind, _events(edge))
    wanted = [number for number, mark in enumerate(ORDERED[operator]) if mark == "T"]
    assert kept(folder, f"{edge.field} {operator} {edge.literal}", "Process:Create") == wanted


_PAIRS: list[tuple[str, str, list[tuple[Any, Any]]]] = [
    ("pid", "ppid", [(4, 5), (5, 5), (6, 5)]),
    ("exe", "parent_exe", [("a", "B"), ("b", "B"), ("C", "b")]),
    ("image_path", "parent_image_path", [("c:\\a", "C:\\B"), ("c:\\b", "C:\\B"), ("C:\\b\\", "c:\\B")]),
]


@pytest.mark.parametrize(("left", "right", "pairs"), _PAIRS, ids=lambda p: p if isinstance(p, str) else "")
def test_two_fields_compare_as_a_field_and_a_literal_do_and_missing_ones_equal_nothing(
    left: str, right: str, pairs: list[tuple[Any, Any]], tmp_path: Path
) -> None:
    other = pairs[0][1]
    events = [{left: a, right: b} for a, b in [*pairs, (None, other), (other, None), (None, None)]]
    folder = store_of(tmp_path, PROCESS, events)
    wanted = {f"{left} {operator} {right}": truth + truth[3] * 2 for operator, truth in ORDERED.items()}
    wanted |= {f"not ({condition})": opposite(truth) for condition, truth in wanted.items()}
    assert truths(folder, "Process:Create", list(wanted)) == wanted


def test_a_float_is_compared_as_exactly_as_a_float_is(tmp_path: Path) -> None:
    folder = store_of(tmp_path, PROCESS, [{"pid": 44}, {"pid": 45}, {"pid": 46}, {"pid": None}])
    wanted = {f"tenth {operator} 4.5": truth for operator, truth in ORDERED.items()}
    wanted |= {f"tenth {operator} ppid_tenth": truth for operator, truth in ORDERED.items()}
    before = ["p.tenth = pid / 10", "p.ppid_tenth = 45 / 10"]
    assert truths(folder, "Process:Create", list(wanted), before) == wanted


@pytest.mark.parametrize("literal", ["1500 ms", "1.5 s", '"1500 ms"', "1.5 seconds"])
def test_a_duration_is_compared_to_the_microsecond(literal: str, tmp_path: Path) -> None:
    def flow(length: timedelta | None) -> dict[str, datetime | None]:
        return {"start_time": START, "end_time": None if length is None else START + length}

    exact = timedelta(milliseconds=1500)
    folder = store_of(tmp_path, FLOW, [flow(exact - TICK), flow(exact), flow(exact + TICK), flow(None)])
    wanted = {f"end_time - start_time {operator} {literal}": truth for operator, truth in ORDERED.items()}
    if not literal.startswith('"'):
        wanted |= {f"end_time {operator} start_time + {literal}": truth for operator, truth in ORDERED.items()}
    assert truths(folder, "Flow:Start", list(wanted)) == wanted


def test_a_boolean_is_true_false_or_missing(tmp_path: Path) -> None:
    folder = store_of(tmp_path, PROCESS, [{"signature_valid": value} for value in (False, True, None)])
    wanted = {
        "not signature_valid": "T.T",
        "signature_valid == true": ".T.",
        "signature_valid != true": "T.T",
        "signature_valid == false": "T..",
        "signature_valid != false": ".TT",
        'signature_valid == "TRUE"': ".T.",
        'signature_valid != "false"': ".TT",
        "true == signature_valid": ".T.",
        "not (signature_valid == false)": ".TT",
    }
    assert truths(folder, "Process:Create", list(wanted)) == wanted
    assert kept(folder, "signature_valid", "Process:Create") == [1]
    assert kept(folder, "not signature_valid", "Process:Create") == [0, 2]


@pytest.mark.parametrize("field", ["pid", "exe", "image_path", "time", "signature_valid", "guid", "integrity_level"])
def test_presence_is_asked_of_every_type_and_an_empty_text_is_present(field: str, tmp_path: Path) -> None:
    values = {"pid": 0, "time": START, "signature_valid": False}
    folder = store_of(tmp_path, PROCESS, [{field: values.get(field, "")}, {field: None}])
    wanted = {f"{field} exists": "T.", f"{field} != null": "T.", f"{field} == null": ".T"}
    wanted |= {f"{field} not exists": ".T", f"{field} does not exist": ".T", f"not ({field} exists)": ".T"}
    assert truths(folder, "Process:Create", list(wanted)) == wanted
