"""Standard input, FIFOs and open descriptors: read once, into a file on disk that readers can seek in."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from carlang.readers import tuning
from carlang.readers.deadline import Deadline
from carlang.readers.expansion import RAISE, size_text
from carlang.readers.sources import DESCRIPTOR, STANDARD_INPUT_NAME, SourceFile


class TerminalError(OSError):
    """A source is a terminal, at which nobody would type a log."""

    def __init__(self) -> None:
        super().__init__(None, "it is a terminal; send a log into it (`carlang ingest - < FILE`), or name files")


def spool(source: SourceFile, target: Path, limit: int | None, deadline: Deadline) -> str | None:
    """Copy a stream into a file; returns what was left out, if anything, with the remedy.

    `limit` is the most bytes that are taken, `tuning.EXPANDED` where None. Raises `OSError` where there is nothing to
    read from, `TimeUpError` where the time is up before the stream ends.
    """
    most = tuning.EXPANDED if limit is None else limit
    with target.open("wb") as file, _opened(source) as pieces:
        for piece in pieces(deadline):
            room = most - file.tell()
            file.write(piece[:room])
            if len(piece) > room:
                return f"what comes after the first {size_text(most)} was not read; {RAISE}"
    return None


class _Pieces:
    """The pieces of an open descriptor; where the system can tell, none is waited for longer than there is time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __call__(self, deadline: Deadline) -> Iterator[bytes]:
        while True:
            self._wait(deadline)
            try:
                piece = os.read(self._descriptor, tuning.PIECE)
            except BlockingIOError:
                continue
            if not piece:
                return
            yield piece

    def _wait(self, deadline: Deadline) -> None:
        if not hasattr(select, "poll"):  # Windows: a read waits for as long as it takes
            deadline.check()
            return
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN | select.POLLHUP)
        while True:
            deadline.check()
            if poll.poll(tuning.SPOOL_WAIT * 1000):
                return


class _TextPieces:
    """The pieces of a standard input that is no file, as a program that embeds carlang may have put in its place."""

    def __init__(self, text: TextIO) -> None:
        self._text = text

    def __call__(self, deadline: Deadline) -> Iterator[bytes]:
        while piece := self._text.read(tuning.PIECE):
            deadline.check()
            yield piece.encode("utf-8", "surrogateescape")


@contextmanager
def _opened(source: SourceFile) -> Iterator[_Pieces | _TextPieces]:
    if source.name == STANDARD_INPUT_NAME:
        try:
            descriptor = sys.stdin.fileno()
        except (AttributeError, OSError, ValueError):
            if sys.stdin is None or sys.stdin.closed:
                raise OSError(None, "there is no standard input") from None
            yield _TextPieces(sys.stdin)
            return
        _refuse_terminal(descriptor)
        yield _Pieces(descriptor)
        return
    descriptor = _open(source.path)
    try:
        _refuse_terminal(descriptor)
        yield _Pieces(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    if match := DESCRIPTOR.fullmatch(str(path)):
        # What is open is taken as it is: a socket cannot be opened by its path.
        number = match[1] or match[2]
        return os.dup(int(number) if number else 0)
    # Without the flag, opening a FIFO would wait for a writer, and nothing could end that.
    return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))


def _refuse_terminal(descriptor: int) -> None:
    if os.isatty(descriptor):
        raise TerminalError
