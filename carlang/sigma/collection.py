"""Rules by the ids and names under which correlations refer to them, over the files that they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from carlang.datafile import DataFileError
from carlang.diagnostics import nearest
from carlang.sigma.documents import RuleDocument, rule_documents
from carlang.sigma.neighbours import Neighbours
from carlang.sigma.references import is_called, references
from carlang.sigma.rules import RuleFile


class ReferenceLostError(Exception):
    """A reference leads to no rule, or to several; the message says which, `help` what could be done."""

    def __init__(self, message: str, help_: str | None = None) -> None:
        super().__init__(message)
        self.help = help_


@dataclass(frozen=True)
class KnownRule:
    """A rule, and the file that it stands in."""

    file: RuleFile
    document: RuleDocument

    @property
    def title(self) -> str:
        """What it is called where it has no name."""
        return str(self.document.mapping.get("name") or self.document.mapping.get("title") or "rule")

    @property
    def place(self) -> str:
        """The file and the line where it begins, `logins.yml:12`."""
        span = self.document.span()
        location = self.file.source.location(span)
        return f"{location.file}:{location.line}"


@dataclass(frozen=True)
class Collection:
    """The file that is translated, and the others that its correlations refer to."""

    translated: RuleFile
    others: tuple[RuleFile, ...] = ()
    faulty: tuple[str, ...] = ()

    @classmethod
    def of(cls, translated: RuleFile, neighbours: Neighbours) -> Collection:
        """Return the rules of a file and of its neighbours; one that is no YAML has none."""
        files, faulty = [], []
        for source in neighbours.files:
            try:
                files.append(RuleFile(source, rule_documents(source), translated.pipeline))
            except DataFileError:
                faulty.append(source.name)
        return cls(translated, tuple(files), tuple(faulty))

    def is_in_circle(self, rule: RuleDocument) -> bool:
        """Tell whether the references of a correlation lead back to it: then nothing else has it as a part."""
        waiting, reached = [KnownRule(self.translated, rule)], set()
        while waiting:
            known = waiting.pop()
            for reference in references(known.document):
                try:
                    referred = self.find(reference, known.file)
                except ReferenceLostError:
                    continue
                if referred.document is rule:
                    return True
                if id(referred.document) not in reached:
                    reached.add(id(referred.document))
                    waiting.append(referred)
        return False

    def find(self, reference: str, referring: RuleFile) -> KnownRule:
        """Return the rule of an id or a name to which a file refers; raises `ReferenceLostError`.

        The nearest is meant: one of the file itself, else one of its folder, else one of any other.
        """
        every = (self.translated, *self.others)
        folder = PurePath(referring.source.name).parent
        beside = tuple(file for file in every if PurePath(file.source.name).parent == folder)
        for files in ((referring,), beside, every):
            known = [KnownRule(file, rule) for file in files for rule in file.rules if is_called(rule, reference)]
            if len(known) > 1:
                places = " and ".join(each.place for each in known)
                raise ReferenceLostError(f"`{reference}` is a rule of {places}", "give one of them another name")
            if known:
                return known[0]
        if self.faulty:
            raise ReferenceLostError(f"`{reference}` is in a file that is no YAML: {', '.join(self.faulty)}")
        names = [KnownRule(file, rule).title for file in every for rule in file.rules]
        near = nearest(reference, names)
        looked = "rules are looked for by their `id` and `name`, in this file and in the others of its folder"
        help_ = f"did you mean `{near}`?" if near else looked
        raise ReferenceLostError(f"no rule here has the id or the name `{reference}`", help_)
