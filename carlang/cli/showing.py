"""`carlang run --show N`: all of one hit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from carlang import triage
from carlang.cli.console import output_stream, say
from carlang.cli.declared import Option
from carlang.cli.exits import UsageError
from carlang.database import Limits
from carlang.errors import EngineError
from carlang.report import write_record, write_record_json
from carlang.results import RunReport, counted
from carlang.store import Store

if TYPE_CHECKING:
    from carlang.results import HitRecord

Show = Annotated[
    int | None,
    Option("--show", min=1, metavar="N", help="All of one hit, by its number in the table: fields, weight, processes."),
]

SHOWING_FORMATS = ("table", "json")
"""The formats in which there is a hit alone."""


def check_showing(show: int | None, format_: str, output: Path | None, other: dict[str, bool]) -> None:
    """Refuse what cannot be asked for beside one hit; raises `UsageError`."""
    if show is None:
        return
    if format_ not in SHOWING_FORMATS:
        raise UsageError(f"--show: not for {format_}; a hit is shown in {' and '.join(SHOWING_FORMATS)}")
    if output is not None:
        raise UsageError("--show: a hit is shown on standard output, and not written by --output")
    if named := [name for name, is_given in other.items() if is_given]:
        raise UsageError(f"--show: one hit has all of its columns, and none of {', '.join(named)}")


def the_hit(report: RunReport, number: int, store: Store, limits: Limits) -> HitRecord:
    """Return a hit of a run, weighed among all of them; raises `UsageError` where it has none of that number."""
    try:
        ranked = triage.ranked(report, store, limits)
    except EngineError as error:  # the hit is there all the same
        say(f"not ranked: {error}")
        ranked = report
    record = triage.hit_record(ranked, number, store, limits)
    if record is None:
        raise UsageError(f"--show: there is no hit {number:,}; the run found {counted(report.found, 'row')}")
    return record


def put_hit(record: HitRecord, format_: str) -> None:
    """Write a hit to standard output."""
    if format_ == "json":
        write_record_json(record, output_stream())
    else:
        write_record(record, output_stream())
