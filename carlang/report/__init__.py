"""Results to text and files: `write_report`, and the formats it knows."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.report.formats import FORMATS, Format, FormatName, write_report
    from carlang.report.navigator import coverage_layer, share_answered
    from carlang.report.remarks import write_remarks
    from carlang.report.streams import ReportError
    from carlang.report.view import View, summary
else:
    __getattr__ = hand_on(
        __name__,
        {
            "report.formats": "FORMATS Format FormatName write_report",
            "report.navigator": "coverage_layer share_answered",
            "report.remarks": "write_remarks",
            "report.streams": "ReportError",
            "report.view": "View summary",
        },
    )

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
