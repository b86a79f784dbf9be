"""The YAML documents of a file of rules, and where their values stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carlang.datafile import DataFile, read_builtin_yaml
from carlang.datafile import Path as DataPath
from carlang.source import Source, Span

_BETWEEN = re.compile(r"^---[ \t]*(?:#.*)?$\n?", re.MULTILINE)
_RULE = re.compile(r"""^(["']?)(?:detection|correlation|filter)\1[ \t]*:""", re.MULTILINE)
_OWN = re.compile(r"^implementations[ \t]*:", re.MULTILINE)


@dataclass(frozen=True)
class RuleDocument:
    """A YAML document of a file, which begins at the offset `start` of its text."""

    data: DataFile
    start: int

    @property
    def mapping(self) -> Mapping[str, Any]:
        """The document's keys and values; empty where it is not a mapping."""
        data = self.data.data
        return data if isinstance(data, dict) else {}

    def span(self, path: DataPath = (), *, at_key: bool = False) -> Span:
        """Return the place in the file of the value at `path`, or of its key."""
        fault = self.data.fault("", path, at_key=at_key)
        return Span(fault.start + self.start, fault.end + self.start)


def is_rule(text: str) -> bool:
    """Tell whether a YAML text is a file of Sigma rules: a detection, a correlation or a filter is at its margin."""
    return bool(_RULE.search(text)) and not _OWN.search(text)


def rule_documents(source: Source) -> tuple[RuleDocument, ...]:
    """Return the documents of a file of rules; raises `DataFileError` for one that is no YAML."""
    bounds = [(match.start(), match.end()) for match in _BETWEEN.finditer(source.text)]
    starts = [0, *(end for _, end in bounds)]
    ends = [*(start for start, _ in bounds), len(source.text)]
    pieces = [(start, source.text[start:end]) for start, end in zip(starts, ends, strict=True)]
    return tuple(
        # As pySigma does, libyaml reads it: each of thousands of rules in a tenth of the time.
        RuleDocument(read_builtin_yaml(source.name, text, source.text.count("\n", 0, start) + 1), start)
        for start, text in pieces
        if not _is_empty(text)
    )


def _is_empty(text: str) -> bool:
    return all(not line.strip() or line.lstrip().startswith("#") or line.startswith("%") for line in text.split("\n"))
