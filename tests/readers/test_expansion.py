"""Archives that become far more than they are: named with the limit and the remedy, and no other file suffers."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

import carlang
from carlang.readers import tuning
from carlang.readers.compression import zstd
from tests.ingesting import load, sysmon_create, write_lines

RECORD = json.dumps(sysmon_create()).encode() + b"\n"
MEGABYTE = 1 << 20


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _tar(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


BOMB = RECORD + b" " * (2 * MEGABYTE)
BOMBS = {
    "gzip": gzip.compress(BOMB),
    "zstd": zstd.compress(BOMB),
    "zip": _zip(bomb=BOMB),
    "gzip of zeros": gzip.compress(bytes(2 * MEGABYTE)),
    "zip of zeros": _zip(zeros=bytes(2 * MEGABYTE)),
    "zip in zip": _zip(inner=_zip(a=BOMB)),
    "gzip in zip": _zip(inner=gzip.compress(BOMB)),
    "tar in gzip": gzip.compress(_tar(a=RECORD, b=BOMB)),
    "many zips in zip": _zip(**{str(n): _zip(a=RECORD + b" " * (MEGABYTE // 2)) for n in range(5)}),
    "zip in gzip": gzip.compress(_zip(a=BOMB)),
    "gzip of a zip of zeros": gzip.compress(_zip(zeros=bytes(2 * MEGABYTE))),
}


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that files of a test come to."""
    monkeypatch.setattr(tuning, "EXPANDED_UNASKED", MEGABYTE)
    monkeypatch.setattr(tuning, "MEMBERS", 20)


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_named_with_its_limit_and_the_others_are_read(name: str, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    bomb.write_bytes(BOMBS[name])
    good = write_lines(tmp_path / "good.json", [sysmon_create(77)])
    report = load(tmp_path / "store", bomb, good)
    assert report.sources[0].rejected >= 1
    assert "it expands to more than 200 times its size and 1 MB; --expand-limit SIZE allows more" in str(
        report.sources[0].reason
    )
    assert report.sources[1].rejected == 0
    assert report.sources[1].mapped == 1


@pytest.mark.usefixtures("small_limits")
def test_who_says_how_much_there_may_be_has_it_read(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    bomb.write_bytes(BOMBS["gzip"])
    report = carlang.ingest(bomb, tmp_path / "store", expand_limit="20MB")
    assert report.events == {("process", "create"): 1}
    less = carlang.ingest(bomb, tmp_path / "less", expand_limit=MEGABYTE + MEGABYTE // 2)
    assert "it expands to more than 1,536 KB" in str(less.sources[0].reason)
    assert less.events == {("process", "create"): 1}  # what came before is kept


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("form", ["zip", "tar"])
def test_too_many_files_are_too_many(form: str, tmp_path: Path) -> None:
    members = {str(number): RECORD for number in range(21)}
    archive = tmp_path / "archive"
    archive.write_bytes(_zip(**members) if form == "zip" else _tar(**members))
    report = load(tmp_path / "store", archive)
    assert "more than 20 files in archives; --expand-limit SIZE allows more" in str(report.sources[0].reason)
    assert load(tmp_path / "more", archive, expand_limit=MEGABYTE).records == 21


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("said", [1, 0xFFFF])
def test_a_directory_that_lies_about_its_files_is_counted(said: int, tmp_path: Path) -> None:
    archive = bytearray(_zip(**{str(number): b"" for number in range(21)}))
    archive[-12:-10] = archive[-14:-12] = said.to_bytes(2, "little")
    (tmp_path / "archive").write_bytes(archive)
    report = load(tmp_path / "store", tmp_path / "archive")
    assert "more than 20 files in archives" in str(report.sources[0].reason)


def test_a_long_zip_has_its_files_counted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)  # so that few make a directory of the long form
    monkeypatch.setattr(tuning, "MEMBERS", 20)
    (tmp_path / "archive").write_bytes(_zip(**{str(number): RECORD for number in range(21)}))
    assert b"PK\x06\x06" in (tmp_path / "archive").read_bytes()
    report = load(tmp_path / "store", tmp_path / "archive")
    assert "more than 20 files in archives" in str(report.sources[0].reason)


def test_limits_are_far_above_what_logs_come_to(tmp_path: Path) -> None:
    """A zip of EVTX files that are all but empty shrinks to less than a thousandth."""
    archive = tmp_path / "logs.zip"
    archive.write_bytes(_zip(**{f"{n}.json": RECORD + b"\n" * 100_000 for n in range(2)}))
    assert load(tmp_path / "store", archive).rejected == 0
