"""The English of reasons, for people: several of one kind become one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from carlang.results.reasons import FieldNeverFilled, HollowRecords, MissingParameter, NoEvents, Reason, WrongParameter

ObjectAction = tuple[str, str | None]
"""An object and one of its actions, or None for all of them."""


def reasons_text(reasons: Iterable[Reason]) -> str:
    """Return reasons as a phrase that stands behind a colon: `the store holds no thread/remote_create events`."""
    absent: list[ObjectAction] = []
    hollow: list[str] = []
    unfilled: dict[str, list[ObjectAction]] = {}
    about_parameters: list[str] = []
    for reason in reasons:
        match reason:
            case NoEvents():
                absent.append((reason.object, reason.action))
            case FieldNeverFilled():
                unfilled.setdefault(reason.field, []).append((reason.object, reason.action))
            case HollowRecords():
                hollow.append(_hollow(reason))
            case MissingParameter():
                about_parameters.append(f"`{reason.name}` needs a value: --param {reason.name}=…")
            case WrongParameter():
                about_parameters.append(f"`{reason.name}`: {reason.value} is not {reason.expected}")
            case _:
                assert_never(reason)
    about_events = [f"the store holds no {_or(_class_names(absent))} events"] if absent else []
    return "; ".join([*about_events, *_about_fields(unfilled), *hollow, *about_parameters])


def _hollow(reason: HollowRecords) -> str:
    kind = f"{reason.object}/{reason.action}"
    if reason.count == 1:
        return f"1 record of {kind} was kept as event/log, as it has none of its members"
    return f"{reason.count:,} records of {kind} were kept as event/log, as they have none of its members"


def _about_fields(unfilled: dict[str, list[ObjectAction]]) -> Iterable[str]:
    fields_of: dict[tuple[ObjectAction, ...], list[str]] = {}
    for field, classes in unfilled.items():
        fields_of.setdefault(tuple(classes), []).append(f"`{field}`")
    for of_classes, fields in fields_of.items():
        yield f"no {' and '.join(_class_names(of_classes))} event in the store has {_or(fields)}"


def _class_names(classes: Iterable[ObjectAction]) -> list[str]:
    """Return one name an object, its actions together: `process/create or terminate`, `thread`."""
    actions: dict[str, list[str]] = {}
    for owner, action in classes:
        named = actions.setdefault(owner, [])
        if action is not None:
            named.append(action)
    return [f"{owner}/{_or(named)}" if named else owner for owner, named in actions.items()]


def _or(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
