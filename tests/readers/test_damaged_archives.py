"""Archives that are cut, damaged or odd: what can be read is, and what was lost is said with its place."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from carlang.readers.compression import zstd
from tests.readers.damage import json_line, read_content


def _lines(names: str) -> bytes:
    return "".join(json_line(name) + "\n" for name in names).encode()


_MEMBERS = {"one": "AB", "two": "CD", "three": "EF"}
_ALL = list("ABCDEF")


def _tar(form: int = tarfile.USTAR_FORMAT, stretch: int = 1) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, names in _MEMBERS.items():
            entry = tarfile.TarInfo(name * stretch)
            entry.size = len(_lines(names))
            archive.addfile(entry, io.BytesIO(_lines(names)))
    return buffer.getvalue()


class _Unseekable(io.RawIOBase):
    def __init__(self, target: io.BytesIO) -> None:
        self._target = target

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        return self._target.write(data)


def _zip(*, streamed: bool = False, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(_Unseekable(buffer) if streamed else buffer, "w", method) as archive:
        for name, names in _MEMBERS.items():
            archive.writestr(name, _lines(names))
    return buffer.getvalue()


def _set(content: bytes, position: int, value: bytes) -> bytes:
    return content[:position] + value + content[position + len(value) :]


_TAR = _tar()
_TWO = _TAR.index(b"two")
_THREE = _TAR.index(b"three")
_END = _TAR.rindex(b"}") // 512 * 512 + 512
_MISSING_END = "the blocks that end it are missing"


@pytest.mark.parametrize(
    ("content", "names", "said"),
    [
        pytest.param(
            _TAR[:_THREE], "ABCD", [f"log: the tar file is cut off at byte {_THREE}: {_MISSING_END}"], id="border"
        ),
        pytest.param(_TAR[:_END], "ABCDEF", [f"log: the tar file is cut off at byte {_END}: {_MISSING_END}"], id="end"),
        pytest.param(_TAR[: _END + 512], "ABCDEF", [f"at byte {_END + 512}: {_MISSING_END}"], id="one block of zeros"),
        pytest.param(_TAR[: _THREE + 100], "ABCD", [f"at byte {_THREE}: no header", _MISSING_END], id="in a header"),
        pytest.param(
            _TAR[: _THREE + 512 + len(_lines("E"))],
            "ABCDE",
            ["log!three: it breaks off", _MISSING_END],
            id="in a member",
        ),
        pytest.param(_set(_TAR, _TWO, b"X"), "ABCDEF", [f"log: the tar file is damaged at byte {_TWO}"], id="checksum"),
        pytest.param(_set(_TAR, 0, b"X"), "ABCDEF", ["log: the tar file is damaged at byte 0"], id="first checksum"),
        pytest.param(_set(_TAR, _TWO + 124, b"7"), "ABCDEF", [f"damaged at byte {_TWO}"], id="size"),
        pytest.param(_set(_TAR, _TWO, bytes(512)), "ABCDEF", [f"damaged at byte {_TWO + 512}"], id="header of zeros"),
        pytest.param(_TAR + b"junk" * 300, "ABCDEF", [f"damaged at byte {len(_TAR)}"], id="junk behind it"),
        pytest.param(_TAR + _TAR, "AABBCCDDEEFF", [], id="two"),
        pytest.param(_tar(tarfile.PAX_FORMAT, 60), "ABCDEF", [], id="long names"),
        pytest.param(_tar(tarfile.GNU_FORMAT, 60), "ABCDEF", [], id="GNU's long names"),
    ],
)
def test_a_tar_file_is_read_to_its_end_marker(content: bytes, names: str, said: list[str]) -> None:
    read, faults = read_content(content)
    assert "".join(read) == names
    assert all(any(text in fault for fault in faults) for text in said), faults
    assert bool(faults) == bool(said)


def test_a_sparse_member_of_a_tar_file_is_read() -> None:
    """As GNU tar's old form has it: the first block of the member at 0, nothing else but zeros."""
    entry = tarfile.TarInfo("sparse")
    content = (_lines("A") + b"\n" * 512)[:512]
    entry.size, entry.type = len(content), tarfile.GNUTYPE_SPARSE
    header = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"%011o\0%011o\0" % (0, 512)
    header[482:483] = b"\0"
    header[483:495] = b"%011o\0" % 1024
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert read_content(bytes(header) + content + bytes(1024))[0] == ["A"]


def test_links_and_devices_of_a_tar_file_are_passed_over_and_kinds_that_nobody_knows_are_read() -> None:
    kinds = [tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for number, kind in enumerate([*kinds, b"Z", tarfile.CONTTYPE, tarfile.REGTYPE]):
            entry = tarfile.TarInfo(str(number))
            entry.type = kind
            entry.size = 0 if kind in kinds else len(_lines("A"))
            archive.addfile(entry, io.BytesIO(_lines("A")))
    assert read_content(buffer.getvalue()) == (["A"] * 3, [])


_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    # Without its checksum, which is optional, Zstandard does not notice all damage.
    "Zstandard": lambda content: zstd.compress(content, options={zstd.CompressionParameter.checksum_flag: 1}),
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}


@pytest.mark.parametrize("kind", _COMPRESS)
def test_what_is_compressed_is_read_to_its_end(kind: str) -> None:
    compress = _COMPRESS[kind]
    one, two = compress(_lines("ABC")), compress(_lines("DEF"))
    assert read_content(one + two) == (_ALL, [])
    assert read_content(one + bytes(512) + two) == (_ALL, [])
    assert read_content(one + two + b"\r\n") == (_ALL, [])
    assert read_content(one + b"garbage" + two) == (_ALL, [f"log: 7 bytes at byte {len(one)} are no {kind} stream"])
    assert read_content(one + two + b"garbage") == (
        _ALL,
        [f"log: 7 bytes at byte {len(one + two)} are no {kind} stream"],
    )
    cut = read_content(one + two[:-3])
    assert set(cut[0]) >= set("ABC")
    assert cut[1][-1] == "log: it breaks off: the compressed data ends before the end of its stream"
    damaged, faults = read_content(_set(one, len(one) // 2, b"\xff" * 9) + two)
    assert set(damaged) >= set("DEF")
    assert any("it breaks off" in fault for fault in faults)
    assert read_content(compress(_TAR[:_THREE])) == (
        list("ABCD"),
        [f"log: the tar file is cut off at byte {_THREE}: {_MISSING_END}"],
    )


def test_a_wrong_checksum_of_gzip_costs_nothing() -> None:
    content = gzip.compress(_lines("ABC"))
    read, faults = read_content(_set(content, len(content) - 8, b"abcd"))
    assert (read, len(faults)) == (["A", "B", "C"], 1)


_METHODS = [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED]


@pytest.mark.parametrize("streamed", [False, True], ids=["with sizes", "streamed"])
@pytest.mark.parametrize("method", _METHODS, ids=["deflated", "stored"])
def test_a_zip_file_without_its_directory_is_read_by_its_members(method: int, *, streamed: bool) -> None:
    content = _zip(streamed=streamed, method=method)
    directory = content.index(b"PK\x01\x02")
    assert read_content(content[:directory]) == (_ALL, ["log: the zip file is damaged: File is not a zip file"])
    assert read_content(_set(content, directory, b"XX"))[0] == _ALL
    read, faults = read_content(content[: directory - 40])
    assert set(read) >= set("ABCD")
    assert len(faults) >= 2


@pytest.mark.parametrize("method", _METHODS, ids=["deflated", "stored"])
def test_a_member_of_a_zip_file_whose_checksum_is_wrong_is_read_and_named(method: int) -> None:
    content = _zip(method=method)
    directory = content.index(b"PK\x01\x02")
    crc = content.index(b"PK\x01\x02", directory + 1) + 16
    assert read_content(_set(content, crc, b"abcd")) == (
        _ALL,
        ["log!two: it breaks off: it is damaged: its checksum is not that in the archive"],
    )


def test_members_of_a_zip_file_that_cannot_be_opened_are_named_and_the_others_read() -> None:
    content = _zip()
    two = content.index(b"PK\x03\x04", 4)
    directory = content.index(b"PK\x01\x02")
    entry = content.index(b"PK\x01\x02", directory + 1)
    encrypted = _set(_set(content, entry + 8, b"\1"), two + 6, b"\1")
    assert read_content(encrypted) == (list("ABEF"), ["log: two cannot be unpacked: it is encrypted"])
    unknown = _set(_set(content, entry + 10, b"\x63"), two + 8, b"\x63")
    read, faults = read_content(unknown)
    assert (read, len(faults)) == (list("ABEF"), 1)
    renamed = _set(content, two + 30, b"TWO")
    assert read_content(renamed)[0] == _ALL
    assert len(read_content(renamed)[1]) == 1


def test_what_the_directory_of_a_zip_file_leaves_out_is_read_and_said() -> None:
    content = _zip()
    directory = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", directory + 1)
    end = bytearray(content[content.index(b"PK\x05\x06") :])
    kept = content[directory:second]
    end[8:12] = b"\1\0\1\0"
    end[12:16] = len(kept).to_bytes(4, "little")
    read, faults = read_content(content[:directory] + kept + bytes(end))
    assert read == _ALL
    assert "its directory leaves out" in faults[0]


def test_members_of_the_same_name_and_of_the_long_form_are_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, names in {"same": "AB", "five": "CD"}.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(_lines(names))
    content = buffer.getvalue().replace(b"five", b"same")
    assert read_content(content) == (list("ABCD"), [])
    assert read_content(content[: content.index(b"PK\x01\x02")])[0] == list("ABCD")


def test_damage_of_an_archive_in_an_archive_costs_no_neighbour() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("in.zip", _zip()[:-40])
        archive.writestr("in.tar.gz", gzip.compress(_TAR)[:-9])
        archive.writestr("plain", _lines("XYZ"))
    read, faults = read_content(buffer.getvalue())
    assert "".join(read) == "AABBCCDDEEFFXYZ"
    assert {fault.partition(": ")[0] for fault in faults} >= {"log!in.zip"}
    assert any(fault.startswith("log!in.tar.gz") for fault in faults)


@pytest.mark.parametrize(
    ("magic", "kind"), [(b"7z\xbc\xaf\x27\x1c", "7-Zip"), (b"Rar!\x1a\x07\1\0", "RAR"), (b"MSCF", "cabinet")]
)
def test_archives_that_are_not_unpacked_are_named(magic: bytes, kind: str) -> None:
    (fault,) = read_content(magic + bytes(range(256)) * 4)[1]
    assert kind in fault
    assert "not unpacked" in fault
