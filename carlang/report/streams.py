"""Where reports go: exact UTF-8 into files and pipes, and text that a terminal can show."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, BinaryIO, cast

from carlang.errors import WrongUseError

Stream = IO[str] | IO[bytes]


class ReportError(WrongUseError):
    """A report cannot be written in this format, or not to this stream."""


def is_text(stream: Stream) -> bool:
    """Tell whether a stream takes text; wrappers of temporary files inherit from neither base class of `io`."""
    return hasattr(stream, "encoding")


def utf8_writer(stream: Stream) -> Callable[[str], object]:
    """Return a function that writes text as UTF-8, whatever encoding and newlines a text stream has of its own.

    A text stream that wraps bytes, as standard output does, is written beneath its wrapper: a JSON file must not turn
    out as cp1252, nor the line ends of CSV doubled. Lone surrogates come out as the escapes that Python would show.
    """
    if is_text(stream) and not hasattr(stream, "buffer"):
        text = cast("IO[str]", stream)
        return lambda part: text.write(valid(part))
    raw = binary(stream)
    return lambda part: raw.write(part.encode("utf-8", "backslashreplace"))


def valid(text: str) -> str:
    """Return a text without lone surrogates, which UTF-8 cannot hold; file names may bring them."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def binary(stream: Stream) -> BinaryIO:
    """Return the stream of bytes that a stream is, or wraps.

    Raises:
        ReportError: the stream holds text alone, such as `io.StringIO`.
    """
    if not is_text(stream):
        return cast("BinaryIO", stream)
    raw = getattr(stream, "buffer", None)
    if raw is None:
        raise ReportError("this format is not text: give a file to write to (`--output PATH`)")
    stream.flush()
    return cast("BinaryIO", raw)


def file_or_pipe(stream: Stream, format_: str) -> BinaryIO:
    """Return the stream of bytes that a stream is, or wraps, for a format that no terminal can show.

    Raises:
        ReportError: the stream holds text alone, or is a terminal.
    """
    raw = binary(stream)
    if raw.isatty():
        raise ReportError(f"{format_} is not for a terminal: give a file to write to (`--output PATH`)")
    return raw


class Screen:
    """A stream as rich wants it: it takes text, knows its encoding, and shows what that encoding lacks as escapes."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._text = is_text(stream)
        self.encoding: str = (getattr(stream, "encoding", None) if self._text else None) or "utf-8"

    def write(self, text: str) -> int:
        """Write a text."""
        data = text.encode(self.encoding, "backslashreplace")
        if self._text:
            cast("IO[str]", self._stream).write(data.decode(self.encoding))
        else:
            cast("IO[bytes]", self._stream).write(data)
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Tell whether the stream is a terminal."""
        return self._stream.isatty()
