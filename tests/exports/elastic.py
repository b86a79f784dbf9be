"""Exports of Elasticsearch, from the pipelines of Elastic's integrations `windows` and `system`."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.exports.records import Record, iso, lines
from tests.exports.rendering import LEVEL_NAMES, braced

_EMPTY = ("", "-", "{00000000-0000-0000-0000-000000000000}")


def winlogbeat(records: Iterable[Record]) -> bytes:
    """Return documents of winlogbeat 8, or of the Elastic Agent, before any pipeline."""
    return lines([_document(record) for record in records])


def ecs(records: Iterable[Record]) -> bytes:
    """Return documents after the pipelines of Elastic's modules, which move the data into ECS fields."""
    return lines([_normalised(record) for record in records])


def ecs_hits(records: Iterable[Record]) -> bytes:
    """Return the same as Elasticsearch answers a search: `hits.hits`, each with its `_source`."""
    hits = [
        {
            "_index": ".ds-logs-windows.sysmon_operational-default-000001",
            "_id": f"id{n}",
            "_source": _normalised(record),
        }
        for n, record in enumerate(records)
    ]
    answer = {"took": 3, "timed_out": False, "hits": {"total": {"value": len(hits), "relation": "eq"}, "hits": hits}}
    return json.dumps(answer, ensure_ascii=False).encode()


def kibana_dotted(records: Iterable[Record]) -> bytes:
    """Return the documents of `ecs` with dotted keys and every value in a list, as `fields` of a search are."""
    made = [{"_index": "logs", "_id": f"id{n}", "fields": _dotted(_normalised(r))} for n, r in enumerate(records)]
    return lines(made)


def _dotted(value: Mapping[str, Any], prefix: str = "") -> dict[str, list[Any]]:
    """Return an object's values by dotted key; objects in a list lose which belong together."""
    flat: dict[str, list[Any]] = {}
    for name, item in value.items():
        for each in item if isinstance(item, list) else [item]:
            below = _dotted(each, f"{prefix}{name}.") if isinstance(each, Mapping) else {prefix + name: [each]}
            for key, values in below.items():
                flat.setdefault(key, []).extend(values)
    return flat


def _document(record: Record) -> dict[str, Any]:
    data: dict[str, Any] = {name: braced(text) for name, text in record.data if name is not None and text}
    data |= {f"param{n}": text for n, text in enumerate(record.unnamed, 1) if text}
    held: dict[str, Any] = {"event_data": data}
    if record.user_data:
        held = {"user_data": {"xml_name": record.user_data, **data}}
    winlog: dict[str, Any] = {
        "channel": record.channel,
        "computer_name": record.computer,
        "event_id": str(record.event_id),
        "provider_name": record.provider,
        "provider_guid": f"{{{record.provider_guid.lower()}}}",
        "record_id": record.record_id,
        "process": {"pid": record.process_id, "thread": {"id": record.thread_id}},
        "opcode": "Info",
        "version": record.version,
        **held,
    }
    if record.user_sid:
        winlog["user"] = {"identifier": record.user_sid}
    return {
        "@timestamp": iso(record.time, 3) + "Z",
        "agent": {"type": "winlogbeat", "version": "8.12.0", "name": "collector"},
        "ecs": {"version": "8.0.0"},
        "event": {"code": str(record.event_id), "provider": record.provider, "kind": "event"},
        "host": {"name": record.computer.lower()},
        "log": {"level": LEVEL_NAMES[record.level].lower()},
        "message": record.message or "",
        "winlog": winlog,
    }


def _normalised(record: Record) -> dict[str, Any]:
    document = _document(record)
    document["winlog"]["record_id"] = str(record.record_id)
    if record.is_sysmon:
        _sysmon(document, str(record.event_id))
    elif record.channel == "Security":
        _security(document, str(record.event_id))
    return document


_MOVED = (
    ("ProcessGuid", "process.entity_id"),
    ("ProcessId", "process.pid"),
    ("Image", "process.executable"),
    ("SourceProcessGuid", "process.entity_id"),
    ("SourceProcessGUID", "process.entity_id"),
    ("SourceProcessId", "process.pid"),
    ("SourceThreadId", "process.thread.id"),
    ("SourceImage", "process.executable"),
    ("Destination", "process.executable"),
    ("CommandLine", "process.command_line"),
    ("CurrentDirectory", "process.working_directory"),
    ("ParentProcessGuid", "process.parent.entity_id"),
    ("ParentProcessId", "process.parent.pid"),
    ("ParentImage", "process.parent.executable"),
    ("ParentCommandLine", "process.parent.command_line"),
    ("TargetFilename", "file.path"),
    ("Device", "file.path"),
    ("PipeName", "file.name"),
    ("ImageLoaded", "file.path"),
    ("Protocol", "network.transport"),
    ("DestinationPortName", "network.protocol"),
    ("SourcePortName", "network.protocol"),
    ("SourceIp", "source.ip"),
    ("SourceHostname", "source.domain"),
    ("SourcePort", "source.port"),
    ("DestinationIp", "destination.ip"),
    ("DestinationHostname", "destination.domain"),
    ("DestinationPort", "destination.port"),
    ("QueryName", "dns.question.name"),
    ("QueryStatus", "sysmon.dns.status"),
    ("Archived", "sysmon.file.archived"),
    ("IsExecutable", "sysmon.file.is_executable"),
    ("RuleName", "rule.name"),
)
"""What the pipeline of Sysmon moves, in its order: a later one of the same place does not overwrite an earlier."""

_NUMBERS = ("pid", "port", "id")
_REMOVED = [
    "User",
    "Initiated",
    "SourceIsIpv6",
    "DestinationIsIpv6",
    "QueryResults",
    "UtcTime",
    "Hash",
    "Hashes",
    "TargetObject",
    "SourcePortName",
    "DestinationPortName",
    "RuleName",
]
_HASHES = {"1": "process", "23": "process", "24": "process", "25": "process"} | dict.fromkeys(
    ("6", "7", "15", "26", "29"), "file"
)
_HIVES = {"HKLM", "HKU", "HKCR", "HKCU", "HKCC"}


def _put(document: dict[str, Any], path: str, value: Any) -> bool:
    """Put a value at a dotted path unless there is one; says whether it did."""
    *folders, name = path.split(".")
    held = document
    for folder in folders:
        held = held.setdefault(folder, {})
    if name in held:
        return False
    held[name] = value
    return True


def _sysmon(document: dict[str, Any], code: str) -> None:
    data = document["winlog"]["event_data"]
    for name in [name for name, text in data.items() if text in _EMPTY]:
        del data[name]
    if "UtcTime" in data:
        document["@timestamp"] = data["UtcTime"].replace(" ", "T") + "Z"
    document["event"]["module"] = "sysmon"
    _hashes(document, data, code)
    _move(document, data)
    own = "file" if code == "7" else "process"
    _describe(document, data, own)
    _names(document)
    _network(document, data)
    _registry(document, data, code)
    domain, _, name = data.get("User", "").partition("\\")
    if name:
        document["user"] = {"domain": domain, "name": name, "id": "S-1-5-18"}
    if "TargetProcessGuid" in data:
        data["TargetProcessGUID"] = data.pop("TargetProcessGuid")
    for removed in (*_REMOVED, "ProcessId", "ParentProcessId", "SourceProcessId", "SourceThreadId"):
        data.pop(removed, None)


def _move(document: dict[str, Any], data: dict[str, str]) -> None:
    for name, path in _MOVED:
        if name not in data:
            continue
        text = data[name]
        value: Any = int(text) if path.rsplit(".", 1)[-1] in _NUMBERS else text
        value = {"true": True, "false": False}.get(text, value) if path.startswith("sysmon.file") else value
        if _put(document, path, value):
            del data[name]


def _describe(document: dict[str, Any], data: dict[str, str], own: str) -> None:
    """Add what the file's version resource says, of the process or of the loaded file."""
    if "OriginalFileName" in data:
        _put(document, f"{own}.pe.original_file_name", data.pop("OriginalFileName"))
    for name, field in (("Company", "company"), ("Description", "description"), ("FileVersion", "file_version")):
        if name in data:
            _put(document, f"{own}.pe.{field}", data[name])
    if "Signature" in data:
        _put(document, "file.code_signature.subject_name", data["Signature"])
        _put(document, "file.code_signature.status", data.get("SignatureStatus"))


def _hashes(document: dict[str, Any], data: Mapping[str, str], code: str) -> None:
    text = data.get("Hashes") or data.get("Hash")
    if not text or code not in _HASHES:
        return
    pairs = (piece.partition("=") for piece in text.split(","))
    hashes = {name.lower(): value.lower() for name, _, value in pairs if value.strip("0")}
    imphash = hashes.pop("imphash", None)
    document.setdefault(_HASHES[code], {})["hash"] = hashes
    if imphash:
        _put(document, f"{_HASHES[code]}.pe.imphash", imphash)


def _names(document: dict[str, Any]) -> None:
    """Add what the pipeline takes out of paths."""
    process, file = document.get("process", {}), document.get("file", {})
    for held in (process, process.get("parent", {})):
        if "\\" in held.get("executable", ""):
            held["name"] = held["executable"].rpartition("\\")[2]
        if "command_line" in held:
            held["args"] = held["command_line"].split()
    if "\\" in file.get("path", ""):
        file["directory"], _, file["name"] = file["path"].rpartition("\\")
        if "." in file["path"]:
            file["extension"] = file["path"].rpartition(".")[2]


def _network(document: dict[str, Any], data: Mapping[str, str]) -> None:
    if "Initiated" in data:
        _put(document, "network.direction", "egress" if data["Initiated"] == "true" else "ingress")
    if "SourceIsIpv6" in data:
        _put(document, "network.type", "ipv6" if data["SourceIsIpv6"] == "true" else "ipv4")
    for side in ("source", "destination"):
        held = document.get(side, {})
        if "ip" in held:
            held["ip"] = str(ipaddress.ip_address(held["ip"]))
    answers = []
    for answer in filter(None, data.get("QueryResults", "").split(";")):
        if answer.startswith("type:"):
            _, _, value = answer.partition(":")
            answers.append({"type": "CNAME", "data": value.split()[-1]})
        else:
            address = answer.removeprefix("::ffff:")
            answers.append({"type": "AAAA" if ":" in address else "A", "data": address})
    if answers:
        _put(document, "dns.answers", answers)
        _put(document, "dns.resolved_ip", [a["data"] for a in answers if a["type"] != "CNAME"])


def _registry(document: dict[str, Any], data: Mapping[str, str], code: str) -> None:
    path = data.get("TargetObject")
    if not path or code not in ("12", "13", "14"):
        return
    hive, _, key = path.partition("\\")
    registry: dict[str, Any] = {"path": path, "value": path.rpartition("\\")[2]}
    if hive in _HIVES:
        registry |= {"hive": hive, "key": key}
    details = data.get("Details")
    if details and (number := re.fullmatch(r"DWORD \((0x[0-9a-f]{8})\)", details, re.IGNORECASE)):
        registry["data"] = {"strings": [str(int(number[1], 16))], "type": "SZ_DWORD"}
    elif details and not details.startswith("QWORD"):
        kind = "REG_BINARY" if details == "Binary Data" else "REG_SZ"
        registry["data"] = {"strings": [details], "type": kind}
    document["registry"] = registry


_WITH_PROCESS = frozenset(
    [
        "1100",
        "1102",
        "1104",
        "1105",
        "1108",
        "4624",
        "4648",
        "4625",
        "4670",
        "4673",
        "4674",
        "4689",
        "4697",
        "4719",
        "4720",
        "4722",
        "4723",
        "4724",
        "4725",
        "4726",
        "4727",
        "4728",
        "4729",
        "4730",
        "4731",
        "4732",
        "4733",
        "4734",
        "4735",
        "4737",
        "4738",
        "4740",
        "4741",
        "4742",
        "4743",
        "4767",
        "4768",
        "4769",
        "4770",
        "4771",
        "4798",
        "4799",
        "4817",
        "4904",
        "4905",
        "4907",
        "4912",
        "5140",
        "5145",
    ]
)
_WITH_SUBJECT = frozenset(
    [
        "4657",
        "4670",
        "4672",
        "4673",
        "4674",
        "4688",
        "4689",
        "4697",
        "4698",
        "4699",
        "4702",
        "4719",
        "4720",
        "4738",
        "4742",
        "4648",
        "5140",
        "5145",
    ]
)
_WITH_TARGET = frozenset(["4624", "4625", "4634", "4647", "4648", "4768", "4769", "4770", "4771", "4776", "4964"])


def _security(document: dict[str, Any], code: str) -> None:
    document["event"]["module"] = "security"
    data = document["winlog"].get("event_data", {})
    if code in _WITH_TARGET:
        _user(document, data, "Target", data.get("TargetUserSid", data.get("TargetSid")))
    if code in _WITH_SUBJECT:
        _user(document, data, "Subject", data.get("SubjectUserSid"))
    if "SubjectLogonId" in data:
        document["winlog"]["logon"] = {"id": data["SubjectLogonId"]}
    if code in _WITH_PROCESS:
        _common(document, data)
    if code == "4688":
        _process(document, data)
    if code in ("4672", "4673", "4674", "4741", "4742", "4743") and "PrivilegeList" in data:
        data["PrivilegeList"] = data["PrivilegeList"].split()
    _names(document)


def _common(document: dict[str, Any], data: dict[str, str]) -> None:
    if "ProcessId" in data:
        _put(document, "process.pid", int(data.pop("ProcessId"), 0))
    if "ProcessName" in data:
        _put(document, "process.executable", data.pop("ProcessName"))
    if data.get("IpAddress", "-") != "-":
        _put(document, "source.ip", data.pop("IpAddress"))
    if data.get("IpPort", "-") != "-":
        _put(document, "source.port", int(data.pop("IpPort")))
    if "WorkstationName" in data:
        _put(document, "source.domain", data.pop("WorkstationName"))


def _process(document: dict[str, Any], data: dict[str, str]) -> None:
    _put(document, "process.pid", int(data.pop("NewProcessId"), 0))
    _put(document, "process.executable", data.pop("NewProcessName"))
    if "ParentProcessName" in data:
        _put(document, "process.parent.executable", data.pop("ParentProcessName"))
    _put(document, "process.parent.pid", int(data["ProcessId"], 0))
    if "CommandLine" in data:
        _put(document, "process.command_line", data["CommandLine"])


def _user(document: dict[str, Any], data: Mapping[str, Any], whose: str, sid: str | None) -> None:
    user = {"id": sid, "name": data.get(f"{whose}UserName"), "domain": data.get(f"{whose}DomainName")}
    document["user"] = document.get("user", {}) | {name: text for name, text in user.items() if text is not None}
