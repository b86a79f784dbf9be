"""Baselines: what a catalogue finds in quiet times, as exclusions in a file; see docs/baselines.md."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.baseline.conditions import condition_of, unusable_field
    from carlang.baseline.exclusions import ANY, Baseline, BaselineError, Exactly, Exclusion
    from carlang.baseline.making import make_baseline
    from carlang.baseline.reading import load_baseline, read_baseline
    from carlang.baseline.recognition import is_baseline, is_baseline_text
    from carlang.baseline.screening import Screen, Screening, remarks
    from carlang.baseline.writing import baseline_text
else:
    __getattr__ = hand_on(
        __name__,
        {
            "baseline.conditions": "condition_of() unusable_field()",
            "baseline.exclusions": "ANY Baseline BaselineError Exactly Exclusion",
            "baseline.making": "make_baseline()",
            "baseline.reading": "load_baseline() read_baseline()",
            "baseline.recognition": "is_baseline is_baseline_text",
            "baseline.screening": "Screen Screening remarks",
            "baseline.writing": "baseline_text()",
        },
    )

__all__ = [
    "ANY",
    "Baseline",
    "BaselineError",
    "Exactly",
    "Exclusion",
    "Screen",
    "Screening",
    "baseline_text",
    "condition_of",
    "is_baseline",
    "is_baseline_text",
    "load_baseline",
    "make_baseline",
    "read_baseline",
    "remarks",
    "unusable_field",
]
