"""osquery's batches, which hold many rows of a query in one document, as a document a row.

`{"diffResults": {"added": [row], "removed": [row]}, …}` and `{"snapshot": [row], "action": "snapshot", …}` become
`{"columns": row, "action": "added", …}`, the form in which osquery logs a row alone.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from carlang.readers.records import Records

_DIFFERENCES = "diffResults"
_SNAPSHOT = "snapshot"


def may_hold_batches(text: bytes | str) -> bool:
    """Tell whether a text has a batch's member in it: to look costs next to nothing, and hardly any text has."""
    if isinstance(text, bytes):
        return b'"diffResults"' in text or b'"snapshot"' in text
    return '"diffResults"' in text or '"snapshot"' in text


def unfolded(records: Records) -> Records:
    """Return records with a record for each row of a batch; a batch without rows stays as it is."""
    marked = pc.or_(
        pc.match_substring(records.lines, f'"{_DIFFERENCES}"'), pc.match_substring(records.lines, f'"{_SNAPSHOT}"')
    )
    lines: list[str] = []
    numbers: list[int] = []
    for index in pc.indices_nonzero(marked).to_pylist():
        text, number = records.lines[index].as_py(), records.numbers[index].as_py()
        rows = _rows(text) or [text]
        lines += rows
        numbers += [number] * len(rows)
    others = pc.invert(marked)
    return Records(
        pa.concat_arrays([records.lines.filter(others), pa.array(lines, pa.string())]),
        pa.concat_arrays([records.numbers.filter(others), pa.array(numbers, pa.int64())]),
        records.size,
    )


def _rows(text: str) -> list[str]:
    """Return the rows of a batch, each as a document; none where a text is no batch."""
    try:
        batch = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(batch, dict) or "columns" in batch:
        return []
    differences = batch.get(_DIFFERENCES)
    lists: dict[str, Any] = differences if isinstance(differences, dict) else {_SNAPSHOT: batch.get(_SNAPSHOT)}
    frame = {name: value for name, value in batch.items() if name not in (_DIFFERENCES, _SNAPSHOT)}
    return [
        json.dumps(frame | {"columns": row, "action": action}, ensure_ascii=False)
        for action, rows in lists.items()
        if isinstance(rows, list)
        for row in rows
        if isinstance(row, dict)
    ]
