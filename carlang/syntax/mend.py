"""Statements that cannot be read, read as if they were mended in the likeliest way: for analysis only.

A fault hides neither the rest of its statement nor what is built on its stream. So a faulty statement is mended, round
by round, in a draft: by the repair of its fault where that helps, else by taking what stands there for something that
holds. What comes out is never run; it says which rows the stream of the statement has, and lets the names in what
could be read be looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from carlang.diagnostics import Diagnostic, Edit, codes
from carlang.diagnostics.apply import apply_edits
from carlang.source import Source, Span
from carlang.syntax import ast
from carlang.syntax.dialects import foreign_form
from carlang.syntax.draft import Draft

_ROUNDS = 30
"""How many faults of a statement are mended, as each costs a few parses. Those behind are seen once these are gone."""
_LONGEST = 5_000
"""How many characters a statement may have to be mended, for the same reason; the longest published one has 2,553."""

_TOKEN = re.compile(
    r"""(?P<skip>"(?:\\["\\]|\\(?!["\\])|[^"\\\n]++)*+"|'(?:\\['"\\]|\\(?!['"\\])|[^'\\\n]++)*+'|\#[^\n]*|//[^\n]*)"""
    r"|(?P<mark>[()\[\],|])|(?P<word>[^\W\d]\w*)|(?P<other>\S)",
)
_CLOSING = {"(": ")", "[": "]"}
_BEFORE_AN_OPERAND = frozenset({"and", "or", "not", "where", "select"})
_BEHIND_AN_OPERAND = frozenset({"and", "or"})
_TAIL = re.compile(r"(?:\s*[)\]])*\s*\Z")
_TARGET = r"(?P<target>(?:[^\W\d]\w*\s*=\s*)?)"
# The beginnings of statements that say which rows there are, whatever stands behind them; the longest comes first.
_HEADS = (
    re.compile(_TARGET + r"(?P<head>filter\s+(?!where\b|\()[^\W\d]\w*)", re.IGNORECASE),
    re.compile(
        _TARGET + r"(?P<head>search\s+[^\W\d]\w*\s*:\s*(?:\*|\w+)(?:\s*,\s*\w+)*(?:\s+or\s+\w+\s*:\s*(?:\*|\w+))*)",
        re.IGNORECASE,
    ),
    re.compile(_TARGET + r"(?P<head>search\s+[^\W\d]\w*)", re.IGNORECASE),
    re.compile(_TARGET + r"(?P<head>join\s*\(\s*\w+(?:\s*,\s*\w+)+\s*\))", re.IGNORECASE),
    re.compile(_TARGET + r"(?P<head>group\s+\w+(?:\s*,\s*\w+)*\s+by\s+[\w.]+(?:\s*,\s*[\w.]+)*)", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a reading of a statement gave: the statement with remarks on it, or where and why it cannot be read."""

    statement: ast.Statement | None
    remarks: tuple[Diagnostic, ...]
    at: int = 0
    describe: Callable[[], Diagnostic] | None = None


Read = Callable[[Source], Attempt]
"""Reads a source that is one statement."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A statement mended: its faults, remarks on what could be read, and what it was probably meant to be.

    `places` are where that differs from what is written.
    """

    faults: tuple[Diagnostic, ...]
    remarks: tuple[Diagnostic, ...] = ()
    likely: ast.AssignStmt | ast.FieldStmt | ast.InputStmt | ast.OutputStmt | ast.BareStmt | None = None
    places: tuple[Span, ...] = ()


def mend(source: Source, span: Span, earlier: Sequence[Diagnostic], read: Read, *, thoroughly: bool) -> Mended:
    """Return a statement that cannot be read as it was probably meant; `earlier` are its faults that are known.

    Where that is not to be done `thoroughly`, only its first fault is described.
    """
    if span.end - span.start > _LONGEST or not thoroughly:
        attempt = Attempt(None, ()) if earlier else read(Source.whole("", source.text[span.start : span.end]))
        faults = (Draft.of(source, span).translated(attempt.describe()),) if attempt.describe else ()
        return Mended(faults)
    try:
        return _Mender(source, span, read).mended(earlier)
    except RecursionError:
        fault = Diagnostic(codes.TOO_DEEP, "the statement is nested too deeply", source, span)
        return Mended(() if earlier else (fault.with_help("give parts of it names, or filter in several steps"),))


class _Mender:
    def __init__(self, source: Source, span: Span, read: Read) -> None:
        self._source, self._span = source, span
        self._draft = Draft.of(source, span)
        self._read = read
        self._faults: list[Diagnostic] = []
        # Once something was guessed, only what is surely wrong by itself is reported: the rest may follow from that.
        self._guessed = False
        self._known: list[Span] = []

    def mended(self, earlier: Sequence[Diagnostic]) -> Mended:
        self._known = [fault.span for fault in earlier]
        if earlier:
            self._mend_strings_and_brackets(earlier)
        for _ in range(_ROUNDS):
            attempt = self._attempt()
            if attempt.describe is None:
                break
            if not self._round(attempt):
                return self._by_its_head()
        else:
            return self._by_its_head()
        return self._result(attempt)

    def _attempt(self) -> Attempt:
        return self._read(Source.whole("", self._draft.text))

    def _unread(self, text: str) -> int:
        attempt = self._read(Source.whole("", text))
        return 0 if attempt.describe is None else max(len(text) - attempt.at, 1)

    def _round(self, attempt: Attempt) -> bool:
        """Report the first fault and mend it; tell whether the text is another one now."""
        if attempt.describe is None:
            return False
        text = self._draft.text
        foreign = foreign_form(Source.whole("", text), attempt.at, self._unread)
        fault = foreign or attempt.describe()
        translated = self._draft.translated(fault)
        behind = not any(place.start < place.end and _overlap(place, translated.span) for place in self._draft.mended)
        if behind and (foreign or not self._guessed):
            self._faults.append(translated)
        edits = fault.repair.edits if fault.repair else ()
        if not edits or self._unread(apply_edits(text, edits)) >= max(len(text) - attempt.at, 1):
            edits = tuple(_as_something_true(text, attempt.at))
            self._guessed = True
        elif foreign is None and not (fault.repair and fault.repair.certain):
            self._guessed = True
        self._draft.apply(edits)
        return bool(edits) and self._draft.text != text

    def _result(self, attempt: Attempt) -> Mended:
        draft = self._draft
        statement = attempt.statement
        translated = (draft.translated(remark) for remark in attempt.remarks)
        # Of a literal that is faulty nothing more is said.
        remarks = tuple(r for r in translated if not any(_overlap(r.span, place) for place in self._known))
        if statement is None or isinstance(statement, ast.FaultyStmt):
            return Mended(tuple(self._faults), remarks)
        likely = draft.placed(statement)
        return Mended(tuple(self._faults), remarks, likely, tuple(draft.mended))  # type: ignore[arg-type]  # the same kind of node

    def _by_its_head(self) -> Mended:
        """Return the rows that a statement's beginning speaks of, whatever was to become of them."""
        draft = self._draft = Draft.of(self._source, self._span)
        for head in _HEADS:
            match = head.match(draft.text)
            if match is None:
                continue
            condition = " where true" if match["head"][:6].casefold() == "filter" else ""
            attempt = self._read(Source.whole("", match.group() + condition))
            if attempt.statement is not None:
                draft.apply([Edit(Span(match.end(), len(draft.text)), condition)])
                return self._result(attempt)
        return Mended(tuple(self._faults))

    # ---- strings and brackets, which are faulty before a statement is read

    def _mend_strings_and_brackets(self, faults: Sequence[Diagnostic]) -> None:
        edits: list[Edit] = []
        for fault in faults:
            if fault.repair:
                edits += [Edit(self._draft.inside(edit.span), edit.text) for edit in fault.repair.edits]
            elif fault.code is codes.UNTERMINATED_STRING:
                edits.append(self._closing_quote(fault))
        self._draft.apply(edits)
        balance = list(_balance(self._draft.text))
        self._guessed = bool(balance) or any(fault.repair is None for fault in faults)
        self._draft.apply(balance)

    def _closing_quote(self, fault: Diagnostic) -> Edit:
        """Return the quote that a string lacks, at the end of its line but before the brackets that close there."""
        text = self._draft.text
        start = self._draft.inside(fault.span).start
        line_end = text.find("\n", start)
        line_end = len(text) if line_end < 0 else line_end
        tail = _TAIL.search(text, start, line_end)
        at = tail.start() if tail else line_end
        quote = text[start] if text[start : start + 1] in "\"'" else '"'
        return Edit(Span(at, at), quote)


def _overlap(a: Span, b: Span) -> bool:
    return a.start < b.end and b.start < a.end


def _balance(text: str) -> Iterator[Edit]:
    """Yield the edits that take away the brackets that close nothing, and close those that are open."""
    opened: list[str] = []
    for match in _TOKEN.finditer(text):
        mark = match["mark"]
        if mark in _CLOSING:
            opened.append(mark)
        elif mark and mark in ")]":
            if opened and _CLOSING[opened[-1]] == mark:
                opened.pop()
            else:
                yield Edit(Span(*match.span()), "")
    if opened:
        yield Edit(Span(len(text), len(text)), "".join(_CLOSING[mark] for mark in reversed(opened)))


def _as_something_true(text: str, at: int) -> Iterator[Edit]:
    """Yield the edit that puts `true` in the place of the operand at an offset: between what parts operands."""
    levels: list[tuple[int, str]] = [(-1, "")]
    for match in _TOKEN.finditer(text):
        if match.start() >= at:
            break
        mark, word = match["mark"], (match["word"] or "").casefold()
        if mark and mark in "([":
            levels.append((match.end(), mark))
        elif mark and mark in ")]":
            if len(levels) > 1:
                levels.pop()
        elif mark or word in _BEFORE_AN_OPERAND:
            levels[-1] = (match.end(), mark or word)
    start, parted_by = levels[-1]
    if start < 0:
        return
    end = _operand_end(text, at)
    # A stage of a pipe is no condition.
    replacement = " filter true " if parted_by == "|" else " true "
    yield Edit(Span(start, max(start, end)), replacement)


def _operand_end(text: str, at: int) -> int:
    depth = 0
    for match in _TOKEN.finditer(text, at):
        mark, word = match["mark"], (match["word"] or "").casefold()
        if depth == 0 and ((mark and mark in ")],|") or word in _BEHIND_AN_OPERAND):
            return match.start()
        if mark and mark in "([":
            depth += 1
        elif mark and mark in ")]":
            depth -= 1
    return len(text)
