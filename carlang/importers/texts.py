"""Files of analytics as texts: read where they can be, with the reason where they cannot."""

from __future__ import annotations

import stat
from pathlib import Path

from carlang.diagnostics import Diagnostic
from carlang.diagnostics.codes import FILE_UNREADABLE, NOT_UTF8
from carlang.source import Source, Span


def newlines(text: str) -> str:
    """Return a text whose lines all end in the same way."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


LARGEST = 64 * 2**20
"""How many bytes a file of an analytic may have: many times what its program may, which is read as a whole."""


def is_special(path: Path) -> bool:
    """Tell whether a path is a FIFO, a socket or a device: to read one may wait for ever, or never end."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # said when it is read
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def too_large(path: Path) -> bool:
    """Tell whether a file is larger than one of an analytic may be."""
    try:
        return path.stat().st_size > LARGEST
    except OSError:
        return False  # the same


def read_file(path: Path) -> tuple[str, Diagnostic | None]:
    """Return a file's text, or a diagnostic of why there is none."""
    if is_special(path) or too_large(path):
        reason = "no regular file" if is_special(path) else f"larger than {LARGEST // 2**20} MiB"
        return "", Diagnostic(FILE_UNREADABLE, f"`{path}` is {reason}", Source.whole(str(path), ""), Span(0, 0))
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"`{path}` cannot be read: {error.strerror or error}"
        return "", Diagnostic(FILE_UNREADABLE, message, Source.whole(str(path), ""), Span(0, 0))
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        source = Source.whole(str(path), newlines(data.decode("utf-8-sig", errors="replace")))
        offset = len(newlines(data[: error.start].decode("utf-8-sig")))
        fault = Diagnostic(NOT_UTF8, f"`{path}` is not UTF-8 text", source, Span(offset, offset + 1))
        byte = data[error.start]
        return "", fault.with_label(f"the byte 0x{byte:02X} stands for nothing here").with_help("save it as UTF-8")
