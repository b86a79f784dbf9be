"""The tests that analytics carry: run, reported, and judged by mutants of the program."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.testing.exclusions import BASELINE, run_exclusion_tests
    from carlang.testing.expectations import Mismatch
    from carlang.testing.mutants import Mutant, mutants
    from carlang.testing.report import junit, render_result
    from carlang.testing.run import AnalyticResult, CaseResult, run_tests
    from carlang.testing.survivors import Survivor
else:
    __getattr__ = hand_on(
        __name__,
        {
            "testing.exclusions": "BASELINE run_exclusion_tests",
            "testing.expectations": "Mismatch",
            "testing.mutants": "Mutant mutants",
            "testing.report": "junit render_result",
            "testing.run": "AnalyticResult CaseResult run_tests",
            "testing.survivors": "Survivor",
        },
    )

__all__ = [
    "BASELINE",
    "AnalyticResult",
    "CaseResult",
    "Mismatch",
    "Mutant",
    "Survivor",
    "junit",
    "mutants",
    "render_result",
    "run_exclusion_tests",
    "run_tests",
]
