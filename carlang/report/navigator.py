"""`--format navigator`: the run as a layer of the ATT&CK Navigator, a technique's score the rows found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from carlang.report.attack import is_technique
from carlang.report.cells import printable
from carlang.report.options import Options
from carlang.report.streams import Stream, utf8_writer
from carlang.report.tally import counted, found, summary
from carlang.report.values import instant
from carlang.results import Failed, NotRun, RunReport

VERSIONS = {"attack": "18", "navigator": "5.2.0", "layer": "4.5"}
_COLOURS = ["#ffffff", "#ff6666"]


@dataclass(slots=True)
class _Technique:
    """What a run says about a technique; without a score no analytic of it could run."""

    score: int | None = None
    remarks: list[str] = field(default_factory=list)


def write_navigator(report: RunReport, stream: Stream, options: Options) -> None:
    """Write a run as a layer in the Navigator's format 4.5.

    A technique whose analytics ran has the number of rows they found as its score, also 0; one whose analytics could
    not run, or failed, has a comment and no score. What belongs to no technique stands in the layer's metadata.
    """
    techniques: dict[str, _Technique] = {}
    loose: list[tuple[str, str]] = []
    for remark in _remarks(report, options):
        ids = sorted({name for name in remark.techniques if is_technique(name)})
        for name in ids:
            technique = techniques.setdefault(name, _Technique())
            technique.remarks.append(f"{remark.subject}: {remark.text}")
            if remark.rows is not None:
                technique.score = (technique.score or 0) + remark.rows
        if not ids:
            loose.append((remark.subject, remark.text))
    layer = _layer(report, techniques, loose)
    utf8_writer(stream)(json.dumps(layer, indent=2) + "\n")


@dataclass(frozen=True, slots=True)
class _Remark:
    """What is to be said about an analytic: on which techniques, and the rows it found, if it ran."""

    subject: str
    text: str
    techniques: Sequence[str]
    rows: int | None


def _remarks(report: RunReport, options: Options) -> Iterator[_Remark]:
    known = {result.analytic: result.techniques for result in report.results}
    for result in report.results:
        rows = found(result.output)
        text = f"{counted(rows, 'row')} found" if rows else "found nothing"
        yield _Remark(_subject(result.analytic, result.title, result.output.name), text, result.techniques, rows)
    troubles: tuple[NotRun | Failed, ...] = (*report.not_run, *report.failed)
    for entry in troubles:
        techniques = options.techniques.get(entry.analytic) or known.get(entry.analytic, ())
        subject = _subject(entry.analytic, entry.title, entry.output if isinstance(entry, NotRun) else None)
        yield _Remark(subject, _trouble(entry), techniques, None)


def _trouble(entry: NotRun | Failed) -> str:
    if isinstance(entry, NotRun):
        return printable(f"could not run: {entry.reason}", keep="\n")
    reasons = [entry.error] if entry.error else [d.message for d in entry.diagnostics]
    return printable(f"failed: {'; '.join(reasons) or 'no reason given'}", keep="\n")


def _subject(analytic: str, title: str, output: str | None) -> str:
    name = " ".join(part for part in (analytic, title) if part)
    return printable(f"{name} ({output})" if output else name)


def _layer(report: RunReport, techniques: dict[str, _Technique], loose: Iterable[tuple[str, str]]) -> dict[str, Any]:
    highest = max((technique.score or 0 for technique in techniques.values()), default=0)
    metadata = [("store", printable(report.store)), ("now", instant(report.now)), *loose]
    return {
        "name": "carlang run",
        "versions": VERSIONS,
        "domain": "enterprise-attack",
        "description": summary(report),
        "sorting": 3,
        "layout": {"layout": "side", "showID": True, "showName": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": [_technique_json(name, technique) for name, technique in sorted(techniques.items())],
        "gradient": {"colors": _COLOURS, "minValue": 0, "maxValue": max(highest, 1)},
        "legendItems": [],
        "metadata": [{"name": name or "analytic", "value": value or "-"} for name, value in metadata],
    }


def _technique_json(name: str, technique: _Technique) -> dict[str, Any]:
    entry: dict[str, Any] = {"techniqueID": name}
    if technique.score is not None:
        entry["score"] = technique.score
    return entry | {"comment": "\n".join(technique.remarks), "enabled": True}


def coverage_layer(covered: Mapping[str, Sequence[tuple[str, str | None]]]) -> str:
    """Return what a catalogue covers as a layer: a technique's score is the number of its analytics that can run.

    `covered` holds, for each technique, the ids of its analytics, each with the reason why it cannot run, or None.
    """
    techniques: dict[str, _Technique] = {}
    for technique, analytics in covered.items():
        if is_technique(technique):
            remarks = [f"{id_}: {reason or 'runs'}" for id_, reason in analytics]
            techniques[technique] = _Technique(sum(reason is None for _, reason in analytics), remarks)
    highest = max((technique.score or 0 for technique in techniques.values()), default=0)
    layer = {
        "name": "carlang catalogue",
        "versions": VERSIONS,
        "domain": "enterprise-attack",
        "description": "The techniques that the catalogue has analytics for",
        "sorting": 3,
        "layout": {"layout": "side", "showID": True, "showName": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": [_technique_json(name, technique) for name, technique in sorted(techniques.items())],
        "gradient": {"colors": ["#ffffff", "#66b1ff"], "minValue": 0, "maxValue": max(highest, 1)},
        "legendItems": [],
        "metadata": [],
    }
    return json.dumps(layer, indent=2)
