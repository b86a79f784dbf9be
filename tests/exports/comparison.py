"""What the catalogue, and a search for every object, find in a store of an export beside a store of the recording."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from carlang.analytic import CompiledAnalytic, RunOptions, load_text, run_analytics
from carlang.model import builtin_model
from carlang.project import shipped_catalogue
from carlang.store import open_store

Rows = Mapping[tuple[str, str], list[dict[str, Any]]]
"""The rows of each output of each analytic."""

Lacking = tuple[str, str]
"""An object, `*` for any, and a field of its events which an export does not have."""


@dataclass(frozen=True)
class Aside:
    """What two stores need not have the same: fields that are lacking, and times below a unit."""

    lacking: frozenset[Lacking] = frozenset()
    unit: timedelta = timedelta(microseconds=1)


_NOW = "2023-01-01"
_OF_THE_FILE = "source"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def questions() -> list[CompiledAnalytic]:
    """Return the catalogue, and for each object of the model a program that asks for all of its events."""
    model, catalogue = builtin_model(), shipped_catalogue()
    searches = [load_text(f"events = search {name}\noutput events", f"{name}.car") for name in model.objects]
    return [*(CompiledAnalytic(file, model, catalogue) for file in catalogue.all()), *searches]


def rows(store: Path, asked: Sequence[CompiledAnalytic]) -> Rows:
    """Return what is found in a store; no analytic may fail.

    Each record is an event: a store of many exports of one recording has each twin many times.
    """
    report = run_analytics(asked, open_store(store), RunOptions.of(now=_NOW, records_apart=True), {})
    assert report.failed == ()
    return {(result.analytic, result.output.name): result.output.rows() for result in report.results}


def other_outputs(found: Rows, expected: Rows, aside: Aside) -> list[str]:
    """Say which outputs have other rows than expected, and what is other in them."""
    said = []
    for output in sorted(found.keys() | expected.keys()):
        here, there = (_counted(each.get(output), aside) for each in (found, expected))
        if here != there:
            only_here, only_there = _shown(here - there), _shown(there - here)
            said.append(f"{'.'.join(output)}: only in the export {only_here}; only in the recording {only_there}")
    return said


def never_other(found: Rows, expected: Rows, aside: Aside) -> list[str]:
    """Return what was left aside without need: it is the same after all."""
    tries = {".".join(each): replace(aside, lacking=aside.lacking - {each}) for each in aside.lacking}
    if aside.unit > Aside.unit:
        tries["times"] = replace(aside, unit=Aside.unit)
    return [name for name, less in tries.items() if not other_outputs(found, expected, less)]


def _counted(output: list[dict[str, Any]] | None, aside: Aside) -> Counter[str]:
    # An output that could not run is not one without rows.
    if output is None:
        return Counter(["could not run"])
    return Counter(json.dumps(_comparable(row, aside), default=str, sort_keys=True) for row in output)


def _comparable(row: Mapping[str, Any], aside: Aside) -> dict[str, Any]:
    comparable = {}
    for name, value in row.items():
        # The rows of a join have the events of several streams: `reg.action`, `cmd.action`.
        stream, dot, field = name.rpartition(".")
        kind = row.get(f"{stream}{dot}object", "*")
        if field == _OF_THE_FILE or value is None or {("*", field), (kind, field)} & aside.lacking:
            continue
        is_time = isinstance(value, datetime)
        comparable[name] = _EPOCH + (value - _EPOCH) // aside.unit * aside.unit if is_time else value
    return comparable


def _shown(counted: Counter[str]) -> str:
    return f"{counted.total()} rows, such as {next(iter(counted))}" if counted else "none"
