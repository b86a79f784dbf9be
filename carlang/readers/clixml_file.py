"""The reader of CLIXML, in which PowerShell's `Export-Clixml` keeps objects.

An object that is broken costs itself: the reading goes on where the next one begins. In the text that PowerShell
prints that is a line as far to the right as the first object's; in one without lines, an object of the same type.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from xml.parsers import expat

from carlang.readers import budget, tuning
from carlang.readers.clixml_objects import INSIDE, DoctypeError, ObjectParser, References
from carlang.readers.event_xml import ILLEGAL
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.text import is_text, utf8_blocks, utf8_start

_HEAD = re.compile(rb"(?:<\?xml[^>]*>\s*)?<Objs[\s>]")
_FIRST_LINE = re.compile(rb"<Objs\b[^>]*>[ \t]*\r?\n([ \t]*)<")
_BEGIN = re.compile(rb"<Obj[\s>]")
_AT_BEGIN = re.compile(rb"(?:<\?xml[^>]*>\s*)?(?:<Objs\b[^>]*>|</\w+>)?\s*<Obj[\s>]")
_TYPE = re.compile(_AT_BEGIN.pattern[: -len(rb"[\s>]")] + rb"\b[^>]*>\s*<TN(?:Ref)?\s+RefId=\"(\d+)\"")


class ClixmlReader:
    """Reads the objects of a file one by one, each as a record of its properties."""

    name = "CLIXML"

    def matches(self, head: bytes) -> bool:
        """An XML file whose root is PowerShell's `Objs`."""
        return is_text(head) and _HEAD.match(utf8_start(head)) is not None

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Write each object as JSON; behind one that is broken the reading goes on where the next one begins."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        objects: _Objects | None = None
        head = b""
        for block in utf8_blocks(log.stream):
            text = _legal(decoder.decode(block))
            if objects is None:
                head += text
                if len(head) < tuning.HEAD:
                    continue
                objects, text = _objects(head), head
            yield from objects.read(text)
        if objects is None:
            objects = _objects(head)
            yield from objects.read(head)
        yield from objects.read(_legal(decoder.decode(b"", final=True)), final=True)


def _legal(text: str) -> bytes:
    return ILLEGAL.sub("\ufffd", text).encode("utf-8", "replace")


def _objects(head: bytes) -> _Objects:
    """Return what reads the objects of a text that begins so: in lines, or as they come."""
    first = _FIRST_LINE.search(head)
    if first is not None:
        indent = re.escape(first[1])
        # PowerShell indents what is in an object: only then an object as far to the right as the first is in no other.
        inside = re.findall(rb"\n" + indent + rb"<Obj\b[^>]*>[ \t]*\r?\n(" + indent + rb"[ \t]+)<", head)
        if inside:
            of_line = rb"(?<=\n)" + indent + rb"<Obj[\s>]"
            # Where the line before has lost its newline, the one behind tells.
            of_next_line = rb"<Obj\b[^<>]*>(?=[ \t]*\r?\n" + re.escape(Counter(inside).most_common(1)[0][0]) + rb"<)"
            return _PrintedObjects(re.compile(of_line + rb"|" + of_next_line))
    return _Objects()


class _Objects:
    """Reads objects as they come."""

    def __init__(self) -> None:
        self._references = References()
        self._parser = ObjectParser(self._references, at_root=True)
        self._text = b""
        """What was read since the last object that is complete, or since the beginning of a broken one."""
        self._given = 0
        """How many bytes of what the parser has read stand before `_text`."""
        self._next: re.Pattern[bytes] | None = None
        """What is looked for behind a broken object."""
        self._types: set[bytes] = set()
        """The types of objects that were complete."""
        self._number = 1
        self._is_damaged = False
        self._ended = False

    def read(self, text: bytes, *, final: bool = False) -> Iterator[Records | ReadFault]:
        """Read on; objects are handed on when they are complete, faults when they are noticed."""
        while not self._ended:
            if self._next is not None:
                self._text += text
                begin = self._next.search(self._text)
                if begin is None:
                    self._text = self._text[-tuning.SHOWN_TEXT :]
                    break
                text, self._text, self._next = self._text[begin.start() :], b"", None
                self._parser, self._given = ObjectParser(self._references, at_root=False), 0
            self._text += text
            error = self._error(text, final=final)
            if error is None:
                yield from self._done()
                error = self._too_long()
            else:
                yield from self._done(before_fault=True)
            if error is None:
                break
            yield self._fault(error)
            self._next, text = self._begin_of_next(), b""
            # Behind where the broken object begins, if that is whole.
            begin = _AT_BEGIN.match(self._text)
            self._text = self._text[begin.end() if begin else 1 :]
        if final:
            yield from self._lost()

    def _error(self, text: bytes, *, final: bool) -> Exception | None:
        """Have the parser read on; return what it cannot read."""
        try:
            self._parser.parse(text, final=final)
        except (expat.ExpatError, ValueError) as error:
            self._ended = isinstance(error, DoctypeError)
            return error
        return None

    def _too_long(self) -> Exception | None:
        if len(self._text) <= budget.longest(tuning.LARGEST_XML_EVENT):
            return None
        return _TooLongError(budget.too_long("an object", tuning.LARGEST_XML_EVENT))

    def _done(self, *, before_fault: bool = False) -> Iterator[Records | ReadFault]:
        """Hand on what is complete; before a fault up to the last object.

        What stands behind it is the inside of one whose beginning is broken.
        """
        done, self._parser.done = self._parser.done, []
        while before_fault and done and done[-1][0] in INSIDE:
            done.pop()
        if done:
            lines = [line for _, line in done]
            yield Records.of(lines, range(self._number, self._number + len(lines)), sum(map(len, lines)))
            self._number += len(lines)
            if len(self._types) < tuning.CLIXML_TYPES and (of_type := _TYPE.match(self._text)):
                self._types.add(of_type[1])
            self._text = self._text[self._parser.object_end - self._given :]
            self._given = self._parser.object_end

        strays, self._parser.strays = self._parser.strays, []
        for stray in strays:
            self._is_damaged = True
            yield ReadFault("between objects: what is none", self._number, stray)
            self._number += 1

    def _fault(self, error: Exception) -> ReadFault:
        self._is_damaged = True
        begin = _BEGIN.search(self._text)
        shown = self._text[begin.start() if begin else 0 :][: tuning.SHOWN_TEXT].decode("utf-8", "replace")
        reason = str(error) if isinstance(error, _TooLongError) else f"not valid CLIXML: {error}"
        fault = ReadFault(reason, self._number, shown)
        self._number += 1
        return fault

    def _begin_of_next(self) -> re.Pattern[bytes]:
        """Return what the next object begins with: objects inside of others are of other types."""
        of_type = _TYPE.match(self._text)
        # PowerShell counts types from 0, which is that of the first object.
        types = self._types or {of_type[1] if of_type else b"0"}
        kind = rb"|".join(sorted(types))
        return re.compile(rb"<Obj RefId=\"\d+\">\s*<TN(?:Ref)? RefId=\"(?:" + kind + rb")\"")

    def _lost(self) -> Iterator[ReadFault]:
        """Say which objects that others refer to were lost."""
        for reference, is_said in self._references.unknown.items():
            if self._is_damaged and not is_said:
                self._references.unknown[reference] = True
                yield ReadFault(f"objects refer to one that is lost: RefId {reference}")


class _TooLongError(ValueError):
    """An object is longer than one may be."""


class _PrintedObjects(_Objects):
    """Reads objects that each begin on a line of their own, which says where the next one begins for certain."""

    def __init__(self, begin: re.Pattern[bytes]) -> None:
        super().__init__()
        self._begin = begin
        self._waiting = b""
        self._from = 0
        """Where in `_waiting` the next beginning is looked for."""
        self._skips = False
        self._is_cut = False
        """Whether what was read ends within a tag."""
        self._length = 0

    def read(self, text: bytes, *, final: bool = False) -> Iterator[Records | ReadFault]:
        """Read on, from one beginning of an object to the next."""
        self._waiting += text
        while begin := self._begin.search(self._waiting, self._from):
            yield from self._part(self._waiting[: begin.start()])
            yield from self._turn()
            self._waiting, self._from = self._waiting[begin.start() :], begin.end() - begin.start()
        # A beginning goes on over a newline.
        cut = self._waiting.rfind(b"\n", 0, max(0, self._waiting.rfind(b"\n")))
        if final or len(self._waiting) - cut > tuning.HEAD:  # in so long lines no object begins
            cut = len(self._waiting)
        cut = max(0, cut)
        yield from self._part(self._waiting[:cut])
        self._waiting, self._from = self._waiting[cut:], max(0, self._from - cut)
        if final and not self._skips and not self._ended:
            yield from self._part(b"", final=True)
        if final:
            yield from self._lost()

    def _part(self, text: bytes, *, final: bool = False) -> Iterator[Records | ReadFault]:
        """Read a part of an object and what stands behind it."""
        if self._skips or self._ended:
            return
        self._length += len(text)
        begin, end = text.rfind(b"<"), text.rfind(b">")
        self._is_cut = begin > end or (self._is_cut and end < 0)
        self._text = (self._text + text)[: tuning.SHOWN_TEXT]
        error = self._error(text, final=final)
        yield from self._done(before_fault=error is not None)
        if error is None and self._length > budget.longest(tuning.LARGEST_XML_EVENT):
            error = _TooLongError(budget.too_long("an object", tuning.LARGEST_XML_EVENT))
        if error is not None:
            yield self._fault(error)
            self._skips = True

    def _turn(self) -> Iterator[ReadFault]:
        """Turn to the next object; one that has not ended before it is broken."""
        if self._ended:
            return
        if (self._parser.is_within or self._is_cut) and not self._skips:
            yield self._fault(ValueError("it ends within an object"))
            self._skips = True
        if self._skips:
            self._parser, self._skips = ObjectParser(self._references, at_root=False), False
        self._text, self._given, self._length, self._is_cut = b"", 0, 0, False
