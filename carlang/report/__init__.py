"""Results to text and files: `write_report`, and the formats it knows."""

from carlang.report.errors import ReportError
from carlang.report.formats import FORMATS, Format, write_report
from carlang.report.navigator import coverage_layer
from carlang.report.options import Options
from carlang.report.remarks import write_remarks
from carlang.report.tally import summary

__all__ = ["FORMATS", "Format", "Options", "ReportError", "coverage_layer", "summary", "write_remarks", "write_report"]
