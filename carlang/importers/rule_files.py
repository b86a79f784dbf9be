"""Sigma rules over the files of a folder: which of them belong together, as correlations refer to others' rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from carlang import sigma
from carlang.datafile import DataFileError
from carlang.importers.texts import newlines, read_file
from carlang.sigma import Neighbours
from carlang.source import Source

ALONE = Neighbours()
"""What other files have to do with one that stands by itself: nothing."""

_SUFFIXES = (".yml", ".yaml")
# In braces, as in JSON, keys stand behind one another; else each at the head of its line, indented where all of it is.
_KEY = r"""(?:^[ \t]*|[{,]\s*)(["']?)%s\1[ \t]*:"""
_CALLED = re.compile(
    _KEY % "(?:id|name)" + r"""[ \t]*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"'#][^#\n,}]*?))[ \t]*(?=[#,}\n]|\Z)""",
    re.MULTILINE,
)
_BETWEEN = re.compile(r"^---", re.MULTILINE)
_CORRELATION = re.compile(_KEY % "correlation", re.MULTILINE)


@dataclass(frozen=True)
class RuleFiles:
    """Files of Sigma rules, each read once: those of a folder that is worked on.

    Where a folder is worked on, rules of which its correlations are made have no output of their own.
    """

    paths: tuple[Path, ...]

    @classmethod
    def beside(cls, path: Path) -> RuleFiles:
        """Return those of a file's folder."""
        try:
            return cls(tuple(sorted(each for each in path.parent.iterdir() if each.is_file())))
        except OSError:
            return cls(())

    @cached_property
    def sources(self) -> dict[str, Source]:
        """The texts of all files of rules among them, by the names of the files."""
        paths = (path for path in self.paths if path.suffix.casefold() in _SUFFIXES)
        texts = ((str(path), newlines(text)) for path in paths for text, fault in [read_file(path)] if not fault)
        return {name: Source.whole(name, text) for name, text in texts if sigma.is_rule(text)}

    @cached_property
    def _by_name(self) -> dict[str, list[Source]]:
        """The files by the ids and names of their rules, as far as these can be told without reading the YAML."""
        by_name: dict[str, list[Source]] = {}
        for source in self.sources.values():
            for name in {"".join(match.groups("")[1:]).casefold() for match in _CALLED.finditer(source.text)}:
                by_name.setdefault(name, []).append(source)
        return by_name

    @cached_property
    def parts(self) -> dict[str, frozenset[str]]:
        """By the name of a file, those of its rules of which correlations in other files are made."""
        parts: dict[str, set[str]] = {}
        for source in self.sources.values():
            for reference in set(_parts(source)) if _has_correlation(source.text) else ():
                holders = self.holders(reference, source)
                for holder in () if source in holders else holders:
                    parts.setdefault(holder.name, set()).add(reference)
        return {name: frozenset(references) for name, references in parts.items()}

    def concern(self, path: Path) -> bool:
        """Tell whether a file has several rules, or one that correlations are made of: its first id says too little."""
        source = self.sources.get(str(path))
        return source is not None and (source.name in self.parts or bool(_BETWEEN.search(source.text)))

    def holders(self, reference: str, referring: Source) -> Sequence[Source]:
        """Return the files that have a rule of an id or a name: those beside the one that refers to it, else all."""
        holders = self._by_name.get(reference.casefold(), [])
        folder = Path(referring.name).parent
        return [each for each in holders if Path(each.name).parent == folder] or holders


def neighbours_of(path: Path, text: str, rules: RuleFiles | None) -> Neighbours:
    """Return what other files have to do with one of Sigma rules, of this text; of any other one, nothing."""
    name = str(path)
    if path.suffix.casefold() not in _SUFFIXES or not (sigma.is_rule(text) if rules is None else name in rules.sources):
        return ALONE
    parts = rules.parts.get(name, frozenset()) if rules else frozenset()
    if not _has_correlation(text):
        return Neighbours((), parts) if parts else ALONE
    known = rules or RuleFiles.beside(path)
    return Neighbours(sigma.files_referred_to(Source.whole(name, text), known.holders), parts)


def _has_correlation(text: str) -> bool:
    # Of thousands of rules few have the word, which is found at once.
    return "correlation" in text and bool(_CORRELATION.search(text))


def _parts(source: Source) -> Iterator[str]:
    try:
        yield from sigma.parts_of_correlations(sigma.rule_documents(source))
    except DataFileError:
        return  # is said where the file itself is read
