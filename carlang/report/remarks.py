"""What stands after the rows, in whatever format: what could not run and why, what failed, a line of summary."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from carlang.diagnostics import render_all
from carlang.escapes import printable
from carlang.report.screen import Look, console_for, print_folded
from carlang.report.streams import Stream
from carlang.report.view import FailedView, View
from carlang.results import RunReport


def write_remarks(report: RunReport, stream: Stream, pages: str | None = None, *, brief: bool = False) -> None:
    """Write what no row can say: what could not run, what failed, and the summary.

    The table ends with it. Beside a format that holds rows alone it belongs on standard error: silence would say that
    nothing was found. What is `brief` leaves out what is neither wrong nor a gap in what was seen.
    """
    print_remarks(View.of(report, pages=pages), console_for(stream, Look()), brief=brief)


def print_remarks(view: View, console: Console, *, brief: bool = False) -> None:
    """Print what could not run, what failed, and the summary; `brief` as in `write_remarks`."""
    _print_unanswered(view, console)
    if not brief:
        _print_told_otherwise(view, console)
    _print_failed(view, console)
    if view.excluded_text:
        console.print(Text(f"{printable(view.excluded_text)}\n", style="yellow"))
    if view.gaps_text:
        console.print(Text(view.gaps_text, style="dim"))
    if not brief:
        if view.counted_text:
            console.print(Text(view.counted_text, style="dim"))
        console.print(Text(str(view.tally), style="bold"))


def _print_unanswered(view: View, console: Console) -> None:
    if view.blind:
        console.print(Text("Could not run, which does not mean that nothing is there:", style="bold yellow"))
        for entry in view.blind:
            output = f" (output {printable(entry.output)})" if entry.output else ""
            line = Text.assemble(*_name(entry.analytic, entry.title), f"{output}: {printable(entry.reason)}")
            print_folded(line, "  ", console, "    ")
        console.print()
    if view.partly:
        console.print(Text("Partly blind, so that what was not found may be there:", style="bold yellow"))
        for unseen, outputs in view.partly.items():
            print_folded(Text(printable(unseen)), "  ", console)
            print_folded(Text(printable(", ".join(outputs)), style="dim"), "    ", console)
        console.print()


def _print_told_otherwise(view: View, console: Console) -> None:
    """Print what was not asked, and which records are one row: neither leaves anything unseen."""
    if others := view.other_platforms:
        reasons = "; ".join(dict.fromkeys(printable(entry.reason) for entry in others))
        names = ", ".join(dict.fromkeys(printable(entry.analytic) for entry in others))
        console.print(Text.assemble(("Not asked", "bold"), f", as {reasons}:"))
        print_folded(Text(names), "  ", console)
        console.print()
    if view.tied:
        classes = printable(", ".join(view.tied))
        console.print(Text(f"Records of two sensors that tell of one occurrence are one row: {classes}", style="dim"))
        console.print()


def _print_failed(view: View, console: Console) -> None:
    if view.failed:
        console.print(Text("Failed:", style="bold red"))
        for failure in view.failed:
            _print_failure(failure, console)
        console.print()
        if view.see_text:
            console.print(Text(f"{view.see_text}\n", style="dim"), soft_wrap=True)


def _print_failure(failure: FailedView, console: Console) -> None:
    console.print(Text.assemble("  ", *_name(failure.analytic, failure.title)))
    if failure.error:
        for line in failure.error.splitlines():
            print_folded(Text(printable(line)), "    ", console)
    if failure.diagnostics:
        painted = render_all(failure.diagnostics, colour=console.color_system is not None).rstrip("\n")
        for line in painted.split("\n"):  # harmless as they come: only what they are painted with is a sequence
            console.print(Text.from_ansi(f"    {line}"), soft_wrap=True)


def _name(analytic: str, title: str) -> list[tuple[str, str] | str]:
    return [(printable(analytic), "bold"), f" {printable(title)}" if title else ""]
