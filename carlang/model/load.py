"""Read the data model: CAR's objects as they ship with the package, and a user's extensions in the same form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from os import PathLike
from pathlib import Path

from carlang.cache import digest_of
from carlang.datafile import read_builtin_yaml, read_yaml_file
from carlang.model.assemble import Draft
from carlang.model.schema import Model


@cache
def builtin_model() -> Model:
    """Return CAR's data model, with the few extensions that ship with the package, marked as such."""
    return _model([])


def load_model(extensions: str | PathLike[str] | Sequence[str | PathLike[str]] = ()) -> Model:
    """Return CAR's data model with the files `extensions`, or the one file, added in order.

    Raises `DataFileError`, with the place of every fault, at the first faulty file.
    """
    if not extensions:
        return builtin_model()
    return _model([Path(path) for path in ([extensions] if isinstance(extensions, str | PathLike) else extensions)])


def _model(extensions: Sequence[Path]) -> Model:
    draft = Draft()
    texts: list[str] = []
    for name, text in _builtin_texts():
        draft.add(read_builtin_yaml(name, text), extension=False)
        texts.append(text)
    for path in extensions:
        document = read_yaml_file(path)
        draft.add(document, extension=True)
        texts.append(document.text)
    return draft.model().of_files(digest_of(*texts).hex())


def _builtin_texts() -> Iterator[tuple[str, str]]:
    folder = resources.files("carlang.model").joinpath("objects")
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    # The order of a folder is the file system's; tables, generated pages and suggestions go by the model's.
    # Ties come last, because they name classes and fields of all objects.
    ties = resources.files("carlang.model").joinpath("ties.yaml")
    for entry in (*sorted(files, key=lambda entry: entry.name), ties):
        yield entry.name, entry.read_text(encoding="utf-8")
