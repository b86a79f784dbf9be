"""Compare an analytic with what CAR publishes of it.

What differs has to be explained where it stands: a key of the front matter by an entry of `changes`, the program by a
comment that tells what CAR has or what was published. An explanation of what no longer differs is a fault as well.
Order, the case of languages' names and the older word Medium for Moderate make no difference, nor do references that
CAR has not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carlang.analytic import CompiledAnalytic
from carlang.diagnostics import Diagnostic
from carlang.diagnostics.codes import BAD_FRONT_MATTER, BAD_METADATA, FILE_UNREADABLE, NOT_UTF8
from carlang.importers import AnalyticFile, Coverage, load_file

_TOLD = re.compile(r"^[ \t]*(?:#|//).*(?:\bCAR\b|[Pp]ublished)", re.MULTILINE)
_URL = re.compile(r"https?://[^\s)\]]+")
_SAME_LEVEL = {"Medium": "Moderate"}


_UNREAD = (BAD_FRONT_MATTER, BAD_METADATA, FILE_UNREADABLE, NOT_UTF8)
"""Faults of a file, in the whole or in a key, with which a comparison would name differences that are none."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What analytics and CAR's files disagree on: how many were compared, the faults, and what could not be read."""

    compared: int
    faults: tuple[str, ...]
    unread: tuple[Diagnostic, ...]


def compare(analytics: Iterable[CompiledAnalytic], path: Path) -> Comparison:
    """Compare analytics with CAR's YAML, of a folder or one file; those of which it has no such id are left out."""
    files = sorted(path.glob("*.y*ml")) if path.is_dir() else [path]
    published = {data.id: data for data in map(load_file, files)}
    compared = [analytic for analytic in analytics if analytic.id in published]
    faults: list[str] = []
    unread: list[Diagnostic] = []
    for analytic in compared:
        data = published[analytic.id]
        if broken := [diagnostic for diagnostic in data.diagnostics if diagnostic.code in _UNREAD]:
            unread += broken
            faults.append(f"{data.file}: cannot be compared with {analytic.file}")
            continue
        other = CompiledAnalytic(data, analytic.model)
        faults += [f"{analytic.file}: {fault}" for fault in deviations(analytic, other)]
    return Comparison(len(compared), tuple(faults), tuple(unread))


def deviations(analytic: CompiledAnalytic, published: CompiledAnalytic) -> Iterator[str]:
    """Yield what differs from CAR's publication and is not explained, or is explained and does not differ."""
    data, other = analytic.data, published.data
    for key, fact in _FACTS.items():
        here, there = fact(data), fact(other)
        explained = key in data.changes
        if here != there and not explained:
            yield f"`{key}` differs from CAR's and `changes` does not say why: {_difference(here, there)}"
        if here == there and explained:
            yield f"`changes` explains `{key}`, which is as CAR has it"
    lacking = [url for url in _urls(other) if url not in _urls(data)]
    if lacking and "references" not in data.changes:
        yield f"`references` lacks what CAR refers to and `changes` does not say why: {', '.join(lacking)}"
    if not lacking and "references" in data.changes:
        yield "`changes` explains `references`, which has all that CAR refers to"
    trees = [program.ast for program in published.compiled]
    if [program.ast for program in analytic.compiled] != trees and not _TOLD.search(analytic.program):
        yield "the program differs from CAR's and no comment tells what CAR has"


def _urls(data: AnalyticFile) -> list[str]:
    """Return the addresses among references, which CAR puts into sentences now and then."""
    return [url.rstrip("/") for text in data.references for url in _URL.findall(text)]


def _difference(here: Any, there: Any) -> str:
    """Return what only one of the two has."""
    if isinstance(here, tuple) and isinstance(there, tuple):
        ours = [part for part in here if part not in there]
        theirs = [part for part in there if part not in here]
        return f"here {_listed(ours)}, there {_listed(theirs)}"
    return f"here {here or 'nothing'}, there {there or 'nothing'}"


def _listed(parts: list[Any]) -> str:
    texts = [" ".join(map(str, part)) if isinstance(part, tuple) else str(part) for part in parts]
    return ", ".join(text.strip() for text in texts) or "nothing"


def _coverage(entry: Coverage) -> tuple[str, ...]:
    parts = (*sorted(entry.subtechniques), *sorted(entry.tactics), _SAME_LEVEL.get(entry.level, entry.level))
    return (entry.technique, *parts)


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names one by one, in order; CAR has two of them in one text now and then."""
    return tuple(sorted(part.strip() for name in names for part in name.split(",")))


_FACTS: dict[str, Callable[[AnalyticFile], Any]] = {
    "title": lambda data: data.title,
    "submission_date": lambda data: str(data.submission_date or ""),
    "update_date": lambda data: str(data.update_date or ""),
    "information_domain": lambda data: _names(data.information_domain),
    "subtypes": lambda data: _names(data.subtypes),
    "platforms": lambda data: _names(data.platforms),
    "analytic_types": lambda data: _names(data.analytic_types),
    "contributors": lambda data: _names(data.contributors),
    "coverage": lambda data: tuple(sorted(map(_coverage, data.coverage))),
    "d3fend_mappings": lambda data: tuple(sorted((e.id, e.iri, e.label) for e in data.d3fend_mappings)),
    "implementations": lambda data: tuple(sorted((e.type, e.name, e.data_model) for e in data.implementations)),
    "true_positives": lambda data: tuple(
        sorted((each.source, each.event_snippet, each.full_event) for each in data.true_positives)
    ),
    "unit_tests": lambda data: f"{len(data.unit_tests)} of them" if data.unit_tests else "",
}
"""What is compared, by the key it stands under: those of `importers.metadata.COMPARED`."""
