"""All of one hit, for a reader and as JSON: its weight with every term, its fields, its records, its processes."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from rich.console import Console
from rich.text import Text

from carlang.escapes import printable
from carlang.report.cells import texts
from carlang.report.columns import row_names
from carlang.report.incident_json import process_json, weight_json
from carlang.report.layout import fold
from carlang.report.screen import Look, console_for, is_bounded, print_folded
from carlang.report.streams import Stream, utf8_writer
from carlang.report.values import instant, json_text, values_of
from carlang.report.view import credit
from carlang.results import HitRecord, counted, second_text, with_depths

VERSION = 1
_WIDEST_NAME = 24
"""Beyond this a name of a field has its value below it, so that values stand near their names in 80 cells."""


def write_record(record: HitRecord, stream: Stream, *, width: int | None = None, colour: bool | None = None) -> None:
    """Write a hit for a reader: as wide as a terminal, and elsewhere a field a line."""
    console = console_for(stream, Look(width, colour))
    _print_head(record, console)
    _print_weight(record, console)
    _print_fields(record, console)
    for raw in record.records:
        heading = f"record of {raw.part}" if raw.part else "record"
        _print_heading(heading, console)
        print_folded(Text(printable(raw.text)), "  ", console)
    _print_processes(record, console)


def record_json(record: HitRecord) -> dict[str, Any]:
    """Return a hit as an object, its row as in the JSON of a run."""
    result, output, run = record.result, record.result.output, record.run
    (row,) = values_of(record.row)
    hit, incident = record.hit, record.incident
    return {
        "version": VERSION,
        "now": instant(run.now if run.now.tzinfo else run.now.replace(tzinfo=UTC)),
        "store": run.store,
        "hit": {
            "number": record.number,
            "of": run.found,
            "analytic": result.analytic,
            "title": result.title,
            "file": result.file,
            "techniques": list(result.techniques),
            "output": output.name,
            "level": None if result.level is None else result.level.text,
            **({"author": result.author} if result.author else {}),
            **({"license": result.license} if result.license else {}),
            **(weight_json(hit.weight) if hit else {"weight": None, "terms": []}),
            "count": hit.count if hit else None,
            "also": [{"analytic": analytic, "output": name} for analytic, name in hit.also] if hit else [],
            "incident": incident.id if incident else None,
            "false_positives": list(result.false_positives),
            "tested": list(output.tested),
            "computed": list(output.computed),
            "row": dict(zip(row_names(record.row.schema.names, taken=()), row, strict=True)),
            "records": [{"part": raw.part or None, "record": raw.text} for raw in record.records],
            "processes": [process_json(node) | {"of_hit": node.key in record.named} for node in record.processes],
            "more_processes": record.more_processes,
        },
    }


def write_record_json(record: HitRecord, stream: Stream) -> None:
    """Write a hit as one JSON object."""
    utf8_writer(stream)(json_text(record_json(record)) + "\n")


def _print_head(record: HitRecord, console: Console) -> None:
    result = record.result
    number = f"hit {record.number:,} of {record.run.found:,}"
    title = f"  {printable(result.title)}" if result.title else ""
    head = Text.assemble((printable(result.analytic), "bold"), title, (f"  {number}", "dim"))
    console.print(head, overflow="fold")
    level = "" if result.level is None else result.level.text
    facts = [level, ", ".join(result.techniques), f"output {result.output.name}"]
    facts += [f"by {by}"] if (by := credit(result.author, result.license)) else []
    console.print(Text(" · ".join(printable(fact) for fact in facts if fact), style="cyan"), overflow="fold")
    for text in result.false_positives:
        print_folded(Text(f"known to match without being an attack: {printable(text)}", "dim"), "", console)


def _print_weight(record: HitRecord, console: Console) -> None:
    """Print the weight as the sum that it is, a term a line, also those that add nothing."""
    if record.hit is None:
        return
    weight, hit = record.hit.weight, record.hit
    _print_heading(f"weight {weight.points:g}, the sum of", console)
    for term in weight.terms:
        line = Text.assemble(f"  {term.points:+7.1f}  ", printable(term.text))
        console.print(line if term.points else Text(line.plain, "dim"), overflow="fold")
    if hit.count > 1:
        console.print(f"  it happened {hit.count:,} times alike, and the heaviest counts")
    if hit.also:
        named = ", ".join(f"{analytic} {output}" for analytic, output in hit.also)
        print_folded(Text(f"found by {printable(named)} as well"), "  ", console)
    if record.incident is not None and len(record.incident.hits) > 1:
        others = counted(len(record.incident.hits) - 1, "other kind") + " of hits"
        console.print(f"  of incident {record.incident.id} with {others}, weight {record.incident.weight.points:g}")


def _print_fields(record: HitRecord, console: Console) -> None:
    """Print every field that has a value, in the order of the output; those that were tested are marked."""
    tested = frozenset(record.result.output.tested)
    (batch,) = record.row.to_batches()
    names = record.row.schema.names
    filled = [(name, text) for name, (text,) in zip(names, map(texts, batch.columns), strict=True) if text is not None]
    _print_heading("fields, * what the conditions looked at" if tested else "fields", console)
    width = max((len(printable(name)) for name, _ in filled if len(name) <= _WIDEST_NAME), default=0)
    for name, text in filled:
        mark = "*" if name in tested else " "
        head = f"{mark} {printable(name):<{width}}  "
        style = "bold" if name in tested else ""
        if is_bounded(console) and len(head) > width + 4:
            console.print(Text(head.rstrip(), style), soft_wrap=True)
            head = " " * (width + 4)
        lines = fold(text, max(console.width - len(head), 1)) if is_bounded(console) else [text]
        for number, line in enumerate(lines):
            indent = Text(head, style) if not number else Text(" " * len(head))
            console.print(Text.assemble(indent, line), soft_wrap=True)
    empty = len(names) - len(filled)
    if empty:
        console.print(Text(f"  {counted(empty, 'field')} without a value", style="dim"))


def _print_processes(record: HitRecord, console: Console) -> None:
    if not record.processes:
        return
    _print_heading("processes, > those of the hit", console)
    for depth, node in with_depths(record.processes):
        mark = ">" if node.key in record.named else " "
        what = [printable(node.exe or "?"), f"({node.pid})" if node.pid is not None else ""]
        line = printable(node.command_line or "")
        text = Text.assemble(
            (" ".join(part for part in what if part), "bold" if mark == ">" else ""),
            f"  {second_text(node.time)}  ",
            line,
        )
        print_folded(text, f"{mark} {'  ' * depth}", console, " " * (2 * depth + 4))
    if record.more_processes:
        console.print(Text(f"  and {record.more_processes:,} more that they started", style="dim"))


def _print_heading(text: str, console: Console) -> None:
    console.print()
    console.print(Text(text, style="bold"))
