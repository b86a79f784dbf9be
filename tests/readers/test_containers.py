from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from carlang.loading import Status
from tests.ingesting import load, query, sysmon_create, write_lines

_RECORDS = [sysmon_create(number) for number in range(1, 4)]
_LINES = "".join(json.dumps(record) + "\n" for record in _RECORDS)
_TEXT = "\u00e4\u4e2d"


def _tar(content: bytes, mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name in ("._log.json", "log.json"):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _zip(content: bytes, name: str = "log.json") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"__MACOSX/._{name}", b"\0\1\2")
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "inner"),
    [
        pytest.param(_LINES.encode(), "", id="lines"),
        pytest.param(_LINES.replace("\n", "\r\n").encode(), "", id="lines with CRLF"),
        pytest.param(_LINES.encode("utf-8-sig"), "", id="byte order mark"),
        pytest.param(_LINES.encode("utf-16"), "", id="UTF-16"),
        pytest.param(b"\xfe\xff" + _LINES.encode("utf-16-be"), "", id="UTF-16 big-endian"),
        pytest.param(json.dumps(_RECORDS).encode(), "", id="array"),
        pytest.param(json.dumps(_RECORDS, indent=2).encode("utf-16"), "", id="printed array in UTF-16"),
        pytest.param(("[\n" + ",\n".join(map(json.dumps, _RECORDS)) + "\n]\n").encode(), "", id="array by lines"),
        pytest.param("\n".join(json.dumps(r, indent=1) for r in _RECORDS).encode(), "", id="printed documents"),
        pytest.param(gzip.compress(_LINES.encode()), "", id="gzip"),
        pytest.param(_zip(_LINES.encode()), "!log.json", id="zip"),
        pytest.param(_tar(_LINES.encode()), "!log.json", id="tar"),
        pytest.param(_tar(_LINES.encode(), "w:gz"), "!log.json", id="tar.gz"),
        pytest.param(_zip(gzip.compress(_LINES.encode()), "log.json.gz"), "!log.json.gz", id="gzip in zip"),
        pytest.param(_zip(_zip(_LINES.encode()), "in.zip"), "!in.zip!log.json", id="zip in zip"),
    ],
)
def test_a_file_is_known_by_its_content(content: bytes, inner: str, store: Path, tmp_path: Path) -> None:
    log = tmp_path / "any.name"
    log.write_bytes(content)
    report = load(store, log)
    assert (report.records, report.rejected) == (3, 0)
    assert query(store, "SELECT record_id::BIGINT, source FROM events ORDER BY 1") == [
        (n, f"{log}{inner}") for n in (1, 2, 3)
    ]


def test_an_evtx_file_is_read_inside_of_an_archive(real_logs: Path, store: Path, tmp_path: Path) -> None:
    evtx = next(iter(sorted((real_logs / "evtx").rglob("*.evtx"))))
    (tmp_path / "logs.zip").write_bytes(_zip(evtx.read_bytes(), "one.evtx"))
    inside = load(store, tmp_path / "logs.zip")
    outside = load(tmp_path / "other", evtx)
    assert (inside.events, inside.rejected) == (outside.events, 0)


def test_text_outside_of_ascii_arrives_in_every_encoding(store: Path, tmp_path: Path) -> None:
    text = json.dumps(sysmon_create(CommandLine=_TEXT), ensure_ascii=False)
    for number, encoding in enumerate(("utf-8", "utf-8-sig", "utf-16")):
        (tmp_path / f"{number}.json").write_bytes(text.encode(encoding))
    load(store, *tmp_path.glob("*.json"))
    assert query(store, "SELECT command_line, count(*) FROM events GROUP BY 1") == [(_TEXT, 3)]


def test_bytes_that_are_no_utf8_are_replaced(store: Path, tmp_path: Path) -> None:
    (tmp_path / "log.json").write_bytes(json.dumps(sysmon_create(CommandLine="a?b")).encode().replace(b"?", b"\xe4"))
    load(store, tmp_path / "log.json")
    assert query(store, "SELECT command_line FROM events") == [("a\ufffdb",)]


@pytest.mark.parametrize("pack", [gzip.compress, _tar, lambda b: _tar(b, "w:gz")], ids=["gzip", "tar", "tar.gz"])
def test_an_archive_that_is_cut_off_gives_what_is_there(
    pack: Callable[[bytes], bytes], store: Path, tmp_path: Path
) -> None:
    lines = [json.dumps(sysmon_create(number, CommandLine=str(hash(str(number))))) for number in range(20_000)]
    packed = pack("\n".join(lines).encode())
    (tmp_path / "log").write_bytes(packed[: len(packed) * 3 // 4])
    (source,) = load(store, tmp_path / "log").sources
    assert source.status is Status.INGESTED
    assert source.mapped > 5_000
    assert source.rejected >= 1


def test_a_damaged_zip_file_is_named(store: Path, tmp_path: Path) -> None:
    (tmp_path / "log.zip").write_bytes(_zip(_LINES.encode())[:-30])
    (source,) = load(store, tmp_path / "log.zip").sources
    assert (source.status, source.mapped, source.rejected) == (Status.INGESTED, 3, 1)
    assert "the zip file is damaged" in str(source.reason)


def test_documents_that_break_off_give_those_before(store: Path, tmp_path: Path) -> None:
    text = json.dumps(_RECORDS, indent=1)
    (tmp_path / "log.json").write_text(text[:-200], "utf-8")
    (source,) = load(store, tmp_path / "log.json").sources
    assert (source.mapped, source.rejected) == (2, 1)
    assert "not valid JSON" in str(source.reason)


def test_folders_are_walked_and_patterns_expanded(store: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    for number in range(3):
        write_lines(folder / f"{number}.json", [sysmon_create(number)])
    (tmp_path / "a" / ".hidden").write_text("x", "utf-8")
    report = load(store, tmp_path / "a", str(folder / "[01].json"))
    assert [s.source for s in report.sources] == [str(folder / f"{number}.json") for number in range(3)]


class _Shown:
    def __init__(self) -> None:
        self.total = 0
        self.done = 0
        self.names: list[str] = []

    def start(self, total: int) -> None:
        self.total = total

    def file(self, name: str) -> None:
        self.names.append(name)

    def advance(self, size: int) -> None:
        self.done += size


def test_progress_ends_at_the_size_of_all_sources(store: Path, tmp_path: Path) -> None:
    plain = write_lines(tmp_path / "a.json", _RECORDS)
    (tmp_path / "b.zip").write_bytes(_zip(_LINES.encode()))
    (tmp_path / "c.gz").write_bytes(gzip.compress(_LINES.encode()))
    for _ in range(2):
        shown = _Shown()
        load(store, plain, tmp_path / "b.zip", tmp_path / "c.gz", progress=shown)
        assert shown.done == shown.total > 0
        assert shown.names == [str(plain), str(tmp_path / "b.zip"), str(tmp_path / "c.gz")]
