r"""`--format markdown`: the run for a ticket, a wiki, a chat: incidents, a table an output, and what was not seen.

What events say stands in cells of tables and behind words of ours, never at the beginning of a line, so that of
Markdown only what acts within a line has to be escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from carlang.escapes import printable
from carlang.report.cells import texts
from carlang.report.columns import arrange
from carlang.report.incident_table import told
from carlang.report.row_blocks import ShownRows
from carlang.report.streams import Stream, utf8_writer
from carlang.report.values import instant
from carlang.report.view import OutputView, View
from carlang.results import Incident, counted, moment_text

# As references where a renderer that does not know Markdown's escapes would make HTML of it. A colon is escaped where
# it would begin an address, which some renderers make a link of; a backslash only where it would escape, as paths
# have many; an underscore not between letters, where it is none of Markdown's and names of fields have many.
_REFERENCES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_SPECIAL = re.compile(
    r"\\(?=[!-/:-@\[-`{-~]|$)|[`*{}\[\]#|~$@^<>&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.|^ | $",
    re.IGNORECASE,
)


def write_markdown(view: View, stream: Stream) -> None:
    """Write a run as Markdown with GitHub's tables: all incidents and rows, and at the end what was not seen."""
    write = utf8_writer(stream)
    write(f"# carlang run\n\n{inline(str(view.tally))}\n\nstore: {inline(view.store)}, now: {instant(view.now)}\n")
    if view.excluded_text:
        write(f"\n{inline(view.excluded_text)}\n")
    if view.triage is not None and view.triage.incidents:
        write("\n## Incidents\n\n")
        _write_table(
            ("weight", "level", "first", "hosts", "what", "techniques"), map(_row, view.triage.incidents), write
        )
    for output in view.findings:
        _write_output(output, write, are_chosen=view.chosen is not None)
    _write_list("Ran and found nothing", ("analytic", "title", "output"), _quiet(view), write)
    _write_list("Not seen", ("what", "analytic", "title", "output", "why"), view.unseen, write)
    if view.gaps_text:
        write(f"\n{inline(view.gaps_text)}\n")


def inline(text: str) -> str:
    r"""Return a text that Markdown shows as it is, on one line: `\|`, `\*`, `&lt;`; what is not printable is `\x1b`."""
    return _SPECIAL.sub(_escape, printable(text))


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    return "&#32;" if char == " " else _REFERENCES.get(char, f"\\{char}")


def _write_output(output: OutputView, write: Callable[[str], object], *, are_chosen: bool) -> None:
    write(
        f"\n## {inline(' '.join(part for part in (output.analytic, output.title) if part))}\n\n{inline(output.facts)}\n"
    )
    if output.unseen:
        write(f"\nPartly blind: {inline(output.unseen)}\n")
    if are_chosen:
        _write_rows(output, range(len(output.rows.schema)), write)
        return
    arrangement = arrange(output.rows, output.tested, output.computed)
    if arrangement.same_text:
        write(f"\n{output.every_row.capitalize()}: {inline(arrangement.same_text)}\n")
    _write_rows(output, arrangement.shown, write)
    if output.shown and (left := len(arrangement.columns) - len(arrangement.shown)):
        write(f"\n{counted(left, 'more column')} with values\n")


def _write_rows(output: OutputView, columns: Sequence[int], write: Callable[[str], object]) -> None:
    if output.shown and columns:
        rows = ShownRows(output.rows, columns, output.number)
        write("\n")
        _write_table([field.name for field in rows.fields], _rows(rows), write)


def _rows(rows: ShownRows) -> Iterator[Sequence[str]]:
    for batch in rows.batches():
        cells = [[text or "" for text in texts(column)] for column in batch.columns]
        yield from zip(*cells, strict=True)


def _row(incident: Incident) -> Sequence[str]:
    leading = incident.leading
    more = f" +{len(incident.hits) - 1}" if len(incident.hits) > 1 else ""
    return (
        f"{incident.weight.points:.1f}",
        incident.level.text,
        moment_text(incident.first) or "",
        ", ".join(incident.hosts),
        ": ".join(part for part in (f"{leading.title or leading.analytic}{more}", told(leading)) if part),
        ", ".join(incident.techniques),
    )


def _quiet(view: View) -> list[Sequence[str]]:
    return [(output.analytic, output.title, output.name) for output in view.quiet]


def _write_list(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], write: Callable[[str], object]) -> None:
    if rows:
        write(f"\n## {title}\n\n")
        _write_table(head, rows, write)


def _write_table(head: Sequence[str], rows: Iterable[Sequence[str]], write: Callable[[str], object]) -> None:
    write(_line(head) + f"|{' --- |' * len(head)}\n")
    for row in rows:
        write(_line(row))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(inline, cells))} |\n"
