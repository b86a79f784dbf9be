"""What this room raises."""

from __future__ import annotations

from carlang.errors import CarlangError


class ReportError(CarlangError):
    """A report cannot be written in this format, or not to this stream."""
