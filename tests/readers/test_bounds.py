"""What ingest promises to read at most, at the last that it reads and the first that it refuses."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import carlang
from carlang.readers import tuning
from carlang.readers.json_documents import JsonDocumentsReader
from carlang.readers.records import LogFile, ReadFault, Records
from tests.ingesting import sysmon_create

RECORD = json.dumps(sysmon_create()).encode()
MEGABYTE = 1 << 20
DEEPEST = 4
LONGEST = 64


def _zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("inner", content)
    return buffer.getvalue()


def _packed(pack: Callable[[bytes], bytes], times: int) -> bytes:
    content = RECORD
    for _ in range(times):
        content = pack(content)
    return content


@pytest.mark.parametrize("pack", [gzip.compress, _zipped], ids=["gzip", "zip"])
def test_archives_in_archives_are_opened_four_deep_and_no_deeper(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    fourth, fifth = tmp_path / "fourth", tmp_path / "fifth"
    fourth.write_bytes(_packed(pack, DEEPEST))
    fifth.write_bytes(_packed(pack, DEEPEST + 1))
    report = carlang.ingest([fourth, fifth], tmp_path / "store")
    assert [(source.mapped, source.rejected) for source in report.sources] == [(1, 0), (0, 1)]
    assert str(report.sources[1].reason).endswith("archives in archives, deeper than 4")


def test_members_of_archives_write_no_files(tmp_path: Path) -> None:
    names = ["../up.json", str(tmp_path / "absolute.json"), "folder/../../up.json", "plain.json"]
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as zipped, tarfile.open(tmp_path / "logs.tar", "w") as tarred:
        for number, name in enumerate(names):
            record = json.dumps(sysmon_create(number)).encode()
            zipped.writestr(name, record)
            entry = tarfile.TarInfo(name)
            entry.size = len(record)
            tarred.addfile(entry, io.BytesIO(record))
    before = set(tmp_path.parent.rglob("*.json"))
    for archive in ("logs.zip", "logs.tar"):
        report = carlang.ingest([tmp_path / archive], tmp_path / f"{archive}.store")
        assert report.records == len(names)
    assert {
        path
        for path in set(tmp_path.parent.rglob("*.json")) - before
        if not {"_delta_log", "_commits"} & set(path.parts)
    } == set()


def test_a_line_of_64_mb_is_read_and_lines_behind_a_longer_one_keep_their_numbers(tmp_path: Path) -> None:
    """Two lines are too long, so that a count that only the first of them puts right shows as well."""
    log = tmp_path / "log.json"
    longest = RECORD[:-1].ljust(LONGEST * MEGABYTE - 1) + b"}"
    longer = b'{"a": "'.ljust(LONGEST * MEGABYTE + 9 * MEGABYTE, b"x") + b'"}'
    log.write_bytes(b"\n".join([RECORD, longer, b"second", longest, longer, RECORD, b"third", RECORD, b""]))
    report = carlang.ingest([log], tmp_path / "store")
    assert [(rejection.number, rejection.reason) for rejection in report.rejections] == [
        (2, "a line of more than 64 MB"),
        (3, "not valid JSON"),
        (5, "a line of more than 64 MB"),
        (7, "not valid JSON"),
    ]
    assert report.events == {("process", "create"): 4}


def test_lines_of_zeek_behind_one_that_is_too_long_keep_their_numbers(tmp_path: Path) -> None:
    log = tmp_path / "weird.log"
    head = ["#separator \\x09", "#path\tweird", "#fields\tts\tuid\tname", "#types\ttime\tstring\tstring"]
    good, short = "1588316619.0\tC9\todd", "1588316619.0\tC9"
    longer = good.ljust((LONGEST + 9) * MEGABYTE, "x")
    log.write_text("\n".join([*head, good, longer, short, good, ""]), "utf-8")
    report = carlang.ingest([log], tmp_path / "store")
    assert [rejection.number for rejection in report.rejections] == [6, 7]
    assert report.rejections[0].reason == f"a line of more than {LONGEST} MB"


def test_a_document_without_end_is_refused_and_what_is_kept_of_it_does_not_grow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tuning, "LARGEST_DOCUMENT", MEGABYTE)
    for size in ("BLOCK", "PIECE"):
        monkeypatch.setattr(tuning, size, MEGABYTE // 8)
    text = b'[{"Event": "' + b"x" * (20 * MEGABYTE) + b'"},\n' + RECORD + b"]"
    tracemalloc.start()
    items = list(JsonDocumentsReader().read(LogFile("log.json", io.BytesIO(text))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    fault, records = items
    assert isinstance(fault, ReadFault)
    assert fault.reason == "a document of more than 1 MB"
    assert isinstance(records, Records)
    assert len(records.lines) == 1
    assert peak < 10 * MEGABYTE
