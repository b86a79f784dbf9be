"""`--format navigator`: the run as a layer of the ATT&CK Navigator: what was hit, answered, and not seen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from carlang.escapes import printable
from carlang.report.streams import Stream, utf8_writer
from carlang.report.values import instant
from carlang.report.view import FailedView, NotRunView, OutputView, View, is_technique
from carlang.results import Judgement, State, counted, judgement_text

VERSIONS = {"attack": "18", "navigator": "5.2.0", "layer": "4.5"}
_COVERED = ("#ffffff", "#66b1ff")
_HIT, _ANSWERED, _BLIND = "#ff6666", "#8ec843", "#bdbdbd"
_LEGEND = (("found something", _HIT), ("answered, found nothing", _ANSWERED), ("blind", _BLIND))
_SHARES = ("#ffffff", _ANSWERED)
_ALL = 100


@dataclass(slots=True)
class _Technique:
    """What a run says about a technique; without a score nothing of it was asked, or all of it failed."""

    score: int | None = None
    colour: str | None = None
    remarks: list[str] = field(default_factory=list)


def write_navigator(view: View, stream: Stream) -> None:
    """Write a run as a layer in the Navigator's format 4.5.

    A technique is hit, answered or blind, and its score is the share of hosts, in per cent, on which the best of its
    outputs is answered, all of it or in part. One whose analytics failed, or were not asked, has a comment and no
    score. What belongs to no technique stands in the layer's metadata.
    """
    techniques, others = _techniques(view)
    metadata = [("store", printable(view.store)), ("now", instant(view.now)), *others]
    if view.excluded_text:
        metadata.insert(2, ("baseline", printable(view.excluded_text)))
    layer = _layer("carlang run", str(view.tally), _SHARES, techniques, metadata, highest=_ALL)
    layer["legendItems"] = [{"label": label, "color": colour} for label, colour in _LEGEND]
    utf8_writer(stream)(json.dumps(layer, indent=2) + "\n")


def technique_states(view: View) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return techniques by id: `hit`, `answered`, `blind`, or nothing where none of it was asked; and the remarks."""
    states = {_HIT: "hit", _ANSWERED: "answered", _BLIND: "blind", None: ""}
    techniques, _ = _techniques(view)
    return {name: (states[each.colour], tuple(each.remarks)) for name, each in sorted(techniques.items())}


def _techniques(view: View) -> tuple[dict[str, _Technique], list[tuple[str, str]]]:
    """Return what a run says about each technique, and by subject what belongs to none."""
    techniques: dict[str, _Technique] = {}
    others = []
    for remark in _remarks(view):
        ids = sorted({name for name in remark.techniques if is_technique(name)})
        for name in ids:
            technique = techniques.setdefault(name, _Technique())
            technique.remarks.append(f"{remark.subject}: {remark.text}")
            _take(technique, remark)
        if not ids:
            others.append((remark.subject, remark.text))
    return techniques, others


def share_answered(judgement: Judgement | None, *, ran: bool) -> int | None:
    """Return on how many per cent of the hosts that are asked an output is answered, also in part; None if not asked.

    Without a judgement by host it is all, if it `ran`, else none.
    """
    if judgement is not None and judgement.state is State.NOT_ASKED:
        return None
    asked = 0 if judgement is None else judgement.count() - judgement.count(State.NOT_ASKED)
    if judgement is None or not asked:
        return _ALL if ran else 0
    # Rounded up, so that 0 says that it is on none.
    return -(-_ALL * judgement.count(State.ANSWERED, State.PARTLY) // asked)


def coverage_layer(
    covered: Mapping[str, Sequence[tuple[str, str | None]]], shares: Mapping[str, int | None] | None = None
) -> str:
    """Return what a catalogue covers as a layer: a technique's score is the number of its analytics.

    `covered` holds, for each technique, the ids of its analytics, each with what a store says of it, or None. With a
    store, `shares` are the scores: the share of hosts, in per cent, on which the best of its analytics is answered.
    """
    techniques: dict[str, _Technique] = {}
    for technique, analytics in covered.items():
        if is_technique(technique):
            remarks = [printable(f"{id_}: {remark}" if remark else id_, keep="\n") for id_, remark in analytics]
            score = len(analytics) if shares is None else shares.get(technique)
            colour = None if shares is None or score is None else (_ANSWERED if score else _BLIND)
            techniques[technique] = _Technique(score, colour, remarks)
    description = "The techniques that the catalogue has analytics for"
    if shares is None:
        return json.dumps(_layer("carlang catalogue", description, _COVERED, techniques, []), indent=2)
    layer = _layer("carlang catalogue", description, _SHARES, techniques, [], highest=_ALL)
    layer["legendItems"] = [{"label": label, "color": colour} for label, colour in _LEGEND[1:]]
    return json.dumps(layer, indent=2)


def _take(technique: _Technique, remark: _Remark) -> None:
    """Take a remark into a technique: a hit is more than an answer, and that is more than none."""
    if remark.share is None:
        return
    technique.score = max(technique.score or 0, remark.share)
    colour = _HIT if remark.rows else (_ANSWERED if remark.share else _BLIND)
    technique.colour = max(technique.colour, colour, key=(None, _BLIND, _ANSWERED, _HIT).index)


@dataclass(frozen=True, slots=True)
class _Remark:
    """What is to be said about an analytic: on which techniques, the rows it found, the share of hosts it answers."""

    subject: str
    text: str
    techniques: Sequence[str]
    rows: int = 0
    share: int | None = None


def _remarks(view: View) -> Iterator[_Remark]:
    for output in view.outputs:
        text = f"{counted(output.total, 'row')} found" if output.total else "found nothing"
        text += f", {output.excluded_rows:,} more excluded by the baseline" if output.excluded else ""
        text += f"; {printable(output.unseen)}" if output.unseen else ""
        share = share_answered(output.judgement, ran=True)
        yield _Remark(_subject(output, output.name), text, output.techniques, output.total, share)
    for entry in view.not_run:
        text = printable(_not_run_text(entry), keep="\n")
        share = share_answered(entry.judgement, ran=False)
        yield _Remark(_subject(entry, entry.output), text, entry.techniques, share=share)
    for failure in view.failed:
        errors = [failure.error] if failure.error else [diagnostic.message for diagnostic in failure.diagnostics]
        text = printable(f"failed: {'; '.join(errors) or 'no reason given'}", keep="\n")
        yield _Remark(_subject(failure, None), text, failure.techniques)


def _not_run_text(entry: NotRunView) -> str:
    if entry.judgement is not None and entry.judgement.state is State.NOT_ASKED:
        return judgement_text(entry.judgement)
    return f"could not run: {entry.reason}"


def _subject(entry: OutputView | NotRunView | FailedView, output: str | None) -> str:
    name = " ".join(part for part in (entry.analytic, entry.title) if part)
    return printable(f"{name} ({output})" if output else name)


def _layer(
    name: str,
    description: str,
    colours: Sequence[str],
    techniques: Mapping[str, _Technique],
    metadata: Iterable[tuple[str, str]],
    highest: int | None = None,
) -> dict[str, Any]:
    if highest is None:
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
    if technique.colour is not None:
        entry["color"] = technique.colour
    return entry | {"comment": "\n".join(technique.remarks), "enabled": True}
