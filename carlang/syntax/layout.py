r"""Where statements end.

A statement ends at a newline, except inside `()` or `[]`, after an infix operator, a comma or a `|`, and before a line
that begins with `and`, `or`, `where` or `|`, or with what only a group goes on with, as `having (`; behind `if`, also
around `then` and `else`, and in a `sequence` around `then`. Newlines inside strings do not occur: a string ends on its
line.

A bracket that is never closed would swallow the rest of the program. So a line that can only begin a statement
(`x = search …`, `output …`) begins one even where a bracket is open, and the bracket is reported; everything behind
it is read as if it had been closed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from carlang.deadline import check_time
from carlang.diagnostics import Diagnostic, codes
from carlang.source import Source, Span
from carlang.syntax.quotes import BEHIND_A_STRING, unclosed, unopened, unterminated

# The first that matches counts: `//` is a comment before it is two slashes, a string with an end comes before one
# without, and `*x*` is a pattern before `*` multiplies.
_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*|//[^\n]*)
  | (?P<newline>\n)
  | (?P<space>[^\S\n]+)
  | (?P<string>"(?:\\["\\]|\\(?!["\\])|[^"\\\n]++)*+"|'(?:\\['"\\]|\\(?!['"\\])|[^'\\\n]++)*+'
      |[“”„‟][^"“”„‟\n]*["“”„‟]|"[^"“”„‟\n]*[“”„‟]|[‘’‚‛][^'‘’‚‛\n]*['‘’‚‛]|'[^'‘’‚‛\n]*[‘’‚‛])
  | (?P<open_string>["'“”„‟‘’‚‛][^\n]*)
  | (?P<pipe>\||\{\{pipe\}\})
  | (?P<word>[^\W\d]\w*)
  | (?P<open>[(\[])
  | (?P<close>[)\]])
  | (?P<pattern>\*[^\s()\[\],"']+|(?<=:)\*)
  | (?P<infix>[=<>!+\-*/%,])
  | (?P<other>.)
    """,
    re.VERBOSE,
)

# A line that begins so can be nothing but the beginning of a statement.
_BEGINS = re.compile(
    r"[^\W\d]\w*\s*=\s*(?:search|filter|join|group|from|run|sequence|together|sort|head|tail|unique|count)\b"
    r"|[^\W\d]\w*\s*=\s*(?:children|descendants|ancestors)\s+of\b"
    r"|(?:output|return|input)\s+[^\W\d]",
    re.IGNORECASE,
)
_ALWAYS_CONTINUES = frozenset({"and", "or", "not", "where"})
# Words that are operators behind an operand, and may be names elsewhere.
_OPERATORS = frozenset(
    {
        "in",
        "between",
        "contains",
        "contain",
        "startswith",
        "endswith",
        "match",
        "matches",
        "of",
        "as",
        "within",
        "having",
        "every",
        "by",
        "select",
    }
)
_BEFORE_A_NAME = frozenset({"output", "return", "filter", "search", "input", "from", "join", "group", "run", "until"})
# What an operand cannot stand behind: nothing, an operator, an open bracket, a word that wants a name.
_NO_OPERAND = frozenset({"", "infix", "pipe", "open"}) | _ALWAYS_CONTINUES | _BEFORE_A_NAME
_CONTINUES_BEFORE = frozenset({"and", "or", "where"})
_CHOICES = frozenset({"then", "else"})
# What a group goes on with, and no statement can begin with: `having (…)`, `having count() > 5`, `within 5 minutes`.
_OF_A_GROUP = re.compile(
    r"having\s*\(|having\s+not\b|having\s+[^\W\d]\w*\s*(?:\(|[<>!]|==)|(?:within(?:\s+any)?|every)\s+\d", re.IGNORECASE
)
_BEFORE_A_STREAM = frozenset({"", "infix", "open"})  # where `sequence` begins one, and names none
_BINDS = re.compile(r"\s*=(?!=)")
_ESCAPED_QUOTE = re.compile(r"""\\["']""")
_CLOSING = {"(": ")", "[": "]"}


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of one statement. A faulty one has been reported already and is not to be parsed."""

    span: Span
    faulty: bool


@dataclass(slots=True)
class _Cutter:
    source: Source
    pieces: list[Piece] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    open: list[tuple[str, int]] = field(default_factory=list)
    escaped: list[int] = field(default_factory=list)  # places of escaped quotes in strings of this statement
    start: int | None = None
    end: int = 0
    faulty: bool = False
    swallowed: bool = False  # a string without an end took the rest of its line, brackets that close included
    goes_on: frozenset[str] = frozenset()  # words of the statement's own: behind `if`, `then` and `else`
    misread: int = -1  # the end of a line on which quotes do not pair up, which has been reported
    operator: Span | None = None  # the last token, where it is an operator that wants something behind it
    pending: bool = False  # a newline at depth 0 was passed: the next token decides whether it ended the statement
    last: str = ""  # kind of the last token that is not white space, or the word itself in lower case

    def take(self, kind: str, text: str, start: int, end: int) -> None:
        """Add a token to the statement at hand, or begin the next statement with it."""
        if self.start is not None and self.pending:
            begins = _BEGINS.match(self.source.text, start) is not None
            if begins or not (self.open or self._continues(kind, text, start, end)):
                self.finish()
        self.pending = False
        if self.start is None:
            self.start = start
        self.end = end
        # `*` is left out: it may be every action, `Process: *`.
        self.operator = (
            Span(start, end) if (kind == "infix" and text != "*") or text.casefold() in ("and", "or", "not") else None
        )
        self._go_on(text.casefold())
        # Behind an operand these words want another one; `not` stands between the two, `a not in b`.
        if (self.last not in _NO_OPERAND or self.last == "not") and kind == "word" and text.casefold() in _OPERATORS:
            self.last = "infix"
        else:
            self.last = text.casefold() if kind == "word" else kind
        if kind == "open":
            self.open.append((text, start))
        elif kind == "close":
            self._close(text, Span(start, end))
        elif start < self.misread:  # inside out: what looks like a string here is what stands between two
            self.swallowed = self.swallowed or kind == "open_string"
        elif kind in ("string", "open_string") and (fault := unopened(self.source, start)):
            self._misread(fault)
        elif kind == "string":
            self.escaped += [start + m.start() for m in _ESCAPED_QUOTE.finditer(text, 1, len(text) - 1)]
        elif kind == "open_string":
            self._unterminated(text, Span(start, end))

    def _go_on(self, word: str) -> None:
        """Take note of a word behind which others, that are names elsewhere, go on with the statement."""
        if word == "if":
            self.goes_on |= _CHOICES
        elif word == "sequence" and self.last in _BEFORE_A_STREAM:
            self.goes_on |= {"then"}

    def _continues(self, kind: str, text: str, start: int, end: int) -> bool:
        # `where = …` binds a name.
        words = _CONTINUES_BEFORE | self.goes_on if self.last != "sequence" else _CONTINUES_BEFORE
        word = kind == "word" and text.casefold() in words and not _BINDS.match(self.source.text, end)
        word = word or (kind == "word" and _OF_A_GROUP.match(self.source.text, start) is not None)
        before = kind in ("pipe", "close") or word
        behind = self.last in _ALWAYS_CONTINUES or self.last in self.goes_on
        return before or behind or self.last in ("infix", "pipe")

    def _close(self, text: str, span: Span) -> None:
        if self.open and _CLOSING[self.open[-1][0]] == text:
            self.open.pop()
            return
        # In `([a)` the bracket further in is the one that was forgotten.
        if self.open and any(_CLOSING[bracket] == text for bracket, _ in self.open):
            while _CLOSING[self.open[-1][0]] != text:
                self._unclosed(*self.open.pop())
            self.open.pop()
            return
        self.faulty = True
        message = f"`{text}` closes nothing"
        fault = Diagnostic(codes.STRAY_BRACKET, message, self.source, span)
        self.diagnostics.append(fault.with_label("no bracket is open here"))

    def _unclosed(self, bracket: str, at: int) -> None:
        self.faulty = True
        message = f"`{bracket}` is never closed"
        fault = Diagnostic(codes.UNCLOSED_BRACKET, message, self.source, Span(at, at + 1))
        self.diagnostics.append(fault.with_label(f"`{_CLOSING[bracket]}` is missing"))

    def report(self, fault: Diagnostic) -> None:
        """Take a fault of the statement at hand."""
        self.faulty = True
        self.diagnostics.append(fault)

    def _misread(self, fault: Diagnostic) -> None:
        """Report quotes that do not pair up; what follows on the line cannot be told apart."""
        self.faulty = self.swallowed = True
        end = self.source.text.find("\n", fault.span.start)
        self.misread = len(self.source.text) if end < 0 else end
        self.diagnostics.append(fault)

    def _unterminated(self, text: str, span: Span) -> None:
        self.faulty = self.swallowed = True
        line = self.source.text.rfind("\n", 0, span.start) + 1
        earlier = [quote for quote in self.escaped if quote >= line]
        inside = [span.start + match.start() for match in _ESCAPED_QUOTE.finditer(text, 1)]
        if earlier or inside:
            self._escaped_end(earlier or inside)
            return
        self.diagnostics.append(unterminated(self.source, span, "".join(bracket for bracket, _ in self.open)))

    def _escaped_end(self, quotes: list[int]) -> None:
        r"""Report a string such as `"C:\"`, whose last quote was taken for one inside it.

        Only a quote that something follows that may stand behind a string can be its end, and only one with no other
        before it surely is: in `"-p \"foo\" and` the quote that ends the string is missing behind the second.
        """
        ends = [quote for quote in quotes if BEHIND_A_STRING.match(self.source.text, quote + 2)]
        at = ends[0] if ends else quotes[0]
        quote = self.source.text[at + 1]
        span = Span(at, at + 2)
        fault = Diagnostic(codes.UNTERMINATED_STRING, f"`\\{quote}` does not end the string", self.source, span)
        fault = fault.with_label("this is a quote inside the string, which goes on behind it")
        if at == quotes[0]:
            fault = fault.with_help(f"a string that ends in a backslash is written with two: `\\\\{quote}`")
            self.diagnostics.append(fault.repaired_by("\\\\" + quote, certain=bool(ends)))
        else:
            fault = fault.with_help(f"close the string with `{quote}`")
            self.diagnostics.append(fault.repaired_by(quote, Span(at + 2, at + 2), certain=False))

    def _cut_off(self, operator: Span) -> None:
        """Report an operator that a new statement follows."""
        self.faulty = True
        word = self.source.text[operator.start : operator.end]
        fault = Diagnostic(codes.SYNTAX, f"nothing stands behind `{word}`", self.source, operator)
        fault = fault.with_label("a value or condition is expected after this")
        if word.casefold() in ("and", "or"):
            before = len(self.source.text[: operator.start].rstrip())
            fault = fault.repaired_by("", Span(before, operator.end))
        self.diagnostics.append(fault)

    def finish(self) -> None:
        """End the statement at hand."""
        if self.start is None:
            return
        if self.open and self.operator and not self.swallowed:
            self._cut_off(self.operator)
        while self.open:
            bracket = self.open.pop()
            if not self.swallowed:
                self._unclosed(*bracket)
        self.pieces.append(Piece(Span(self.start, self.end), self.faulty))
        self.start, self.faulty, self.swallowed, self.last = None, False, False, ""
        self.goes_on = frozenset()
        self.escaped.clear()


def cut(source: Source) -> tuple[list[Piece], list[Diagnostic]]:
    """Cut a program's text into statements; report strings and brackets that do not end."""
    cutter = _Cutter(source)
    at = 0
    while match := _TOKEN.match(source.text, at):
        check_time()
        kind = match.lastgroup or "other"
        at = match.end()
        if kind == "string" and (fault := unclosed(source, Span(*match.span()))):
            at = fault.span.end
            cutter.take("string", source.text[match.start() : at] + match.group()[0], match.start(), at)
            cutter.report(fault)
        elif kind == "newline":
            cutter.pending = True
        elif kind not in ("space", "comment"):
            cutter.take(kind, match.group(), match.start(), match.end())
    cutter.finish()
    return cutter.pieces, sorted(cutter.diagnostics, key=lambda d: d.span)


def comments(source: Source) -> list[Span]:
    """Return the places of a program's comments, in order."""
    tokens = _TOKEN.finditer(source.text)
    return [Span(match.start(), match.end()) for match in tokens if match.lastgroup == "comment"]
