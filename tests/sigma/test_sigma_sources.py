"""Fields of Sigma's taxonomy, and log sources whose records are kept or told in another way, on events by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import carlang
from carlang.sigma.log_sources import log_source
from tests.ingesting import write_lines

# What Sigma's appendix on its taxonomy, and SigmaHQ's rules, call the fields of the events of each category.
_TAXONOMY = {
    "process_creation": "UtcTime ProcessGuid ProcessId Image FileVersion Description Product Company OriginalFileName"
    " CommandLine CurrentDirectory User LogonGuid LogonId TerminalSessionId IntegrityLevel imphash md5 sha256 Hashes"
    " ParentProcessGuid ParentProcessId ParentImage ParentCommandLine ParentUser Provider_Name Channel EventID",
    "file_event": "ProcessGuid ProcessId Image TargetFilename CreationUtcTime User RuleName CommandLine ParentImage"
    " ParentCommandLine Hashes EventID Provider_Name Channel",
    "file_change": "Image TargetFilename CreationUtcTime PreviousCreationUtcTime User EventID",
    "file_delete": "Image TargetFilename Hashes IsExecutable Archived User",
    "file_rename": "Image SourceFilename TargetFilename ProcessId User",
    "file_access": "Image FileName ProcessId Irp FileObject IssuingThreadId CreateOptions CreateAttributes ShareAccess",
    "network_connection": "Image User Protocol Initiated SourceIsIpv6 SourceIp SourceHostname SourcePort SourcePortName"
    " DestinationIsIpv6 DestinationIp DestinationHostname DestinationPort DestinationPortName CommandLine ParentImage",
    "image_load": "Image ImageLoaded FileVersion Description Product Company OriginalFileName Hashes Signed Signature"
    " SignatureStatus User CommandLine ParentImage",
    "driver_load": "ImageLoaded Hashes Signed Signature SignatureStatus Image User",
    "create_remote_thread": "SourceProcessGuid SourceProcessId SourceImage TargetProcessGuid TargetProcessId"
    " TargetImage NewThreadId StartAddress StartModule StartFunction SourceUser TargetUser SourceCommandLine"
    " SourceParentImage TargetParentProcessId",
    "process_access": "SourceProcessGUID SourceProcessId SourceThreadId SourceImage TargetProcessGUID TargetProcessId"
    " TargetImage GrantedAccess CallTrace SourceUser TargetUser Provider_Name",
    "process_tampering": "Image Type ProcessId User",
    "process_termination": "Image ProcessId User",
    "raw_access_thread": "Image Device ProcessId User",
    "registry_event": "EventType ProcessGuid ProcessId Image TargetObject Details NewName User CommandLine EventID",
    "registry_set": "EventType Image TargetObject Details User CommandLine ParentImage",
    "registry_add": "EventType Image TargetObject Details User",
    "registry_delete": "EventType Image TargetObject Details User",
    "registry_rename": "EventType Image TargetObject NewName User",
    "create_stream_hash": "Image TargetFilename CreationUtcTime Hash Contents User",
    "pipe_created": "EventType PipeName Image ProcessId User",
    "dns_query": "ProcessId QueryName QueryStatus QueryResults Image User",
    "wmi_event": "EventType Operation User EventNamespace Name Query Type Destination Consumer Filter EventID",
    "clipboard_capture": "Image Session ClientInfo Hashes Archived User",
    "file_block_executable": "Image TargetFilename Hashes User",
    "file_executable_detected": "Image TargetFilename Hashes User",
    "ps_script": "ScriptBlockText Path ScriptBlockId MessageNumber EventID",
    "ps_module": "ContextInfo Payload UserData EventID",
    "ps_classic_start": "Data HostName EngineVersion CommandLine HostVersion HostApplication EventID",
    "ps_classic_provider_start": "Data EventID",
    "ps_classic_script": "Data EventID",
    "sysmon_status": "State Configuration ConfigurationFileHash SchemaVersion Version",
    "sysmon_error": "ID Description Image",
}


@pytest.mark.parametrize("category", _TAXONOMY)
def test_each_field_of_the_taxonomy_has_a_form(category: str) -> None:
    source = log_source(category, "windows", None)
    assert source is not None
    assert [name for name in _TAXONOMY[category].split() if source.field(name) is None] == []


def _windows(channel: str, event_id: int, **data: object) -> dict[str, object]:
    return {
        "EventID": event_id,
        "Channel": channel,
        "EventTime": "2024-03-21 10:00:00",
        "Hostname": "W1",
        "SourceName": "PowerShell" if "PowerShell" in channel else "Microsoft-Windows-Sysmon",
        **data,
    }


def _zeek(log: str, number: int, **data: object) -> dict[str, object]:
    ends = {"id.orig_h": "10.0.0.1", "id.orig_p": 5000 + number, "id.resp_h": "203.0.113.5", "id.resp_p": 445}
    return {"_path": log, "ts": 1711015200.5, "uid": f"C{number}", **ends, **data}


_RECORDS = [
    _windows("Windows PowerShell", 600, Data="ProviderName=Registry\n\tHostApplication=powershell Set-MpPreference"),
    _windows("Windows PowerShell", 800, param1="Compress-Archive -Path x", param2="\tUserId=a", param3="parameters"),
    _windows(
        "Windows PowerShell", 400, param3="\tHostName=ConsoleHost\n\tHostVersion=5.1\n\tHostApplication=pwsh -v 2"
    ),
    _windows(
        "Microsoft-Windows-Sysmon/Operational", 10, SourceImage="C:\\a.exe", TargetImage="C:\\b.exe", CallTrace="U"
    ),
    _zeek("dce_rpc", 1, endpoint="svcctl", operation="CreateServiceW", named_pipe="\\PIPE\\svcctl"),
    _zeek("smb_files", 2, action="SMB::FILE_OPEN", path="\\\\dc\\IPC$", name="PSEXESVC-H-1-stdin"),
    _zeek("kerberos", 3, request_type="TGS", cipher="rc4-hmac", service="web/x", success=True),
    _zeek("rdp", 4, cookie="adam"),
    _zeek("dns", 5, query="x.example", answers=["198.51.100.7", "10.0.0.9"], rejected=False, Z=1, qtype_name="A"),
    _zeek("x509", 6, **{"certificate.serial": "8BB00EE"}),
    _zeek("ldap_search", 7, filter="(objectClass=group)"),
    _zeek("conn", 8, proto="tcp", orig_bytes=70, conn_state="S0"),
    *(
        {"object": "file", "action": "create", "hostname": "W1", "file_path": f"C:\\a.{end}", "previous_file_path": old}
        for end, old in (("doc.locked", "C:\\a.doc"), ("txt", None))
    ),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> carlang.Store:
    """A record of each kind that rules below ask for."""
    folder = tmp_path_factory.mktemp("sources")
    report = carlang.ingest([write_lines(folder / "records.ndjson", _RECORDS)], folder / "store")
    assert report.rejected == 0
    return carlang.open_store(folder / "store")


_CLASSIC = "{product: windows, service: powershell-classic}"
_DNS = "{product: zeek, service: dns}"
_ACCESS = "{product: windows, category: process_access}"


@pytest.mark.parametrize(
    ("source", "selection", "count"),
    [
        (_CLASSIC, "{Data|contains: Compress-Archive}", 1),
        (_CLASSIC, "{EventID: [400, 600, 800]}", 3),
        ("{product: windows, category: ps_classic_provider_start}", "{Data|contains: Set-MpPreference}", 1),
        ("{product: windows, category: ps_classic_script}", "{Data|contains: UserId}", 1),
        ("{product: windows, category: ps_classic_start}", "{HostVersion: '5.1', EventID: 400}", 1),
        (_ACCESS, "{CallTrace: U, Provider_Name: Microsoft-Windows-Sysmon, EventID: 10}", 1),
        (_ACCESS, "{CallTrace: U, Provider_Name: Microsoft-Windows-Kernel-Audit-API-Calls}", 0),
        (_ACCESS, "{CallTrace: U, Channel|endswith: sysmon/operational}", 1),
        ("{product: windows, category: file_rename}", "{TargetFilename|endswith: .locked}", 1),
        ("{product: windows, category: file_rename}", "{SourceFilename: null}", 0),
        ("{product: windows, category: create_remote_thread}", "{TargetParentProcessId: 4}", 0),
        ("{product: zeek, service: dce_rpc}", "{endpoint: svcctl, operation: CreateServiceW}", 1),
        (
            "{product: zeek, service: smb_files}",
            "{path|contains: '\\IPC$', name|endswith: '-stdin', action: 'SMB::*'}",
            1,
        ),
        ("{product: zeek, service: kerberos}", "{request_type: TGS, cipher: rc4-hmac}", 1),
        ("{product: zeek, service: rdp}", "{id.orig_h|cidr: 10.0.0.0/8, id.resp_p: 445}", 1),
        ("{product: zeek, service: x509}", "{certificate.serial: 8BB00EE}", 1),
        ("{product: zeek}", "{filter|contains: objectClass=group}", 1),
        ("{product: zeek, service: conn}", "{conn_state: S0, orig_bytes|gt: 69}", 1),
        ("{category: firewall}", "{dst_port: 445, action: [accept, 2], blocked: 'false'}", 1),
        (_DNS, "{Z: 1, rejected: 'false', id.resp_p: 445}", 1),
        (_DNS, "{Z: 0}", 0),
        (_DNS, "{answers: 10.0.0.9}", 1),
        (_DNS, "{answers: 198.51.100.7}", 1),
        (_DNS, "{answers: 98.51.100.7}", 0),
        (_DNS, "{answers: 10.0.0}", 0),
        (_DNS, "{answers|startswith: '10.'}", 1),
        (_DNS, "{answers|startswith: '0.0'}", 0),
        (_DNS, "{answers|endswith: '.9'}", 1),
        (_DNS, "{answers|endswith: '.100'}", 0),
        (_DNS, "{answers|contains: '.51.'}", 1),
        (_DNS, "{answers|exists: true}", 1),
    ],
)
def test_a_rule_finds_the_record(source: str, selection: str, count: int, store: carlang.Store) -> None:
    rule = f"title: T\nlogsource: {source}\ndetection:\n    s: {selection}\n    condition: s\n"
    (output,) = carlang.load_text(rule, "rule.yml").run(store).values()
    assert output.total == count, json.dumps(rule)


def test_an_element_of_a_list_with_a_wildcard_inside_is_refused() -> None:
    rule = f"title: T\nlogsource: {_DNS}\ndetection:\n    s: {{answers: '1*9'}}\n    condition: s\n"
    (fault,) = carlang.load_text(rule, "rule.yml").check()
    assert (fault.code.name, "no wildcards inside" in fault.message) == ("CL604", True)


def test_every_sensor_that_tells_of_renames_says_what_the_name_was(tmp_path: Path) -> None:
    ecs = {"path": "C:\\new", "Ext": {"original": {"path": "C:\\old"}}}
    records = [
        {
            "ActionType": "FileRenamed",
            "DeviceName": "w1",
            "Timestamp": "2024-03-21T10:00:00Z",
            "FileName": "new",
            "FolderPath": "C:\\new",
            "PreviousFileName": "old",
            "PreviousFolderPath": "C:\\",
        },
        {"@timestamp": "2024-03-21T10:00:00Z", "event": {"category": ["file"], "action": "rename"}, "file": ecs},
        {
            "class_uid": 1001,
            "activity_id": 5,
            "time": 1,
            "file": {"path": "C:\\old"},
            "file_result": {"path": "C:\\new"},
        },
    ]
    carlang.ingest([write_lines(tmp_path / "records.ndjson", records)], tmp_path / "store")
    source = "{product: windows, category: file_rename}"
    rule = f"title: T\nlogsource: {source}\ndetection:\n    s: {{SourceFilename: 'C:\\old'}}\n    condition: s\n"
    (output,) = carlang.load_text(rule, "rule.yml").run(carlang.open_store(tmp_path / "store")).values()
    assert sorted(str(row["sensor"]) for row in output.rows()) == ["defender_xdr", "elastic_ecs", "ocsf"]
