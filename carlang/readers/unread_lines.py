"""Lines of logs that are not read, told by their form, so that whoever has such a log is told what to do with it."""

from __future__ import annotations

import re

_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]+\]?)"
_AS_JSON = "export it as JSON with `time`, `remote_addr`, `request` and `status`"

# Apache's, before 2.4 and since, and nginx's.
_ERROR_LOG = (
    r"\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? \d{4}\] \[[\w:]+\] "
    r"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[[a-z]+\] \d+#\d+: "
)

# Names of groups of the expression, and what is said of a line that begins so.
_FORMS = {
    "error_log": (_ERROR_LOG, "a line of a web server's error log, which is not read"),
    "w3c": (
        rf"\d{{4}}-\d\d-\d\d\s\d\d:\d\d:\d\d(?:\.\d+)?\s(?=.*\b{_ADDRESS})(?:\S+\s){{0,6}}[A-Z]{{3,}}\s/",
        "a line of a log in the W3C's format without the names of its values: put the server's `#Fields:` above it",
    ),
    "iis": (
        r"[^,]+, [^,]*, \d[\d./-]+, \d\d?:\d\d:\d\d(?: [AP]M)?, [A-Z0-9]*SVC\d+, ",
        "a line in IIS's own format, which is not read: have IIS write the W3C's, under Logging, Format",
    ),
    # Before syslog, as a client with its port looks like a program with its message.
    "elb": (
        rf"(?:(?:https?|h2|grpcs?|wss?|tls) )?\d{{4}}-\d\d-\d\dT[\d:.]+Z \S+ {_ADDRESS}:\d+ (?:{_ADDRESS}:\d+|-) ",
        f"a line of a load balancer's access log (ELB), which is not read: {_AS_JSON}",
    ),
    "haproxy": (
        rf"{_ADDRESS}:\d+ \[\d\d/[A-Z][a-z]{{2}}/\d{{4}}:[\d:.]+\] \S+ \S+ ",
        "a line of HAProxy's own format, which is not read: have it write `option httplog clf`",
    ),
    "envoy": (
        r'\[\d{4}-\d\d-\d\dT[\d:.]+Z\] "[^"]*" \d+ ',
        f"a line of Envoy's access log, which is not read: {_AS_JSON}",
    ),
    "s3": (
        rf"[0-9a-f]{{4,64}} \S+ \[\d\d/[A-Z][a-z]{{2}}/\d{{4}}:[\d:]+ [+-]\d{{4}}\] {_ADDRESS} ",
        f"a line of S3's access log, which is not read: {_AS_JSON}",
    ),
    "names": (
        r"#Fields:\s*[^\s,]+(?:,[^,]+)+$",
        "names of a table behind a word: have them alone in the first line of the file, without the lines with `#`",
    ),
    "row": (
        rf"{_ADDRESS}(?:,[^,]*){{2,}}$",
        "a row of a table without names: put the names of its columns into a first line",
    ),
}
_ANY_FORM = re.compile("|".join(f"(?P<{name}>{form})" for name, (form, _) in _FORMS.items()))


def why_unread(line: str) -> str | None:
    """Say of what log that is not read a line is, and what to do with it; None where its form is not known."""
    match = _ANY_FORM.match(line)
    return None if match is None or match.lastgroup is None else _FORMS[match.lastgroup][1]
