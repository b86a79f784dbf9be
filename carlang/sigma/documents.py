"""The YAML documents of a file of rules, and where their values stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from carlang.datafile import DataFile, DataFileError, read_builtin_yaml
from carlang.datafile import Path as DataPath
from carlang.source import Source, Span

_BETWEEN = re.compile(r"^---[ \t]*(?:#.*)?$\n?", re.MULTILINE)
_RULE = r"""(["']?)(?:detection|correlation|filter)\1[ \t]*:"""
_OWN = r"""(["']?)implementations\1[ \t]*:"""
# Where keys may stand in a mapping in braces, as in JSON: at its beginning, or behind another member.
_IN_BRACES = r"[{,]\s*"
_FIRST_LINE = re.compile(r"^([ \t]*)(?!#|---|%|\s)(\S)", re.MULTILINE)


@dataclass(frozen=True)
class RuleDocument:
    """A YAML document of a file, which begins at the offset `start` of its text.

    `layers` are the documents that a rule is made of where it shares parts with others, itself among them; of a key
    that several have the first one's value holds.
    """

    data: DataFile
    start: int
    layers: tuple[RuleDocument, ...] = ()

    @property
    def mapping(self) -> Mapping[str, Any]:
        """The rule's keys and values; empty where the document is not a mapping."""
        return merged([_keys(layer.data) for layer in self.layers or (self,)])

    @property
    def action(self) -> Any:
        """What the document itself is to do with others; None where it stands by itself."""
        return _keys(self.data).get("action")

    def span(self, path: DataPath = (), *, at_key: bool = False) -> Span:
        """Return the place in the file of the value at `path`, or of its key."""
        holder = next((layer for layer in self.layers if _has(layer.data.data, path)), self)
        fault = holder.data.fault("", path, at_key=at_key)
        return Span(fault.start + holder.start, fault.end + holder.start)


def _keys(document: DataFile) -> Mapping[str, Any]:
    return document.data if isinstance(document.data, dict) else {}


def merged(layers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the keys of several mappings as one, also within their values; the first that has a value decides it."""
    if len(layers) == 1:
        return layers[0]
    keys = dict.fromkeys(key for layer in layers for key in layer)
    return {key: _merged_value([layer[key] for layer in layers if key in layer]) for key in keys}


def _merged_value(values: Sequence[Any]) -> Any:
    mappings = [value for value in values if isinstance(value, Mapping)]
    return merged(mappings) if isinstance(values[0], Mapping) else values[0]


def _has(data: Any, path: DataPath) -> bool:
    for part in path:
        is_there = part in data if isinstance(data, Mapping) else isinstance(data, list) and part in range(len(data))
        if not is_there:
            return False
        data = data[part]
    return True


def is_rule(text: str) -> bool:
    """Tell whether a YAML text is a file of Sigma rules: a detection, a correlation or a filter is at its margin.

    The margin is where the first key stands, which may be indented; of a rule in braces it is anywhere.
    """
    first = _FIRST_LINE.search(text)
    if first is None:
        return False
    margin = _IN_BRACES if first[2] == "{" else f"^{first[1]}"
    return bool(re.search(margin + _RULE, text, re.MULTILINE)) and not re.search(margin + _OWN, text, re.MULTILINE)


def rule_documents(source: Source) -> tuple[RuleDocument, ...]:
    """Return the documents of a file of rules; raises `DataFileError` for one that is no YAML."""
    bounds = [(match.start(), match.end()) for match in _BETWEEN.finditer(source.text)]
    starts = [0, *(end for _, end in bounds)]
    ends = [*(start for start, _ in bounds), len(source.text)]
    pieces = [(start, source.text[start:end]) for start, end in zip(starts, ends, strict=True)]
    documents = (_document(source, text, start) for start, text in pieces if not _is_empty(text))
    return tuple(_with_shared_parts(documents))


def _document(source: Source, text: str, start: int) -> RuleDocument:
    first_line = source.text.count("\n", 0, start) + 1
    try:
        # As pySigma does, libyaml reads it: each of thousands of rules in a tenth of the time.
        return RuleDocument(read_builtin_yaml(source.name, text, first_line), start)
    except DataFileError as error:
        # Its offsets are of the document that was parsed, those of a file's diagnostics of the file.
        in_file = [replace(fault, start=fault.start + start, end=fault.end + start) for fault in error.faults]
        raise DataFileError(error.name, in_file) from error


def _with_shared_parts(documents: Iterator[RuleDocument]) -> Iterator[RuleDocument]:
    """Yield the rules, each with the parts that it shares: what `action` says, as pySigma takes it.

    `global` gives its keys to the rules behind it, until another `global` or a `reset`; they hold before the rule's
    own. `repeat` is the rule before it, with other values for the keys that it has. A correlation or a filter shares
    nothing. What is no action stays, to be refused.
    """
    shared: tuple[RuleDocument, ...] = ()
    before: tuple[RuleDocument, ...] = ()
    for document in documents:
        match document.action:
            case "global":
                shared = before = (document,)
            case "reset":
                shared = ()
            case "repeat":
                before = (document, *before)
                yield replace(document, layers=before)
            case None if shared and "correlation" not in document.mapping and "filter" not in document.mapping:
                before = (*shared, document)
                yield replace(document, layers=before)
            case _:
                before = (document,)
                yield document


def _is_empty(text: str) -> bool:
    return all(not line.strip() or line.lstrip().startswith("#") or line.startswith("%") for line in text.split("\n"))
