"""Sigma rules as analytic files: the program that a rule means, and what is known of it by our own keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from carlang import sigma
from carlang.datafile import DataFile, DataFileError
from carlang.diagnostics import Diagnostic
from carlang.diagnostics.codes import SIGMA_UNREADABLE
from carlang.importers.analytic_file import AnalyticFile, DataSource, Form
from carlang.importers.attack import TACTICS, techniques
from carlang.importers.forms import Content, analytic_of
from carlang.importers.front_matter import without_data
from carlang.sigma import Neighbours, RuleDocument
from carlang.source import Source, Span

if TYPE_CHECKING:  # which would load pySigma
    from carlang.sigma import Translation

_KEYS = {
    "id": "id",
    "title": "title",
    "description": "description",
    "date": "submission_date",
    "modified": "update_date",
    "level": "level",
    "status": "status",
    "author": "author",
    "license": "license",
    "references": "references",
    "falsepositives": "false_positives",
    "tags": "tags",
    "related": "related",
}
"""Sigma's keys that are kept, and what they are called in an analytic."""

_PLATFORMS = {"windows": "Windows", "linux": "Linux", "macos": "macOS"}
_TECHNIQUE = re.compile(r"attack\.(t\d{4}(?:\.\d{3})?)", re.IGNORECASE)
_TACTIC = re.compile(r"attack\.([a-z][a-z_-]+)", re.IGNORECASE)
_TACTICS_BY_NAME = {name.casefold().replace(" ", "-"): id_ for id_, name in TACTICS.items()}


def read_sigma(
    source: Source, pipelines: Sequence[tuple[str, str]] = (), neighbours: Neighbours | None = None
) -> AnalyticFile:
    """Read a file of Sigma rules, and of filters and correlations beside them.

    `pipelines` are names and texts of pySigma's processing pipelines, `neighbours` the other files that belong to it.
    What is known of a file of several rules is what is known of the first; `rules` has each by itself.
    """
    try:
        documents = sigma.rule_documents(source)
        translations = sigma.translate(source, documents, pipelines, neighbours or Neighbours())
    except DataFileError as error:
        faults = [Diagnostic(SIGMA_UNREADABLE, f.message, source, Span(f.start, f.end)) for f in error.faults]
        return analytic_of(without_data(source), Content(Form.SIGMA, (), tuple(faults)))
    except ImportError as error:
        if not _is_of_pysigma(error):
            raise
        fault = Diagnostic(SIGMA_UNREADABLE, _NOT_INSTALLED, source, _HEAD).with_help(_INSTALL)
        return analytic_of(without_data(source), Content(Form.SIGMA, (), (fault,)))
    if not translations:  # all of them are parts of correlations elsewhere, or there are none
        return replace(analytic_of(without_data(source), Content(Form.SIGMA)), rules=())
    one_by_one = [_one(source, each, index, len(translations)) for index, each in enumerate(translations)]
    first, *others = one_by_one
    if not others:
        return first
    return replace(
        first,
        sources=tuple(program for each in one_by_one for program in each.sources),
        labels=tuple(label for each in one_by_one for label in each.labels),
        diagnostics=tuple(fault for each in one_by_one for fault in each.diagnostics),
        rules=tuple(one_by_one),
    )


def sigma_field(file: AnalyticFile, field: str) -> str | None:
    """Return what a Sigma rule calls a field of its programs, None where it does not say."""
    names = (sigma.rule_field(program, field) for program in file.sources)
    return next(filter(None, names), None)


def sigma_problem(pipelines: Sequence[tuple[str, str]]) -> str | None:
    """Return why no rule can be read, whatever it says: without pySigma, or with such pipelines; else None."""
    try:
        return sigma.pipelines_problem(pipelines)
    except ImportError as error:
        if not _is_of_pysigma(error):
            raise
        return f"{_NOT_INSTALLED}: {_INSTALL}"


_NOT_INSTALLED = "Sigma rules are read with pySigma 2, which is not installed"
_INSTALL = "pip install 'carlang[sigma]'"


def _is_of_pysigma(error: ImportError) -> bool:
    """Tell whether it is pySigma that is not there; earlier versions of it lack modules and names."""
    return (error.name or "").partition(".")[0] in ("sigma", "re2")


_HEAD = Span(0, 0)


def _one(source: Source, translation: Translation, index: int, count: int) -> AnalyticFile:
    """Return a rule of a file as an analytic; of several, those without an id go by their name or their place."""
    document = translation.document
    data = _metadata(source, document, translation.products)
    if count > 1 and "id" not in data.data.data:
        stem = Path(source.name).stem
        data.data.data["id"] = str(document.mapping.get("name") or (f"{stem}-{index + 1}" if index else stem))
    programs = [(translation.program, str(document.mapping.get("title") or ""))] if translation.program else []
    return analytic_of(data, Content(Form.SIGMA, programs, translation.diagnostics))


def _metadata(source: Source, document: RuleDocument, products: Sequence[str]) -> DataSource:
    """Return what is known of a rule as front matter; faults of it are at the places of the rule's own keys."""
    written = document.mapping
    metadata: dict[str, Any] = {ours: written[key] for key, ours in _KEYS.items() if written.get(key) is not None}
    log = written.get("logsource")
    asked = (str(log.get("product")),) if isinstance(log, Mapping) else products
    if platforms := [_PLATFORMS[product] for product in asked if product in _PLATFORMS]:
        metadata["platforms"] = platforms
    for key in ("references", "false_positives", "tags"):
        if isinstance(metadata.get(key), list):
            metadata[key] = [str(each) for each in metadata[key] if each is not None and str(each).strip()]
    tags = metadata.get("tags")
    if isinstance(tags, list) and (coverage := list(_coverage(tags))):
        metadata["coverage"] = coverage
    data = document.data
    kept = DataFile.with_root(data.name, data.text, metadata, data.first_line, _with_our_keys(data.root))
    return DataSource(kept, source, document.start)


def _with_our_keys(root: yaml.Node | None) -> yaml.Node | None:
    """Return a rule's syntax tree with our names for its keys, by which the place of a fault is looked up."""
    if not isinstance(root, yaml.MappingNode):
        return root
    pairs = [(_our_key(key), value) for key, value in root.value]
    return yaml.MappingNode(root.tag, pairs, root.start_mark, root.end_mark)


def _our_key(key: yaml.Node) -> yaml.Node:
    ours = _KEYS.get(key.value) if isinstance(key, yaml.ScalarNode) else None
    return yaml.ScalarNode(key.tag, ours, key.start_mark, key.end_mark) if ours else key


def _coverage(tags: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the techniques of a rule's tags, each with those of its tactics that ATT&CK has it serve."""
    named = [match.group(1).casefold().replace("_", "-") for tag in tags if (match := _TACTIC.fullmatch(tag))]
    tactics = [_TACTICS_BY_NAME[name] for name in named if name in _TACTICS_BY_NAME]
    by_technique: dict[str, list[str]] = {}
    for tag in tags:
        if match := _TECHNIQUE.fullmatch(tag):
            id_ = match.group(1).upper()
            subtechniques = by_technique.setdefault(id_.partition(".")[0], [])
            if "." in id_:
                subtechniques.append(id_)
    for technique, subtechniques in by_technique.items():
        ids = (technique, *subtechniques)
        serves = {tactic for id_ in ids if id_ in techniques() for tactic in techniques()[id_].tactics}
        entry = {
            "technique": technique,
            "subtechniques": subtechniques,
            "tactics": [tactic for tactic in tactics if tactic in serves],
        }
        yield {key: value for key, value in entry.items() if value}
