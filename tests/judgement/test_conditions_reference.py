"""The fold against events themselves: a condition is tested on every event that a sensor could write at all.

The reference knows three fields of two values each and tries all of them; it shares no code with what it judges, and
reads no program: a condition is drawn as its text and as a function of an event at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carlang.results import State
from carlang.store import Store, open_store, write_plain
from tests.judgement.fleets import events, judgements, store_of

Event = Mapping[str, str | None]
Drawn = tuple[str, Callable[[Event], bool]]
"""A condition as a program writes it, and what it says of an event."""

FIELDS = ("exe", "command_line", "parent_exe")
VALUES = ("a", "b")


def _comparison(field: str, value: str) -> list[Drawn]:
    return [
        (f"{field} == '{value}'", lambda e: e[field] == value),
        (f"{field} != '{value}'", lambda e: e[field] != value),
        (f"{field} in ['{value}', 'c']", lambda e: e[field] == value),
        (f"{field} not in ['{value}', 'c']", lambda e: e[field] != value),
        (f"{field} exists", lambda e: e[field] is not None),
        (f"{field} == null", lambda e: e[field] is None),
        (f"{field} contains '{value}'", lambda e: e[field] is not None and value in str(e[field])),
        (f"lower({field}) startswith '{value}'", lambda e: e[field] is not None and str(e[field])[0] == value),
        (f"{field} match '^{value}$'", lambda e: e[field] == value),
        (f"length({field}) > 0", lambda e: e[field] is not None),
    ]


def _pair(first: str, second: str, value: str) -> list[Drawn]:
    def either(e: Event) -> str | None:
        return e[first] if e[first] is not None else e[second]

    return [
        (f"{first} == {second}", lambda e: e[first] is not None and e[first] == e[second]),
        (f"coalesce({first}, {second}) == '{value}'", lambda e: either(e) == value),
        (f"(if {first} exists then {first} else {second}) == '{value}'", lambda e: either(e) == value),
        (
            f"(if {first} == '{value}' then {second} exists else {second} == '{value}')",
            lambda e: e[second] is not None if e[first] == value else e[second] == value,
        ),
        (
            f"concat({first}, {second}) == '{value}{value}'",
            lambda e: e[first] == value and e[second] == value,
        ),
    ]


def _all(parts: list[Drawn]) -> Drawn:
    return f"({' and '.join(text for text, _ in parts)})", lambda e: all(holds(e) for _, holds in parts)


def _any(parts: list[Drawn]) -> Drawn:
    return f"({' or '.join(text for text, _ in parts)})", lambda e: any(holds(e) for _, holds in parts)


def _not(part: Drawn) -> Drawn:
    return f"not ({part[0]})", lambda e: not part[1](e)


def _tree(
    first: Drawn,
    second: Drawn,
    third: Drawn,
    inside: Callable[[list[Drawn]], Drawn],
    outside: Callable[[list[Drawn]], Drawn],
    negated: bool,  # noqa: FBT001  # drawn with the others
) -> Drawn:
    inner = inside([second, third])
    return outside([first, _not(inner) if negated else inner])


_fields, _values = st.sampled_from(FIELDS), st.sampled_from(VALUES)
_leaves: st.SearchStrategy[Drawn] = st.one_of(
    st.tuples(_fields, _values).flatmap(lambda drawn: st.sampled_from(_comparison(*drawn))),
    st.tuples(_fields, _fields, _values).flatmap(lambda drawn: st.sampled_from(_pair(*drawn))),
)
_conditions: st.SearchStrategy[Drawn] = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(_all),
        st.lists(inner, min_size=2, max_size=3).map(_any),
        inner.map(_not),
    ),
    max_leaves=6,
)


def _possible(condition: Drawn, missing: frozenset[str]) -> bool:
    """Tell whether an event that may lack any value, and has none in the missing fields, satisfies a condition."""
    choices = [(None,) if field in missing else (None, *VALUES) for field in FIELDS]
    return any(condition[1](dict(zip(FIELDS, values, strict=True))) for values in product(*choices))


# Conditions in which each field is asked for once: what cannot hold then is due to one comparison, and is seen.
_once: st.SearchStrategy[Drawn] = st.tuples(
    *(st.sampled_from([drawn for value in VALUES for drawn in _comparison(field, value)]) for field in FIELDS),
    st.sampled_from([_all, _any]),
    st.sampled_from([_all, _any]),
    st.booleans(),
).map(lambda drawn: _tree(*drawn))

_CONDITIONS = 20
"""A store and its judge are made once for so many of them."""
_missing = st.sets(st.sampled_from(FIELDS), min_size=1).map(frozenset)
_stores: dict[frozenset[str], Store] = {}


def _blind(conditions: list[Drawn], missing: frozenset[str], folder: pytest.TempPathFactory) -> list[bool]:
    """Tell which conditions are blind on a store whose events lack the missing fields."""
    if missing not in _stores:
        fields = {field: "a" for field in FIELDS if field not in missing}
        path = folder.mktemp("reference")
        write_plain(store_of(path / "counted", process__create=events(["A"], fields)), path / "told")
        _stores[missing] = open_store(path / "told")  # what is judged is what the footers say
    names = [f"o{number}" for number in range(len(conditions))]
    lines = [f"{name} = filter p where ({text})" for name, (text, _) in zip(names, conditions, strict=True)]
    program = "\n".join(["p = search Process:Create", *lines, f"output {', '.join(names)}"])
    return [judgement.state is State.BLIND for judgement in judgements(_stores[missing], program)]


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(missing=_missing, conditions=st.lists(_conditions, min_size=_CONDITIONS, max_size=_CONDITIONS))
def test_what_is_blind_is_what_no_event_without_those_fields_satisfies(
    missing: frozenset[str], conditions: list[Drawn], tmp_path_factory: pytest.TempPathFactory
) -> None:
    for condition, blind in zip(conditions, _blind(conditions, missing, tmp_path_factory), strict=True):
        assert not (blind and _possible(condition, missing)), condition[0]


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(missing=_missing, conditions=st.lists(_once, min_size=_CONDITIONS, max_size=_CONDITIONS))
def test_what_cannot_hold_is_blind_where_each_field_is_asked_for_once(
    missing: frozenset[str], conditions: list[Drawn], tmp_path_factory: pytest.TempPathFactory
) -> None:
    for condition, blind in zip(conditions, _blind(conditions, missing, tmp_path_factory), strict=True):
        assert blind == (not _possible(condition, missing)), condition[0]


def test_the_reference_tells_what_can_hold_from_what_cannot() -> None:
    condition = _all([_comparison("exe", "a")[0], _not(_comparison("parent_exe", "a")[1])])
    assert condition[0] == "(exe == 'a' and not (parent_exe != 'a'))"
    assert _possible(condition, frozenset())
    assert _possible(condition, frozenset({"command_line"}))
    assert not _possible(condition, frozenset({"parent_exe"}))
