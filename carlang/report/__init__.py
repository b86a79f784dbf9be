"""Results to text and files: `write_report`, and the formats it knows."""

from carlang.report.formats import FORMATS, Format, FormatName, write_report
from carlang.report.navigator import coverage_layer, share_answered
from carlang.report.remarks import write_remarks
from carlang.report.streams import ReportError
from carlang.report.view import View, summary

__all__ = [
    "FORMATS",
    "Format",
    "FormatName",
    "ReportError",
    "View",
    "coverage_layer",
    "share_answered",
    "summary",
    "write_remarks",
    "write_report",
]
