"""Analytic files in their forms: `.car`, Markdown, CAR's YAML, and Sigma rules."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.importers.analytic_file import (
        AnalyticFile,
        AtLeast,
        Case,
        Coverage,
        D3fendMapping,
        DataSource,
        EquivalentMutant,
        Form,
        Implementation,
        Related,
        TruePositive,
        UnitTest,
    )
    from carlang.importers.cases import CASE_KEYS, ExclusionCaseEntry, read_tests, read_tests_beside
    from carlang.importers.document import Document, RewriteError, write_file
    from carlang.importers.facts import facts
    from carlang.importers.forms import read_car, read_markdown, read_yaml_form
    from carlang.importers.load import SUFFIXES, TESTS_SUFFIX, load_file, load_text
    from carlang.importers.metadata import Reader
    from carlang.importers.placing import place_files
    from carlang.importers.recordings import RecordingFolder, with_recordings
    from carlang.importers.rule_files import RuleFiles
    from carlang.importers.scaffold import scaffold
    from carlang.importers.sigma_form import read_sigma, sigma_field, sigma_problem
    from carlang.importers.texts import read_file
    from carlang.importers.write import car_text, plain_program, program_id, tests_text
else:
    __getattr__ = hand_on(
        __name__,
        {
            "importers.analytic_file": (
                "AnalyticFile AtLeast Case Coverage D3fendMapping DataSource EquivalentMutant Form Implementation "
                "Related TruePositive UnitTest"
            ),
            "importers.cases": "CASE_KEYS ExclusionCaseEntry read_tests read_tests_beside",
            "importers.document": "Document RewriteError write_file",
            "importers.facts": "facts",
            "importers.forms": "read_car read_markdown read_yaml_form",
            "importers.load": "SUFFIXES TESTS_SUFFIX load_file load_text",
            "importers.metadata": "Reader",
            "importers.placing": "place_files",
            "importers.recordings": "RecordingFolder with_recordings",
            "importers.rule_files": "RuleFiles",
            "importers.scaffold": "scaffold",
            "importers.sigma_form": "read_sigma sigma_field() sigma_problem()",
            "importers.texts": "read_file",
            "importers.write": "car_text plain_program program_id tests_text",
        },
    )

__all__ = [
    "CASE_KEYS",
    "SUFFIXES",
    "TESTS_SUFFIX",
    "AnalyticFile",
    "AtLeast",
    "Case",
    "Coverage",
    "D3fendMapping",
    "DataSource",
    "Document",
    "EquivalentMutant",
    "ExclusionCaseEntry",
    "Form",
    "Implementation",
    "Reader",
    "RecordingFolder",
    "Related",
    "RewriteError",
    "RuleFiles",
    "TruePositive",
    "UnitTest",
    "car_text",
    "facts",
    "load_file",
    "load_text",
    "place_files",
    "plain_program",
    "program_id",
    "read_car",
    "read_file",
    "read_markdown",
    "read_sigma",
    "read_tests",
    "read_tests_beside",
    "read_yaml_form",
    "scaffold",
    "sigma_field",
    "sigma_problem",
    "tests_text",
    "with_recordings",
    "write_file",
]
