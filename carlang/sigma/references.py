"""What correlations refer to, read without pySigma: what is kept of a file depends on the files that it refers to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from carlang.datafile import DataFileError
from carlang.sigma.documents import RuleDocument, rule_documents
from carlang.source import Source


def references(document: RuleDocument) -> tuple[str, ...]:
    """Return the names and ids that a correlation refers to, as far as they can be read; of another rule none."""
    section = document.mapping.get("correlation")
    if not isinstance(section, Mapping):
        return ()
    named, condition = section.get("rules"), section.get("condition")
    if named is None and isinstance(condition, str):
        return tuple(dict.fromkeys(word for word in re.findall(r"\w+", condition) if word.casefold() not in _JOINING))
    return tuple(map(str, named)) if isinstance(named, list) else (named,) if isinstance(named, str) else ()


_JOINING = frozenset({"and", "or", "not"})


def generates(document: RuleDocument) -> bool:
    """Tell whether the rules of a correlation have outputs of their own; the specification has the key outside, too."""
    section = document.mapping.get("correlation")
    return document.mapping.get("generate") is True or (
        isinstance(section, Mapping) and section.get("generate") is True
    )


def is_called(document: RuleDocument, reference: str) -> bool:
    """Tell whether a rule is meant by a reference: an id in any case, or a name as it is written."""
    id_, name = document.mapping.get("id"), document.mapping.get("name")
    return name == reference or (isinstance(id_, str) and id_.casefold() == reference.casefold())


def parts_of_correlations(documents: Iterable[RuleDocument]) -> Iterator[str]:
    """Yield the references of correlations to rules that have no output of their own."""
    for document in documents:
        if not generates(document):
            yield from references(document)


def files_referred_to(source: Source, holders: Callable[[str, Source], Sequence[Source]]) -> tuple[Source, ...]:
    """Return the other files that the programs of a file are made of, in the order in which they are come to.

    `holders` gives the files that have a rule of an id or a name, to which another file refers. Whatever keeps a
    translation has to keep it by the texts of these as well.
    """
    reached: dict[str, Source] = {source.name: source}
    waiting = [source]
    while waiting:
        referring = waiting.pop(0)
        try:
            documents = rule_documents(referring)
        except DataFileError:
            continue  # said where it is translated
        for reference in (reference for document in documents for reference in references(document)):
            if any(is_called(document, reference) for document in documents):
                continue
            for holder in holders(reference, referring):
                if holder.name not in reached:
                    reached[holder.name] = holder
                    waiting.append(holder)
    return tuple(each for name, each in reached.items() if name != source.name)
