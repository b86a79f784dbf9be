"""`--format navigator`: the run as a layer of the ATT&CK Navigator, a technique's score the rows found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from carlang.escapes import printable
from carlang.report.streams import Stream, utf8_writer
from carlang.report.values import instant
from carlang.report.view import FailedView, NotRunView, OutputView, View, counted, is_technique

VERSIONS = {"attack": "18", "navigator": "5.2.0", "layer": "4.5"}
_HITS = ("#ffffff", "#ff6666")
_COVERED = ("#ffffff", "#66b1ff")


@dataclass(slots=True)
class _Technique:
    """What a run says about a technique; without a score no analytic of it could run."""

    score: int | None = None
    remarks: list[str] = field(default_factory=list)


def write_navigator(view: View, stream: Stream) -> None:
    """Write a run as a layer in the Navigator's format 4.5.

    A technique whose analytics ran has the number of rows they found as its score, also 0; one whose analytics could
    not run, or failed, has a comment and no score. What belongs to no technique stands in the layer's metadata.
    """
    techniques: dict[str, _Technique] = {}
    metadata = [("store", printable(view.store)), ("now", instant(view.now))]
    for remark in _remarks(view):
        ids = sorted({name for name in remark.techniques if is_technique(name)})
        for name in ids:
            technique = techniques.setdefault(name, _Technique())
            technique.remarks.append(f"{remark.subject}: {remark.text}")
            if remark.rows is not None:
                technique.score = (technique.score or 0) + remark.rows
        if not ids:
            metadata.append((remark.subject, remark.text))
    layer = _layer("carlang run", str(view.tally), _HITS, techniques, metadata)
    utf8_writer(stream)(json.dumps(layer, indent=2) + "\n")


def coverage_layer(covered: Mapping[str, Sequence[tuple[str, str | None]]]) -> str:
    """Return what a catalogue covers as a layer: a technique's score is the number of its analytics that can run.

    `covered` holds, for each technique, the ids of its analytics, each with the reason why it cannot run, or None.
    """
    techniques: dict[str, _Technique] = {}
    for technique, analytics in covered.items():
        if is_technique(technique):
            remarks = [f"{id_}: {reason or 'runs'}" for id_, reason in analytics]
            techniques[technique] = _Technique(sum(reason is None for _, reason in analytics), remarks)
    description = "The techniques that the catalogue has analytics for"
    return json.dumps(_layer("carlang catalogue", description, _COVERED, techniques, []), indent=2)


@dataclass(frozen=True, slots=True)
class _Remark:
    """What is to be said about an analytic: on which techniques, and the rows it found, if it ran."""

    subject: str
    text: str
    techniques: Sequence[str]
    rows: int | None


def _remarks(view: View) -> Iterator[_Remark]:
    for output in view.outputs:
        text = f"{counted(output.total, 'row')} found" if output.total else "found nothing"
        yield _Remark(_subject(output, output.name), text, output.techniques, output.total)
    for entry in view.not_run:
        text = printable(f"could not run: {entry.reason}", keep="\n")
        yield _Remark(_subject(entry, entry.output), text, entry.techniques, None)
    for failure in view.failed:
        errors = [failure.error] if failure.error else [diagnostic.message for diagnostic in failure.diagnostics]
        text = printable(f"failed: {'; '.join(errors) or 'no reason given'}", keep="\n")
        yield _Remark(_subject(failure, None), text, failure.techniques, None)


def _subject(entry: OutputView | NotRunView | FailedView, output: str | None) -> str:
    name = " ".join(part for part in (entry.analytic, entry.title) if part)
    return printable(f"{name} ({output})" if output else name)


def _layer(
    name: str,
    description: str,
    colours: Sequence[str],
    techniques: Mapping[str, _Technique],
    metadata: Iterable[tuple[str, str]],
) -> dict[str, Any]:
    highest = max((technique.score or 0 for technique in techniques.values()), default=0)
    return {
        "name": name,
        "versions": VERSIONS,
        "domain": "enterprise-attack",
        "description": description,
        "sorting": 3,  # by descending score
        "layout": {"layout": "side", "showID": True, "showName": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": [_technique_json(id_, technique) for id_, technique in sorted(techniques.items())],
        # A gradient whose ends are equal has no colours; where all scores are 0 all cells are to be white.
        "gradient": {"colors": list(colours), "minValue": 0, "maxValue": max(highest, 1)},
        "legendItems": [],
        # The Navigator refuses a layer with metadata whose name or value is empty.
        "metadata": [{"name": key or "analytic", "value": value or "-"} for key, value in metadata],
    }


def _technique_json(name: str, technique: _Technique) -> dict[str, Any]:
    entry: dict[str, Any] = {"techniqueID": name}
    if technique.score is not None:
        entry["score"] = technique.score
    return entry | {"comment": "\n".join(technique.remarks), "enabled": True}
