"""`--format html`: one page that needs nothing beside it, for readers who have no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from pyarrow import types

from carlang.diagnostics import render_all
from carlang.report.attack import is_technique, technique_url
from carlang.report.cells import printable, time_text
from carlang.report.htmltable import write_rows
from carlang.report.options import Options
from carlang.report.streams import Stream, utf8_writer
from carlang.report.stylesheet import STYLESHEET
from carlang.report.tally import Tally, counted, found
from carlang.report.values import instant, json_values
from carlang.results import AnalyticOutput, Failed, NotRun, RunReport

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>carlang report</title>
<style>{style}</style>
</head>
<body>
<main>
"""
_FOOT = """<footer><p class="note">All times are UTC. Characters that cannot be printed are shown as escapes.
An analytic that matches an event shows that it deserves a look, not that it was an attack.</p></footer>
</main>
</body>
</html>
"""


def write_html(report: RunReport, stream: Stream, options: Options) -> None:  # noqa: ARG001  # every format takes them
    """Write a run as a page of HTML without scripts and without anything to load from elsewhere."""
    write = utf8_writer(stream)
    hits = [(f"r{i}", result) for i, result in enumerate(report.results, 1) if found(result.output)]
    write(_HEAD.format(style=STYLESHEET))
    write("".join(_overview(report, hits)))
    if hits:
        write("<h2>Findings</h2>\n")
    for anchor, result in hits:
        _write_result(anchor, result, write)
    write("".join(_idle([result for result in report.results if not found(result.output)])))
    write("".join(_not_run(report)))
    write("".join(_failed(report)))
    if report.warnings:
        write(f"<h2>Warnings</h2>\n<pre>{_text(render_all(report.warnings).rstrip(), keep=_LINES)}</pre>\n")
    write(_FOOT)


_LINES = "\n"


def _text(text: str, keep: str = "") -> str:
    return escape(printable(text, keep))


def _overview(report: RunReport, hits: list[tuple[str, AnalyticOutput]]) -> Iterator[str]:
    tally = Tally.of(report)
    yield "<h1>What the analytics found</h1>\n"
    yield f'<p class="meta">Event store {_text(report.store)} · run at {time_text(instant(report.now))}</p>\n'
    yield '<div class="cards">\n'
    for kind, number, words in (
        ("hit" if tally.rows else "calm", tally.rows, "rows found"),
        ("hit" if tally.hits else "calm", tally.hits, f"of {counted(tally.ran, 'analytic')} found something"),
        ("warn" if tally.not_run else "calm", tally.not_run, "could not run"),
        ("warn" if tally.failed else "calm", tally.failed, "failed"),
    ):
        yield f'<div class="card {kind}"><b>{number}</b><span>{words}</span></div>\n'
    yield "</div>\n"
    if not report.results:
        yield "<p>No analytic ran.</p>\n"
    elif not hits:
        yield "<p>The analytics that ran found nothing.</p>\n"
    else:
        yield from _contents(hits)


def _contents(hits: list[tuple[str, AnalyticOutput]]) -> Iterator[str]:
    yield '<div class="scroll"><table>\n<thead><tr><th>Analytic</th><th>Techniques</th><th>Rows</th>'
    yield "<th>First seen</th><th>Last seen</th><th>Hosts</th></tr></thead>\n<tbody>\n"
    for anchor, result in hits:
        first, last = _seen(result)
        cells = [_techniques(result.techniques), str(found(result.output)), first, last, _hosts(result)]
        yield f'<tr><td><a href="#{anchor}">{_name(result)}</a></td>'
        yield "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"
    yield "</tbody></table></div>\n"
    if any(found(result.output) > result.output.count for _, result in hits):
        yield '<p class="note">Where a limit cut the rows, first seen, last seen and hosts are those of '
        yield "the rows shown.</p>\n"


def _seen(result: AnalyticOutput) -> tuple[str, str]:
    """Return the earliest and the latest instant among the rows, of any column that is a time of an event."""
    moments = [moment for name in ("time", "first_time", "last_time") for moment in _values(result, name, times=True)]
    return (time_text(min(moments)), time_text(max(moments))) if moments else ("", "")


def _hosts(result: AnalyticOutput) -> str:
    hosts = {host.casefold() for host in _values(result, "hostname", times=False)}
    return str(len(hosts)) if hosts else ""


def _values(result: AnalyticOutput, name: str, *, times: bool) -> list[Any]:
    table = result.output.table
    return [
        value
        for i, column in enumerate(table.column_names)
        if column.rpartition(".")[2] == name
        and (types.is_timestamp if times else types.is_string)(table.schema.types[i])
        for value in json_values(table.column(i).unique())
        if value is not None
    ]


def _write_result(anchor: str, result: AnalyticOutput, write: Callable[[str], object]) -> None:
    total = found(result.output)
    write(f'<section class="result" id="{anchor}">\n<h3>{_name(result)}</h3>\n')
    write(f'<p class="meta">{_techniques(result.techniques)} output {_text(result.output.name)} · ')
    write(f'<span class="count">{counted(total, "row")}</span>')
    if total > result.output.count:
        write(f" · showing {result.output.count} of {total} rows")
    write("</p>\n")
    if result.output.count:
        write_rows(anchor, result.output.table, write)
    write("</section>\n")


def _name(entry: AnalyticOutput | NotRun | Failed) -> str:
    return f'<span class="id">{_text(entry.analytic)}</span> {_text(entry.title)}'


def _techniques(techniques: tuple[str, ...]) -> str:
    return "".join(
        f'<a class="tag" href="{technique_url(name)}">{name}</a>'
        if is_technique(name)
        else f'<span class="tag">{_text(name)}</span>'
        for name in techniques
    )


def _idle(results: list[AnalyticOutput]) -> Iterator[str]:
    if results:
        yield '<h2>Ran and found nothing</h2>\n<ul class="plain">\n'
        for result in results:
            output = f'<span class="meta">output {_text(result.output.name)}</span>'
            yield f"<li>{_name(result)} {_techniques(result.techniques)} {output}</li>\n"
        yield "</ul>\n"


def _not_run(report: RunReport) -> Iterator[str]:
    if report.not_run:
        yield '<h2>Could not run</h2>\n<p class="note">The event store lacks what these need. '
        yield 'That does not mean that there was nothing to find.</p>\n<ul class="plain">\n'
        for entry in report.not_run:
            output = f' <span class="meta">output {_text(entry.output)}</span>' if entry.output else ""
            yield f"<li>{_name(entry)}{output}: {_text(entry.reason)}</li>\n"
        yield "</ul>\n"


def _failed(report: RunReport) -> Iterator[str]:
    if report.failed:
        yield "<h2>Failed</h2>\n"
        for entry in report.failed:
            yield f"<h3>{_name(entry)}</h3>\n"
            reasons = [entry.error or "", render_all(entry.diagnostics).rstrip()]
            yield f"<pre>{_text(_LINES.join(filter(None, reasons)), keep=_LINES)}</pre>\n"
