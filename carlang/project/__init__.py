"""A project: the settings of the nearest `carlang.toml`, and the catalogue of analytics on its search path."""

from carlang.project.catalogue import Catalogue, CatalogueError, analytic_files, shipped_catalogue
from carlang.project.settings import Settings, SettingsError, find_settings, read_settings

__all__ = [
    "Catalogue",
    "CatalogueError",
    "Settings",
    "SettingsError",
    "analytic_files",
    "find_settings",
    "read_settings",
    "shipped_catalogue",
]
