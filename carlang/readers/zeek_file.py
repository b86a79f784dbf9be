"""The reader of Zeek's own logs: values set off by tabs, under a header that names their fields and types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from carlang.database.quoting import text_literal
from carlang.readers import tuning
from carlang.readers.byte_escapes import BYTES_DECODED
from carlang.readers.headed_lines import HeadedLines, HeaderLine, parted_lines
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.text import CONTROLS, is_text, utf8_start

_HEADER = re.compile(rb"#(separator|fields|path|set_separator|empty_field|unset_field)\b", re.MULTILINE)
_SURE_HEADER = re.compile(rb"#separator \\x[0-9A-Fa-f]{2}\s*$|#fields\t")
_COMMENT = re.compile(r"#(?:separator|set_separator|empty_field|unset_field|path|open|close|fields|types)(?!\w)|#\s*$")
"""What may begin with `#`: any other line that does was a record before its first byte was damaged."""
_NUMBERS = {"time": "DOUBLE", "interval": "DOUBLE", "double": "DOUBLE"} | dict.fromkeys(
    ("count", "int", "port"), "BIGINT"
)
# Separators, backslashes and what is no printable character stand there as `\xNN`, a byte each; bytes that are no UTF-8
# stay so. In `\x5cx09`, a backslash and `x09`, the second is none: what is cut at `\x` begins with two digits.
_ITEM = r"""
    CREATE TEMP MACRO zeek_item(text) AS (
      CASE WHEN NOT contains(text, '\x') THEN text ELSE coalesce(TRY(bytes_decoded(
        hex(encode(split_part(text, '\x', 1)))
        || array_to_string(list_transform(string_split(text, '\x')[2:],
          lambda p: upper(substr(p, 1, 2)) || hex(encode(substr(p, 3)))), ''))), text) END)
"""
_WHOLE_TEXT = "CREATE TEMP MACRO zeek_text(text) AS zeek_read_once(zeek_item(text))"
# In Zeek's JSON, a text of which each backslash begins a byte is read back where it is mapped, but none in a list. A
# backslash of the text itself that would be taken for one stays as it was written.
_READ_ONCE = r"""
    CREATE TEMP MACRO zeek_read_once(text) AS (
      CASE WHEN contains(text, '\x') AND regexp_full_match(text, '(?s)(?:[^\\]|\\x[0-9a-f]{2})*')
      THEN replace(text, '\', '\x5c') ELSE text END)
"""
_LIST = re.compile(r"(?:set|vector)\[(\w+)\]")


class ZeekReader:
    """Reads Zeek's logs as records of the form that Zeek's JSON has; a file may hold several headers."""

    name = "Zeek"

    def matches(self, head: bytes) -> bool:
        """Zeek's logs begin with their header."""
        return is_text(head) and _is_zeek(utf8_start(head))

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Read blocks of lines, each under the header above it."""
        header = _Header()
        with HeadedLines((BYTES_DECODED, _READ_ONCE, _ITEM, _WHOLE_TEXT)) as lines:
            for part in parted_lines(log.stream, 1):
                match part:
                    case Records():
                        yield from lines.read(header.query(), header.fields, part)
                    case ReadFault():
                        yield part
                    case HeaderLine():
                        header = header.with_line(part.text)
                        if not header.knows(part.text):
                            yield part.unread()
                    case _:
                        assert_never(part)


def _is_zeek(start: bytes) -> bool:
    """Tell by the lines with `#` at the beginning of a file, of which the first may be damaged.

    Of a file that was cut off at its beginning, the header of the next log may stand further on.
    """
    lines = start.split(b"\n", tuning.OBJECTS_LOOKED_AT)[: tuning.OBJECTS_LOOKED_AT]
    header = _HEADER if start.startswith(b"#") else _SURE_HEADER
    return any(header.match(line.translate(None, CONTROLS)) for line in lines)


@dataclass(frozen=True)
class _Header:
    """What the lines with `#` say; without any, as Zeek writes by default."""

    separator: str = "\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"
    path: str = ""
    fields: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def with_line(self, line: str) -> _Header:
        """Return the header with one more line of it."""
        line = line.rstrip("\r")
        if line.startswith("#separator"):
            written = line.partition(" ")[2].strip()
            return _Header(separator=re.sub(r"\\x([0-9A-Fa-f]{2})", lambda m: chr(int(m[1], 16)), written) or "\t")
        name, *values = line[1:].split(self.separator)
        known = {"set_separator": "set_separator", "empty_field": "empty", "unset_field": "unset", "path": "path"}
        changed = dict(self.__dict__)
        if name in ("fields", "types"):
            changed[name] = tuple(values)
        elif name in known and values:
            changed[known[name]] = values[0]
        return _Header(**changed)

    @staticmethod
    def knows(line: str) -> bool:
        """Tell whether a line is one of those that make a header, or end a file."""
        return _COMMENT.match(line) is not None

    def query(self) -> str:
        """Return the query that makes records of the table `lines`; null is a line of another number of values."""
        # Without a type for each field, every value is a text.
        types = self.types if len(self.types) == len(self.fields) else ("string",) * len(self.fields)
        values = [f"'_path', {text_literal(self.path)}"] if self.path else []
        for number, (name, type_) in enumerate(zip(self.fields, types, strict=True), start=1):
            values.append(f"{text_literal(name)}, {self._value(f'v[{number}]', type_)}")
        record = f"CAST(json_merge_patch('{{}}', json_object({', '.join(values)})) AS VARCHAR)"
        # Names and separators are literals; the lines are never part of the text.
        return f"""
        SELECT number, line, CASE WHEN len(v) = {len(self.fields)} THEN {record} END AS record, len(v) AS cells
        FROM (SELECT number, line, string_split(rtrim(line, chr(13)), {text_literal(self.separator)}) AS v
          FROM lines WHERE rtrim(line, chr(13)) <> '')"""  # noqa: S608

    def _value(self, value: str, type_: str) -> str:
        unset, empty = text_literal(self.unset), text_literal(self.empty)
        if listed := _LIST.fullmatch(type_):
            items = f"string_split({value}, {text_literal(self.set_separator)})"
            kind = _NUMBERS.get(listed[1])
            item = f"TRY_CAST(x AS {kind})" if kind else "zeek_item(x)"
            items = f"list_transform({items}, lambda x: {item})"
            none = f"WHEN {value} = {unset} THEN NULL WHEN {value} = {empty} THEN '[]'::JSON"
            return f"CASE {none} ELSE to_json({items}) END"
        if type_ == "bool":
            return f"CASE {value} WHEN 'T' THEN true WHEN 'F' THEN false END"
        if kind := _NUMBERS.get(type_):
            return f"TRY_CAST({value} AS {kind})"
        return f"CASE WHEN {value} = {unset} THEN NULL WHEN {value} = {empty} THEN '' ELSE zeek_text({value}) END"
