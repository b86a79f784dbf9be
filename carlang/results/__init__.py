"""What a run gives, as plain data: outputs, what could not run and why, what failed."""

from carlang.results.results import AnalyticOutput, Failed, NotRun, Output, Result, RunReport

__all__ = ["AnalyticOutput", "Failed", "NotRun", "Output", "Result", "RunReport"]
