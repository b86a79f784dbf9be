"""What a run gives, as plain data: outputs, what could not run and why, what failed."""

from carlang.results.output import Output, Result
from carlang.results.run_report import AnalyticOutput, Failed, NotRun, RunReport

__all__ = ["AnalyticOutput", "Failed", "NotRun", "Output", "Result", "RunReport"]
