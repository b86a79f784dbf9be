"""The English of reasons, for people: several of one kind become one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from carlang.results.exclusions import BaselineUse
from carlang.results.gaps import ClassGaps
from carlang.results.judgement import Judgement, State
from carlang.results.reasons import (
    FieldNeverFilled,
    HollowRecords,
    LogBroken,
    LogCleared,
    MissingParameter,
    NoEvents,
    NoLog,
    NoRecords,
    NotOnOneHost,
    OtherPlatform,
    Reason,
    WindowWithoutEvents,
    WrongParameter,
)

ObjectAction = tuple[str, str | None]
"""An object and one of its actions, or None for all of them."""


def reasons_text(reasons: Iterable[Reason]) -> str:  # a case a reason
    """Return reasons as a phrase that stands behind a colon: `the store holds no thread/remote_create events`."""
    absent: list[ObjectAction] = []
    logs: list[str] = []
    outside: dict[str | None, list[ObjectAction]] = {}
    others: list[str] = []
    unfilled: dict[str, list[ObjectAction]] = {}
    about_parameters: list[str] = []
    for reason in reasons:
        match reason:
            case NoEvents():
                absent.append((reason.object, reason.action))
            case NoLog():
                logs.append(f"`{reason.log}`")
            case WindowWithoutEvents():
                outside.setdefault(reason.now, []).append((reason.object, reason.action))
            case NoRecords() | LogCleared() | LogBroken():
                others.append(_lost(reason))
            case NotOnOneHost():
                others.append(f"no host has all that is joined of one host: {reason.events}")
            case OtherPlatform():
                others.append(f"the hosts run {reason.platform}, and the analytic is for {reason.wanted}")
            case FieldNeverFilled():
                called = f" (`{reason.called}`)" if reason.called else ""
                unfilled.setdefault(f"`{reason.field}`{called}", []).append((reason.object, reason.action))
            case HollowRecords():
                others.append(_hollow(reason))
            case MissingParameter():
                about_parameters.append(f"`{reason.name}` needs a value: --param {reason.name}=…")
            case WrongParameter():
                about_parameters.append(f"`{reason.name}`: {reason.value} is not {reason.expected}")
            case _:
                assert_never(reason)
    about_events = [f"the store holds no {_or(_class_names(absent))} events"] if absent else []
    about_events += [f"the store holds no records of the log {_or(logs)}"] if logs else []
    return "; ".join([*about_events, *_about_fields(unfilled), *_about_windows(outside), *others, *about_parameters])


def gaps_text(gaps: Sequence[ClassGaps]) -> str:
    """Return where there are hours without events: `process/create on 3 of 40 hosts, 14 hours`; those of most hosts."""
    first = sorted(gaps, key=lambda each: (-each.hosts_with_gaps, -each.hours, each.object, each.action))
    parts = [
        f"{each.object}/{each.action} on {each.hosts_with_gaps:,} of {counted(each.hosts, 'host')}, "
        f"{counted(each.hours, 'hour')}"
        for each in first[:_CLASSES_SHOWN]
    ]
    more = len(gaps) - len(parts)
    return "; ".join(parts) + (f"; and {more} more" if more > 0 else "")


_CLASSES_SHOWN = 5
"""Of how many classes a line says that they have gaps; JSON has all, by host."""


def counted(number: int, noun: str) -> str:
    """Return a number and its noun: `1 row`, `2,000 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters; one that is cut ends in `…`."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def share_text(share: float) -> str:
    """Return a share, 0 to 1, in whole percent, so that only nothing is 0 % and only all is 100 %."""
    if 0 < share < 0.01:  # noqa: PLR2004  # below what a whole percent can show
        return "< 1%"
    return f"{min(share, 0.99):.0%}" if share < 1 else "100%"


def counted_files_text(files: int) -> str:
    """Return what there is to say where the events of files had to be counted."""
    which = "1 file of the store does" if files == 1 else f"{files:,} files of the store do"
    return f"{which} not say whose events {'it has' if files == 1 else 'they have'}: all of them were counted"


def excluded_text(use: BaselineUse) -> str:
    """Return what a baseline did to a run: `Baseline quiet.yaml took away 120 rows of 3 outputs, by 4 exclusions`."""
    said = f"Baseline {use.file} took away {counted(use.rows, 'row')}"
    if use.rows:
        said += f" of {counted(use.outputs, 'output')}, by {counted(use.matched, 'exclusion')}"
    if use.in_review:
        said += f"; {counted(use.in_review, 'exclusion')} marked for review took nothing away"
    return said


def judgement_text(judgement: Judgement) -> str:
    """Return a judgement as a phrase: `answered on 12 of 40 hosts; blind on 28: no command_line`.

    Where no host is named, or all are judged alike, it is about the store: `answered`, `partly blind: …`.
    """
    hosts = judgement.count()
    asked = hosts - judgement.count(State.NOT_ASKED)
    states = [state for state in State if judgement.count(state)]
    if len(states) <= 1 or (asked and State.NOT_ASKED in states and len(states) == 2):  # noqa: PLR2004  # one asked state
        reasons = reasons_text(judgement.reasons)
        text = _STATES[judgement.state] + (f": {reasons}" if reasons else "")
        return text + (f"; not asked on {hosts - asked} of {hosts} hosts" if 0 < asked < hosts else "")
    parts = [f"answered on {judgement.count(State.ANSWERED)} of {asked} host{'' if asked == 1 else 's'}"]
    parts += [
        f"{_STATES[state]} on {judgement.count(state)}: {short_reasons(judgement.reasons_of(state))}"
        for state in (State.PARTLY, State.BLIND)
        if state in states
    ]
    if hosts - asked:
        parts.append(f"not asked on {hosts - asked}")
    return "; ".join(parts)


_STATES = {
    State.ANSWERED: "answered",
    State.PARTLY: "partly blind",
    State.BLIND: "blind",
    State.NOT_ASKED: "not asked",
}


def short_reasons(reasons: Iterable[Reason]) -> str:
    """Return reasons as they stand behind a number of hosts: `no command_line`, `no process/create events`."""
    fields: list[str] = []
    absent: list[ObjectAction] = []
    others: list[str] = []
    for reason in reasons:
        match reason:
            case FieldNeverFilled(field=name):
                fields.append(name)
            case NoEvents():
                absent.append((reason.object, reason.action))
            case _:
                others.append(reasons_text([reason]))
    texts = [f"no {_or(_class_names(absent))} events"] if absent else []
    texts += [f"no {_or(dict.fromkeys(fields))}"] if fields else []
    return "; ".join([*texts, *others])


def _about_windows(outside: dict[str | None, list[ObjectAction]]) -> Iterable[str]:
    for now, classes in outside.items():
        hint = f"; --now {now} would hold the latest" if now else ""
        yield f"no {' and '.join(_class_names(classes))} event lies in the range of time that is asked for{hint}"


def _lost(reason: NoRecords | LogCleared | LogBroken) -> str:
    if isinstance(reason, NoRecords):
        return f"the store holds no record whose `{reason.field}` is `{reason.value}`, and no log is named"
    if isinstance(reason, LogCleared):
        since = f"from {reason.start} to {reason.end}" if reason.start else f"before {reason.end}"
        return f"the log `{reason.log}` was cleared: nothing of it is there {since}"
    what = f"{reason.missing:,} records of it are missing" if reason.missing else "it began to count anew"
    return f"the numbers of the log `{reason.log}` break: {what} between {reason.start} and {reason.end}"


def _hollow(reason: HollowRecords) -> str:
    kind = f"{reason.object}/{reason.action}"
    if reason.count == 1:
        return f"1 record of {kind} was kept as event/log, as it has none of its members"
    return f"{reason.count:,} records of {kind} were kept as event/log, as they have none of its members"


def _about_fields(unfilled: dict[str, list[ObjectAction]]) -> Iterable[str]:
    fields_of: dict[tuple[ObjectAction, ...], list[str]] = {}
    for field, classes in unfilled.items():
        fields_of.setdefault(tuple(classes), []).append(field)
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
