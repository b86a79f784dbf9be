"""What could not be read, kept in the store: a file of JSON lines for each source."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from carlang.loading.report import Rejection
from carlang.store import written_to


@dataclass(frozen=True, slots=True)
class RejectedText:
    """A text that could not be read, if there is one: where it is, and why."""

    source: str
    number: int | None
    text: str | None
    reason: str


class RejectedFile:
    """The file of one source, by its digest: a second reading of the source writes it anew."""

    def __init__(self, folder: Path, digest: str) -> None:
        # Sixteen digits of the SHA-256 tell sources apart, and the name stays short enough for every file system.
        self._path = folder / f"{digest[:16]}.ndjson"
        self._file: TextIO | None = None

    def write(self, texts: Iterable[RejectedText]) -> None:
        """Add texts; the file is made for the first.

        Raises `StoreError` where it cannot be written: an `OSError` would count as one of the source.
        """
        with written_to(self._path):
            if self._file is None:
                self._path.parent.mkdir(exist_ok=True)
                self._file = self._path.open("w", encoding="utf-8", newline="\n")
            for each in texts:
                row = {"source": each.source, "number": each.number, "reason": each.reason, "text": each.text}
                self._file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Close the file; raises `StoreError` where the rest of it cannot be written."""
        if self._file is not None:
            with written_to(self._path):
                self._file.close()


def described(rejection: Rejection) -> str:
    """Say in a line where something could not be read, and why."""
    where = rejection.source if rejection.number is None else f"{rejection.source}, {rejection.number}"
    return f"{where}: {rejection.reason}"
