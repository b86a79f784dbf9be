"""A project: what the nearest `carlang.toml` says of the store, extensions of the model, and folders of analytics.

```toml
store = "events"
baseline = "quiet.yaml"

[model]
extend = ["ours.yaml"]

[catalogue]
path = ["detections"]

[diagnostics]
pages = "https://wiki.example/carlang/{code}"

[sigma]
pipelines = ["names.yml"]
```

Paths are relative to the file. The nearest one counts, in the working directory or a folder above it.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from carlang.diagnostics import nearest
from carlang.errors import WrongUseError
from carlang.importers.load import Pipelines
from carlang.model import Model, load_model

FILE_NAME = "carlang.toml"
STORE_VARIABLE = "CARLANG_STORE"
PAGES_VARIABLE = "CARLANG_PAGES"

_KEYS: dict[str, tuple[str, ...]] = {
    "": ("store", "baseline", "model", "catalogue", "diagnostics", "sigma"),
    "model": ("extend",),
    "catalogue": ("path",),
    "diagnostics": ("pages",),
    "sigma": ("pipelines",),
}


class SettingsError(WrongUseError):
    """A `carlang.toml` cannot be read, has a bad value, or names a folder that is not there."""


@dataclass(frozen=True, eq=False)
class Project:
    """What a `carlang.toml` says; without one, the built-in model, what ships with the package, and the sample store.

    `search_path` has the folders, or files, whose analytics are found by id, in order; `pages` is the address of the
    pages of diagnostics, `{code}` in the place of the code; `pipelines` are files of pySigma's pipelines;
    `baseline` is the file of a baseline.
    """

    settings_file: Path | None = None
    store: Path | None = None
    extensions: tuple[Path, ...] = ()
    search_path: tuple[Path, ...] = ()
    pages: str | None = None
    pipelines: tuple[Path, ...] = ()
    baseline: Path | None = None

    @classmethod
    def find(cls, start: str | PathLike[str] | None = None) -> Project:
        """Return the project of the nearest `carlang.toml` at or above a folder, the working directory by default.

        Raises `SettingsError` for a file that is not TOML, has unknown keys, or values of the wrong type.
        """
        folder = Path.cwd() if start is None else Path(start).resolve()
        for candidate in (folder, *folder.parents):
            file = candidate / FILE_NAME
            if file.is_file():
                return cls.read(file)
        return cls()

    @classmethod
    def read(cls, file: str | PathLike[str]) -> Project:
        """Read a `carlang.toml`; raises `SettingsError`."""
        path = Path(file)
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{path} cannot be read: {error}") from error
        _known_keys(path, "", data)
        store = _path(path, data, "store", "events")
        baseline = _path(path, data, "baseline", "quiet.yaml")
        return cls(
            path,
            store,
            tuple(_beside(path, entry) for entry in _paths(path, data, "model", "extend")),
            tuple(_beside(path, entry) for entry in _paths(path, data, "catalogue", "path")),
            _address(path, data.get("diagnostics", {}).get("pages")),
            tuple(_beside(path, entry) for entry in _paths(path, data, "sigma", "pipelines")),
            baseline,
        )

    @cached_property
    def model(self) -> Model:
        """The data model with the extensions that the settings name; raises `DataFileError` for a faulty one."""
        return load_model(self.extensions)

    @cached_property
    def sigma_pipelines(self) -> Pipelines:
        """The pipelines that Sigma rules go through; raises `SettingsError` for a file that cannot be read."""
        try:
            return tuple((str(file), file.read_text(encoding="utf-8-sig")) for file in self.pipelines)
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"a pipeline cannot be read: {error}") from error

    def store_path(self, named: str | PathLike[str] | None = None) -> Path | None:
        """Return the store that was named, else `$CARLANG_STORE`, else the settings'; None stands for the sample."""
        if named is not None:
            return Path(named)
        variable = os.environ.get(STORE_VARIABLE)
        return Path(variable) if variable else self.store

    def pages_address(self) -> str | None:
        """Return the address of the pages of diagnostics, `$CARLANG_PAGES`, else the settings', or None."""
        return os.environ.get(PAGES_VARIABLE) or self.pages


def _address(file: Path, value: object) -> str | None:
    if value is None or (isinstance(value, str) and value.startswith(("https://", "http://"))):
        return value
    raise SettingsError(f'{file}: [diagnostics] `pages` is an address, such as pages = "https://wiki.example/{{code}}"')


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


def _path(file: Path, data: dict[str, Any], key: str, example: str) -> Path | None:
    """Return the path that a key names; None where it is not there."""
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise SettingsError(f'{file}: `{key}` is a path, such as {key} = "{example}"')
    return None if value is None else _beside(file, value)


def _paths(file: Path, data: dict[str, Any], table: str, key: str) -> list[str]:
    value = data.get(table, {}).get(key, [])
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise SettingsError(f"{file}: [{table}] `{key}` is a list of paths")
    return value


def _beside(file: Path, entry: str) -> Path:
    if not entry or "\0" in entry:
        raise SettingsError(f"{file}: {entry!r} is not a path")
    try:
        return file.parent / Path(entry).expanduser()
    except RuntimeError as error:  # `~name` of nobody
        raise SettingsError(f"{file}: `{entry}` is in the home of nobody that this machine knows") from error
