"""Texts that name an instant."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# Not `fromisoformat`: it takes week dates and dates without hyphens, and no `UTC` for a zone.
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)([T ](\d\d):(\d\d)(:(\d\d)([.,](\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?", re.IGNORECASE
)


def time_value(text: str) -> datetime | None:
    """Return the instant that an ISO 8601 text names, UTC where it has no zone, or None where it names none."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, _, hour, minute, _, second, _, fraction, zone = match.groups()
    # Windows writes seven digits; the store holds microseconds.
    micros = int((fraction or "0").ljust(6, "0")[:6])
    offset = "+00:00" if not zone or zone.upper() in ("Z", "UTC") else zone
    clock = f"{hour or '00'}:{minute or '00'}:{second or '00'}.{micros:06d}"
    try:
        return datetime.fromisoformat(f"{year}-{month}-{day}T{clock}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
