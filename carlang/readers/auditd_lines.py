r"""Lines of Linux's audit log, `type=… msg=audit(time:serial): key=value …`, of which several are one event.

A record has a member for each line of an event, by its type, the second of a type as `AVC_2`; and its time, its
`serial` and, where the log or the prefix of syslog names one, its `hostname`. Of paths there is one for each thing that
was done to a path, `PATH_CREATE`, `PATH_DELETE`, `PATH_DELETE_2`, `PATH_NORMAL`, …, with the `folder` that a bare
`name` is to be completed from. All `EXECVE` of an event are one, whose arguments are joined to a `command_line` as
well. A line's own members are as the log has them, without quotes and hexadecimal digits, beside its `type`; a
`SYSCALL` has the name of the call, as that of an enriched log does.

Lines may be as auditd writes them, enriched or not, or as `ausearch -i` prints them: names for numbers, values without
quotes, the date as the locale has it, the last line of an event first.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from carlang.readers import budget, tuning
from carlang.readers.byte_escapes import bytes_decoded
from carlang.readers.records import ReadFault, Records
from carlang.readers.syslog_prefix import SYSLOG_HOST, SYSLOG_PREFIX

AUDIT_LINE = r"type=\S+[ \t]+(?:msg=)?audit\("
"""What an audit line begins with, behind its prefix and the name of its node."""

NO_AUDIT_LINE = "not a line of an audit log"
"""Why a line among those of an audit log was not read."""

_MACROS = (
    # The kernel itself knows a type by its number, and so does an ausearch that is older than the kernel.
    r"""
    CREATE TEMP MACRO audit_kind(kind) AS (
      CASE regexp_extract(kind, '\d{4}') WHEN '' THEN kind WHEN '1300' THEN 'SYSCALL' WHEN '1302' THEN 'PATH'
        WHEN '1306' THEN 'SOCKADDR' WHEN '1307' THEN 'CWD' WHEN '1309' THEN 'EXECVE' WHEN '1320' THEN 'EOE'
        WHEN '1326' THEN 'SECCOMP' WHEN '1327' THEN 'PROCTITLE' WHEN '1400' THEN 'AVC' ELSE kind END)""",
    bytes_decoded("audit_decoded", unreadable="chr(65533)"),
    # A text of somebody else's making stands in quotes or, where it holds quotes or blanks, as hexadecimal digits.
    # Numbers look like the latter, so only what is known to be such a text is read so. `?` and `(null)` are no value.
    r"""
    CREATE TEMP MACRO audit_text(name, value) AS (
      CASE WHEN value IN ('', '?', '(null)') THEN NULL
        WHEN starts_with(value, '"') THEN trim(value, '"')
        WHEN regexp_full_match(value, '([0-9A-F]{2})+') AND regexp_full_match(name,
          'acct|cmd|o?comm|cwd|data|exe|key|name|path|proctitle|watch')
        THEN replace(audit_decoded(value), chr(0), ' ') ELSE value END)""",
    r"""
    CREATE TEMP MACRO audit_word(value) AS nullif(nullif(nullif(rtrim(value, ' }'), '(null)'), '(none)'), '')""",
    # The same of an argument, as digits: pieces are joined before they are decoded, for a cut may go through a
    # character.
    r"""
    CREATE TEMP MACRO audit_digits(value, interpreted) AS (
      CASE WHEN interpreted THEN hex(encode(value)) WHEN starts_with(value, '"') THEN hex(encode(trim(value, '"')))
        WHEN regexp_full_match(value, '([0-9A-F]{2})+') THEN value ELSE hex(encode(value)) END)""",
    # Where values have no quotes, one ends where the next known key begins.
    r"""
    CREATE TEMP MACRO audit_keys(kind) AS (
      CASE kind WHEN 'EXECVE' THEN 'a\d+(?:\[\d+\]|_len)?' WHEN 'PROCTITLE' THEN 'proctitle' WHEN 'CWD' THEN 'cwd'
        WHEN 'PATH' THEN 'item|name|inode|dev|mode|ouid|ogid|rdev|obj|nametype|objtype|cap_\w+|OUID|OGID'
        ELSE '[A-Za-z][A-Za-z0-9_-]*' END)""",
    # The dates of `ausearch -i` are those of a locale. What its slashes mean has to be known from another date.
    r"""
    CREATE TEMP MACRO audit_time(text, day_first) AS (
      CASE WHEN NOT contains(text, ':') THEN text
        WHEN regexp_matches(text, '^\d{4}\D') THEN regexp_replace(text,
          '^(\d{4})\D{1,2}(\d\d?)\D{1,2}(\d\d?)\D{0,2}\s(\d\d:\d\d:\d\d)[.,](\d+)$', '\1-\2-\3 \4.\5')
        WHEN contains(text, '/') AND day_first IS NULL THEN text
        ELSE regexp_replace(regexp_replace(text,
          '^(\d\d?)[./-]\s?(\d\d?)[./-]\s?(\d{4}|\d\d)\.?\s+(\d\d:\d\d:\d\d)[.,](\d+)$',
          CASE WHEN contains(text, '/') AND NOT day_first THEN '\3-\1-\2 \4.\5' ELSE '\3-\2-\1 \4.\5' END),
          '^(\d\d)-', '20\1-') END)""",
)

# `msg=` of a message of a program's own is no key, and its last quote stands before what an enriched log adds. That is
# set off by a control character, which rsyslog writes in octal digits.
_LINES = rf"""
    CREATE OR REPLACE TEMP TABLE audit_lines AS
    SELECT number, line, audit_kind(kind) AS kind, time, serial, contains(time, ':') AS interpreted,
      coalesce(nullif(node, ''), nullif(nullif(regexp_extract(prefix, $host, 1), ''), '-'), '') AS node,
      regexp_replace(CASE WHEN prefix = '' THEN body
          ELSE regexp_replace(body, '#035(ARCH=|SADDR=\{{|[A-Z]+=")', chr(29) || '\1', 'g') END,
        '''?' || chr(29) || '|\bmsg=''|''$', ' ', 'g') AS body
    FROM (
      SELECT number, line, unnest(regexp_extract(line,
        '^((?:{SYSLOG_PREFIX})?)\s*(?:\[[ .\d]+\] )?(?:audit: )?(?:node=(\S+)\s+)?'
        || 'type=(\S+)\s+(?:msg=)?audit\(([^()]+?):(\d+)\)\s?:\s?(.*?)\s*$',
        ['prefix', 'node', 'kind', 'time', 'serial', 'body']))
      FROM audit
    )
"""  # noqa: S608  # the lines are no part of the text

_DAY_FIRST = """
    SELECT CASE WHEN max(days) > 12 THEN true WHEN max(months) > 12 THEN false END FROM (
      SELECT TRY_CAST(split_part(time, '/', 1) AS INTEGER) AS days,
        TRY_CAST(split_part(time, '/', 2) AS INTEGER) AS months
      FROM audit_lines WHERE interpreted AND contains(time, '/'))
"""

# Lines of different events may alternate; those of one event stand near one another.
_WAITING = """
    CREATE OR REPLACE TEMP TABLE audit_waiting AS
    SELECT DISTINCT node, time, serial FROM (FROM audit_lines WHERE serial <> '' ORDER BY number DESC LIMIT $count)
"""

_REST = "SELECT number, line FROM audit_lines SEMI JOIN audit_waiting USING (node, time, serial) ORDER BY number"

_FAULTS = "SELECT number, line FROM audit_lines WHERE serial = '' ORDER BY number"

# A rename takes a name out of the first folder into the second, and removes what had the new name there; an exchange
# makes the old name once more. All other calls that make or remove a name have one folder.
_EVENTS = r"""
    WITH texts AS (
      SELECT * EXCLUDE (line, body),
        CASE WHEN interpreted THEN string_split(ltrim(regexp_replace(
            ' ' || body, '\s(' || audit_keys(kind) || '=)', chr(29) || '\1', 'g'), chr(29) || ' '), chr(29))
          ELSE regexp_extract_all(body, '[A-Za-z0-9_\[\]-]+=(?:"[^"]*"|\S*)') END AS texts
      FROM audit_lines ANTI JOIN audit_waiting USING (node, time, serial) WHERE serial <> ''
    ), pairs AS (
      SELECT * EXCLUDE (texts), list_transform(texts, lambda t: split_part(t, '=', 1)) AS k,
        list_transform(texts, lambda t: substr(t, strpos(t, '=') + 1)) AS v
      FROM texts
    ), entries AS (
      SELECT * EXCLUDE (k, v), list_filter(
        list_transform(k, lambda name, i: {'k': name, 'v': v[i], 'first': list_position(k, name) = i}),
        lambda e: e.first AND e.k <> '') AS e
      FROM pairs WHERE kind <> 'EXECVE'
    ), members AS (
      SELECT * EXCLUDE (e), map_from_entries(list_transform(e, lambda x: {'k': x.k,
        'v': CASE WHEN interpreted THEN audit_word(x.v) ELSE audit_text(x.k, x.v) END})) AS m
      FROM entries
    ), called AS (
      SELECT members.* REPLACE (map_concat(m, MAP {'type': kind}, CASE WHEN kind = 'SYSCALL' THEN MAP {'SYSCALL':
          coalesce(m['SYSCALL'], call, CASE WHEN NOT regexp_full_match(m['syscall'], '\d+') THEN m['syscall'] END)}
        ELSE MAP {} END) AS m)
      FROM members LEFT JOIN system_calls ON kind = 'SYSCALL' AND arch = m['arch'] AND digits = m['syscall']
    ), named AS (
      SELECT *, CASE kind WHEN 'PATH' THEN coalesce('PATH_' || m['nametype'], kind) ELSE kind END AS name,
        TRY_CAST(m['item'] AS INTEGER) AS item
      FROM called
    ), ranked AS (
      SELECT *, row_number() OVER (PARTITION BY node, time, serial, name ORDER BY item, number) AS rank FROM named
    ), folders AS (
      SELECT node, time, serial, list(m['name'] ORDER BY item, number) AS folders FROM named
      WHERE name = 'PATH_PARENT' GROUP BY node, time, serial
    ), lines AS (
      SELECT number, node, time, serial, name || CASE WHEN rank > 1 THEN '_' || rank ELSE '' END AS name,
        CASE WHEN name IN ('PATH_CREATE', 'PATH_DELETE') THEN json_merge_patch(to_json(m), to_json({'folder':
            folders[CASE WHEN (name = 'PATH_DELETE') = (rank = 1) THEN 1 ELSE -1 END]}))
          ELSE to_json(m) END AS members
      FROM ranked LEFT JOIN folders USING (node, time, serial)
    ), arguments AS (
      SELECT min(number) AS number, node, time, serial, argument,
        string_agg(audit_digits(v, interpreted), '' ORDER BY piece) AS digits
      FROM (
        SELECT *, CAST(regexp_extract(k, '^a(\d+)', 1) AS INTEGER) AS argument,
          coalesce(TRY_CAST(regexp_extract(k, '\[(\d+)\]', 1) AS INTEGER), 0) AS piece
        FROM (SELECT * EXCLUDE (k, v), unnest(k) AS k, unnest(v) AS v FROM pairs WHERE kind = 'EXECVE')
        WHERE regexp_full_match(k, 'a\d+(\[\d+\])?'))
      GROUP BY node, time, serial, argument
    ), commands AS (
      SELECT min(number) AS number, node, time, serial, 'EXECVE' AS name,
        to_json(map_concat(MAP {'type': 'EXECVE', 'argc': CAST(max(argument) + 1 AS VARCHAR)},
          map_from_entries(list({'k': 'a' || argument, 'v': coalesce(text, '')} ORDER BY argument)),
          MAP {'command_line': string_agg(coalesce(text, ''), ' ' ORDER BY argument)})) AS members
      FROM (SELECT *, audit_decoded(digits) AS text FROM arguments) GROUP BY node, time, serial
    )
    SELECT min(number) AS number, CAST(json_merge_patch(to_json({
        'Channel': 'auditd', 'time': audit_time(time, $day_first), 'serial': serial, 'hostname': nullif(node, '')}),
      to_json(map_from_entries(list({'k': name, 'v': members} ORDER BY number, name)))) AS VARCHAR) AS line
    FROM (FROM lines UNION ALL FROM commands) GROUP BY node, time, serial ORDER BY 1
"""


_ARCHITECTURES = {"x86_64": "c000003e", "arm64": "c00000b7", "i386": "40000003"}
_CALL_COLUMNS = ["arch", "digits", "call"]


class AuditLines:
    """Makes records of lines; events to which more lines may belong wait."""

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._waiting = pa.table({"number": pa.array([], pa.int64()), "line": pa.array([], pa.string())})
        self._day_first: bool | None = None

    @property
    def begun(self) -> bool:
        """Whether there were lines."""
        return self._connection is not None

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            self._connection = budget.open_engine()
            for macro in _MACROS:
                self._connection.execute(macro)
            self._connection.register("system_calls", _system_calls())
        return self._connection

    def close(self) -> None:
        """Close the connection, if one was needed."""
        if self._connection is not None:
            self._connection.close()

    def events(self, numbers: pa.Array, lines: pa.Array, *, more: bool) -> Iterator[Records | ReadFault]:
        """Return the events of these and the waiting lines; what is no audit record is a fault."""
        count = _lines_at_once(lines)
        for start in range(0, max(1, len(lines)), count):
            is_last = start + count >= len(lines)
            yield from self._events(
                numbers[start : start + count], lines[start : start + count], more=more or not is_last
            )

    def _events(self, numbers: pa.Array, lines: pa.Array, *, more: bool) -> Iterator[Records | ReadFault]:
        connection = self._opened()
        run = connection.execute
        # Taken apart once, into a table of DuckDB's own: four queries read it.
        table = pa.concat_tables([self._waiting, pa.table([numbers, lines], ["number", "line"])])
        connection.register("audit", table)
        run(_LINES, {"host": SYSLOG_HOST})
        connection.unregister("audit")
        run(_WAITING, {"count": tuning.AUDIT_LINES_NEAR if more else 0})
        self._waiting = connection.sql(_REST).to_arrow_table()
        for number, line in run(_FAULTS).fetchall():
            yield ReadFault(NO_AUDIT_LINE, number, line[: tuning.SHOWN_TEXT])
        if pc.any(pc.match_substring_regex(table["line"], r"audit\(\d+/")).as_py():
            day_first = run(_DAY_FIRST).fetchall()[0][0]
            self._day_first = self._day_first if day_first is None else day_first
        events = connection.sql(_EVENTS, params={"day_first": self._day_first}).to_arrow_table()
        if len(events):
            yield Records(events["line"].combine_chunks(), events["number"].combine_chunks(), events["line"].nbytes)


def _lines_at_once(lines: pa.Array) -> int:
    """Return how many of some lines are taken apart together."""
    size: int = lines.nbytes
    return max(1, len(lines) * budget.within(tuning.AUDIT_TEXT) // max(1, size))


def _system_calls() -> pa.Table:
    """Return the names of system calls by the number that a kind of processor, in the log's digits, has for each."""
    with files("carlang.readers").joinpath("system_calls.csv").open("rb") as stream:
        table = pyarrow.csv.read_csv(stream)
    parts = [
        pa.table([pa.repeat(pa.scalar(arch), len(table)), table[kind].cast(pa.string()), table["name"]], _CALL_COLUMNS)
        for kind, arch in _ARCHITECTURES.items()
    ]
    return pa.concat_tables(parts)
