"""The queries that make events of templates: hosts, users, times, numbers of processes, and rows of attacks among them.

Event number `i` of a class is of the same host as number `i` of every other class. Eight in a row are one host's, the
first of which is the parent of the others; the next eight are another host's. What is random is a hash of `i`, so that
any stretch of events can be made by itself, in little memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from bench.events.templates import (
    SLOTS,
    Draw,
    Row,
    file_templates,
    flow_templates,
    module_templates,
    process_templates,
    registry_templates,
    weighted,
)

HOSTS = 5000
ATTACK_EVERY = 1000
"""Of so many events of a class one is a row of an attack."""

_RUN = 8
_SPREAD = 7919  # a prime that HOSTS has no factor in common with: hosts take turns, and all are as busy
_WEEK = 7 * 86_400_000_000
_START = "TIMESTAMPTZ '2024-03-04 00:00:00+00'"

# Which draw of an event is for what; each is a hash of its own.
_TEMPLATE, _MOMENT, _HEX, _MORE_HEX, _FEW, _ATTACK, _WHICH_ATTACK, _PORT = range(8)


_FIRST = f"i - i % {_RUN}"
_PARENT = f"CASE WHEN i % {_RUN} = 0 THEN -1 - h.number ELSE {_FIRST} END"


@dataclass(frozen=True, slots=True)
class EventClass:
    """An object and an action: Sysmon's event, its templates, what is computed, and what Sysmon calls the fields.

    `share` is its part of a mixed store in percent.
    """

    object: str
    action: str
    event_id: int
    share: int
    templates: Callable[[int], list[Row]]
    computed: Mapping[str, str] = field(default_factory=dict)
    sysmon: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The class as a path has it."""
        return f"{self.object}/{self.action}"


_OF_PROCESS = {"Image": "image_path", "ProcessGuid": "guid", "ProcessId": "pid", "User": "user"}
_HASHES = "format('SHA1={},MD5={},SHA256={},IMPHASH={}', sha1_hash, md5_hash, sha256_hash, imphash)"
_NAMED = {
    "Company": "company", "Description": "description", "FileVersion": "file_version", "Product": "product",
    "OriginalFileName": "original_file_name", "Hashes": _HASHES,
}  # fmt: skip

CLASSES = (
    EventClass("process", "create", 1, 20, process_templates, {
        "user": "CASE WHEN t.is_system THEN 'NT AUTHORITY\\SYSTEM' ELSE 'EXAMPLE\\' || h.user END",
        "guid": "process_guid(i)", "pid": "process_id(i)",
        "parent_guid": f"process_guid({_PARENT})", "ppid": f"process_id({_PARENT})",
        "login_id": "CASE WHEN t.is_system THEN '0x3e7' ELSE format('0x{:x}', 300000 + h.number) END",
        "session_id": "CASE WHEN t.is_system THEN '0' ELSE '1' END",
    }, _OF_PROCESS | _NAMED | {
        "CommandLine": "command_line", "CurrentDirectory": "current_working_directory", "LogonId": "login_id",
        "IntegrityLevel": "integrity_level", "ParentCommandLine": "parent_command_line",
        "TerminalSessionId": "session_id",
        "ParentImage": "parent_image_path", "ParentProcessGuid": "parent_guid", "ParentProcessId": "ppid",
    }),
    EventClass("file", "create", 11, 20, file_templates, {
        "creation_time": "moment", "file_name": "parse_filename(file_path, false, 'backslash')",
    }, _OF_PROCESS | {
        "TargetFilename": "file_path", "CreationUtcTime": "strftime(creation_time, '%Y-%m-%d %H:%M:%S.%g')",
    }),
    EventClass("registry", "value_edit", 13, 25, registry_templates, {
        "value": "parse_filename(key, false, 'backslash')",
    }, _OF_PROCESS | {"TargetObject": "key", "Details": "new_content", "EventType": "'SetValue'"}),
    EventClass("flow", "start", 3, 15, flow_templates, {
        "start_time": "moment", "src_ip": "format('10.{}.{}.7', h.number // 250, h.number % 250)",
        "src_port": f"49152 + (draw(i, {_PORT}) % 16384)::BIGINT", "src_hostname": "h.hostname",
        "dest_fqdn": "dest_hostname || '.example.com'", "src_fqdn": "h.fqdn", "protocol": "transport_protocol",
    }, _OF_PROCESS | {
        "SourceIp": "src_ip", "SourcePort": "src_port", "SourceHostname": "src_fqdn", "DestinationIp": "dest_ip",
        "DestinationPort": "dest_port", "DestinationHostname": "dest_fqdn", "Protocol": "protocol",
        "Initiated": "CASE network_direction WHEN 'out' THEN 'true' ELSE 'false' END",
    }),
    EventClass("module", "load", 7, 20, module_templates, {}, _OF_PROCESS | _NAMED | {
        "ImageLoaded": "module_path", "Signed": "CASE WHEN signature_valid THEN 'true' ELSE 'false' END",
        "Signature": "signer", "SignatureStatus": "CASE WHEN signature_valid THEN 'Valid' ELSE 'Unavailable' END",
    }),
)  # fmt: skip

_COMMON = {
    "time": "moment", "hostname": "h.hostname", "fqdn": "h.fqdn", "sensor": "'sysmon'",
    "source": "h.hostname || '-sysmon.evtx'", "guid": f"process_guid({_FIRST})", "pid": f"process_id({_FIRST})",
    "user": "'EXAMPLE\\' || h.user",
}  # fmt: skip
_OWN = frozenset({"time", "hostname", "fqdn", "sensor", "source", "guid", "pid", "ppid", "parent_guid", "record_id"})
"""Columns that a row of an attack has from the machine that it is put on."""

_SLOT = re.compile(r"\{(hex|guid|few|user)\}")


def _hosts(seed: int) -> pa.Table:
    draw = Draw(seed, "hosts")
    names = [f"{draw.choice(('BER', 'MUC', 'NYC', 'PAR'))}-{number:04}" for number in range(HOSTS)]
    users = [draw.filled("<word>.<word>").lower() for _ in names]
    # One in a hundred has a letter beyond ASCII.
    users = [f"jörg.{user}" if number % 100 == 0 else user for number, user in enumerate(users)]
    fqdns = [f"{name}.example.com" for name in names]
    return pa.table({"number": range(HOSTS), "hostname": names, "fqdn": fqdns, "user": users})


class Fleet:
    """Makes the events of a seed on a connection: `total` of each class within a week, or as many as `totals` says."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        seed: int,
        totals: Mapping[str, int],
        attacks: Mapping[str, pa.Table],
    ) -> None:
        self._connection = connection
        self._seed = seed
        self.totals = totals
        self._queries: dict[str, str] = {}
        connection.execute(f"""
            CREATE MACRO draw(i, salt) AS hash(i + ({seed % 1000} * 8 + salt) * 1099511627776);
            CREATE MACRO whole(number) AS number::BIGINT;
            CREATE MACRO process_id(i) AS 4 * (500 + hash(i) % 16000)::BIGINT;
            CREATE MACRO process_guid(i) AS format('{{{{{{:08x}}-{{:04x}}-6500-{{:04x}}-{{:012x}}}}}}',
                (hash(i // {_RUN} * {_SPREAD} % {HOSTS}) & 4294967295)::BIGINT, (hash(i) & 65535)::BIGINT,
                (hash(i + 1) & 65535)::BIGINT, i & 1099511627775);
        """)
        connection.register("hosts", _hosts(seed))
        for each in CLASSES:
            if totals.get(each.name):
                self._queries[each.name] = self._prepared(each, attacks.get(each.name))

    def _prepared(self, each: EventClass, attacks: pa.Table | None) -> str:
        """Register a class's templates and attacks, and return the query for its events from `$begin` to `$end`."""
        rows = each.templates(self._seed)
        templates, drawn = pa.Table.from_pylist(rows), weighted(len(rows))
        of_slot = templates.take(drawn["template"]).append_column("slot", drawn["slot"])
        self._connection.register(f"{each.object}_templates", of_slot)
        texts = {name: _filled(f"t.{name}", templates[name]) for name in templates.column_names if name != "is_system"}
        number = f"(i // {_RUN * HOSTS} * {_RUN} + i % {_RUN}) * {len(CLASSES)} + {CLASSES.index(each) + 1}"
        computed = {**_COMMON, "record_id": f"({number})::VARCHAR", **each.computed}
        query = f"""
            WITH numbers AS ({self._numbers(each, attacks.num_rows if attacks else 0)}),
            texts AS (
              SELECT n.i, n.moment, n.attack, h, t, {_columns(texts)}
              FROM numbers n JOIN {each.object}_templates t USING (slot) JOIN hosts h ON h.number = n.host),
            events AS (SELECT *, {_columns(computed)} FROM texts)
        """  # noqa: S608  # names and numbers of this module
        if not attacks:
            return f"{query} SELECT * EXCLUDE (i, moment, h, t, attack) FROM events"  # noqa: S608  # as above
        numbered = attacks.append_column("number", pa.array(range(attacks.num_rows), pa.int64()))
        self._connection.register(f"{each.object}_attacks", numbered)
        said = [name for name in {**texts, **computed} if name in attacks.column_names and name not in _OWN]
        replaced = {name: f"CASE WHEN a.number IS NULL THEN e.{name} ELSE a.{name} END" for name in said}
        return f"""
            {query} SELECT e.* EXCLUDE (i, moment, h, t, attack, {", ".join(said)}), {_columns(replaced)}
            FROM events e LEFT JOIN {each.object}_attacks a ON a.number = e.attack
        """  # noqa: S608  # as above

    def _numbers(self, each: EventClass, attacks: int) -> str:
        """Return the query for what is drawn for each event; `attack` is the number of a row where it is an attack."""
        step = max(_WEEK // self.totals[each.name], 1)
        return f"""
            SELECT i, i // {_RUN} * {_SPREAD} % {HOSTS} AS host, draw(i, {_TEMPLATE}) % {SLOTS} AS slot,
                   {_START}
                     + to_microseconds((i * {step} + whole(draw(i, {_MOMENT}) % {step})) // 1000 * 1000) AS moment,
                   format('{{:08x}}', whole(draw(i, {_HEX}) & 4294967295)) AS hex,
                   format('{{:08x}}', whole(draw(i, {_MORE_HEX}) & 4294967295)) AS more,
                   (draw(i, {_FEW}) % 60 + 1)::VARCHAR AS few,
                   CASE WHEN draw(i, {_ATTACK}) % {ATTACK_EVERY} = 0
                     THEN whole(draw(i, {_WHICH_ATTACK}) % {max(attacks, 1)}) END AS attack
            FROM range($begin, $end) AS numbers(i)
        """  # noqa: S608  # numbers of this module

    def events(self, each: EventClass, begin: int, end: int) -> pa.Table:
        """Return the events of a class from one number to another."""
        query = self._queries[each.name]
        return self._connection.sql(query, params={"begin": begin, "end": end}).to_arrow_table()

    def records(self, each: EventClass, begin: int, end: int) -> Sequence[str]:
        """Return the same events as lines of JSON, as Sysmon's records are collected."""
        members = {
            "Channel": "'Microsoft-Windows-Sysmon/Operational'", "SourceName": "'Microsoft-Windows-Sysmon'",
            "EventID": str(each.event_id), "Hostname": "fqdn", "RecordNumber": "record_id::BIGINT",
            "UtcTime": "strftime(time, '%Y-%m-%d %H:%M:%S.%g')", "RuleName": "'-'", **each.sysmon,
        }  # fmt: skip
        struct = ", ".join(f"{name} := {sql}" for name, sql in members.items())
        query = (
            f"SELECT to_json(struct_pack({struct}))::VARCHAR AS line FROM ({self._queries[each.name]}) ORDER BY time"  # noqa: S608
        )
        table = self._connection.sql(query, params={"begin": begin, "end": end}).to_arrow_table()
        lines: list[str] = table["line"].to_pylist()
        return lines


def _columns(expressions: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in expressions.items())


def _filled(column: str, texts: pa.ChunkedArray) -> str:
    """Return the expression that fills the slots that the texts of a column have."""
    if not pa.types.is_string(texts.type):
        return column
    values = {"hex": "n.hex", "few": "n.few", "user": "h.user", "guid": "n.hex || '-' || n.more || '-' || n.hex"}
    used = sorted({match for text in texts.to_pylist() for match in _SLOT.findall(text)})
    for name in used:
        column = f"replace({column}, '{{{name}}}', {values[name]})"
    return column
