"""`filter c` and `filter not c` split a stream, whatever the condition and the rows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carlang import Severity, check
from carlang.syntax.literal import string_literal
from tests.engine.trees import START, flags, run, write

_TEXT = st.sampled_from(["exe", "command_line", "user", "lower(exe)", "basename(image_path)", "coalesce(user, exe)"])
_NUMBER = st.sampled_from(
    ["pid", "ppid", "pid + 1", "length(exe)", "pid / ppid", "pid % 2", "to_int(user)", "hour(time)"]
)
_WORD = st.sampled_from(["", "a", "A.exe", "*", "*a*", "%", "a_b", "ä", "*.EXE", "x*y", "12", "C:\\x\\"])
_TIME = st.sampled_from(["time", "now", "time + 1 hour", "now - 30 days"])


def _lists(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(items, max_size=3).map(lambda found: f"[{', '.join(found)}]")


_LITERAL = _WORD.map(string_literal)
_EQUAL = st.sampled_from(["==", "!=", "=", "<>"])
_ORDER = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
_TEST = st.sampled_from(["contains", "startswith", "endswith", "does not contain", "match", "does not match"])
_ATOM = st.one_of(
    st.tuples(_TEXT, _EQUAL, st.one_of(_LITERAL, _TEXT, st.just("null"))).map(" ".join),
    st.tuples(_TEXT, st.sampled_from(["<", ">="]), st.one_of(_LITERAL, _TEXT)).map(" ".join),
    st.tuples(_NUMBER, _ORDER, st.one_of(_NUMBER, st.sampled_from(["0", "1", "-1", "2.5"]))).map(" ".join),
    st.tuples(_NUMBER, _ORDER, _NUMBER, _ORDER, st.just("5")).map(" ".join),
    st.tuples(_TEXT, st.sampled_from(["in", "not in"]), _lists(st.one_of(_LITERAL, st.just("null"), _TEXT))).map(
        " ".join
    ),
    st.tuples(_NUMBER, st.sampled_from(["in", "not in"]), _lists(st.sampled_from(["0", "1", "null", "ppid"]))).map(
        " ".join
    ),
    st.tuples(_TEXT, st.sampled_from(["in", "not in"]), _TEXT).map(" ".join),
    st.tuples(_TEXT, _TEST, st.sampled_from(['"a"', '"x"', '["a", "b"]', '""', '"[.]exe$"'])).map(" ".join),
    st.tuples(st.one_of(_TEXT, _NUMBER, _TIME), st.sampled_from(["exists", "not exists", "== null", "!= null"])).map(
        " ".join
    ),
    st.tuples(_TIME, _ORDER, st.one_of(_TIME, st.just('"2020-01-01"'))).map(" ".join),
    st.sampled_from(["signature_valid", "true", "false", "signature_valid == false", 'image_path == "%windir%\\*"']),
    st.sampled_from(["time - now < -1 day", 'cidr_match(user, "10.0.0.0/8")', "user == 12"]),
)
_CONDITION = st.recursive(
    _ATOM,
    lambda inner: st.one_of(
        inner.map(lambda c: f"not ({c})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda cs: " and ".join(f"({c})" for c in cs)),
        st.lists(inner, min_size=2, max_size=3).map(lambda cs: " or ".join(f"({c})" for c in cs)),
    ),
    max_leaves=6,
)
_MISSING = st.none()
_ROW = st.fixed_dictionaries(
    {
        "time": st.one_of(_MISSING, st.integers(0, 2).map(lambda h: START + timedelta(hours=h))),
        "exe": st.one_of(_MISSING, _WORD),
        "command_line": st.one_of(_MISSING, _WORD),
        "user": st.one_of(_MISSING, _WORD, st.sampled_from(["10.0.0.1", "-3", "0x1f"])),
        "image_path": st.sampled_from([None, "C:\\Windows\\a.exe", "a", "/b/c", "%windir%\\x", "d:\\windows\\"]),
        "pid": st.one_of(_MISSING, st.integers(-2, 3)),
        "ppid": st.one_of(_MISSING, st.integers(-2, 3)),
        "signature_valid": st.one_of(_MISSING, st.booleans()),
    }
)


def _split(root: Path, conditions: list[str], count: int) -> None:
    head = "p = search Process:Create\n"
    held = flags(root, conditions)
    for condition, flagged in zip(conditions, held, strict=True):
        text = f"{head}q = filter p where ({condition})\nr = filter p where not ({condition})\n"
        assert not [d for d in check(f"{text}output q, r") if d.severity is Severity.ERROR], condition
        yes = [int(row["record_id"]) for row in run(root, f"{text}output r, q")]
        no = [int(row["record_id"]) for row in run(root, f"{text}output q, r")]
        assert not set(yes) & set(no), condition
        assert sorted(yes + no) == list(range(count)), condition
        assert sorted(flagged) == sorted(yes), condition


@given(st.lists(_ROW, min_size=1, max_size=8), st.lists(_CONDITION, min_size=1, max_size=6))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_condition_and_its_complement_split_a_stream(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], conditions: list[str]
) -> None:
    root = tmp_path_factory.mktemp("split")
    write(root, "process/create", [{"record_id": i, **row} for i, row in enumerate(rows)])
    _split(root, conditions, len(rows))
