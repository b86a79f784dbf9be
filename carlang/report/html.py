"""`--format html`: one page that needs nothing beside it, for readers who have no terminal."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from importlib import resources
from typing import Any

import pyarrow as pa
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape
from pyarrow import types

from carlang.diagnostics import render_all
from carlang.escapes import printable
from carlang.model.types import field_of
from carlang.report.cells import texts, time_text
from carlang.report.columns import Arrangement, arrange
from carlang.report.incident_table import told
from carlang.report.page_data import Held, data_blocks, harmless
from carlang.report.page_matrix import matrix, technique_named
from carlang.report.page_summary import Summary
from carlang.report.page_unseen import Unseen
from carlang.report.streams import Stream, utf8_writer
from carlang.report.values import instant, json_text
from carlang.report.view import OutputView, View, is_technique, technique_url
from carlang.report.why_json import why_json
from carlang.results import Hit, Incident, ProcessNode, counted, first_rows, moment_text, second_text, with_depths

_SIDE_BY_SIDE = 10  # more columns than these do not fit beside each other on a laptop's screen
_SHOWN = 8  # so many of them stay then, which leaves the last column to the details
ROWS_WITHOUT_SCRIPT = 10
"""How many rows of an output stand in the page itself: 50,000 rows of cells take a browser many seconds to lay out."""
INCIDENTS_WITHOUT_SCRIPT = 50  # of which the same is true
HITS_WITHOUT_SCRIPT = 20  # of an incident, the heaviest; and
_PROCESSES = 50  # of its tree, parents first: two screens of lines
_REASONS = 5  # for which outputs could not run, and hosts that were seen least, on the first screen
_SCRIPTS = (
    *("dom", "data", "address", "filter", "timeline", "record", "hits", "incidents", "entities", "analytics"),
    "page",
)
_PIECES = 512  # of the template's output that are joined to be written at once
_LONG = frozenset({"command_line", "parent_command_line", "image_path", "file_path", "content", "value"})


def write_html(view: View, stream: Stream) -> None:
    """Write a run as a page of HTML that loads nothing from elsewhere.

    What can be read without the page's script stands first, so that it is painted before the rows are there. These
    follow as data; they are read, written and forgotten.
    """
    write = utf8_writer(stream)
    findings = [Finding(f"r{number}", output) for number, output in enumerate(view.outputs, 1) if output.total]
    incidents = view.triage.incidents if view.triage else ()
    held = Held.of(view)
    pieces = (
        _environment()
        .get_template("page.html")
        .stream(
            view=view,
            tally=view.tally,
            findings=sorted(findings, key=lambda finding: -(finding.output.weight or 0.0)),
            summary=Summary.of(view),
            matrix=matrix(view),
            unseen=Unseen.of(view),
            held=held,
            incidents=[IncidentView.of(incident) for incident in incidents[:INCIDENTS_WITHOUT_SCRIPT]],
            more_incidents=max(0, len(incidents) - INCIDENTS_WITHOUT_SCRIPT),
        )
    )
    pieces.enable_buffering(_PIECES)
    for piece in pieces:
        write(piece)
    arrangements = {finding.anchor: finding.arrangement for finding in findings}
    for block in data_blocks(
        view, [arrangements.get(f"r{number}") for number in range(1, len(view.outputs) + 1)], held
    ):
        write(block)
    write("</body>\n</html>\n")


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the texts of the columns side by side, and names and texts of the others that have a value."""

    cells: tuple[str | None, ...]
    details: tuple[tuple[str, str], ...]


class Finding:
    """An output that found rows, as the page shows it: the columns side by side, and those in the details of a row."""

    def __init__(self, anchor: str, output: OutputView) -> None:
        self.anchor = anchor
        self.output = output
        self.seen = [time_text(instant) for instant in output.seen() or ()]
        self.arrangement = arrangement = arrange(output.rows, output.tested, output.computed)
        shown = _side_by_side(arrangement)
        self._columns = [*shown, *(index for index in arrangement.columns if index not in shown)]
        fields = [output.rows.schema.field(index) for index in self._columns]
        names = [field.name for field in fields]
        count = len(shown)
        self.names = names[:count]
        self.classes = [_class(field) for field in fields][:count]
        self.hidden = names[count:]
        self.constants = arrangement.constants
        self.empty = arrangement.empty

    def rows(self) -> Iterator[Row]:
        """Yield the first rows: those that can be read without the page's script."""
        count = len(self.names)
        for batch in first_rows(self.output.rows, ROWS_WITHOUT_SCRIPT).to_batches():
            cells = (texts(batch.column(index), keep="\n\t") for index in self._columns)
            for row in zip(*cells, strict=True):
                pairs = zip(self.hidden, row[count:], strict=True)
                yield Row(row[:count], tuple((name, text) for name, text in pairs if text is not None))


def _side_by_side(arrangement: Arrangement) -> list[int]:
    """Return the columns that stand beside each other: all where they are few, else those that are needed most."""
    if len(arrangement.columns) <= _SIDE_BY_SIDE:
        return list(arrangement.columns)
    needed = sorted(zip(arrangement.need, arrangement.shown, strict=True), key=lambda column: column[0])[:_SHOWN]
    kept = {index for _, index in needed}
    return [index for index in arrangement.shown if index in kept]


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident as it is read without the page's script: its hits, and its processes with their depth in the tree.

    Of many hits these are the heaviest, in the order in which they happened.
    """

    incident: Incident
    told: str
    techniques: tuple[str, ...]
    hits: tuple[tuple[Hit, str], ...]
    more_hits: int
    processes: tuple[tuple[int, ProcessNode], ...]
    more_processes: int

    @classmethod
    def of(cls, incident: Incident) -> IncidentView:
        """View an incident; its processes stand parents before children."""
        numbers = range(len(incident.hits))
        heaviest = sorted(numbers, key=lambda number: -incident.hits[number].weight.points)[:HITS_WITHOUT_SCRIPT]
        return cls(
            incident,
            told(incident.leading),
            # What leads is named first: the others may be dozens, and the earliest is seldom what the title is about.
            tuple(dict.fromkeys((*incident.leading.techniques, *incident.techniques))),
            tuple((incident.hits[number], told(incident.hits[number])) for number in sorted(heaviest)),
            len(incident.hits) - len(heaviest),
            tuple(with_depths(incident.processes[:_PROCESSES])),
            max(0, len(incident.processes) - _PROCESSES),
        )


def _policy(style: str, script: str) -> str:
    """Return a policy for the page that lets it run its own script, look by its own style, and nothing else."""
    hashes = [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (style, script)]
    return f"default-src 'none'; style-src {hashes[0]}; script-src {hashes[1]}; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> Environment:
    folder = resources.files("carlang.report").joinpath("templates")
    environment = Environment(
        autoescape=True,
        finalize=_harmless,
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    style = folder.joinpath("page.css").read_text(encoding="utf-8")
    script = "\n".join(folder.joinpath(f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    script = f"(() => {{\n'use strict';\n{script}}})();\n"
    environment.globals |= {
        "style": Markup(style),  # noqa: S704  # our own stylesheet
        "script": Markup(script),  # noqa: S704  # our own script
        "policy": Markup(_policy(style, script)),  # noqa: S704  # made of hashes
        "zip": zip,
        "rows_without_script": ROWS_WITHOUT_SCRIPT,
        "most_reasons": _REASONS,
    }
    environment.filters |= {
        "cell": lambda text: _lines(text or "", keep="\n\t"),
        "counted": counted,
        "grouped": lambda number: f"{number:,}",
        "json": lambda value: value if isinstance(value, str) else json_text(value),
        "diagnostics": lambda diagnostics: _lines(render_all(diagnostics).rstrip()),
        "lines": _lines,
        "marked": _marked,
        "micros": lambda moment: "" if moment is None else time_text(moment_text(moment) or ""),
        "pairs": lambda pairs: json_text(harmless(pairs), compact=True),
        "seconds": second_text,
        "technique_name": technique_named,
        "ticked": _ticked,
        "time": lambda moment: time_text(instant(moment)),
        "url": technique_url,
        "why": why_json,
    }
    environment.tests["technique"] = is_technique
    return environment


def _harmless(value: Any) -> Any:
    """Show what cannot be printed as escapes, in whatever a template writes; jinja escapes HTML after that."""
    return value if isinstance(value, Markup) else printable(str(value))


def _lines(text: str, keep: str = "\n") -> Markup:
    return escape(printable(text, keep))


@lru_cache(maxsize=1024)  # the same few reasons stand behind a thousand rules
def _ticked(text: str) -> Markup:
    """Return a text of HTML in which what stands between backticks is code."""
    # Splitting by a group leaves what stands between them at the odd places.
    parts = re.split(r"`([^`\n]+)`", text)
    pieces = (
        Markup('<code class="name">{}</code>').format(printable(part)) if at % 2 else _lines(part)
        for at, part in enumerate(parts)
    )
    return Markup("").join(pieces)


def _marked(program: str, columns: Sequence[str]) -> Markup:
    """Return a program as text of HTML in which the names of some columns are marked, of parts of joins the fields'."""
    fields = {field_of(name) for name in columns}
    names = "|".join(re.escape(name) for name in sorted(fields, key=lambda name: (-len(name), name)))
    # Splitting by a group leaves the names at the odd places.
    parts = re.split(rf"\b({names})\b", program) if names else [program]
    pieces = (
        Markup("<mark>{}</mark>").format(part) if at % 2 else _lines(part, "\n\t") for at, part in enumerate(parts)
    )
    return Markup("").join(pieces)


def _class(field: pa.Field) -> str:
    if types.is_timestamp(field.type):
        return "time"
    if types.is_integer(field.type) or types.is_floating(field.type) or types.is_decimal(field.type):
        return "number"
    return "long" if field_of(field.name) in _LONG else ""
