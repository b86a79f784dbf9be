"""Recordings that Sigma rules are tested on, as commands take them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from carlang.cli.declared import Option
from carlang.cli.exits import UsageError
from carlang.cli.options import path_option
from carlang.importers import RecordingFolder

Recordings = Annotated[
    Path | None,
    Option(
        "--recordings",
        metavar="DIR",
        parser=path_option,
        help="A folder of recordings that are called by the ids of Sigma rules.",
    ),
]


def recordings_of(folder: Path | None) -> RecordingFolder | None:
    """Return the recordings of a folder that was named; raises `UsageError` for one that cannot be read."""
    try:
        return RecordingFolder.of(folder) if folder else None
    except OSError as error:
        raise UsageError(f"--recordings: {folder} cannot be read: {error.strerror or 'it is no folder'}") from error
