"""Files that belong together, put into a folder: all of them or none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from carlang.importers.document import umask

_NEW, _FORMER = "new", "former"


def place_files(folder: Path, contents: Mapping[str, bytes | None]) -> None:
    """Have a folder hold files with these contents by name, and not those without one; other files stay.

    The folder is made where there is none, and appears with all files in it. Where it is there, the files are written
    beside those that they replace and then take their places; what is raised halfway puts all back. Raises `OSError`
    where that cannot be done, with nothing changed but folders above that were made.
    """
    is_there = folder.exists()
    above = folder if is_there else folder.parent
    above.mkdir(parents=True, exist_ok=True)
    # Beside what they are to become, as files are moved at once within one file system only.
    staged = Path(tempfile.mkdtemp(prefix=".carlang-", dir=above))
    try:
        new = staged / _NEW
        new.mkdir()
        for name, content in contents.items():
            if content is not None:
                (new / name).write_bytes(content)
        if is_there:
            _replace(folder, contents, staged)
        else:
            new.chmod(0o777 & ~umask())
            new.rename(folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _replace(folder: Path, contents: Mapping[str, bytes | None], staged: Path) -> None:
    former = staged / _FORMER
    former.mkdir()
    try:
        for name in contents:
            target, new = folder / name, staged / _NEW / name
            if target.exists():
                if new.exists():
                    new.chmod(target.stat().st_mode & 0o7777)
                target.rename(former / name)
            if new.exists():
                new.rename(target)
    except BaseException:
        for name, content in contents.items():
            target, new = folder / name, staged / _NEW / name
            if content is not None and not new.exists():
                target.unlink()
            if (former / name).exists():
                (former / name).rename(target)
        raise
