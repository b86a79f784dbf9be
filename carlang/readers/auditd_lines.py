"""The reader of auditd's log: lines of `type=… msg=audit(time:serial): key=value …`, of which several are one event.

A record has a member for each type of line, and its time, its `serial` and, where the log names one, its `hostname`.
Of paths there is one for each thing that was done to a path: `PATH_CREATE`, `PATH_DELETE`, `PATH_NORMAL`, …; the
arguments in `EXECVE` are joined to a `command_line`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa

from carlang.database.connection import open_memory
from carlang.readers import tuning
from carlang.readers.records import LogFile, ReadFault, Records
from carlang.readers.text import is_text, utf8_blocks, utf8_start, valid_utf8

_HEAD = re.compile(rb"(?:node=\S+[ \t]+)?type=\S+[ \t]+msg=audit\(\d+\.\d+:\d+\):")
_ADDED = b"\x1d"

# A text of somebody else's making stands in quotes or, where it holds quotes or blanks, as hexadecimal digits.
# Numbers look like the latter, so only what is known to be such a text is read so. `?` and `(null)` are no value.
_TEXT = r"""
    CREATE TEMP MACRO audit_text(name, value) AS (
      CASE WHEN value IN ('', '?', '(null)') THEN NULL
        WHEN starts_with(value, '"') THEN trim(value, '"')
        WHEN regexp_full_match(value, '([0-9A-F]{2})+') AND regexp_full_match(name,
          'acct|cmd|comm|cwd|data|exe|key|name|path|proctitle|a\d+(\[\d+\])?!')
        THEN coalesce(replace(TRY(decode(unhex(value))), chr(0), ' '), value) ELSE value END)
"""

_LINES = r"""
    CREATE OR REPLACE TEMP TABLE audit_lines AS
    SELECT number, line, unnest(regexp_extract(line,
      '^\s*(?:node=(\S+)\s+)?type=(\S+)\s+msg=audit\((\d+\.\d+):(\d+)\):\s?(.*?)\s*$',
      ['node', 'kind', 'time', 'serial', 'body']))
    FROM audit WHERE trim(line, chr(32) || chr(9) || chr(13)) <> ''
"""

# Lines of different events may alternate; those of one event stand near one another.
_WAITING = """
    CREATE OR REPLACE TEMP TABLE audit_waiting AS
    SELECT DISTINCT node, time, serial FROM (FROM audit_lines WHERE serial <> '' ORDER BY number DESC LIMIT $count)
"""

_REST = "SELECT number, line FROM audit_lines SEMI JOIN audit_waiting USING (node, time, serial) ORDER BY number"

_FAULTS = "SELECT number, line FROM audit_lines WHERE serial = '' ORDER BY number"

_EVENTS = r"""
    WITH pairs AS (
      SELECT number, node, time, serial, kind,
        regexp_extract_all(text, '([A-Za-z0-9_\[\]-]+)=("[^"]*"|\S*)', 1) AS k,
        regexp_extract_all(text, '([A-Za-z0-9_\[\]-]+)=("[^"]*"|\S*)', 2) AS v
      FROM (SELECT *, regexp_replace(body, chr(29) || '|msg=''|''$', ' ', 'g') AS text
            FROM audit_lines ANTI JOIN audit_waiting USING (node, time, serial) WHERE serial <> '')
    ), entries AS (
      SELECT number, node, time, serial, kind, list_filter(
        list_transform(k, lambda name, i: {'k': name, 'v': v[i], 'first': list_position(k, name) = i}),
        lambda e: e.first) AS e
      FROM pairs
    ), members AS (
      SELECT number, node, time, serial,
        kind || CASE WHEN kind = 'PATH' THEN coalesce('_' || list_filter(e, lambda x: x.k = 'nametype')[1].v, '')
          ELSE '' END AS kind,
        CASE WHEN kind <> 'EXECVE' THEN to_json(map_from_entries(
          list_transform(e, lambda x: {'k': x.k, 'v': audit_text(x.k, x.v)}))) END AS members,
        list_transform(list_filter(e, lambda x: kind = 'EXECVE' AND regexp_full_match(x.k, 'a\d+(\[\d+\])?')),
          lambda x: coalesce(audit_text(x.k || '!', x.v), '')) AS arguments
      FROM entries
    ), kinds AS (
      SELECT min(number) AS number, node, time, serial, kind, CASE WHEN kind = 'EXECVE'
        THEN to_json({'command_line': string_agg(array_to_string(arguments, ' '), ' ' ORDER BY number)})
        ELSE first(members ORDER BY number) END AS members
      FROM members GROUP BY node, time, serial, kind
    )
    SELECT min(number) AS number, CAST(json_merge_patch(
      to_json({'Channel': 'auditd', 'time': time, 'serial': serial, 'hostname': nullif(node, '')}),
      to_json(map_from_entries(list({'k': kind, 'v': members} ORDER BY number)))) AS VARCHAR) AS line
    FROM kinds GROUP BY node, time, serial ORDER BY 1
"""


class AuditdReader:
    """Reads the lines of auditd's log; the lines of one event, which have time and number in common, are one record."""

    name = "auditd log"

    def matches(self, head: bytes) -> bool:
        """Text in which one of the first lines is an audit record."""
        # What an enriched log adds to a line is set off by a control character.
        lines = utf8_start(head).split(b"\n", tuning.LINES_LOOKED_AT)[: tuning.LINES_LOOKED_AT]
        return is_text(head.replace(_ADDED, b" ")) and any(map(_HEAD.match, lines))

    def read(self, log: LogFile) -> Iterator[Records | ReadFault]:
        """Read blocks of lines; events to which more lines may belong wait for the next block."""
        with open_memory() as connection:
            connection.execute(_TEXT)
            lines = _Lines(connection)
            text = b""
            for block in utf8_blocks(log.stream):
                complete, newline, text = (text + block).rpartition(b"\n")
                if newline:
                    yield from lines.events(valid_utf8(complete).split(b"\n"), more=True)
            yield from lines.events(valid_utf8(text).split(b"\n"), more=False)


class _Lines:
    """The lines of events that are not whole yet, and how many lines there were."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._number = 1
        self._waiting = pa.table({"number": pa.array([], pa.int64()), "line": pa.array([], pa.string())})

    def events(self, lines: Sequence[bytes], *, more: bool) -> Iterator[Records | ReadFault]:
        """Return the events of these and the waiting lines; what is no audit record is a fault."""
        numbers = pa.array(range(self._number, self._number + len(lines)), pa.int64())
        self._number += len(lines)
        table = pa.concat_tables([self._waiting, pa.table([numbers, pa.array(lines, pa.string())], ["number", "line"])])
        # Taken apart once, into a table of DuckDB's own: four queries read it.
        self._connection.register("audit", table)
        self._connection.execute(_LINES)
        self._connection.unregister("audit")
        self._connection.execute(_WAITING, {"count": tuning.AUDIT_LINES_NEAR if more else 0})
        self._waiting = self._connection.sql(_REST).to_arrow_table()
        for number, line in self._connection.execute(_FAULTS).fetchall():
            yield ReadFault("not a line of an audit log", number, line[: tuning.SHOWN_TEXT])
        events = self._connection.sql(_EVENTS).to_arrow_table()
        if len(events):
            size = sum(map(len, lines))
            yield Records(events["line"].combine_chunks(), events["number"].combine_chunks(), size)
