"""Analytic files in their three forms, `.car`, Markdown and CAR's YAML, and the catalogue of them."""

from carlang.analytic.analytic import Analytic, Case, Coverage, DataSource, Form
from carlang.analytic.catalogue import Catalogue, CatalogueError, analytic_files, shipped_catalogue
from carlang.analytic.document import Document, RewriteError, write_file
from carlang.analytic.load import SUFFIXES, TESTS_SUFFIX, load_file, load_text
from carlang.analytic.write import car_text, plain_program, program_id

__all__ = [
    "SUFFIXES",
    "TESTS_SUFFIX",
    "Analytic",
    "Case",
    "Catalogue",
    "CatalogueError",
    "Coverage",
    "DataSource",
    "Document",
    "Form",
    "RewriteError",
    "analytic_files",
    "car_text",
    "load_file",
    "load_text",
    "plain_program",
    "program_id",
    "shipped_catalogue",
    "write_file",
]
