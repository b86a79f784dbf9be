"""Spellings of times: what no cast of DuckDB's reads is rewritten as ISO 8601, by forms that stand here as data.

Nearly every record has ISO 8601 already, and the macro `instant` casts it. The times in the headers of all others come
here: numbers are told apart by their size; a text is taken apart into date, clock, half of the day and zone, wherever
they stand, and its date has to be one of a few forms as a whole. What can be read in two ways is not read: 03/04/2024
is no time until the shape says which of the two is the day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache

from carlang.database.connection import open_shared
from carlang.diagnostics import nearest
from carlang.errors import IngestOptionError

MONTH_FIRST = "month first"
DAY_FIRST = "day first"
"""What a mapping may say of dates of three numbers: `instant({Time}, dates := 'month first')`."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # the zone is a suffix of the text
_FILETIME = 116444736000000000
_TICKS = 621355968000000000

# A number's unit is told by its size: from 1973 to 2286 these do not overlap, but for nanoseconds. Those below 2.2e17
# would be of before 1977 and are FILETIME; those from 6.2e17 to 7.2e17 of about 1990, and are ticks of .NET.
_UNITS: tuple[tuple[int, int, int, Fraction], ...] = (
    (10**8, 10**10, 0, Fraction(10**6)),  # seconds
    (10**11, 10**13, 0, Fraction(10**3)),  # milliseconds
    (10**14, 10**16, 0, Fraction(1)),  # microseconds
    (_FILETIME, 22 * 10**16, _FILETIME, Fraction(1, 10)),
    (_TICKS, 72 * 10**16, _TICKS, Fraction(1, 10)),
    (22 * 10**16, 9 * 10**18, 0, Fraction(1, 1000)),  # nanoseconds, as far as 64 bits hold them
)
"""Least, what it is below of, where it counts from, and microseconds each."""

# In minutes. Names that mean one zone wherever they are written; not CST (Chicago, Shanghai, Havana), IST (Dublin,
# Delhi, Jerusalem), BST (London, Dhaka), AST, ADT and more of the kind.
_ZONES = {
    **dict.fromkeys(("Z", "UTC", "GMT", "UT", "WET"), 0),
    **dict.fromkeys(("CET", "MEZ", "WEST"), 60),
    **dict.fromkeys(("CEST", "MESZ", "EET"), 120),
    **dict.fromkeys(("EEST", "MSK"), 180),
    **dict.fromkeys(("HKT", "SGT", "AWST"), 480),
    **dict.fromkeys(("JST", "KST"), 540),
    "ACST": 570,
    "AEST": 600,
    "ACDT": 630,
    "AEDT": 660,
    "NZST": 720,
    "NZDT": 780,
    "EDT": -240,
    **dict.fromkeys(("EST", "CDT"), -300),
    "MDT": -360,
    **dict.fromkeys(("MST", "PDT"), -420),
    **dict.fromkeys(("PST", "AKDT"), -480),
    "AKST": -540,
    "HST": -600,
}

_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

# The first three letters of English and German months, an umlaut as its vowel.
_MONTHS = {
    **dict(
        zip(
            ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
            range(1, 13),
            strict=True,
        )
    ),
    "mrz": 3,
    "mae": 3,
    "mai": 5,
    "okt": 10,
    "dez": 12,
}
_WEEKDAY = re.compile(
    "(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
    "|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|mo|di|mi|do|fr|sa|so"
)

_NUMBER = re.compile(
    r"\d{9,13}|\d{15,}|\d{3,13}[.,]\d+|\d{15,}[.,]\d+|\d(?:\.\d+)?[Ee]\+?\d{1,2}|0[xX][0-9A-Fa-f]{15,16}"
)
_JSON_DATE = re.compile(r"\\?/Date\((-?\d{1,16})(?:[+-]\d{4})?\)\\?/")
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)[Tt ]?(\d\d)(\d\d)(\d\d)(?!\d)")
_CLOCK = re.compile(
    r"(.*?)(?:^|[Tt@\s:,])\s*(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(?:([AaPp])\.?\s?[Mm]\b\.?)?(?![\d:])(.*)"
)
_ZONE = re.compile(
    r"(?:^|(?<=[\s\[]))(?:(?:UTC|GMT)?([+-])(?:(\d{3})|(\d\d?)(?::?([0-5]\d))?)|([A-Za-z]+(?:/[\w+-]+)+)|([A-Za-z]{1,5}))"
    r"(?=$|[\s\]])",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_DOTTED = re.compile(r"\d\.\s?\d{1,2}\.\s?\d")

# .NET and browsers put narrow blanks and marks of direction into dates; WMI writes * for what it does not know.
_BLANKS = re.compile(r"[\s\u00a0\u202f\u2009]+")
_NOTHING = re.compile(r"[\u200e\u200f]|[+.-]?\*+|\(.*\)$")

# What exporters write where there is no time.
_NO_TIME = frozenset({"", "-", "(null)", "null", "none", "n/a", "nil", "(empty)"})

_LONGEST = 100
"""Characters of the longest spelling: JavaScript's with the zone in words has about 70. What is longer is no time."""


@lru_cache(maxsize=4096)  # the records of one moment are many
def iso_time(text: str, dates: str | None = None, zone: str | None = None, received: str | None = None) -> str | None:
    """Return a time as ISO 8601 with its zone, or None where it is none or could be more than one.

    Args:
        text: The time as it is written.
        dates: `MONTH_FIRST` or `DAY_FIRST`, where the two could be mistaken for one another.
        zone: The zone of a text that names none: an offset or a name that DuckDB knows.
        received: When the record was received, in ISO 8601; it gives a date without a year its year.
    """
    if len(text) > _LONGEST:
        return None
    tidy = _BLANKS.sub(" ", _NOTHING.sub("", text)).strip()
    if match := _JSON_DATE.fullmatch(tidy):
        return _written(_EPOCH, int(match[1]) * 1000, "+00:00")
    if _NUMBER.fullmatch(tidy) and not re.match(r"(?:19|20)\d{12}[.,]", tidy):
        return _counted(tidy)
    basic = _BASIC.sub(r"\1-\2-\3 \4:\5:\6", tidy, count=1) if tidy[:1].isdigit() else tidy
    match = _CLOCK.fullmatch(basic)
    if match is None:
        date = _date(basic, dates, received)
        return None if date is None else _written(date, 0, zone or "+00:00")
    before, *clock, tail = match.groups()
    written_zone = _ZONE.search(tail)
    suffix = _suffix(written_zone) if written_zone else zone or "+00:00"
    if written_zone:
        tail = tail[: written_zone.start()] + tail[written_zone.end() :]
    date, past_midnight = _date(f"{before} {tail}", dates, received), _microseconds(*clock)
    if date is None or past_midnight is None or suffix is None:
        return None
    return _written(date, past_midnight, suffix)


def names_zone(text: str) -> bool:
    """Tell whether a time says where it was taken; numbers count from an instant that is the same everywhere."""
    tidy = _BLANKS.sub(" ", _NOTHING.sub("", text)).strip()
    if _JSON_DATE.fullmatch(tidy) or (_NUMBER.fullmatch(tidy) and not re.match(r"(?:19|20)\d{12}[.,]", tidy)):
        return True
    match = _CLOCK.fullmatch(_BASIC.sub(r"\1-\2-\3 \4:\5:\6", tidy, count=1))
    return match is not None and _ZONE.search(match.groups()[-1]) is not None


def _counted(digits: str) -> str | None:
    """Return the time that a number of some unit names."""
    value = Fraction(int(digits, 16)) if digits[:2] in ("0x", "0X") else Fraction(digits.replace(",", "."))
    for least, below, origin, microseconds in _UNITS:
        if least <= value < below:
            # Seconds are often floats, one off in the last digit; the digits of smaller units are cut, as ISO's are.
            exact = (value - origin) * microseconds
            return _written(_EPOCH, round(exact) if microseconds > 1 else int(exact), "+00:00")
    return None


def _written(date: datetime, microseconds: int, zone: str) -> str | None:
    try:
        return f"{date + timedelta(microseconds=microseconds):%Y-%m-%dT%H:%M:%S.%f}".rjust(26, "0") + (
            zone if zone[0] in "+-" else f" {zone}"
        )
    except OverflowError:
        return None


def _microseconds(hour: str, minute: str, second: str | None, fraction: str | None, half: str | None) -> int | None:
    """Return how long after midnight a clock shows a time.

    An hour of 24 is the end of the day and a second of 60 a leap second: both run on into what follows.
    """
    hours, minutes, seconds = int(hour), int(minute), int(second or 0)
    if half:
        if not 1 <= hours <= 12:  # noqa: PLR2004  # the hours of half a day
            return None
        hours = hours % 12 + (12 if half in "Pp" else 0)
    if minutes > 59 or seconds > 60 or hours * 3600 + minutes * 60 + seconds > 24 * 3600:  # noqa: PLR2004
        return None
    return (hours * 3600 + minutes * 60 + seconds) * 10**6 + int((fraction or "").ljust(6, "0")[:6])


def _suffix(zone: re.Match[str]) -> str | None:
    """Return a zone as an offset, or as the name that DuckDB knows; None for a name that means several."""
    sign, minutes, hours, rest, region, name = zone.groups()
    if region:
        return region
    if name:
        offset = _ZONES.get(name.upper())
        return None if offset is None else _offset(offset)
    # WMI gives the minutes alone.
    distance = int(minutes) if minutes else int(hours) * 60 + int(rest or 0)
    return _offset(-distance if sign == "-" else distance)


def _offset(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _date(text: str, dates: str | None, received: str | None) -> datetime | None:
    """Return the date that the words of a text are, all of them."""
    words = [word for word in _WORD.findall(text.lower()) if not _WEEKDAY.fullmatch(word)]
    if len(words) == 1 and re.fullmatch(r"(?:19|20)\d{6}", words[0]):
        words = [words[0][:4], words[0][4:6], words[0][6:]]
    months = [_MONTHS.get(word.replace("ä", "a")[:3]) for word in words]
    named = [i for i, word in enumerate(words) if word.isalpha() and months[i]]
    numbers = [word for i, word in enumerate(words) if i not in named]
    if len(named) > 1 or not all(word.isascii() and word.isdigit() for word in numbers):
        return None
    if named:
        return _with_named_month(int(months[named[0]] or 0), numbers, received)
    if len(numbers) != 3:  # noqa: PLR2004  # year, month, day
        return None
    if len(numbers[0]) == 4:  # noqa: PLR2004  # digits of a year
        return _of_calendar(*numbers)
    # Who writes dots writes the day first, everywhere.
    return _with_order(numbers, DAY_FIRST if _DOTTED.search(text) else dates)


def _with_named_month(month: int, numbers: list[str], received: str | None) -> datetime | None:
    match sorted(numbers, key=len):
        case [day] if received:
            return _last_before(month, day, received)
        case [day, year] if len(day) <= 2 and len(year) == 4:  # noqa: PLR2004
            return _of_calendar(year, str(month), day)
        case [_, _] if len(numbers[1]) == 2:  # noqa: PLR2004  # RFC 822: 21 Mar 24
            return _of_calendar(f"20{numbers[1]}", str(month), numbers[0])
    return None


def _with_order(numbers: list[str], dates: str | None) -> datetime | None:
    first, second, year = numbers
    # Years of two digits could be days as well, unless the order is known.
    if len(year) not in (2, 4) or max(len(first), len(second)) > 2 or (len(year) == 2 and dates is None):  # noqa: PLR2004
        return None
    if len(year) == 2:  # noqa: PLR2004
        year = f"20{year}"
    day_first, month_first = _of_calendar(year, second, first), _of_calendar(year, first, second)
    if day_first and month_first and day_first != month_first:
        return {DAY_FIRST: day_first, MONTH_FIRST: month_first}.get(dates or "")
    return day_first or month_first


def _last_before(month: int, day: str, received: str) -> datetime | None:
    """Return the last day of this date that is not after the day when the record was received.

    Clocks and zones may be apart by hours, so the day after still counts.
    """
    try:
        moment = datetime.fromisoformat(received)
    except ValueError:
        return None
    latest = (moment.astimezone(UTC) if moment.tzinfo else moment).replace(tzinfo=None) + timedelta(days=1)
    # Eight years back there is a 29th of February.
    candidates = (_of_calendar(str(latest.year - back), str(month), day) for back in range(9))
    return next((date for date in candidates if date and date <= latest), None)


def _of_calendar(year: str, month: str, day: str) -> datetime | None:
    try:
        return datetime(int(year), int(month), int(day))  # noqa: DTZ001  # the zone is a suffix of the text
    except ValueError:
        return None


# ---- the zone of times that name none --------------------------------------------------------------------------------

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?)(?::?([0-5]\d))?", re.IGNORECASE)

# The Line Islands are ahead of UTC by this much, and nobody is by more.
_FARTHEST_OFFSET = 14 * 60


def checked_zone(timezone: str) -> str:
    """Return a zone as an offset or as DuckDB names it; raises `IngestOptionError` where there is no such zone."""
    text = timezone.strip()
    if match := _OFFSET.fullmatch(text):
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        if minutes <= _FARTHEST_OFFSET:
            return _offset(-minutes if match[1] == "-" else minutes)
        raise IngestOptionError(f"there is no time zone `{timezone}`; offsets lie between -14:00 and +14:00")
    if text.upper() in _ZONES:
        return _offset(_ZONES[text.upper()])
    with open_shared() as connection:
        rows = connection.execute("SELECT name FROM pg_timezone_names() ORDER BY ALL").fetchall()
    # Names without a slash are of several zones, or of none: `CST`, `IST`.
    by_fold: dict[str, str] = {name.casefold(): name for (name,) in rows if "/" in name}
    if known := by_fold.get(text.casefold()):
        return known
    meant = _zone_of_city(text, by_fold.values()) or nearest(text, list(by_fold.values()))
    hint = f"did you mean `{meant}`?" if meant else "zones are written Europe/Berlin or +02:00"
    raise IngestOptionError(f"there is no time zone `{timezone}`; {hint}")


def _zone_of_city(text: str, zones: Iterable[str]) -> str | None:
    """Return the zone whose last part is a city's name, `Europe/Berlin` for `berlin`."""
    city = text.casefold().replace(" ", "_")
    return next((zone for zone in zones if zone.casefold().rpartition("/")[2] == city), None)


# ---- what of it SQL does ---------------------------------------------------------------------------------------------

ODD, UNZONED = 2, 1
"""What there is to doubt of a time that SQL reads."""

FIELD_END, RECORD_END = 31, 30
"""The codes of the characters that were made to separate fields and records; no time has one."""


def _counted_sql() -> str:
    """Return the SQL of the time that a whole number of small units is, `text` of 13 to 19 digits."""
    number = "TRY_CAST(text AS BIGINT)"
    cases = " ".join(
        f"WHEN {number} >= {least} AND {number} < {below} THEN "
        + (f"{number} * {unit}" if unit >= 1 else f"({number} - {origin}) // {unit.denominator}")
        for least, below, origin, unit in _UNITS[1:]
    )
    return f"make_timestamptz(CASE {cases} END)"


TIME_MACROS: dict[str, str] = {
    # Infinity, and what Python's calendar does not reach. The moment is named once, as it may be a long expression, and
    # does not stand inside of `nullif`: DuckDB makes a CASE of it that names its first argument twice.
    "finite(moment)": """
        list_filter([moment], lambda m: m > TIMESTAMPTZ '0000-12-31 23:59:59.999999+00'
          AND m < TIMESTAMPTZ '9999-12-31 00:00:00+00')[1]""",
    "has_offset(text)": r"regexp_matches(text, ':[\d.]+[+-]\d\d(:?\d\d)?$')",
    "zone_suffix(zone)": "CASE WHEN zone[1] IN ('+', '-') THEN zone ELSE ' ' || zone END",
    "counted_instant(text)": _counted_sql(),
    # The cast knows names of zones that mean several, so only what ends with a digit or Z is left to it; and it takes
    # what names no zone for UTC.
    "instant(text, dates := NULL, zone := NULL, received := NULL)": """
        finite(CASE
          WHEN substr(text, 5, 1) = '-' THEN CASE
            WHEN ends_with(text, 'Z') THEN TRY_CAST(text AS TIMESTAMPTZ)
            WHEN text[-1] > '9' THEN NULL
            WHEN coalesce(zone, default_zone(), 'UTC') = 'UTC' OR has_offset(text) THEN TRY_CAST(text AS TIMESTAMPTZ)
            ELSE TRY_CAST(text || zone_suffix(coalesce(zone, default_zone())) AS TIMESTAMPTZ) END
          WHEN starts_with(text, '/Date(')
            THEN make_timestamptz(TRY_CAST(regexp_extract(text, '-?[0-9]+') AS BIGINT) * 1000)
          WHEN strlen(text) BETWEEN 13 AND 19 AND NOT contains(text, '.') THEN counted_instant(text)
          WHEN TRY_CAST(text AS DOUBLE) >= 1e8 AND TRY_CAST(text AS DOUBLE) < 1e10
            THEN make_timestamptz(CAST(round(TRY_CAST(text AS DOUBLE) * 1000000) AS BIGINT)) END)""",
    "has_zone(text)": "ends_with(text, 'Z') OR has_offset(text)",
    # A collector that writes local times gives its zone away by when it received the record, in both clocks.
    "local_instant(text, received, received_utc)": """
        finite(TRY_CAST(text AS TIMESTAMPTZ) + to_minutes(TRY_CAST(15 * round(
          (epoch(TRY_CAST(received_utc AS TIMESTAMPTZ)) - epoch(TRY_CAST(received AS TIMESTAMPTZ))) / 900) AS BIGINT)))
        """,
    # The two that follow are what else is asked of the times of a header: see `asked`. What nearly all end with is
    # asked first, as this runs for every record.
    "doubt_instant(text, dates := NULL, zone := NULL, received := NULL)": f"""
        CASE WHEN text <> '' THEN CASE
          WHEN substr(text, 5, 1) = '-' THEN CASE
            WHEN ends_with(text, 'Z') THEN CASE WHEN contains(text, ',') THEN {ODD} ELSE 0 END
            WHEN text[-1] > '9' OR contains(text, ',') OR contains(text, ' +') OR contains(text, ' -') THEN {ODD}
            WHEN zone IS NOT NULL OR has_offset(text) THEN 0 ELSE {UNZONED} END
          WHEN starts_with(text, '/Date(') THEN 0
          WHEN strlen(text) <> 14 AND coalesce(TRY_CAST(text AS DOUBLE), 0)
            BETWEEN 1e8 AND CASE WHEN contains(text, '.') THEN 1e10 ELSE 1e19 END THEN 0
          ELSE {ODD} END END""",
    "doubt_local_instant(text, received, received_utc)": """
        CASE WHEN text <> '' AND received <> '' AND received_utc <> '' THEN 0 END""",
    "told_instant(text, dates := NULL, zone := NULL, received := NULL)": f"""
        CASE WHEN text <> '' THEN concat_ws(chr({FIELD_END}), text, coalesce(dates, ''), coalesce(zone, ''),
          coalesce(received, '')) END""",
    "told_local_instant(text, received, received_utc)": "CAST(NULL AS VARCHAR)",
}

_INSTANT = re.compile(r"\b(local_)?instant\(")


def asked(question: str, expression: str) -> str:
    """Return the SQL that asks something of each time that an expression reads, in place of reading it.

    `doubt`: `ODD` where it is a spelling that SQL does not read, `UNZONED` where nothing says in which zone it was
    taken, else 0; `told`: the text itself and what is known of it, for `spelled`.
    """
    return _INSTANT.sub(rf"{question}_\1instant(", expression)


@dataclass(frozen=True, slots=True)
class Spelled:
    """A time as it was written: as ISO 8601, None where it could not be read, and whether its zone is unknown.

    `text` is None where nothing was written but signs for that there is no time.
    """

    text: str | None
    iso: str | None
    unzoned: bool = False


def spelled(told: str, timezone: str | None) -> Spelled:
    """Read the first time that can be read of those that SQL told of a record; `timezone` is that of the ingest."""
    unread = None
    for entry in told.split(chr(RECORD_END)):
        text, dates, zone, received = entry.split(chr(FIELD_END))
        iso = iso_time(text, dates or None, zone or timezone, received or None)
        if iso is not None:
            return Spelled(text, iso, not zone and timezone is None and not names_zone(text))
        if text.strip().casefold() not in _NO_TIME:
            unread = unread or text
    return Spelled(unread, None)


def spelling(text: str) -> str:
    """Return how a text is written: its digits as 9, its letters kept, of a long one the beginning."""
    return re.sub(r"\d", "9", text[:_LONGEST]) + ("…" if len(text) > _LONGEST else "")
