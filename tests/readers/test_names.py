"""Names of files and of members of archives that are not UTF-8: their records are read like any others."""

from __future__ import annotations

import io
import os
import sys
import tarfile
from pathlib import Path

import pytest

import carlang

RECORD = b'{"Channel": "X", "EventID": 1, "Computer": "H"}\nbroken\n'
NAME = b"caf\xe9.json"


@pytest.mark.skipif(sys.platform != "linux", reason="file systems elsewhere refuse names that are not Unicode")
def test_a_file_whose_name_is_not_utf8_is_read_and_shown_with_escapes(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/" + NAME)).write_bytes(RECORD)
    report = carlang.ingest(folder, tmp_path / "events")
    (source,) = report.sources
    assert (source.source, source.unmapped, source.rejected) == (str(folder / "caf\\udce9.json"), 1, 1)
    assert [r.source for r in report.rejections] == [source.source]


def test_a_member_of_a_tar_file_whose_name_is_not_utf8_is_read(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "logs.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        entry = tarfile.TarInfo(
            os.fsdecode(NAME) if sys.platform != "win32" else NAME.decode("utf-8", "surrogateescape")
        )
        entry.size = len(RECORD)
        archive.addfile(entry, io.BytesIO(RECORD))
    report = carlang.ingest(tmp_path / "logs.tar", tmp_path / "events")
    assert dict(report.events) == {("event", "log"): 1}
    assert [r.source for r in report.rejections] == [f"{tmp_path / 'logs.tar'}!caf\\udce9.json"]


def test_a_source_whose_name_is_not_utf8_and_not_there_is_rejected(tmp_path: Path) -> None:
    (source,) = carlang.ingest("gone\udce9", tmp_path / "events").sources
    assert (source.source, source.status) == ("gone\\udce9", carlang.Status.REJECTED)
