"""Lines of Squid's own access log.

    1683187200.123    125 10.1.1.1 TCP_MISS/200 2910 GET http://a.example/b - HIER_DIRECT/198.51.100.7 text/html

That is when the answer was sent, how many milliseconds it took, the client, what the cache did and the status, the size
of the answer, the request, the user, where the answer came from, and the kind of its body.
"""

from __future__ import annotations

from carlang.readers.formed_lines import LineForm
from carlang.readers.syslog_prefix import SYSLOG_HOST, SYSLOG_PREFIX

_LINE = (
    r"(\d{9,11}\.\d+) +(-?\d+) (\S+) ([A-Z][\w:]*)/(\d+) (\d+) (\S+) (.+?) (\S+) ([A-Z][A-Z_]*)/(\S+) (\S+)((?: .*)?)$"
)
_GROUPS = ["time", "elapsed", "client", "result", "status", "size", "method", "url", "user", "hierarchy", "peer"]
_GROUPS += ["content_type", "rest"]

_MEMBERS = ", ".join(f"'{name}', nullif(nullif(v.{name}, ''), '-')" for name in _GROUPS)

SQUID = LineForm(
    alike=r"(?:^|: )\d{9,11}\.\d+ +-?\d+ \S+ [A-Z][\w:]*/\d+ \d+ \S+ ",
    query=f"""
    SELECT number, line, CASE WHEN v.time <> '' THEN CAST(json_merge_patch('{{}}', json_object('Channel', 'squid',
      'hostname', CASE WHEN prefix <> '' THEN nullif(nullif(regexp_extract(prefix, '{SYSLOG_HOST}', 1), ''), '-') END,
      {_MEMBERS})) AS VARCHAR) END AS record
    FROM (SELECT *,
        regexp_extract(substr(rtrim(line, ' ' || chr(13)), length(prefix) + 1), '^ *{_LINE}', {_GROUPS}) AS v
      FROM (SELECT *, regexp_extract(line, '^{SYSLOG_PREFIX}') AS prefix FROM formed))
    """,  # noqa: S608  # the lines are no part of the text
    shape="squid",
)
