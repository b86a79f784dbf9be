"""The reader of JSON documents: an array of records, records that are printed over several lines, or a whole answer.

An answer is one object with the records in an array inside, as the interfaces of Elasticsearch (`hits.hits`), Splunk
(`results`) and others give it. What stands in it after its records is not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from carlang.readers import tuning
from carlang.readers.osquery_batches import may_hold_batches, unfolded
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.text import is_text, utf8_blocks, utf8_start, valid_utf8

_SPACE = re.compile(r"[\s,]*")
_RECORD_LINES = re.compile(r"(?:[\s,]|Record \d+[ \t]*\r?\n)*")
"""What stands between documents, and what does in evtx_dump's output, which has a line before each record."""
_RECORD_LINE = re.compile(rb"Record \d+[ \t]*\r?\n\s*\{")
_MEMBER = r'"[^"]*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[^\s"{}\[\],:]+|\{[^{}]*\}|\[[^\[\]{}]*\])\s*,\s*'
_COLUMNS = r"\[(?:[^\[\]{}]|\{[^{}]*\})*\]"
_STATISTICS = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
"""What Defender puts before the rows of an answer: the columns, an object each, and what the query cost."""
_ANSWER = re.compile(
    rf'^\{{\s*(?:(?:{_MEMBER})*"hits"\s*:\s*\{{\s*(?:{_MEMBER})*"hits"'  # Elasticsearch
    rf'|"preview"\s*:\s*\w+\s*,\s*(?:{_MEMBER})*"results"'  # Splunk
    rf'|"@odata[^"]*"\s*:\s*"[^"]*"\s*,\s*(?:{_MEMBER})*"value"'  # Microsoft
    rf'|(?:"@odata[^"]*"\s*:\s*"[^"]*"\s*,\s*)?(?:"Stats"\s*:\s*{_STATISTICS}\s*,\s*)?'
    rf'"[Ss]chema"\s*:\s*{_COLUMNS}\s*,\s*"[Rr]esults"'  # Defender and Graph
    r'|"(?:events|Events|records|Records|results|value|hits)")\s*:\s*\[(?=\s*[{\]])',
    re.MULTILINE,
)
"""An answer up to its records: known members of one, or the records first of all."""
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
    complete, _, rest = start.rpartition(b"\n") if b"\n" in start else (start, b"", b"")
    lines = [
        line.strip() for line in (complete or rest).split(b"\n", tuning.OBJECTS_LOOKED_AT)[: tuning.OBJECTS_LOOKED_AT]
    ]
    if start[:1] == b"[":
        return True
    if len(lines) == 1 and len(head) > len(start) - 1 and b"\n" not in start:
        return False  # one line, longer than the head or the whole of the file
    return not any(line.startswith(b"{") and len(line) > len(b"{}") and _is_object(line) for line in lines)


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
        """Cut the text between documents; a document that is broken ends the reading, there is no way to go on."""
        documents = _Documents()
        for block in utf8_blocks(log.stream):
            documents.text += valid_utf8(block).decode()
            if len(documents.text) > tuning.LARGEST_DOCUMENT:
                yield ReadFault(f"a document of more than {tuning.LARGEST_DOCUMENT >> 20} MB", documents.number)
                return
            if block:
                yield from documents.cut()
        yield from documents.cut()
        if documents.passed:
            yield ReadFault("between answers with records: not an answer of that form", text=documents.passed)
        if rest := documents.left():
            yield ReadFault(f"not valid JSON: {documents.fault}", documents.number, rest[: tuning.SHOWN_TEXT])


class _Documents:
    """The text that has not been cut yet, and how many documents have."""

    def __init__(self) -> None:
        self.text = ""
        self.number = 1
        self.fault = "it ends too soon"
        self.passed = ""
        self._begun = False
        self._answers = False
        self._between = _SPACE
        self._inside = False
        self._decoder = json.JSONDecoder(strict=False)  # some exports leave newlines in texts as they are

    def left(self) -> str:
        """Return the text after the last document that is none; what follows the records of an answer is no loss."""
        if self._answers and not self._inside:
            return ""
        return self.text.strip().strip("]").strip()

    def cut(self) -> Iterator[Records]:
        """Take all documents off the text that are complete."""
        position = 0 if self._begun else self._start()
        documents: list[str] = []
        begin = position
        while True:
            position, there = self._next(position)
            if not there:
                break
            try:
                _, end = self._decoder.raw_decode(self.text, position)
            except (ValueError, RecursionError) as error:
                self.fault = str(error)
                break
            documents.append(self.text[position:end])
            position = end
            if len(documents) >= tuning.DOCUMENTS_AT_ONCE:
                yield self._records(documents, position - begin)
                documents, begin = [], position
        if documents:
            yield self._records(documents, position - begin)
        self.text = self.text[position:]

    def _start(self) -> int:
        """Return where the text goes on after the bracket of an array, if it begins with one."""
        if _RECORD_LINE.match(self.text[: tuning.SHOWN_TEXT].lstrip().encode()):
            self._between = _RECORD_LINES
        position = self._space(0)
        self._begun = position < len(self.text)
        self._answers = _ANSWER.match(self.text, position) is not None
        return position + (self.text[position : position + 1] == "[")

    def _next(self, position: int) -> tuple[int, bool]:
        """Return where the next document stands, and whether there is one; of answers, where their next record does."""
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

    def _space(self, position: int) -> int:
        space = self._between.match(self.text, position)
        return space.end() if space else position

    def _records(self, documents: list[str], size: int) -> Records:
        records = Records.of(documents, range(self.number, self.number + len(documents)), size)
        self.number += len(documents)
        return unfolded(records) if any(map(may_hold_batches, documents)) else records
