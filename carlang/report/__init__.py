"""Results to text and files: `write_report`, and the formats it knows."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.report.chosen import FORMATS_OF_COLUMNS, check_columns, with_columns
    from carlang.report.csv import write_csv
    from carlang.report.formats import ENDINGS, FORMATS, Format, FormatName, format_of, write_report
    from carlang.report.html import write_html
    from carlang.report.incident_table import print_summary
    from carlang.report.json import write_json, write_ndjson
    from carlang.report.markdown import write_markdown
    from carlang.report.navigator import coverage_layer, share_answered, write_navigator
    from carlang.report.overview import write_overview
    from carlang.report.parquet import write_parquet
    from carlang.report.record import write_record, write_record_json
    from carlang.report.remarks import write_remarks
    from carlang.report.schemas import SCHEMAS, schema_text
    from carlang.report.streams import ReportError
    from carlang.report.table import write_table
    from carlang.report.timeline import write_timeline
    from carlang.report.timesketch import write_timesketch
    from carlang.report.view import View, summary
    from carlang.report.why_table import print_why
    from carlang.report.xlsx import write_xlsx
else:
    __getattr__ = hand_on(
        __name__,
        {
            "report.chosen": "FORMATS_OF_COLUMNS check_columns with_columns",
            "report.csv": "write_csv()",
            "report.formats": "ENDINGS FORMATS Format FormatName format_of write_report",
            "report.html": "write_html()",
            "report.incident_table": "print_summary()",
            "report.json": "write_json() write_ndjson()",
            "report.markdown": "write_markdown()",
            "report.navigator": "coverage_layer() share_answered() write_navigator()",
            "report.overview": "write_overview",
            "report.parquet": "write_parquet()",
            "report.record": "write_record() write_record_json()",
            "report.remarks": "write_remarks()",
            "report.schemas": "SCHEMAS schema_text",
            "report.streams": "ReportError",
            "report.table": "write_table()",
            "report.timeline": "write_timeline()",
            "report.timesketch": "write_timesketch()",
            "report.view": "View summary",
            "report.why_table": "print_why()",
            "report.xlsx": "write_xlsx()",
        },
    )

__all__ = [
    "ENDINGS",
    "FORMATS",
    "FORMATS_OF_COLUMNS",
    "SCHEMAS",
    "Format",
    "FormatName",
    "ReportError",
    "View",
    "check_columns",
    "coverage_layer",
    "format_of",
    "print_summary",
    "print_why",
    "schema_text",
    "share_answered",
    "summary",
    "with_columns",
    "write_csv",
    "write_html",
    "write_json",
    "write_markdown",
    "write_navigator",
    "write_ndjson",
    "write_overview",
    "write_parquet",
    "write_record",
    "write_record_json",
    "write_remarks",
    "write_report",
    "write_table",
    "write_timeline",
    "write_timesketch",
    "write_xlsx",
]
