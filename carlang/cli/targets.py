"""What a command works on: files, folders, catalogue ids, standard input, or text given with `-e`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from carlang.api import Analytic
from carlang.cli.exits import UsageError
from carlang.importers import AnalyticFile, load_file, load_text
from carlang.model import Model
from carlang.project import Catalogue, CatalogueError, analytic_files
from carlang.project.settings import Settings

STANDARD_INPUT = "-"
STANDARD_INPUT_NAME = "<stdin>"
EXPRESSION_NAME = "<-e>"


def find_analytics(targets: Sequence[str], expression: str | None, settings: Settings, model: Model) -> list[Analytic]:
    """Return the analytics that targets name, in order, each once.

    Raises a usage error where there is no target, or one that is neither a path nor an id.
    """
    found: list[AnalyticFile] = []
    if expression is not None:
        found.append(load_text(expression, EXPRESSION_NAME))
    for target in targets:
        found += _target(target, settings)
    if not found:
        message = "name an analytic: a file, a folder, a catalogue id, `-`, or `-e` and the program itself"
        raise UsageError(message)
    unique = {(analytic.file, analytic.id): analytic for analytic in found}
    catalogue = catalogue_of(settings)
    return [Analytic(analytic, model, catalogue) for analytic in unique.values()]


def _target(target: str, settings: Settings) -> list[AnalyticFile]:
    if target == STANDARD_INPUT:
        return [load_text(sys.stdin.read(), STANDARD_INPUT_NAME)]
    path = Path(target)
    if path.is_dir():
        files = [file for file in analytic_files(path) if isinstance(file, Path)]
        if not files:
            raise UsageError(f"there are no analytics in the folder {target}")
        return [load_file(file) for file in files]
    if path.is_file():
        return [load_file(path)]
    return [_by_id(target, settings)]


def _by_id(target: str, settings: Settings) -> AnalyticFile:
    catalogue = catalogue_of(settings)
    analytic = catalogue.find(target)
    if analytic is None:
        message = f"`{target}` is neither a file nor the id of an analytic"
        if near := catalogue.suggest(target):
            message += f"; did you mean `{near}`?"
        raise UsageError(message)
    return analytic


def catalogue_of(settings: Settings) -> Catalogue:
    """Return the catalogue: the folders that the settings name, then what ships with the package."""
    try:
        return Catalogue(settings.catalogue)
    except CatalogueError as error:
        raise UsageError(f"{settings.file}: {error}") from error
