"""What a run gives, as plain data: outputs, what could not run and why, what failed."""

from carlang.results.output import Output
from carlang.results.reasons import (
    FieldNeverFilled,
    HollowRecords,
    MissingParameter,
    NoEvents,
    Reason,
    WrongParameter,
    reason_json,
)
from carlang.results.result import Result
from carlang.results.run_report import AnalyticOutput, Failed, NotRun, RunReport
from carlang.results.wording import reasons_text

__all__ = [
    "AnalyticOutput",
    "Failed",
    "FieldNeverFilled",
    "HollowRecords",
    "MissingParameter",
    "NoEvents",
    "NotRun",
    "Output",
    "Reason",
    "Result",
    "RunReport",
    "WrongParameter",
    "reason_json",
    "reasons_text",
]
