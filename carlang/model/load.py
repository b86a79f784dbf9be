"""Read the data model: CAR's objects as they ship with the package, and a user's extensions in the same form."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from os import PathLike
from pathlib import Path

from carlang.datafile import read_builtin_yaml, read_yaml_file
from carlang.model.assemble import Draft
from carlang.model.schema import Model


@cache
def builtin_model() -> Model:
    """Return CAR's data model, with the few extensions that ship with the package, marked as such."""
    return _builtin_draft().model()


def load_model(extensions: str | PathLike[str] | Sequence[str | PathLike[str]] = ()) -> Model:
    """Return CAR's data model with the files `extensions`, or the one file, added in order.

    Raises `DataFileError`, with the place of every fault, at the first faulty file.
    """
    if not extensions:
        return builtin_model()
    draft = _builtin_draft()
    for path in [extensions] if isinstance(extensions, str | PathLike) else extensions:
        draft.add(read_yaml_file(Path(path)), extension=True)
    return draft.model()


def _builtin_draft() -> Draft:
    draft = Draft()
    folder = resources.files("carlang.model").joinpath("objects")
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    # The order of a folder is the file system's; tables, generated pages and suggestions go by the model's.
    for entry in sorted(files, key=lambda entry: entry.name):
        draft.add(read_builtin_yaml(entry.name, entry.read_text(encoding="utf-8")), extension=False)
    # Last, because ties name classes and fields of all objects.
    ties = resources.files("carlang.model").joinpath("ties.yaml")
    draft.add(read_builtin_yaml(ties.name, ties.read_text(encoding="utf-8")), extension=False)
    return draft
