"""What a program says and a Sigma rule cannot."""

from __future__ import annotations

from carlang.source import Span


class UnwritableError(Exception):
    """A rule cannot say what a part of a program says; the message says why, `span` which part it is, where known."""

    def __init__(self, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.span = span
