"""By hand: which events a raw record must become. Names of actions are those of CAR, or of the model's extensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.mapping.independent_counts import Kind

Events = tuple[str, ...]
Choice = Callable[[Mapping[str, Any]], Events]

SYSMON = "microsoft-windows-sysmon/operational"
POWERSHELL = "microsoft-windows-powershell/operational"
TASKS = "microsoft-windows-taskscheduler/operational"
WMI = "microsoft-windows-wmi-activity/operational"
DEFENDER = "microsoft-windows-windows defender/operational"
SESSIONS = "microsoft-windows-terminalservices-localsessionmanager/operational"
CONNECTIONS = "microsoft-windows-terminalservices-remoteconnectionmanager/operational"
BITS = "microsoft-windows-bits-client/operational"

_ZEEK = frozenset(f"zeek/{log}" for log in ("dce_rpc", "kerberos", "ntlm", "rdp", "smb_files", "smb_mapping", "ssh"))
KEPT = _ZEEK | {"security", "system", "windows powershell", TASKS, WMI, DEFENDER, SESSIONS, CONNECTIONS, BITS}
"""Channels whose records are found as `event/log` too."""


def _registry_key(data: Mapping[str, Any]) -> Events:
    return ("registry/remove",) if str(data.get("EventType")).startswith("Delete") else ("registry/add",)


def _state(data: Mapping[str, Any]) -> Events:
    return ("agent/start",) if data["State"] == "Started" else ("agent/stop",)


def _verdict(data: Mapping[str, Any]) -> Events:
    return ("authentication/success",) if int(data["Status"], 16) == 0 else ("authentication/failure",)


def _service(data: Mapping[str, Any]) -> Events:
    return {"running": ("service/start",), "stopped": ("service/stop",), "paused": ("service/pause",)}[data["param2"]]


def _use(data: Mapping[str, Any]) -> Events:
    mask, kind = int(data["AccessMask"], 16), data["ObjectType"]
    found = ["handle/access"]
    if kind == "File":
        bits = {"file/read": 0x1, "file/write": 0x6, "file/delete": 0x10000}
        found += [name for name, wanted in bits.items() if mask & wanted]
    elif kind == "Key" and mask & 0x10000:
        found.append("registry/remove")
    elif kind == "Process":
        found.append("process/access")
    return tuple(found)


def _permissions(data: Mapping[str, Any]) -> Events:
    return ("handle/acl_modify", "file/acl_modify") if data["ObjectType"] == "File" else ("handle/acl_modify",)


def _value(data: Mapping[str, Any]) -> Events:
    codes = {"%%1904": "registry/add", "%%1905": "registry/value_edit", "%%1906": "registry/remove"}
    return (codes[data["OperationType"]],)


def _conversation(data: Mapping[str, Any]) -> Events:
    return ("flow/start", "flow/end") if data.get("duration") is not None else ("flow/start",)


def _ticket(data: Mapping[str, Any]) -> Events:
    names = {True: "success", False: "failure", None: "error"}
    return (f"authentication/{names[data.get('success')]}",)


def _call(data: Mapping[str, Any]) -> Events:
    return ("flow/message",) * (2 if data["id_resp_p"] in {139, 445} else 1)


def _smb_file(data: Mapping[str, Any]) -> Events:
    return ("flow/message",) * (2 if data["action"].endswith("_WRITE") else 1)


def _file(data: Mapping[str, Any]) -> Events:
    return ("flow/message",) * (2 if data["source"] == "SMB" and data["is_orig"] else 1)


def _request(data: Mapping[str, Any]) -> Events:
    names = {"GET": "http/get", "POST": "http/post", "PUT": "http/put", "CONNECT": "http/tunnel"}
    name = names.get(data["method"])
    return (name,) if name else ("http/other", "flow/message")


EXPECTED: dict[Kind, Events | Choice] = {
    (SYSMON, 1): ("process/create",),
    (SYSMON, 2): ("file/timestomp",),
    (SYSMON, 3): ("flow/start",),
    (SYSMON, 4): _state,
    (SYSMON, 5): ("process/terminate",),
    (SYSMON, 6): ("driver/load",),
    (SYSMON, 7): ("module/load",),
    (SYSMON, 8): ("thread/remote_create",),
    (SYSMON, 9): ("disk/read",),
    (SYSMON, 10): ("process/access",),
    (SYSMON, 11): ("file/create",),
    (SYSMON, 12): _registry_key,
    (SYSMON, 13): ("registry/value_edit",),
    (SYSMON, 14): ("registry/key_edit",),
    (SYSMON, 15): ("file/create",),
    (SYSMON, 16): ("agent/configure",),
    (SYSMON, 17): ("pipe/create",),
    (SYSMON, 18): ("pipe/connect",),
    (SYSMON, 19): ("wmi/filter",),
    (SYSMON, 20): ("wmi/consumer",),
    (SYSMON, 21): ("wmi/binding",),
    (SYSMON, 22): ("dns/query",),
    (SYSMON, 23): ("file/delete",),
    (SYSMON, 24): ("clipboard/change",),
    (SYSMON, 25): ("process/tamper",),
    (SYSMON, 26): ("file/delete",),
    (SYSMON, 27): ("file/block",),
    (SYSMON, 28): ("file/block",),
    (SYSMON, 29): ("file/create",),
    (SYSMON, 255): ("agent/error",),
    ("security", 4624): ("user_session/login", "authentication/success"),
    ("security", 4625): ("user_session/login", "authentication/failure"),
    ("security", 4634): ("user_session/logout",),
    ("security", 4647): ("user_session/logout",),
    ("security", 4648): ("authentication/attempt",),
    ("security", 4656): ("handle/open",),
    ("security", 4657): _value,
    ("security", 4663): _use,
    ("security", 4670): _permissions,
    ("security", 4672): ("privilege/assign",),
    ("security", 4673): ("privilege/use",),
    ("security", 4688): ("process/create",),
    ("security", 4689): ("process/terminate",),
    ("security", 4697): ("service/create",),
    ("security", 4698): ("task/create",),
    ("security", 4699): ("task/delete",),
    ("security", 4700): ("task/enable",),
    ("security", 4701): ("task/disable",),
    ("security", 4702): ("task/update",),
    ("security", 4720): ("account/create",),
    ("security", 4732): ("account/group_add",),
    ("security", 4738): ("account/modify",),
    ("security", 4768): _verdict,
    ("security", 4769): _verdict,
    ("security", 4776): _verdict,
    ("security", 4778): ("user_session/reconnect",),
    ("security", 4779): ("user_session/disconnect",),
    ("security", 4800): ("user_session/lock",),
    ("security", 4801): ("user_session/unlock",),
    ("security", 5140): ("share/access",),
    ("security", 5145): ("share/access",),
    ("security", 5154): ("socket/listen",),
    ("security", 5156): ("flow/start",),
    ("security", 5157): ("flow/block",),
    ("security", 5158): ("socket/bind",),
    ("security", 1100): ("system/audit_stop",),
    ("security", 1102): ("system/log_clear",),
    ("security", 1104): ("system/log_full",),
    ("system", 104): ("system/log_clear",),
    ("system", 7034): ("service/stop",),
    ("system", 7035): ("service/control",),
    ("system", 7036): _service,
    ("system", 7040): ("service/modify",),
    ("system", 7045): ("service/create",),
    (POWERSHELL, 4103): ("script/invoke",),
    (POWERSHELL, 4104): ("script/execute",),
    ("windows powershell", 400): ("script/start",),
    ("windows powershell", 800): ("script/invoke",),
    (TASKS, 106): ("task/create",),
    (TASKS, 129): ("task/start",),
    (TASKS, 140): ("task/update",),
    (TASKS, 141): ("task/delete",),
    (TASKS, 200): ("task/start",),
    (TASKS, 201): ("task/stop",),
    (WMI, 5857): ("wmi/provider_load",),
    (WMI, 5858): ("wmi/error",),
    (WMI, 5859): ("wmi/subscribe",),
    (WMI, 5860): ("wmi/subscribe",),
    (WMI, 5861): ("wmi/binding",),
    (DEFENDER, 1116): ("detection/detect",),
    (DEFENDER, 1117): ("detection/remediate",),
    (DEFENDER, 5001): ("detection/disable",),
    (SESSIONS, 21): ("user_session/login",),
    (SESSIONS, 24): ("user_session/disconnect",),
    (SESSIONS, 25): ("user_session/reconnect",),
    (CONNECTIONS, 1149): ("authentication/success",),
    (BITS, 3): ("transfer/create",),
    (BITS, 59): ("transfer/start",),
    (BITS, 60): ("transfer/stop",),
    ("zeek/conn", None): _conversation,
    ("zeek/dns", None): ("dns/query",),
    ("zeek/http", None): _request,
    ("zeek/smb_files", None): _smb_file,
    ("zeek/smb_mapping", None): ("flow/message", "flow/message"),
    ("zeek/dce_rpc", None): _call,
    ("zeek/kerberos", None): _ticket,
    ("zeek/ssl", None): ("flow/message",),
    ("zeek/files", None): _file,
    ("auditd", None): ("process/create",),
}


def expected_events(kind: Kind, data: Mapping[str, Any]) -> Events:
    """Return the events that a record becomes, without `event/log`; none where no mapping is for it."""
    found = EXPECTED.get(kind, ())
    return found(data) if callable(found) else found
