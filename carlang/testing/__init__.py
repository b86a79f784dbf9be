"""The tests that analytics carry: run, reported, and judged by mutants of the program."""

from carlang.testing.expectations import Mismatch
from carlang.testing.mutants import Mutant, mutants
from carlang.testing.report import junit, render_result
from carlang.testing.run import AnalyticResult, CaseResult, run_tests
from carlang.testing.survivors import Survivor

__all__ = [
    "AnalyticResult",
    "CaseResult",
    "Mismatch",
    "Mutant",
    "Survivor",
    "junit",
    "mutants",
    "render_result",
    "run_tests",
]
