"""A project: the nearest `carlang.toml`, its data model, and the catalogue of analytics on its search path."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.project.catalogue import Catalogue, CatalogueError, analytic_files, shadowing, shipped_catalogue
    from carlang.project.project import Project, SettingsError
    from carlang.project.targets import TargetError, catalogue_of, load_targets
else:
    __getattr__ = hand_on(
        __name__,
        {
            "project.catalogue": "Catalogue CatalogueError analytic_files shadowing shipped_catalogue",
            "project.project": "Project SettingsError",
            "project.targets": "TargetError catalogue_of load_targets",
        },
    )

__all__ = [
    "Catalogue",
    "CatalogueError",
    "Project",
    "SettingsError",
    "TargetError",
    "analytic_files",
    "catalogue_of",
    "load_targets",
    "shadowing",
    "shipped_catalogue",
]
