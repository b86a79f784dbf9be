"""`carlang.toml`: a project's store, model extensions and folders of analytics.

```toml
store = "events"

[model]
extend = ["ours.yaml"]

[catalogue]
path = ["detections"]
```

Paths are relative to the file. The nearest one counts, in the working directory or a folder above it.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carlang.diagnostics import nearest
from carlang.errors import CarlangError

FILE_NAME = "carlang.toml"
STORE_VARIABLE = "CARLANG_STORE"

_KEYS: dict[str, tuple[str, ...]] = {"": ("store", "model", "catalogue"), "model": ("extend",), "catalogue": ("path",)}


class SettingsError(CarlangError):
    """A `carlang.toml` cannot be read or has a bad value."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the nearest `carlang.toml` says; without one, nothing. `file` is that file."""

    file: Path | None = None
    store: Path | None = None
    extend: tuple[Path, ...] = ()
    catalogue: tuple[Path, ...] = ()

    def store_path(self, given: Path | None = None) -> Path | None:
        """Return the store that was given, else `$CARLANG_STORE`, else the file's; None stands for the sample."""
        if given is not None:
            return given
        named = os.environ.get(STORE_VARIABLE)
        return Path(named) if named else self.store


def find_settings(start: Path | None = None) -> Settings:
    """Read the nearest `carlang.toml` at or above a folder, the working directory by default.

    Raises `SettingsError` for one that is not TOML, has unknown keys, or values of the wrong type.
    """
    folder = (start or Path.cwd()).resolve()
    for place in (folder, *folder.parents):
        file = place / FILE_NAME
        if file.is_file():
            return read_settings(file)
    return Settings()


def read_settings(file: Path) -> Settings:
    """Read a `carlang.toml`; raises `SettingsError`."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    _known_keys(file, "", data)
    store = data.get("store")
    if store is not None and not isinstance(store, str):
        raise SettingsError(f'{file}: `store` is a path, such as store = "events"')
    return Settings(
        file,
        _beside(file, store) if store else None,
        tuple(_beside(file, entry) for entry in _paths(file, data, "model", "extend")),
        tuple(_beside(file, entry) for entry in _paths(file, data, "catalogue", "path")),
    )


def _known_keys(file: Path, table: str, data: dict[str, Any]) -> None:
    for key, value in data.items():
        if key not in _KEYS[table]:
            near = nearest(key, _KEYS[table])
            where = f"[{table}] " if table else ""
            raise SettingsError(f"{file}: {where}unknown key `{key}`" + (f"; did you mean `{near}`?" if near else ""))
        if not table and key in _KEYS:
            if not isinstance(value, dict):
                raise SettingsError(f"{file}: `{key}` is a table, [{key}]")
            _known_keys(file, key, value)


def _paths(file: Path, data: dict[str, Any], table: str, key: str) -> list[str]:
    value = data.get(table, {}).get(key, [])
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise SettingsError(f"{file}: [{table}] `{key}` is a list of paths")
    return value


def _beside(file: Path, entry: str) -> Path:
    return file.parent / Path(entry).expanduser()
