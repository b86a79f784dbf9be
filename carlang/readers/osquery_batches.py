"""osquery's batches, which hold many rows of a query in one document, as a document a row.

`{"diffResults": {"added": [row], "removed": [row]}, …}` and `{"snapshot": [row], "action": "snapshot", …}` become
`{"columns": row, "action": "added", …}`, the form in which osquery logs a row alone.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from carlang.readers.records import Records

_DIFFERENCES = "diffResults"
_SNAPSHOT = "snapshot"


# With what has to follow: a snapshot is also what a file or a program may be called.
_MEMBERS = {
    _DIFFERENCES: re.compile(rf'"{_DIFFERENCES}"\s*:\s*{{'),
    _SNAPSHOT: re.compile(rf'"{_SNAPSHOT}"\s*:\s*\['),
}
_IN_BYTES = {name.encode(): re.compile(member.pattern.encode()) for name, member in _MEMBERS.items()}


def may_hold_batches(text: bytes | str) -> bool:
    """Tell whether a text has a batch's member in it: to look costs next to nothing, and hardly any text has."""
    # A name is found several times as fast as an expression that begins with it.
    if isinstance(text, bytes):
        return any(name in text and member.search(text) for name, member in _IN_BYTES.items())
    return any(name in text and member.search(text) for name, member in _MEMBERS.items())


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
