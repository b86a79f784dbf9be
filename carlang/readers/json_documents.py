"""The reader of JSON documents: an array of records, records that are printed over several lines, or a whole answer.

An answer is one object with the records in an array inside, as the interfaces of Elasticsearch (`hits.hits`), Splunk
(`results`) and others give it. What stands in it after its records is not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from carlang.readers import budget, tuning
from carlang.readers.osquery_batches import may_hold_batches, unfolded
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.text import is_text, utf8_blocks, utf8_start, valid_utf8

_SPACE = re.compile(r"[\s,]*")
_BETWEEN = re.compile(r"(?:[\s,\]\N{ZERO WIDTH NO-BREAK SPACE}]|\[(?=\s*[{\]]))*")
_RECORD_LINES = re.compile(r"(?:[\s,]|Record \d+[ \t]*\r?\n)*")
"""What stands between documents, and what does in evtx_dump's output, which has a line before each record."""
_RECORD_LINE = re.compile(rb"Record \d+[ \t]*\r?\n\s*\{")
_TEXT = r'"(?:[^"\\]|\\.)*"'
_INNER = rf"\{{(?:[^{{}}\"]|{_TEXT})*\}}"
_COLUMNS = rf"\[(?:[^\[\]{{}}\"]|{_TEXT}|{_INNER})*\]"
"""What Splunk and Defender put before the rows of an answer: the columns, an object each, in whose names stand `{}`."""
_MEMBER = rf'"[^"]*"\s*:\s*(?:{_TEXT}|[^\s"{{}}\[\],:]+|{_INNER}|{_COLUMNS})\s*,\s*'
_STATISTICS = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
"""What Defender says the query cost."""
_ANSWER = re.compile(
    rf'^\{{\s*(?:(?:(?:{_MEMBER})*"(?:response|rawResponse)"\s*:\s*\{{\s*)?'  # Kibana
    rf'(?:{_MEMBER})*"hits"\s*:\s*\{{\s*(?:{_MEMBER})*"hits"'  # Elasticsearch
    rf'|"preview"\s*:\s*\w+\s*,\s*(?:{_MEMBER})*"results"'  # Splunk
    rf'|"@odata[^"]*"\s*:\s*"[^"]*"\s*,\s*(?:{_MEMBER})*"value"'  # Microsoft
    rf'|(?:"@odata[^"]*"\s*:\s*"[^"]*"\s*,\s*)?(?:"Stats"\s*:\s*{_STATISTICS}\s*,\s*)?'
    rf'"[Ss]chema"\s*:\s*{_COLUMNS}\s*,\s*"[Rr]esults"'  # Defender and Graph
    r'|"(?:events|Events|records|Records|results|value|hits)")\s*:\s*\[(?=\s*[{\]])',
    re.MULTILINE,
)
"""An answer up to its records: known members of one, or the records first of all."""
_OPENING = re.compile(r'\{\s*("[^"]*")')
_MARGIN = re.compile(r"(?:^|\n)[ \t]*[\[,]?[ \t]*")
_LONGEST_WORD = len("-Infinity")
_OTHER = re.compile(r"^\{", re.MULTILINE)


def looks_like_documents(head: bytes) -> bool:
    """Tell whether a text begins with an array, or with an object that does not end on its line.

    A broken first line alone does not make documents of a file of lines: no line of its head may be an object.
    """
    start = utf8_start(head)
    if _RECORD_LINE.match(start):
        return True
    if start[:1] not in (b"[", b"{"):
        return False
    if _ANSWER.match(start[: tuning.ANSWER_HEAD].decode("utf-8", "replace")):
        return True
    first, newline, rest = start.partition(b"\n")
    if start[:1] == b"[" and _is_object(first[1:]):
        return False  # behind an array's first object come a comma or its end
    if not newline:
        return start[:1] == b"["  # one line, longer than the head or the whole of the file
    if first.strip() == b"[":
        return True
    lines = (line.strip() for line in start.split(b"\n", tuning.OBJECTS_LOOKED_AT)[: tuning.OBJECTS_LOOKED_AT])
    if any(line.startswith(b"{") and len(line) > len(b"{}") and _is_object(line) for line in lines):
        return False
    return _is_array(start) if start[:1] == b"[" else _is_printed(first, rest)


def _is_array(start: bytes) -> bool:
    """Tell an array, which may be damaged further on, from a line that happens to begin with a bracket."""
    return start[1:].lstrip()[:1] in (b"{", b"]")


def _is_printed(first: bytes, rest: bytes) -> bool:
    """Tell an object printed over several lines from a line that was cut: each of its lines ends where a value may."""
    return first.rstrip()[-1:] in (b"{", b"[", b",") and rest.lstrip()[:1] in (b'"', b"{", b"}", b"]", b"[")


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


class JsonDocumentsReader:
    """Reads JSON values that follow one another, with or without an array around them."""

    name = "JSON documents"

    def matches(self, head: bytes) -> bool:
        """Text that begins with an array or an object over several lines."""
        return is_text(head) and looks_like_documents(head)

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Cut the text between documents; behind one that is broken the reading goes on where the next begins."""
        documents = _Documents()
        for block in utf8_blocks(log.stream):
            documents.text += valid_utf8(block).decode()
            if block:
                yield from documents.cut()
            if len(documents.text) > budget.longest(tuning.LARGEST_DOCUMENT):
                yield documents.pass_over(budget.too_long("a document", tuning.LARGEST_DOCUMENT))
                documents.text = documents.text[1:]
        yield from documents.cut(last=True)
        if documents.passed:
            yield ReadFault("between answers with records: not an answer of that form", text=documents.passed)


class _NoObjectError(ValueError):
    """What stands where a document should."""


class _Documents:
    """The text that has not been cut yet, and how many documents have."""

    def __init__(self) -> None:
        self.text = ""
        self.number = 1
        self.passed = ""
        self._begun = False
        self._answers = False
        self._between = _BETWEEN
        self._inside = False
        self._next_begin: re.Pattern[str] | None = None
        self._decoder = json.JSONDecoder(strict=False)  # some exports leave newlines in texts as they are

    def cut(self, *, last: bool = False) -> Iterator[Records | ReadFault]:
        """Take all documents off the text that are complete; of the `last` text nothing waits for more."""
        position = 0 if self._begun else self._start()
        documents: list[str] = []
        begin = position
        while True:
            position, there = self._next(position)
            if not there:
                break
            try:
                if self.text[position] != "{":  # a text, say, which a lost quote made, would reach into the next
                    raise _NoObjectError("not an object")
                _, end = self._decoder.raw_decode(self.text, position)
            except (ValueError, RecursionError) as error:
                if not last and self._may_go_on(error):
                    break
                if documents:
                    yield self._records(documents, position - begin)
                yield self.pass_over(f"not valid JSON: {error}", position)
                position += 1
                documents, begin = [], position
                continue
            documents.append(self.text[position:end])
            position = end
            if len(documents) >= budget.within(tuning.DOCUMENTS_AT_ONCE):
                yield self._records(documents, position - begin)
                documents, begin = [], position
        if documents:
            yield self._records(documents, position - begin)
        self.text = self.text[_margin(self.text, position) :]

    def pass_over(self, reason: str, position: int = 0) -> ReadFault:
        """Give up the document at a position; the reading goes on where another may begin.

        That is a line indented like its own, or else an object of the same first member. What would do as a document
        may also stand inside of the broken one.
        """
        fault = ReadFault(reason, self.number, self.text[position:][: tuning.SHOWN_TEXT])
        self.number += 1
        before = self.text[self.text.rfind("\n", 0, position) + 1 : position]
        indent = before[: len(before) - len(before.lstrip(" \t"))]
        # Both begin with a character of their own: a search for one that could begin anywhere takes ten times as long.
        by_line = re.compile(rf"\n{indent}[\[,]?[ \t]*\{{")
        if not before.strip(" \t[,") and by_line.search(self.text, position):
            self._next_begin = by_line
        else:
            opening = _OPENING.match(self.text, position)
            member = re.escape(opening[1]) if opening else r'"[^"]*"'
            self._next_begin = re.compile(rf"\{{(?<=[\s,\[}}]\{{)(?=\s*{member}\s*:)")
        return fault

    def _next(self, position: int) -> tuple[int, bool]:
        """Return where the next document stands, and whether there is one; of answers, where their next record does."""
        if self._next_begin is not None:
            begin = self._next_begin.search(self.text, position)
            if begin is None:
                # A begin may be cut by the end of the block. No more is kept: the broken document may have any length.
                return max(position, len(self.text) - tuning.SHOWN_TEXT), False
            position, self._next_begin = begin.end() - 1, None
        position = self._space(position)
        if not self._answers:
            return position, position < len(self.text)
        if self._inside and self.text[position : position + 1] == "]":
            self._inside = False
        while not self._inside:
            answer = _ANSWER.search(self.text, position)
            passed = self.text[position : answer.start() if answer else None]
            if other := _OTHER.search(passed):
                self.passed = passed[other.start() :][: tuning.SHOWN_TEXT]
            if answer is None:
                return max(position, len(self.text) - tuning.ANSWER_HEAD), False
            position = self._space(answer.end())
            self._inside = self.text[position : position + 1] != "]"
        return position, position < len(self.text)

    def _may_go_on(self, error: Exception) -> bool:
        """Tell whether a document may be complete once there is more text: it ends in a string, or in a word."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        return error.msg.startswith("Unterminated string") or error.pos >= len(self.text) - _LONGEST_WORD

    def _start(self) -> int:
        """Return where the text goes on after the bracket of an array, if it begins with one."""
        if _RECORD_LINE.match(self.text[: tuning.SHOWN_TEXT].lstrip().encode()):
            self._between = _RECORD_LINES
        position = self._space(0)
        self._begun = position < len(self.text)
        self._answers = _ANSWER.match(self.text, position) is not None
        if self._answers:
            self._between = _SPACE  # the bracket behind its records ends an answer
        return position

    def _space(self, position: int) -> int:
        space = self._between.match(self.text, position)
        return space.end() if space else position

    def _records(self, documents: list[str], size: int) -> Records:
        records = Records.of(documents, range(self.number, self.number + len(documents)), size)
        self.number += len(documents)
        return unfolded(records) if any(map(may_hold_batches, documents)) else records


def _margin(text: str, position: int) -> int:
    """Return where the line of a position begins, with the newline before it, if nothing but blanks is between."""
    newline = text.rfind("\n", 0, position)
    return position if newline < 0 or text[newline:position].strip(" \t\n[,") else newline
