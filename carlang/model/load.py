"""Read the data model: CAR's objects as they ship with the package, and a user's extensions in the same form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from os import PathLike
from pathlib import Path

from carlang import model
from carlang.cache import Codec, Kept
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


_models = Kept("model", Codec(("carlang.model.schema", "carlang.model.types")))


def _model(extensions: Sequence[Path]) -> Model:
    """Return the model as an earlier run has put it together of the same texts, or put it together."""
    texts = list(_builtin_texts())
    try:
        # A pipe or a device may never end.
        added = [path.read_bytes() if path.is_file() else None for path in extensions]
    except OSError:
        added = [None]
    if None in added:  # which is said in full when they are read for what they are
        return model.assembled(texts, extensions)
    sources: list[str | bytes] = [part for name, text in texts for part in (name, text)]
    sources += [content for content in added if content is not None]
    kept = _models.get(sources)
    if isinstance(kept, Model):
        return kept
    made = model.assembled(texts, extensions)
    _models.put(sources, made)
    return made


def _builtin_texts() -> Iterator[tuple[str, str]]:
    folder = resources.files("carlang.model").joinpath("objects")
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    # The order of a folder is the file system's; tables, generated pages and suggestions go by the model's.
    # Ties come last, because they name classes and fields of all objects.
    ties = resources.files("carlang.model").joinpath("ties.yaml")
    for entry in (*sorted(files, key=lambda entry: entry.name), ties):
        yield entry.name, entry.read_text(encoding="utf-8")
