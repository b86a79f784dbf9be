"""Instants as options name them: absolute, or relative to the instant that a run calls `now`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from carlang.resolve.instants import time_value

_BEFORE = re.compile(r"-\s*(\d{1,9})\s*([smhdw])", re.IGNORECASE)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS_BACK = {"today": 0, "yesterday": 1}


def moment_of(text: str, now: datetime) -> datetime | None:
    """Return the instant that a text names, or None where it names none.

    `-7d` is so long before `now`, in `s`, `m`, `h`, `d` or `w`; `today` and `yesterday` are the beginnings of these
    days in UTC. All others are instants as programs write them.
    """
    word = text.strip().casefold()
    if word == "now":
        return now
    try:
        if word in _DAYS_BACK:
            midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            return midnight - timedelta(days=_DAYS_BACK[word])
        if match := _BEFORE.fullmatch(word):
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:  # before year 1
        return None
    return time_value(text)
