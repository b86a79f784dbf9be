"""What an analytic is named by: a file, a folder of them, or an id on a project's search path."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache
from pathlib import Path

from carlang.errors import WrongUseError
from carlang.importers import AnalyticFile, RuleFiles, load_file
from carlang.project.catalogue import Catalogue, CatalogueError, analytic_files, shipped_catalogue
from carlang.project.project import Project, SettingsError

_WILD = re.compile(r"[*?\[]")


class TargetError(WrongUseError):
    """A name is neither a path nor the id of an analytic, or its folder holds none."""


# Projects compare by identity: a catalogue is read once for each, and anew for the next project, whose folders may
# have changed meanwhile.
@lru_cache(maxsize=8)
def catalogue_of(project: Project) -> Catalogue:
    """Return a project's catalogue: the folders of its search path, then what ships with the package.

    Raises `SettingsError` for a folder that is not there.
    """
    if not project.search_path:
        return shipped_catalogue()
    try:
        return Catalogue(project.search_path, pipelines=project.sigma_pipelines)
    except CatalogueError as error:
        raise SettingsError(f"{project.settings_file}: {error}" if project.settings_file else str(error)) from error


def load_targets(project: Project, target: str) -> list[AnalyticFile]:
    """Return the analytics of a file, of a folder and those within it, of an id, or of a pattern of ids.

    Raises `TargetError`.
    """
    if not target:  # which Python takes for the working directory: `fmt "$FILE"` must not write over all of a folder
        raise TargetError("the name of an analytic is empty")
    path = Path(target)
    if path.is_dir():
        files = [file for file in analytic_files(path) if isinstance(file, Path)]
        if not files:
            raise TargetError(f"there are no analytics in the folder {target}")
        rules = RuleFiles(tuple(files))
        loaded = (load_file(file, pipelines=project.sigma_pipelines, rules=rules) for file in files)
        return [analytic for file in loaded for analytic in file.each]
    if path.is_file():
        return list(load_file(path, pipelines=project.sigma_pipelines).each)
    catalogue = catalogue_of(project)
    if _WILD.search(target):
        matching = fnmatch.filter([id_.casefold() for id_ in catalogue.ids], target.casefold())
        if not matching:
            raise TargetError(f"no id of an analytic is like `{target}`, and no file")
        return [analytic for id_ in matching if (analytic := catalogue.find(id_)) is not None]
    analytic = catalogue.find(target)
    if analytic is None:
        near = catalogue.suggest(target)
        meant = f"; did you mean `{near}`?" if near else ""
        raise TargetError(f"`{target}` is neither a file nor the id of an analytic{meant}")
    return [analytic]
