"""Analytic files in their three forms, `.car`, Markdown and CAR's YAML."""

from carlang.importers.analytic_file import AnalyticFile, Case, Coverage, DataSource, Form
from carlang.importers.document import Document, RewriteError, write_file
from carlang.importers.load import SUFFIXES, TESTS_SUFFIX, load_file, load_text
from carlang.importers.write import car_text, plain_program, program_id

__all__ = [
    "SUFFIXES",
    "TESTS_SUFFIX",
    "AnalyticFile",
    "Case",
    "Coverage",
    "DataSource",
    "Document",
    "Form",
    "RewriteError",
    "car_text",
    "load_file",
    "load_text",
    "plain_program",
    "program_id",
    "write_file",
]
