r"""Lines of access logs in NCSA's common format and what Apache and nginx made of it.

    198.51.100.7 - adam [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326 "http://a.example/" "Mozilla/4.08"

Before the client may stand the virtual host, with its port or without, and what syslog puts before a message; behind
the size the referrer and the browser, and behind these whatever else somebody had the server write. A record has the
values by the names of nginx's variables.

Texts that clients sent stand in quotes, and a quote in one as `\"` (Apache) or `\x22` (nginx), so that nobody can send
what looks like the rest of a line. Servers that were told not to escape are believed where a line cannot be read
otherwise.
"""

from __future__ import annotations

from carlang.readers.byte_escapes import BYTES_DECODED
from carlang.readers.formed_lines import LineForm
from carlang.readers.syslog_prefix import SYSLOG_HOST, SYSLOG_PREFIX

NO_ACCESS_LINE = "not a line of an access log"
"""Why a line among those of an access log was not read."""

_ALIKE = r'^(?:<\d{1,3}>)?[^\s{"<]\S* .*?\[\d[^\]"]{9,40}\] ".*" (?:\d{3}|-) (?:\d+|-)(?:\s|$)'
"""What may be such a line, told before it is taken apart."""

_NAME = r"[\w.*-]+|\[[0-9A-Fa-f:.]+\]"
_IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"
_IPV6 = r"[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%\w+)?"
_ADDRESS = rf"{_IPV4}|{_IPV6}"
# Neither a time nor the name of a file, with which tools begin the lines that they hand on, is a client.
_ONE_CLIENT = rf"(?:{_IPV4}(?::\d{{1,5}})?|{_IPV6}|\[[0-9A-Fa-f:.]+\](?::\d{{1,5}})?|unix:|[^\s,=:/]+)"
# A virtual host without its port is known by the address behind it. A client is a list where proxies tell of others.
# None has an equals sign, which audit records begin with: theirs may quote what looks like a request.
_CLIENT = rf"(?:({_NAME}):(\d{{1,5}}) )?(?:({_NAME}) ({_ADDRESS})|({_ONE_CLIENT}(?:, ?{_ONE_CLIENT})*)) [^\s=]+ (.*?)"
_GROUPS = ["name", "port", "bare_name", "address", "client", "user", "time", "request", "status", "size"]
_GROUPS += ["referrer", "agent", "rest"]
_ESCAPED = r"""(?:[^"\\]|\\.)*"""
_REQUEST = r"^([A-Za-z][A-Za-z_-]*) (\S.*?)(?: HTTP/(\d[\d.]*))?$"


def _line(text: str) -> str:
    """Return the regular expression of a line, of a message in syslog or by itself, with texts of a form in quotes."""
    counts = r"(\d{3}|-) (\d+|-)"
    return rf'{_CLIENT} \[(\d[^\]"]+)\] "({text})" {counts}(?: "({text})" "({text})")?((?: .*)?)$'


_TEXT = r"""
    CREATE TEMP MACRO access_text(text) AS (
      CASE WHEN text IN ('', '-') THEN NULL WHEN NOT contains(text, '\') THEN text
        ELSE bytes_decoded(array_to_string(list_transform(
          regexp_extract_all(text, '\\x(?:0[1-9A-Fa-f]|[1-9A-Fa-f][0-9A-Fa-f])|\\["\\]|[^\\]+|\\'),
          lambda p: CASE WHEN length(p) = 4 AND starts_with(p, '\x') THEN upper(p[3:])
            WHEN length(p) = 2 AND starts_with(p, '\') THEN hex(encode(p[2:])) ELSE hex(encode(p)) END), '')) END)
"""
"""What was escaped as it was sent: quotes, backslashes and bytes. A zero has no place in a text of DuckDB's JSON."""

# `10/Oct/2000:13:55:36 -0700`; what somebody wrote in another form, or another language, is left as it is.
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_ISO_TIME = rf"""
    CREATE TEMP MACRO access_time(text) AS (
      CASE WHEN regexp_full_match(text, '\d\d/(?:{_MONTHS})/\d{{4}}:\d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{{4}}')
        THEN text[8:11] || '-'
          || lpad(CAST((position(text[4:6] IN '{_MONTHS}') + 3) // 4 AS VARCHAR), 2, '0')
          || '-' || text[1:2] || 'T' || replace(text[13:-3], ' ', '') || ':' || text[-2:]
        ELSE text END)
"""

# What a container runtime puts before each line that a server in a container writes.
_CONTAINER_PREFIX = r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) std(?:out|err) F "

# nginx's own format, `main`, ends with the header in which proxies name the client.
_FORWARDED = r'^ "((?:-|[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]+|unknown)(?:, *[^",\\ ]+)*)"'

_PARTS = f"""
    SELECT number, line, prefix,
      CASE WHEN strict.time <> '' THEN strict ELSE regexp_extract(message, '^ *{_line(".*?")}', {_GROUPS}) END AS v
    FROM (SELECT *, regexp_extract(message, '^ *{_line(_ESCAPED)}', {_GROUPS}) AS strict
      FROM (SELECT *, substr(rtrim(line, ' ' || chr(13)), length(prefix) + 1) AS message
        FROM (SELECT *, regexp_extract(line, '^(?:{_CONTAINER_PREFIX}|{SYSLOG_PREFIX})') AS prefix FROM formed)))
"""  # noqa: S608  # the lines are no part of the text

_RECORDS = f"""
    SELECT number, line, CASE WHEN v.time <> '' THEN CAST(json_merge_patch('{{}}', json_object(
      'Channel', 'access_log',
      'hostname', CASE WHEN prefix <> '' AND NOT regexp_full_match(prefix, '{_CONTAINER_PREFIX}')
        THEN nullif(nullif(regexp_extract(prefix, '{SYSLOG_HOST}', 1), ''), '-') END,
      'server_name', nullif(v.name || v.bare_name, ''), 'server_port', nullif(v.port, ''),
      'remote_addr', access_text(v.address || v.client), 'remote_user', access_text(v.user),
      'time_iso8601', access_time(v.time), 'request', nullif(nullif(v.request, ''), '-'),
      'request_method', nullif(r.method, ''), 'request_uri', access_text(r.uri),
      'server_protocol', nullif(r.version, ''), 'status', nullif(v.status, '-'),
      'body_bytes_sent', nullif(v.size, '-'), 'http_referer', access_text(v.referrer),
      'http_user_agent', access_text(v.agent), 'http_x_forwarded_for', access_text(forwarded),
      'unnamed', nullif(trim(CASE WHEN forwarded = '' THEN v.rest ELSE substr(v.rest, length(forwarded) + 4) END), '')
    )) AS VARCHAR) END AS record
    FROM (SELECT *, regexp_extract(v.request, '{_REQUEST}', ['method', 'uri', 'version']) AS r,
      regexp_extract(v.rest, '{_FORWARDED}', 1) AS forwarded FROM ({_PARTS}))
"""  # noqa: S608  # as above

ACCESS = LineForm(_ALIKE, _RECORDS, "access_log", (BYTES_DECODED, _TEXT, _ISO_TIME))
