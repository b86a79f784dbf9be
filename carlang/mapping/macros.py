"""SQL macros for what mappings need again and again; each gives null for a text that is not of its kind."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import duckdb

from carlang.database.quoting import text_literal
from carlang.mapping.data_macros import DATA_MACROS
from carlang.mapping.texts import TEXT_MACROS
from carlang.mapping.times import TIME_MACROS
from carlang.mapping.web_macros import WEB_MACROS

_IPV4 = r"[0-9]{1,3}(\.[0-9]{1,3}){3}"

MACROS: dict[str, str] = {
    # Conditions that hardly cost anything come first: these run for every field of every record. Below `!` stand the
    # blank, without which nothing is trimmed, and the empty text.
    "given(text)": """
        CASE WHEN text = '-' OR (text < '!' AND trim(text) IN ('', '-')) THEN NULL ELSE text END""",
    # What else `nullif` would do: DuckDB makes a CASE of it that works its first argument out twice.
    "filled(text)": "list_filter([text], lambda t: t <> '')[1]",
    # Sysmon writes ? for a process it does not know. Some exports double every backslash of a path.
    "windows_path(text)": r"""
        CASE WHEN text = '?' THEN NULL
        WHEN substr(text, 2, 3) = ':\\' AND NOT contains(replace(text, '\\', ''), '\')
        THEN replace(text, '\\', '\') ELSE given(text) END""",
    "base_name(path)": r"filled(regexp_extract(path, '[^\\/]*$'))",
    # A line of Elasticsearch's bulk form that says what to do with the document on the next one.
    "is_bulk_action(line)": r"""
        CASE WHEN regexp_matches(line, '^\s*\{\s*"(index|create|update|delete)"\s*:\s*\{') THEN coalesce(TRY(
          len(json_keys(line)) = 1 AND list_has_all(['_id', '_index', '_parent', '_retry_on_conflict', '_routing',
            '_source', '_type', '_version', '_version_type', 'dynamic_templates', 'if_primary_term', 'if_seq_no',
            'list_executed_pipelines', 'op_type', 'parent', 'pipeline', 'require_alias', 'require_data_stream',
            'retry_on_conflict', 'routing', 'version', 'version_type'], json_keys(json_extract(line, '$.*')[1]))),
          false) ELSE false END""",
    "object_text(text)": "CASE WHEN starts_with(text, '{') AND json_valid(text) THEN text END",
    "number(text)": """
        CASE WHEN CAST(TRY_CAST(text AS BIGINT) AS VARCHAR) = text THEN TRY_CAST(text AS BIGINT)
        WHEN contains(text, 'x') OR contains(text, 'X') THEN TRY_CAST(trim(text) AS BIGINT)
        WHEN contains(text, '.') OR contains(text, 'e') OR contains(text, 'E') OR contains(text, '_') THEN NULL
        ELSE TRY_CAST(trim(text) AS BIGINT) END""",
    # 7.0 is a whole number, and 7.5 is not rounded to one.
    "whole_number(text)": r"""
        CASE WHEN regexp_full_match(text, '-?[0-9]+\.0+') THEN TRY_CAST(split_part(text, '.', 1) AS BIGINT)
        ELSE number(text) END""",
    "truth(text)": "CASE lower(text) WHEN 'true' THEN true WHEN 'false' THEN false END",
    "guid(text)": """
        CASE WHEN strlen(text) IN (36, 38) THEN '{' || CAST(TRY_CAST(text AS UUID) AS VARCHAR) || '}' END""",
    # Of no match the first is null, which takes half as long as to ask whether what `regexp_extract` gives is empty.
    "hash_of(hashes, algorithm)": """
        lower(regexp_extract_all(hashes, '(?i)(?:^|[,\\s])' || algorithm || '=([0-9A-Fa-f]+)', 1)[1])""",
    "account(domain, name)": r"""
        CASE WHEN given(name) IS NULL THEN NULL WHEN given(domain) IS NULL THEN name ELSE domain || '\' || name END""",
    "is_address(name)": f"""
        CASE WHEN contains(name, ':') THEN true WHEN name >= '0' AND name < ':' THEN regexp_full_match(name, '{_IPV4}')
        ELSE false END""",
    "extension_of(path)": r"filled(regexp_extract(split_part(base_name(path), ':', 1), '\.[^.\\/]+$'))",
    "address(text)": r"""
        CASE WHEN is_address(text) THEN regexp_replace(text, '(?i)^::ffff:(\d+\.\d+\.\d+\.\d+)$', '\1') END""",
    "port(text)": "list_filter([number(text)], lambda n: n <> 0)[1]",
    "has_bits(mask, bits)": "coalesce(number(mask) & bits <> 0, false)",
    # What stands behind a label, up to the end of the line; or, between `;`, up to the next one.
    "line_value(text, label)": r"""
        given(trim(regexp_extract(text, '(?:^|\n)[ \t]*' || label || '[ \t]*[:=][ \t]*([^\r\n]*)', 1)))""",
    "part_value(text, label)": r"""
        given(trim(regexp_extract(text, '(?:^|[\n;,])[ \t]*' || label || '[ \t]*=[ \t]*([^\r\n;]*)', 1)))""",
    "unescaped(text)": r"""
        CASE WHEN starts_with(text, '&lt;')
        THEN replace(replace(replace(replace(text, '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&amp;', '&')
        ELSE text END""",
    "xml_text(text, tag)": r"""
        nullif(trim(regexp_extract(unescaped(text), '<' || tag || '(?:\s[^>]*)?>([^<]*)</' || tag || '>', 1)), '')""",
    "plain_name(name)": "replace(replace(replace(lower(name), '_', ''), ' ', ''), '-', '')",
    # The members of these keys under other names. A key may hold what would be an operator in a path.
    "json_part(object, keys, names)": """
        '{' || array_to_string(list_transform(keys, lambda k, i: CAST(to_json(names[i]) AS VARCHAR) || ':'
          || CAST(json_extract(object, '/' || replace(replace(k, '~', '~0'), '/', '~1')) AS VARCHAR)), ',') || '}'""",
    "merged(one, other)": """
        CASE WHEN one IS NULL THEN other WHEN other IS NULL THEN one
        ELSE CAST(json_merge_patch(one, other) AS VARCHAR) END""",
    "members(object)": "nullif(CAST(json_merge_patch('{}', object) AS VARCHAR), '{}')",
    "program_of(command)": r"""
        coalesce(nullif(regexp_extract(command, '^\s*"([^"]+)"', 1), ''),
          nullif(regexp_extract(command, '(?i)^\s*(.*?\.(?:exe|com|bat|cmd|sys|dll|ps1|vbs))(?:\s|$)', 1), ''),
          nullif(regexp_extract(command, '^\s*(\S+)', 1), ''))""",
    # A list of words is a text in the log, with any white space; Elastic makes it a list.
    "words(text)": r"""given(trim(regexp_replace(text, '[\s\[\]",]+', ' ', 'g')))""",
    # A piece of data without a name: of a list, or where the exporter joined them, the text of all.
    "unnamed(data, number)": """
        CASE WHEN starts_with(data, '[') AND json_valid(data) THEN json_extract_string(data, '$[' || number || ']')
        WHEN NOT starts_with(data, '{') THEN data END""",
    "spelled_out(text)": "CASE WHEN NOT starts_with(text, '%%') THEN given(text) END",
    # Bytes of a text in UTF-16, which exports write in hexadecimal, with dashes or without, as numbers or in base 64.
    "bytes_of(text)": """
        CASE WHEN regexp_full_match(text, '([0-9A-Fa-f]{2}-?)+') THEN replace(text, '-', '')
        WHEN starts_with(text, '[') THEN array_to_string(list_transform(
          TRY(from_json(text, '["UTINYINT"]')), lambda byte: lpad(to_hex(byte), 2, '0')), '')
        ELSE hex(TRY(from_base64(text))) END""",
    "binary_text(text)": """
        array_to_string(list_transform(list_filter(regexp_extract_all(bytes_of(text), '.{4}'), lambda u: u <> '0000'),
          lambda u: chr(CAST('0x' || u[3:4] || u[1:2] AS INTEGER))), '')""",
    # The short name of a service, and the number of the state that it got into: `sppsvc/4`.
    "binary_name(digits)": "filled(split_part(TRY(binary_text(digits)), '/', 1))",
    # Without the number there is the state's name alone, in the language of Windows. The value of a CASE is worked out
    # for each of its branches, and planned for each; what is more than a member becomes a list's only one.
    "service_state(digits, word)": """
        list_transform([coalesce(filled(regexp_extract(TRY(binary_text(digits)), '/(\\d+)$', 1)),
          lower(replace(word, chr(8217), '''')))], lambda s: CASE s
        WHEN '1' THEN 'stopped' WHEN '4' THEN 'running' WHEN '7' THEN 'paused'
        WHEN 'wird ausgeführt' THEN 'running' WHEN 'ausgeführt' THEN 'running' WHEN 'beendet' THEN 'stopped'
        WHEN 'angehalten' THEN 'paused' WHEN 'en cours d''exécution' THEN 'running' WHEN 'arrêté' THEN 'stopped'
        WHEN 'en ejecución' THEN 'running' WHEN 'detenido' THEN 'stopped' WHEN 'em execução' THEN 'running'
        WHEN 'parado' THEN 'stopped' ELSE lower(word) END)[1]""",
    "share_server(path)": r"nullif(regexp_extract(path, '^\\\\([^\\]+)', 1), '')",
    "pipe_label(name)": r"""
        CASE WHEN NOT regexp_full_match(name, '\d+') THEN regexp_replace(name, '(?i)^\\*(?:pipe\\)?', '') END""",
    # Zeek writes a file for each kind of record, and names the kind in the record only where it was told to.
    "zeek_stream(record)": """
        list_transform([json_keys(record)], lambda k: CASE
          WHEN list_contains(k, 'conn_state') THEN 'conn' WHEN list_has_all(k, ['query', 'qtype']) THEN 'dns'
          WHEN list_has_all(k, ['query', 'trans_id']) THEN 'dns' WHEN list_has_all(k, ['method', 'uri']) THEN 'http'
          WHEN list_has_all(k, ['endpoint', 'operation']) THEN 'dce_rpc' WHEN list_contains(k, 'share_type')
          THEN 'smb_mapping' WHEN list_has_all(k, ['fuid', 'source']) THEN 'files'
          WHEN list_contains(k, 'request_type') THEN 'kerberos' WHEN list_contains(k, 'auth_attempts') THEN 'ssh'
          WHEN list_has_any(k, ['security_protocol', 'keyboard_layout']) THEN 'rdp'
          WHEN list_has_any(k, ['ntlm', 'domainname']) THEN 'ntlm' WHEN list_has_all(k, ['established', 'resumed'])
          THEN 'ssl' WHEN starts_with(json_extract_string(record, '$.action'), 'SMB::') THEN 'smb_files' END)[1]""",
    # In JSON, Zeek leaves a backslash as it is, and writes a byte only where it stands for no character: `C:\\x64` is a
    # folder. Where each backslash begins such a byte, and each byte is one that Zeek would write so, all are meant.
    "zeek_text(text)": r"""
        CASE WHEN contains(text, '\x')
          AND regexp_full_match(text, '(?s)(?:[^\\]|\\x(?:[01][0-9a-f]|[89a-f][0-9a-f]|5c|7f))*')
        THEN coalesce(TRY(decode(unhex(hex(encode(split_part(text, '\x', 1))) || array_to_string(list_transform(
          string_split(text, '\x')[2:], lambda p: substr(p, 1, 2) || hex(encode(substr(p, 3)))), '')))), text)
        ELSE text END""",
    "rpc_function(operation)": "regexp_replace(operation, '^(BaseReg|Netr)', '')",
    # An address as the system call got it, in hexadecimal.
    "socket_family(digits)": """
        CASE upper(substr(digits, 1, 4)) WHEN '0100' THEN 'AF_UNIX' WHEN '0200' THEN 'AF_INET'
        WHEN '0A00' THEN 'AF_INET6' WHEN '1000' THEN 'AF_NETLINK' END""",
    # The same by the kernel's own words, as enriched logs and ausearch -i have it.
    "socket_family_named(word)": """
        CASE word WHEN 'local' THEN 'AF_UNIX' WHEN 'inet' THEN 'AF_INET' WHEN 'inet6' THEN 'AF_INET6'
        WHEN 'netlink' THEN 'AF_NETLINK' END""",
    "socket_port(digits)": """
        CASE WHEN socket_family(digits) IN ('AF_INET', 'AF_INET6') THEN number('0x' || substr(digits, 5, 4)) END""",
    "socket_address(digits)": """
        CASE socket_family(digits)
        WHEN 'AF_INET' THEN array_to_string(
          list_transform([9, 11, 13, 15], lambda i: number('0x' || substr(digits, i, 2))), '.')
        WHEN 'AF_INET6' THEN lower(array_to_string(
          list_transform([17, 21, 25, 29, 33, 37, 41, 45], lambda i: substr(digits, i, 4)), ':')) END""",
    "socket_path(digits)": """
        CASE WHEN socket_family(digits) = 'AF_UNIX'
        THEN nullif(split_part(decode(unhex(substr(digits, 5))), chr(0), 1), '') END""",
    "full_path(folder, path)": """
        CASE WHEN starts_with(path, '/') OR folder IS NULL THEN path
        ELSE rtrim(folder, '/') || '/' || regexp_replace(path, '^(\\./)+', '') END""",
    # auditd's path of a name that was made or removed. A bare name is one in the parent; another may repeat the end of
    # the parent, or is relative to the working directory as the parent is.
    "path_below(folder, parent, path)": """
        CASE WHEN starts_with(path, '/') OR parent IS NULL THEN full_path(folder, rtrim(path, '/'))
        WHEN NOT contains(rtrim(path, '/'), '/') OR (starts_with(parent, '/') AND ends_with(rtrim(parent, '/'), '/'
          || regexp_extract(path, '^(.*)/[^/]+/?$', 1)))
        THEN full_path(full_path(folder, parent), base_name(rtrim(path, '/')))
        ELSE full_path(folder, rtrim(path, '/')) END""",
    # The lines of one event of auditd's, each without what was put into it beside its own members.
    "audit_lines(data)": """
        list_transform(coalesce(nullif(list_filter(json_extract(data, '$.*'), lambda l: json_type(l) = 'OBJECT'), []),
          [CAST(data AS JSON)]),
          lambda l: CAST(json_merge_patch(l, '{"command_line": null, "folder": null}') AS VARCHAR))""",
    # Numbers of auditd's are without 0x; ausearch -i has names instead.
    "has_flag(text, bits, name)": "coalesce(contains(text, name) OR has_bits('0x' || text, bits), false)",
    "numeric_id(text)": "CASE WHEN regexp_full_match(text, '[0-9]+') AND text <> '4294967295' THEN text END",
    "named_id(text)": "CASE WHEN text <> 'unset' AND NOT regexp_full_match(text, '[0-9]+') THEN text END",
    "registry_key(name)": r"""
        regexp_replace(regexp_replace(given(name), '(?i)^\\REGISTRY\\MACHINE(\\|$)', 'HKLM\1'),
          '(?i)^\\REGISTRY\\USER(\\|$)', 'HKU\1')""",
    "registry_hive(key)": r"""
        list_transform([upper(split_part(key, '\', 1))], lambda h: CASE h
        WHEN 'HKLM' THEN 'HKEY_LOCAL_MACHINE' WHEN 'HKU' THEN 'HKEY_USERS' WHEN 'HKCU' THEN 'HKEY_CURRENT_USER'
        WHEN 'HKCR' THEN 'HKEY_CLASSES_ROOT' WHEN 'HKCC' THEN 'HKEY_CURRENT_CONFIG'
        ELSE filled(regexp_extract(key, '^HKEY_[A-Z_]+')) END)[1]""",
    "registry_type(code)": """
        CASE code WHEN '%%1872' THEN 'REG_NONE' WHEN '%%1873' THEN 'REG_SZ' WHEN '%%1874' THEN 'REG_EXPAND_SZ'
        WHEN '%%1875' THEN 'REG_BINARY' WHEN '%%1876' THEN 'REG_DWORD' WHEN '%%1877' THEN 'REG_DWORD_BIG_ENDIAN'
        WHEN '%%1878' THEN 'REG_LINK' WHEN '%%1879' THEN 'REG_MULTI_SZ' WHEN '%%1883' THEN 'REG_QWORD'
        ELSE given(code) END""",
    # Sysmon writes numbers as `DWORD (0x00000001)` and `QWORD (0x00000000-0x00000001)`.
    "registry_number(details)": r"""
        CASE WHEN regexp_matches(details, '^[DQ]WORD \(0x') THEN CAST(TRY_CAST('0x'
          || replace(regexp_extract(details, '\(0x([0-9A-Fa-fx-]+)\)', 1), '-0x', '') AS UBIGINT) AS VARCHAR) END""",
    "logon_type(code)": """
        list_transform([number(code)], lambda n: CASE n
        WHEN 0 THEN 'system' WHEN 2 THEN 'interactive' WHEN 3 THEN 'network' WHEN 4 THEN 'batch'
        WHEN 5 THEN 'service' WHEN 7 THEN 'unlock' WHEN 8 THEN 'network_cleartext' WHEN 9 THEN 'new_credentials'
        WHEN 10 THEN 'remote_interactive' WHEN 11 THEN 'cached_interactive'
        WHEN 12 THEN 'cached_remote_interactive' WHEN 13 THEN 'cached_unlock' ELSE given(code) END)[1]""",
    "transport(code)": """
        list_transform([number(code)], lambda n: CASE n
        WHEN 1 THEN 'icmp' WHEN 2 THEN 'igmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 47 THEN 'gre'
        WHEN 50 THEN 'esp' WHEN 58 THEN 'icmpv6' WHEN 132 THEN 'sctp' ELSE lower(given(code)) END)[1]""",
    "host_label(name)": "CASE WHEN is_address(name) THEN name ELSE nullif(split_part(name, '.', 1), '') END",
    "domain_name(name)": "CASE WHEN contains(name, '.') AND NOT is_address(name) THEN name END",
    "integrity(sid)": """
        CASE sid WHEN 'S-1-16-0' THEN 'Untrusted' WHEN 'S-1-16-4096' THEN 'Low' WHEN 'S-1-16-8192' THEN 'Medium'
        WHEN 'S-1-16-8448' THEN 'MediumPlus' WHEN 'S-1-16-12288' THEN 'High' WHEN 'S-1-16-16384' THEN 'System'
        WHEN 'S-1-16-20480' THEN 'ProtectedProcess' END""",
    "level_name(text)": """
        list_transform([upper(text)], lambda l: CASE l
        WHEN '0' THEN 'Information' WHEN '1' THEN 'Critical' WHEN '2' THEN 'Error'
        WHEN '3' THEN 'Warning' WHEN '4' THEN 'Information' WHEN '5' THEN 'Verbose' WHEN 'INFO' THEN 'Information'
        WHEN 'INFORMATION' THEN 'Information' WHEN 'LOGALWAYS' THEN 'Information'
        WHEN 'WARNING' THEN 'Warning' WHEN 'ERROR' THEN 'Error'
        WHEN 'CRITICAL' THEN 'Critical' WHEN 'DEBUG' THEN 'Verbose' WHEN 'VERBOSE' THEN 'Verbose'
        ELSE nullif(text, '') END)[1]""",
}


_WORD = re.compile(r"\w+")


@cache
def _bodies() -> dict[str, tuple[str, str]]:
    """Return the head and the body of each macro by its name, but of the one that says what the zone is."""
    macros = {**MACROS, **TIME_MACROS, **TEXT_MACROS, **DATA_MACROS, **WEB_MACROS}
    return {head.partition("(")[0]: (head, body) for head, body in macros.items()}


@lru_cache(maxsize=1024)  # some hundred mappings and shapes, and the bodies of the macros
def _named(sql: str) -> tuple[str, ...]:
    """Return the names of the macros that may be called in a piece of SQL: all that stand there as words."""
    words = dict.fromkeys(_WORD.findall(sql.lower()))
    return tuple(word for word in words if word in _bodies())


class Macros:
    """The macros of a connection, each made when the first query names it: to make all takes as long as an ingest."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, timezone: str | None = None) -> None:
        self._connection = connection
        self._made: set[str] = set()
        self._connection.execute(f"CREATE TEMP MACRO default_zone() AS ({text_or_null(timezone)})")

    def make_known(self, sql: str) -> None:
        """Make the macros that a piece of SQL may call, and those that they call in turn."""
        for name in _named(sql):
            if name not in self._made:
                self._made.add(name)
                head, body = _bodies()[name]
                self.make_known(body)
                self._connection.execute(f"CREATE TEMP MACRO {head} AS ({body})")


def define_macros(connection: duckdb.DuckDBPyConnection, timezone: str | None = None) -> None:
    """Make all macros known to a connection; `timezone` is that of times that name none, UTC where None."""
    Macros(connection, timezone).make_known(" ".join(_bodies()))


def text_or_null(text: str | None) -> str:
    """Return a text as an SQL literal, None as NULL."""
    return "NULL" if text is None else text_literal(text)
