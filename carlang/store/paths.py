"""The files that a log names: where each is, and whether it is there as the log says."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from carlang.store.copies import LOG_FOLDER
from carlang.store.files import damaged

# A Parquet file begins and ends with it.
_MAGIC = b"PAR1"
_URL = re.compile("[A-Za-z][A-Za-z0-9+.-]*:")


def path_within(store: Path, name: str) -> Path:
    """Return the path of a file that the log names.

    Delta allows absolute paths and URLs, for tables that share files. A store that somebody handed over could name any
    file of its reader's that way, also through a symbolic link in it, and `compact` would copy it in.
    """
    relative = Path(unquote(name))  # the log holds paths as parts of URLs
    path = store / relative
    is_outside = relative.anchor or ".." in relative.parts or _URL.match(name) or _URL.match(relative.as_posix())
    if is_outside or not path.resolve().is_relative_to(store.resolve()):
        raise damaged(store / LOG_FOLDER, f"it names a file outside of the store, {relative}")
    return path


def check_size(path: Path, size: int) -> None:
    """Check that a file of the log exists, has the size that the log says, and begins and ends as Parquet does.

    Its pages are not read. Without this a file that was cut short would be noticed in the middle of a run, or never.
    """
    try:
        actual = path.stat().st_size
        if actual != size:
            raise damaged(path, f"it has {actual} bytes where the log says {size}")
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
            file.seek(-len(_MAGIC), 2)
            if (head, file.read()) != (_MAGIC, _MAGIC):
                raise damaged(path, "it is not a Parquet file")
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from error
