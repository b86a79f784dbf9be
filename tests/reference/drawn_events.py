"""Drawn events: a few objects, and values chosen so that they collide: cases, wildcards, spellings, ties, gaps."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from carlang.model import builtin_model
from carlang.model.types import Kind
from tests.reference.chooser import Chooser

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = START + timedelta(seconds=30)
MODEL = builtin_model()

Event = dict[str, Any]

ACTIONS = {
    "process": ("create", "terminate"),
    "file": ("create", "modify", "delete"),
    "flow": ("start", "end"),
    "registry": ("add", "value_edit"),
    "user_session": ("login", "logout"),
    "event": ("log",),
}
FIELDS = {
    "process": (
        "exe",
        "command_line",
        "image_path",
        "parent_exe",
        "pid",
        "ppid",
        "parent_guid",
        "user",
        "integrity_level",
        "guid",
        "parent_image_path",
        "signature_valid",
        "sid",
    ),
    "file": (
        "file_name",
        "file_path",
        "image_path",
        "pid",
        "guid",
        "user",
        "creation_time",
        "extension",
        "signature_valid",
    ),
    "flow": (
        "src_ip",
        "dest_ip",
        "dest_port",
        "src_port",
        "start_time",
        "end_time",
        "exe",
        "in_bytes",
        "out_bytes",
        "pid",
        "proto_info",
        "user",
    ),
    "registry": ("key", "value", "data", "image_path", "pid", "user"),
    "user_session": ("user", "src_ip", "dest_ip", "login_type", "login_successful", "login_id"),
    "event": ("log_name", "event_code", "provider", "event_data", "message"),
}
COMMON = ("time", "hostname", "record_id", "source", "sensor")

_LETTERS = "aAbBiIkKsS%_*?[]\\/.'\"\n İıßΣςσéÉ\u0301😀\u212aſ-$^#|"
_WORDS = (
    "cmd.exe",
    "CMD.EXE",
    "at.exe",
    "AT.exe",
    "net.exe",
    "n*t.exe",
    "n_t.exe",
    "",
    "x",
    "admin",
    "Admin",
    "ADMİN",
    "admın",
    "straße",
    "STRASSE",
    "ΣΑΣ",
    "σας",
    "σασ",
    "a\nb",
    "a%b",
    "*",
    "100%",
    "e\u0301",
    "é",
    "👍",
    "😀x",
    "null",
    "12",
    "-7",
)
_PATHS = (
    "C:\\Windows\\System32\\cmd.exe",
    "c:\\windows\\system32\\CMD.EXE",
    "%windir%\\at.exe",
    "D:\\Windows\\at.exe",
    "C:\\Program Files (x86)\\a.b\\net.exe",
    "C:\\Users\\bob\\AppData\\Local\\Temp\\x.exe",
    "/usr/bin/at",
    "at.exe",
    "C:\\",
    "C:\\a_b\\c",
    "HKLM\\Software\\Run",
    "hklm\\software\\RUN",
    "a\\b/c.tar.gz",
    "\\\\host\\share\\f.txt",
    "C:\\.rc",
)
ADDRESSES = (
    "10.0.0.1",
    "10.0.0.2",
    "10.1.2.3",
    "192.168.0.1",
    "::1",
    "0:0:0:0:0:0:0:1",
    "fe80::1",
    "FE80::0001",
    "::ffff:10.0.0.1",
    "::FFFF:0a00:0001",
    "2001:db8::",
    "10.0.0",
    "10.0.0.1/8",
    "",
    "x",
    "10.00.0.1",
    "::",
    "0.0.0.0",  # noqa: S104  # an address, not a socket
)
_LEVELS = ("low", "Medium", "HIGH", "system", "medium", "odd")
_GUIDS = ("{AB-1}", "{ab-1}", "{CD-2}", "{EF-3}", "{00-00}")
_HOSTS = ("H1", "h1", "H2")
MEMBERS = ("file_name", "Size", "flag", "deep")


def word(choose: Chooser) -> str:
    """Return a short text: a known word, or a few letters."""
    if choose.chance(70):
        return choose.pick(_WORDS)
    return "".join(choose.pick(_LETTERS) for _ in range(choose.integer(0, 4)))


def path(choose: Chooser) -> str:
    """Return the path of a file or a registry key, or a text that is none."""
    return choose.pick(_PATHS) if choose.chance(90) else word(choose)


def instant(choose: Chooser) -> datetime:
    """Return one of few instants, so that many are equal."""
    if choose.chance(15):
        return START + timedelta(microseconds=choose.integer(0, 3))
    if choose.chance(10):
        return START + timedelta(minutes=choose.integer(0, 90), days=choose.integer(0, 400))
    return START + timedelta(seconds=choose.integer(0, 12))


def _number(choose: Chooser) -> int:
    return choose.integer(0, 5) if choose.chance(85) else choose.pick((-1, -7, 443, 445, 65536, 10**12))


def _record(choose: Chooser) -> str:
    if choose.chance(8):
        return choose.pick(("", "no json", '{"Size": "a"', "[1]", "null", '"x"'))
    record: dict[str, Any] = {}
    for member in choose.some(MEMBERS, 0, 3):
        record[member] = choose.pick((word(choose), word(choose), choose.integer(-5, 20), True, False, None))
    return json.dumps(record, ensure_ascii=choose.chance(30))


_IDS = ("Wa-7f", "007", "wa-7F", "0x2")

_VALUES: dict[Kind, Callable[[Chooser], Any]] = {
    Kind.PATH: path,
    Kind.NAME: lambda choose: choose.pick(_WORDS[:7]) if choose.chance(80) else word(choose),
    Kind.IP: lambda choose: choose.pick(ADDRESSES),
    Kind.ENUM: lambda choose: choose.pick(_LEVELS),
    Kind.ID: lambda choose: (
        str(_number(choose)) if choose.chance(85) else choose.pick(("Wa-7f", "007", "wa-7F", "0x2"))
    ),
    Kind.GUID: lambda choose: choose.pick(_GUIDS),
    Kind.INTEGER: _number,
    Kind.PORT: lambda choose: choose.pick((80, 443, 445, 445)),
    Kind.BOOLEAN: lambda choose: choose.chance(50),
    Kind.TIME: instant,
    Kind.RECORD: _record,
}


def value(choose: Chooser, name: str) -> Any:
    """Return a value of a field, or None."""
    if choose.chance(18):
        return None
    if name == "hostname":
        return choose.pick(_HOSTS)
    if name == "source":
        return choose.pick(("log", "Log"))
    return _VALUES.get(MODEL.field_types[name].kind, word)(choose)


def events(choose: Chooser, most: int = 24) -> list[Event]:
    """Return a store's events, often of two or three objects, some of them the same twice."""
    classes = [(o, a) for o in choose.some(tuple(ACTIONS), 1, 4) for a in choose.some(ACTIONS[o], 1, 3)]
    found: list[Event] = []
    for _ in range(choose.integer(0, most)):
        if found and choose.chance(12):
            found.append(dict(choose.pick(found)))
            continue
        object_, action = choose.pick(classes)
        fields = {name: value(choose, name) for name in (*FIELDS[object_], *COMMON)}
        found.append({"object": object_, "action": action, **fields})
    return found


def seen_twice(choose: Chooser, most: int = 12) -> tuple[str, list[Event]]:
    """Return an object of which two sensors of a host tell, and the events of a store in which they do.

    Ids of records are all different, so that the order in which records are tied is one.
    """
    others = events(choose, most // 4)
    object_, action, sensors, keys = choose.pick(_SHARED)
    shared: list[Event] = []
    for number in range(choose.integer(4, most)):
        fields = {name: value(choose, name) for name in (*FIELDS[object_], *COMMON)}
        if choose.chance(90):
            fields |= {name: choose.pick(values) for name, values in keys.items()}
        fields |= {"sensor": choose.pick(sensors), "time": _close(choose), "hostname": choose.pick(_SHARED_HOSTS)}
        fields["record_id"] = choose.pick((str(number), f"r{number}"))
        shared.append({"object": object_, "action": action, **fields})
    return object_, choose.shuffled(others + shared)


_SHARED_HOSTS = ("H1", "h1", "H1.x.org", "h1.X.org", "H1", "H1.y.org", "H2")
_SHARED: tuple[tuple[str, str, tuple[str, ...], dict[str, tuple[Any, ...]]], ...] = (
    (
        "process",
        "create",
        ("sysmon", "windows_security", "Sysmon"),
        {
            "pid": (4, 4, None, 5),
            "ppid": (1,),
            "command_line": ("a -x", "A -X", "b"),
            "exe": ("cmd.exe", "CMD.EXE"),
            "login_id": (None, None, "0x3E7", "0x3e7", "0x3e7", "0x1"),
        },
    ),
    (
        "flow",
        "start",
        ("sysmon", "windows_security"),
        {"pid": (4, 4, 8), "protocol": ("tcp", "TCP"), "src_ip": ("::1",), "dest_ip": ("::2",)}
        | {"src_port": (1024,), "dest_port": (80,)},
    ),
    (
        "user_session",
        "login",
        ("windows_security", "windows_terminal_services"),
        {"user": ("D\\bob", "d\\Bob"), "login_type": ("remote_interactive",), "login_successful": (True, True, False)}
        | {"src_ip": ("10.0.0.1", None, "10.0.0.2")},
    ),
)


def _close(choose: Chooser) -> datetime | None:
    if choose.chance(5):
        return None
    return START + timedelta(milliseconds=choose.pick((0, 1, 1000, 2000, 2001, 2002, 5000, 5001, 10_000, 10_001)))
