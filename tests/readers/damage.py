"""Small files, and what is read of them, for the tests of damage."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence

from carlang.readers.containers import read_log
from carlang.readers.records import LogFile, ReadFault


def read_content(content: bytes) -> tuple[list[str], list[str]]:
    """Return the names of the records that a file has, in their order, and what is said of the rest."""
    names: list[str] = []
    faults: list[str] = []
    for source, item in read_log(LogFile("log", io.BytesIO(content))):
        if isinstance(item, ReadFault):
            faults.append(f"{source}: {item.reason}")
            continue
        for line in filter(str.strip, item.lines.to_pylist()):
            try:
                names.append(_name(json.loads(line)))
            except ValueError:
                faults.append("not valid JSON")
    return sorted(names), faults


def _name(record: object) -> str:
    if not isinstance(record, dict):
        raise ValueError("JSON, but not an object")  # noqa: TRY004  # as a line is judged
    if "Event" in record:
        return str(record["Event"]["System"]["EventRecordID"])
    return str(record.get("name") or record.get("MachineName") or record.get("SYSCALL", {}).get("exe"))


def json_line(name: str) -> str:
    return json.dumps({"Channel": "Security", "name": name, "data": {"a": [1, 2], "b": "c"}})


def read_records(files: Sequence[bytes]) -> tuple[Counter[str], int]:
    """Return the texts of the records in some files, and how many places in them are none."""
    records: Counter[str] = Counter()
    rejected = 0
    for content in files:
        for _, item in read_log(LogFile("log", io.BytesIO(content))):
            if isinstance(item, ReadFault):
                rejected += 1
                continue
            texts = [text for text in item.lines.to_pylist() if text.strip()]
            good = list(filter(_is_object, texts))
            records.update(good)
            rejected += len(texts) - len(good)
    return records, rejected


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def read_all(content: bytes) -> tuple[list[int], list[str], list[str]]:
    """Return the numbers and the texts of the records that a file has, and what is said of the rest."""
    numbers: list[int] = []
    lines: list[str] = []
    faults: list[str] = []
    for _, item in read_log(LogFile("log", io.BytesIO(content))):
        if isinstance(item, ReadFault):
            faults.append(item.reason)
        else:
            numbers += item.numbers.to_pylist()
            lines += item.lines.to_pylist()
    return numbers, lines, faults
