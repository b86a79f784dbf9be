"""Moments as texts: exact, short, and as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = "%Y-%m-%dT%H:%M:%S.%fZ"
_TO_SECONDS = len("2019-04-27T12:20:35")


def moment_text(moment: int | None) -> str | None:
    """Return microseconds since 1970 as `2019-04-27T12:20:35.123000Z`; one beyond Python's years as its number."""
    if moment is None:
        return None
    try:
        return (_EPOCH + timedelta(microseconds=moment)).strftime(_EXACT)
    except OverflowError:
        return f"{moment} µs"


def second_text(moment: int | None) -> str:
    """Return microseconds since 1970 to the second, `2019-04-27 12:20:35`; one beyond Python's years as its number."""
    text = moment_text(moment) or ""
    return text[:_TO_SECONDS].replace("T", " ") if text.endswith("Z") else text


def short_moment_text(moment: int | None) -> str | None:
    """Return what `moment_text` does, without microseconds where there are none."""
    text = moment_text(moment)
    return None if text is None else _short(text)


def instant_text(instant: datetime) -> str:
    """Return an instant of UTC as `2019-04-27T12:20:35Z`, with microseconds where it has some."""
    return _short(instant.strftime(_EXACT))


def _short(text: str) -> str:
    return text.replace(".000000Z", "Z")
