"""A statement as it is mended, edit by edit: each of its characters knows which place in the program it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from carlang.diagnostics import Diagnostic, Edit, Repair
from carlang.source import Source, Span
from carlang.syntax import ast
from carlang.syntax.walk import rewrite

_WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)
_LONGEST_COMPARED = 2000
"""How many characters of a replacement are compared with what they replace: the comparison takes the square of them."""


@dataclass(slots=True)
class Draft:
    """The text of a statement, first as it was written. `mended` are the places of the program that edits have changed.

    `starts` and `ends` say of each character where in the program what it stands for begins and ends.
    """

    source: Source
    text: str
    starts: list[int]
    ends: list[int]
    end: int
    mended: list[Span] = field(default_factory=list)

    @classmethod
    def of(cls, source: Source, span: Span) -> Draft:
        """Return a statement as it was written."""
        places = range(span.start, span.end)
        text = source.text[span.start : span.end]
        return cls(source, text, [*places], [place + 1 for place in places], span.end)

    def apply(self, edits: Iterable[Edit]) -> None:
        """Make edits, whose spans are of the draft as it is now."""
        for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
            for span, text in _finer(self.text, edit):
                self._replace(span, text)

    def _replace(self, span: Span, text: str) -> None:
        place = self.place(span)
        self.text = self.text[: span.start] + text + self.text[span.end :]
        self.starts[span.start : span.end] = [place.start] * len(text)
        self.ends[span.start : span.end] = [place.end] * len(text)
        self.mended.append(place)

    def place(self, span: Span) -> Span:
        """Return the place in the program that a span of the draft stands for."""
        start = self.starts[span.start] if span.start < len(self.starts) else self.end
        if span.start >= span.end:
            # An insertion belongs behind what stands before it.
            start = self.ends[span.start - 1] if span.start else start
            return Span(start, start)
        return Span(start, max(self.ends[span.end - 1], start))

    def inside(self, span: Span) -> Span:
        """Return the span of the draft that a place of the program has, as far as it is there still."""
        start = next((i for i, place in enumerate(self.starts) if place >= span.start), len(self.text))
        end = next((i for i, place in enumerate(self.starts) if place >= span.end), len(self.text))
        return Span(start, max(start, end))

    def translated(self, fault: Diagnostic) -> Diagnostic:
        """Return a diagnostic of the draft as one of the program."""
        labels = tuple(replace(label, span=self.place(label.span)) for label in fault.labels)
        moved = replace(fault, source=self.source, span=self.place(fault.span), labels=labels)
        if fault.repair is None:
            return moved
        edits = tuple(Edit(self.place(edit.span), edit.text) for edit in fault.repair.edits)
        return replace(moved, repair=Repair(edits, fault.repair.applicability))

    def placed(self, statement: ast.Node) -> ast.Node:
        """Return a tree that was read from the draft with the places of the program."""

        def moved(node: ast.Node) -> ast.Node:
            if isinstance(node, ast.Program):
                return node
            if isinstance(node, ast.Search):
                return replace(node, span=self.place(node.span), conjunctions=tuple(map(self.place, node.conjunctions)))
            return replace(node, span=self.place(node.span))

        return rewrite(statement, moved)


def _finer(text: str, edit: Edit) -> list[tuple[Span, str]]:
    """Return an edit as the changes of words in it, from the end: what stays keeps its place."""
    before = text[edit.span.start : edit.span.end]
    if not before or not edit.text or len(before) + len(edit.text) > _LONGEST_COMPARED:
        return [(edit.span, edit.text)]
    old, new = _WORDS.findall(before), _WORDS.findall(edit.text)
    at = [edit.span.start]
    for word in old:
        at.append(at[-1] + len(word))
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(Span(at[i], at[j]), "".join(new[k:end])) for kind, i, j, k, end in reversed(changes) if kind != "equal"]
