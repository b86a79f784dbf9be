"""What the script of the page draws from: blocks of JSON within the page, in which numbers stand for texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa

from carlang.escapes import printable
from carlang.levels import UNSAID
from carlang.report.cells import texts
from carlang.report.columns import Arrangement, time_columns
from carlang.report.incident_json import incident_json
from carlang.report.incident_table import told
from carlang.report.values import json_text, microseconds
from carlang.report.view import OutputView, View
from carlang.results import Incident, Rows, counted, first_rows

PART = 512
"""Rows of a block: a browser reads so many within some milliseconds, and between two blocks it can draw."""
MOST_ROWS = 100_000
"""Rows of a page. So many are some 30 MB, which a browser reads within seconds; of millions it runs out of memory."""
MOST_INCIDENTS = 2_000
"""Incidents of a page, the heaviest: each brings its hits and tree, and nobody reads further by hand."""
_MILLISECOND = 1000
_KEEP = "\n\t"


@dataclass(frozen=True, slots=True)
class Held:
    """How many rows of each output a page holds, and what to say of the rows and incidents that it leaves out."""

    rows: tuple[int, ...]
    rows_text: str
    incidents_text: str

    @classmethod
    def of(cls, view: View, most_rows: int = MOST_ROWS) -> Self:
        """Share the rows of a page among the outputs: each has its first ones, and the heaviest as many as are left."""
        heaviest_first = sorted(
            (number for number, output in enumerate(view.outputs) if output.shown),
            key=lambda number: (-(view.outputs[number].weight or 0.0), number),
        )
        each = most_rows // max(1, len(heaviest_first))
        held = {number: min(view.outputs[number].shown, each) for number in heaviest_first}
        left = most_rows - sum(held.values())
        for number in heaviest_first:
            more = min(left, view.outputs[number].shown - held[number])
            held[number] += more
            left -= more
        lacking = {number: view.outputs[number].shown - held[number] for number in heaviest_first}
        outputs = sum(1 for count in lacking.values() if count)
        rows = f"without {counted(sum(lacking.values()), 'row')} of {counted(outputs, 'output')}" if outputs else ""
        incidents = len(view.triage.incidents) - MOST_INCIDENTS if view.triage else 0
        lighter = f"without {counted(incidents, 'lighter incident')}" if incidents > 0 else ""
        where_else = "which are not on this page: `--format json` has all, `csv` and `parquet` all rows"
        return cls(
            tuple(held.get(number, 0) for number in range(len(view.outputs))),
            f"{rows}, {where_else}" if rows else "",
            f"{lighter}, {where_else}" if lighter else "",
        )


def data_blocks(view: View, arrangements: Sequence[Arrangement | None], held: Held) -> Iterator[str]:
    """Yield blocks in the order in which the script wants them: outputs, incidents, and the rows of each output.

    `arrangements` are those of the outputs' columns, None for outputs without rows. Texts are harmless as `texts`
    makes them; a page never has markup of what they hold, as `<` is an escape of JSON here.
    """
    yield _block("left_out", {"rows": held.rows_text, "incidents": held.incidents_text})
    for number, output in enumerate(view.outputs):
        yield _block("output", _output_json(number, output, arrangements[number]))
    for incident in view.triage.incidents[:MOST_INCIDENTS] if view.triage else ():
        yield _block("incident", _incident_json(incident, held.rows))
    for number, output in enumerate(view.outputs):
        arrangement = arrangements[number]
        if arrangement is not None:
            yield from _row_blocks(number, first_rows(output.rows, held.rows[number]), arrangement)


def _row_blocks(number: int, rows: Rows, arrangement: Arrangement) -> Iterator[str]:
    first = 0
    time = next(iter(time_columns(rows.schema)), None)
    for batch in _parts(rows):
        numbers: dict[str, int] = {}
        columns = [_numbered(texts(batch.column(index), _KEEP), numbers) for index in arrangement.columns]
        times = None if time is None else _milliseconds(batch.column(time))
        content = {"output": number, "first": first, "count": batch.num_rows, "texts": list(numbers)}
        yield _block("rows", content | {"columns": columns, "times": times})
        first += batch.num_rows


def _parts(rows: Rows) -> Iterator[pa.RecordBatch]:
    """Yield rows as batches of the same size but for the last, however they are kept: the page is the same bytes."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in rows.to_batches(max_chunksize=PART):
        held.append(batch)
        count += batch.num_rows
        if count >= PART:
            table = pa.Table.from_batches(held)
            yield from table.slice(0, PART).combine_chunks().to_batches()
            held = table.slice(PART).to_batches()
            count -= PART
    if count:
        yield from pa.Table.from_batches(held).combine_chunks().to_batches()


def _numbered(column: Sequence[str | None], numbers: dict[str, int]) -> int | list[int]:
    """Return the numbers of texts, -1 for a missing one; a single number where all are the same."""
    ids = [-1 if text is None else numbers.setdefault(text, len(numbers)) for text in column]
    return ids[0] if ids and ids.count(ids[0]) == len(ids) else ids


def _milliseconds(column: pa.Array) -> list[int | None]:
    return [None if moment is None else moment // _MILLISECOND for moment in microseconds(column)]


def _output_json(number: int, output: OutputView, arrangement: Arrangement | None) -> dict[str, Any]:
    names = output.rows.schema.names
    return {
        "number": number,
        "analytic": output.analytic,
        "title": output.title,
        "output": output.name,
        "techniques": output.techniques,
        "level": (output.level or UNSAID).text,
        "weight": output.weight,
        "tested": output.tested,
        "credit": output.credit,
        "false_positives": output.false_positives,
        "total": output.total,
        "shown": output.shown,
        "names": [names[index] for index in arrangement.columns] if arrangement else [],
        "constants": arrangement.constants if arrangement else [],
    }


def _incident_json(incident: Incident, shown: Sequence[int]) -> dict[str, Any]:
    """Return an incident as JSON has it, with the rows of a hit as pairs in one list."""
    content = incident_json(incident, shown)
    for hit, described in zip(incident.hits, content["hits"], strict=True):
        described["rows"] = [number for row in described["rows"] for number in (row["result"], row["row"])]
        described["told"] = told(hit, is_cut=False)
        del described["values"]
        described["terms"] = [(term.name, term.points, term.text) for term in hit.weight.terms]
    return content


def _block(kind: str, content: Any) -> str:
    text = json_text(harmless(content), compact=True).replace("<", r"\u003c")
    return f'<script type="application/json" data-kind="{kind}">{text}</script>\n'


def harmless(value: Any) -> Any:
    """Return a value with its texts as a page shows them; lists of numbers, which most of a page is, as they are."""
    match value:
        case str():
            return printable(value, _KEEP)
        case dict():
            return {name: harmless(member) for name, member in value.items()}
        case list() | tuple():
            return value if _is_numbers(value) else [harmless(item) for item in value]
        case _:
            return value


def _is_numbers(values: Iterable[Any]) -> bool:
    return all(isinstance(value, int) for value in values)
