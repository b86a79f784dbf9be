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
    def sources(self) -> tuple[Source, ...]:
        """The texts of all files of rules among them."""
        paths = (path for path in self.paths if path.suffix.casefold() in _SUFFIXES)
        texts = ((path, newlines(text)) for path in paths for text, fault in [read_file(path)] if not fault)
        return tuple(Source.whole(str(path), text) for path, text in texts if sigma.is_rule(text))

    @cached_property
    def _by_name(self) -> dict[str, list[Source]]:
        """The files by the ids and names of their rules, as far as these can be told without reading the YAML."""
        by_name: dict[str, list[Source]] = {}
        for source in self.sources:
            for name in {"".join(match.groups("")[1:]).casefold() for match in _CALLED.finditer(source.text)}:
                by_name.setdefault(name, []).append(source)
        return by_name

    @cached_property
    def _referred(self) -> dict[str, frozenset[str]]:
        """By the name of a file, the rules of which its correlations are made."""
        return {source.name: frozenset(_parts(source)) for source in self.sources if _CORRELATION.search(source.text)}

    def concern(self, path: Path) -> bool:
        """Tell whether a file has several rules, or one that correlations are made of: its first id says too little."""
        return str(path) in self._concerned

    @cached_property
    def _concerned(self) -> frozenset[str]:
        referred = {name.casefold() for names in self._referred.values() for name in names}
        several = (source.name for source in self.sources if _BETWEEN.search(source.text))
        return frozenset(several).union(source.name for name in referred for source in self._by_name.get(name, ()))

    def holders(self, reference: str, referring: Source) -> Sequence[Source]:
        """Return the files that have a rule of an id or a name: those beside the one that refers to it, else all."""
        holders = self._by_name.get(reference.casefold(), [])
        folder = Path(referring.name).parent
        return [each for each in holders if Path(each.name).parent == folder] or holders

    def referred_by_others(self, path: Path) -> frozenset[str]:
        """Return the rules of which correlations in other files than this one are made."""
        return frozenset().union(*(names for file, names in self._referred.items() if file != str(path)))


def neighbours_of(path: Path, text: str, rules: RuleFiles | None) -> Neighbours:
    """Return what other files have to do with one of Sigma rules, of this text; of any other one, nothing."""
    if path.suffix.casefold() not in _SUFFIXES or not sigma.is_rule(text):
        return ALONE
    referred = rules.referred_by_others(path) if rules else frozenset()
    if not _CORRELATION.search(text):
        return Neighbours((), referred) if referred else ALONE
    known = rules or RuleFiles.beside(path)
    files = sigma.files_referred_to(Source.whole(str(path), text), known.holders)
    return Neighbours(files, referred)


def _parts(source: Source) -> Iterator[str]:
    try:
        yield from sigma.parts_of_correlations(sigma.rule_documents(source))
    except DataFileError:
        return  # is said where the file itself is read
