"""Analytic files in their three forms, `.car`, Markdown and CAR's YAML, and the catalogue of them."""

from carlang.analytic.analytic import Analytic, Case, Coverage, DataSource, Form
from carlang.analytic.catalogue import Catalogue, CatalogueError, analytic_files, shipped_catalogue
from carlang.analytic.load import SUFFIXES, TESTS_SUFFIX, load_file, load_text

__all__ = [
    "SUFFIXES",
    "TESTS_SUFFIX",
    "Analytic",
    "Case",
    "Catalogue",
    "CatalogueError",
    "Coverage",
    "DataSource",
    "Form",
    "analytic_files",
    "load_file",
    "load_text",
    "shipped_catalogue",
]
