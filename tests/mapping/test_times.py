"""Spellings of times: each is read as one instant, in SQL or in Python, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest

from carlang.database.connection import open_memory
from carlang.errors import IngestOptionError
from carlang.mapping.macros import define_macros
from carlang.mapping.times import ODD, checked_zone, iso_time, names_zone, spelled, spelling

_TEN = datetime(2024, 3, 21, 10, tzinfo=UTC)

# Ten o'clock, UTC, by whole seconds.
_OF_ONE_INSTANT = """
2024-03-21T10:00:00Z
2024-03-21t10:00:00z
2024-03-21 12:00:00 +02:00
2024-03-21 12:00:00 +0200
2024-03-21 05:00:00 -5
2024-03-21 10:00:00 UTC
2024-03-21 05:00:00 EST
2024-03-21 11:00:00 CET
2024-03-21 03:00:00 PDT
2024-03-21 11:00:00 Europe/Berlin
2024-03-21 10:00:00 [UTC]
2024-03-21 10:00:00 AM
2024/03/21 10:00:00
20240321T100000Z
20240321100000
20240321100000Z
20240321100000.0Z
20240321110000.000000+060
20240321030000.000000-420
20240321100000.******+***
1711015200
1711015200.0
1711015200000
1711015200000.0
1711015200000000
1711015200000000000
1.7110152E9
133554888000000000
0x01DA7B768941D000
638466120000000000
/Date(1711015200000)/
/Date(1711015200000-0500)/
Thu, 21 Mar 2024 10:00:00 GMT
Thu, 21 Mar 2024 06:00:00 -0400
21 Mar 24 10:00:00 GMT
Thu Mar 21 10:00:00 2024
Thu Mar 21 10:00:00 UTC 2024
Thu Mar 21 11:00:00 2024 +0100
Thu Mar 21 2024 11:00:00 GMT+0100 (Central European Standard Time)
21/Mar/2024:11:00:00 +0100
21-Mar-2024 10:00:00
Mar 21, 2024 @ 10:00:00.000
Thursday, March 21, 2024 10:00:00 AM
Donnerstag, 21. März 2024 10:00:00
21.03.2024 10:00:00
3/21/2024 10:00:00 AM
3/21/2024, 10:00:00.000 AM
3/21/2024 10:00:00\u202fAM
\u200e3/\u200e21/\u200e2024 \u200e10:00:00 \u200eAM
21/03/2024 10:00
""".strip().split("\n")

_NONE = """
03/04/2024 10:00:00
3/21/24 10:00 AM
2024-03-21 10:00:00 CST
2024-03-21 10:00:00 IST
Mar 21 10:00:00
2024-13-21T10:00:00Z
2024-03-21T25:00:00Z
2024-03-21 13:00:00 PM
21 Foo 2024 10:00:00
10:00:00
1711015200s
99999
0
infinity
soon
""".strip().split("\n")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_memory(1) as opened:
        define_macros(opened)
        yield opened


def _read(connection: duckdb.DuckDBPyConnection, text: str) -> datetime | None:
    iso = iso_time(text)
    row = connection.execute("SELECT TRY_CAST($iso AS TIMESTAMPTZ)::TIMESTAMP", {"iso": iso}).fetchone()
    return row[0].replace(tzinfo=UTC) if row and row[0] else None


@pytest.mark.parametrize("text", _OF_ONE_INSTANT)
def test_spellings_of_one_instant(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert _read(connection, text) == _TEN


@pytest.mark.parametrize("text", _OF_ONE_INSTANT)
def test_what_sql_reads_it_reads_alike(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    row = connection.execute("SELECT instant($t)::TIMESTAMP, doubt_instant($t)", {"t": text}).fetchone()
    assert row is not None
    assert (row[0] is None and row[1] == ODD) or row[0].replace(tzinfo=UTC) == _TEN


@pytest.mark.parametrize("text", [*_NONE, "2024-02-30 10:00:00", "x" * 1000, ""])
def test_what_is_none_or_could_be_two_is_not_read(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert _read(connection, text) is None
    row = connection.execute("SELECT instant($t)", {"t": text}).fetchone()
    assert row == (None,)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-03-21T10:00:00,123Z", "2024-03-21T10:00:00.123000+00:00"),
        ("2024-03-21T10:00:00.123456789+00:00", "2024-03-21T10:00:00.123456+00:00"),
        ("133554888001234567", "2024-03-21T10:00:00.123456+00:00"),
        ("1711015200.123", "2024-03-21T10:00:00.123000+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000+00:00"),
        ("2024-03-21T24:00:00Z", "2024-03-22T00:00:00.000000+00:00"),
        ("3/21/2024 12:30:00 AM", "2024-03-21T00:30:00.000000+00:00"),
        ("3/21/2024 12:30:00 PM", "2024-03-21T12:30:00.000000+00:00"),
        ("04/04/2024 10:00:00", "2024-04-04T10:00:00.000000+00:00"),
        ("04.03.2024 10:00:00", "2024-03-04T10:00:00.000000+00:00"),
    ],
)
def test_parts_of_a_second_and_borders_of_days(text: str, iso: str) -> None:
    assert iso_time(text) == iso


def test_a_mapping_says_the_order_of_three_numbers() -> None:
    assert iso_time("03/04/2024 10:00:00", "month first") == "2024-03-04T10:00:00.000000+00:00"
    assert iso_time("03/04/2024 10:00:00", "day first") == "2024-04-03T10:00:00.000000+00:00"
    assert iso_time("03/04/24 10:00", "day first") == "2024-04-03T10:00:00.000000+00:00"


def test_a_year_comes_from_when_it_was_received() -> None:
    assert iso_time("Mar 21 10:00:00", None, None, "2024-03-25T00:00:00Z") == "2024-03-21T10:00:00.000000+00:00"
    assert iso_time("Dec 31 23:59:59", None, None, "2024-01-01T00:10:00+00:00") == "2023-12-31T23:59:59.000000+00:00"
    assert iso_time("Feb 29 10:00:00", None, None, "2025-01-01T00:10:00Z") == "2024-02-29T10:00:00.000000+00:00"


def test_a_zone_is_that_of_texts_without_one() -> None:
    assert spelled("21.03.2024 11:00:00\x1f\x1f\x1f", "Europe/Berlin").iso == "2024-03-21T11:00:00.000000 Europe/Berlin"
    assert spelled("Thu, 21 Mar 2024 10:00:00 GMT\x1f\x1f\x1f", "+05:00").iso == "2024-03-21T10:00:00.000000+00:00"
    assert spelled("21.03.2024 11:00:00\x1f\x1fUTC\x1f", "+05:00").iso == "2024-03-21T11:00:00.000000 UTC"


def test_whether_a_zone_is_named() -> None:
    named = [text for text in _OF_ONE_INSTANT if names_zone(text)]
    without = [text for text in _OF_ONE_INSTANT if text not in named]
    assert len(named) > len(without)
    assert {"20240321100000", "Thu Mar 21 10:00:00 2024", "21/03/2024 10:00", "2024-03-21 10:00:00 AM"} <= set(without)


def test_the_first_text_that_can_be_read_counts() -> None:
    assert spelled("soon\x1f\x1f\x1f\x1e1711015200000\x1f\x1f\x1f", None).iso == "2024-03-21T10:00:00.000000+00:00"
    assert spelled("soon\x1f\x1f\x1f", None).text == "soon"


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "+02:00"])
def test_sql_and_python_use_a_zone_alike(zone: str | None) -> None:
    with open_memory(1) as opened:
        define_macros(opened, zone)
        for text in (
            "2024-03-21 10:00:00.5",
            "2024-03-21T10:00:00",
            "2024-07-21 10:00:00",
            "2024-03-21 10:00:00+03:00",
        ):
            row = opened.execute(
                "SELECT instant($text), TRY_CAST($iso AS TIMESTAMPTZ)",
                {"text": text, "iso": spelled(f"{text}\x1f\x1f\x1f", zone).iso},
            ).fetchone()
            assert row is not None
            assert row[0] is not None
            assert row[0] == row[1], (text, zone)


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin ", "Europe/Berlin"),
        ("+2", "+02:00"),
        ("+0200", "+02:00"),
        ("UTC-0530", "-05:30"),
        ("+14:00", "+14:00"),
        ("utc", "+00:00"),
        ("CEST", "+02:00"),
    ],
)
def test_zones_are_names_or_offsets(written: str, zone: str) -> None:
    assert checked_zone(written) == zone


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("Europe/Berlim", "did you mean `Europe/Berlin`?"),
        ("berlin", "did you mean `Europe/Berlin`?"),
        ("New York", "did you mean `America/New_York`?"),
        ("CST", "zones are written Europe/Berlin or +02:00"),
        ("", "zones are written Europe/Berlin or +02:00"),
        ("25", "zones are written Europe/Berlin or +02:00"),
        ("+25:00", "offsets lie between -14:00 and +14:00"),
        ("+14:01", "offsets lie between -14:00 and +14:00"),
    ],
)
def test_what_is_no_zone_is_refused_with_what_may_be_meant(written: str, hint: str) -> None:
    with pytest.raises(IngestOptionError) as raised:
        checked_zone(written)
    assert str(raised.value) == f"there is no time zone `{written}`; {hint}"


def test_a_spelling_is_its_letters() -> None:
    assert spelling("Thu 03/04/2024 10:00") == "Thu 99/99/9999 99:99"
    assert spelling("x" * 1000) == "x" * 100 + "…"
