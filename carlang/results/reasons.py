"""Why a store cannot answer an analytic, as data: each reason a code and its parts, one class of events or one name.

The parts are texts, numbers or None, so that a reason is JSON as it stands. Its English is `wording`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class NoEvents:
    """The store holds no event of an object and action; without an action, none of the object at all."""

    code: ClassVar[str] = "no_events"
    object: str
    action: str | None = None


@dataclass(frozen=True, slots=True)
class NoLog:
    """The store holds records of logs, event/log, but none of the log that conditions ask for, as they name it."""

    code: ClassVar[str] = "no_log"
    log: str


@dataclass(frozen=True, slots=True)
class NoRecords:
    """The store holds records of logs, event/log, but none that has a value, as conditions write it, in a field.

    So where they name no log: then nobody knows of which it would be, and whether that is there.
    """

    code: ClassVar[str] = "no_records"
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class WindowWithoutEvents:
    """There are events of an object and action, and none in the range of time that is asked for.

    Where the range hangs on the instant of the run, `now` is one at which it would hold the latest of them.
    """

    code: ClassVar[str] = "window_without_events"
    object: str
    action: str | None
    now: str | None = None


@dataclass(frozen=True, slots=True)
class LogCleared:
    """A log was emptied, and there is nothing of it from `start` to `end`, in whole hours.

    Without a start there is nothing of it before.
    """

    code: ClassVar[str] = "log_cleared"
    log: str
    start: str | None
    end: str


@dataclass(frozen=True, slots=True)
class LogBroken:
    """The numbers of a log's records break between `start` and `end`, in whole hours: so many are `missing`.

    None where the log began to count anew, and nobody knows how many records it had by then.
    """

    code: ClassVar[str] = "log_broken"
    log: str
    start: str
    end: str
    missing: int | None


@dataclass(frozen=True, slots=True)
class NotOnOneHost:
    """The store holds what is joined, and no host has all of it; `events` as in `flow/message, process/create`."""

    code: ClassVar[str] = "not_on_one_host"
    events: str


@dataclass(frozen=True, slots=True)
class OtherPlatform:
    """The hosts run another operating system than those that the analytic is for; both as `Windows, Linux`."""

    code: ClassVar[str] = "other_platform"
    platform: str
    wanted: str


@dataclass(frozen=True, slots=True)
class FieldNeverFilled:
    """No event of an object and action, or of the object at all, has a value in a field that conditions ask for.

    `called` is what a Sigma rule has for the field, None in other analytics.
    """

    code: ClassVar[str] = "field_never_filled"
    object: str
    action: str | None
    field: str
    called: str | None = None


@dataclass(frozen=True, slots=True)
class HollowRecords:
    """Records would be events of an object and action, and have nothing in them of what these are made of."""

    code: ClassVar[str] = "hollow_records"
    object: str
    action: str
    count: int


@dataclass(frozen=True, slots=True)
class MissingParameter:
    """The run gives no value for an input that has no default."""

    code: ClassVar[str] = "missing_parameter"
    name: str


@dataclass(frozen=True, slots=True)
class WrongParameter:
    """The run gives an input a value of another type; `value` is as Python shows it, `expected` is `an integer`."""

    code: ClassVar[str] = "wrong_parameter"
    name: str
    value: str
    expected: str


Reason = (
    NoEvents
    | NoLog
    | NoRecords
    | WindowWithoutEvents
    | LogCleared
    | LogBroken
    | NotOnOneHost
    | OtherPlatform
    | FieldNeverFilled
    | HollowRecords
    | MissingParameter
    | WrongParameter
)


def reason_json(reason: Reason) -> dict[str, str | int | None]:
    """Return a reason as a JSON object: its code, then its parts."""
    parts: dict[str, str | int | None] = {part.name: getattr(reason, part.name) for part in fields(reason)}
    if isinstance(reason, FieldNeverFilled) and reason.called is None:
        del parts["called"]
    return {"code": reason.code} | parts
