"""What could not be read, kept in the store: a file of JSON lines for each source."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from carlang.loading.report import Rejection

Row = tuple[str, int | None, str | None, str]
"""Source, number, text and reason."""


class RejectedFile:
    """The file of one source, by its digest: a second reading of the source writes it anew."""

    def __init__(self, folder: Path, digest: str) -> None:
        self._path = folder / f"{digest[:16]}.ndjson"
        self._file: TextIO | None = None

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        if self._file is None:
            self._path.parent.mkdir(exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8", newline="\n")
        for source, number, text, reason in rows:
            row = {"source": source, "number": number, "reason": reason, "text": text}
            self._file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def described(rejection: Rejection) -> str:
    """Say in a line where something could not be read, and why."""
    place = rejection.source if rejection.number is None else f"{rejection.source}, {rejection.number}"
    return f"{place}: {rejection.reason}"
