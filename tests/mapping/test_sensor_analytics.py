"""What published analytics ask for is what mappings fill: their conditions find the records that they are meant for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import carlang
from tests.ingesting import load, write_lines
from tests.mapping.sensor_records import windows, windows_user, zeek

_SECURITY = ("Security", "Microsoft-Windows-Security-Auditing")
_SYSMON = ("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon")
_SHARE = "\\\\SRV.example.com\\c$"

_RECORDS: list[dict[str, Any]] = [
    zeek("smb_files", action="SMB::FILE_WRITE", path=_SHARE, name="a.exe"),
    zeek("smb_files", action="SMB::FILE_OPEN", path=_SHARE, name="b.exe"),
    zeek("smb_files", action="SMB::PIPE_WRITE", path=_SHARE, name="svcctl"),
    zeek("smb_mapping", path=_SHARE, share_type="DISK"),
    zeek("ntlm", username="adam", server_nb_computer_name="SRV", success=True),
    zeek("dce_rpc", named_pipe="\\PIPE\\winreg", endpoint="winreg", operation="BaseRegCreateKey"),
    zeek("dce_rpc", named_pipe="\\PIPE\\atsvc", endpoint="atsvc", operation="NetrJobAdd"),
    zeek("dce_rpc", endpoint="IRemUnknown2", operation="RemQueryInterface", **{"id.resp_p": 135}),
    zeek("dce_rpc", endpoint="ITaskSchedulerService", operation="SchRpcRun", **{"id.resp_p": 49155}),
    zeek("conn", proto="tcp", duration=1, **{"id.resp_p": 3389}),
    windows(
        _SYSMON, 8, SourceImage="C:\\a.exe", TargetImage="C:\\b.exe", SourceProcessId=1, StartFunction="LoadLibraryA"
    ),
    windows(
        _SYSMON,
        13,
        TargetObject="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\SafeDllSearchMode",
        Details="DWORD (0x00000000)",
    ),
    windows(("System", "EventLog"), 6005),
    windows(_SECURITY, 4698, TaskName="\\t", TaskContent="<Task><Command>C:\\Users\\Public\\x.ps1</Command></Task>"),
    windows(_SECURITY, 4624, LogonType=10, AuthenticationPackageName="Negotiate", TargetUserName="adam"),
    windows(_SECURITY, 4670, ObjectType="File", ObjectName="C:\\x", SubjectUserName="adam"),
    windows_user(("Security", "Microsoft-Windows-Eventlog"), 1102, SubjectUserName="adam"),
    windows(
        ("System", "Service Control Manager"), 7045, ServiceName="x", ImagePath="C:\\Users\\x.exe", AccountName="a"
    ),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one record for each analytic."""
    folder = tmp_path_factory.mktemp("analytics")
    load(folder / "store", write_lines(folder / "log.json", _RECORDS))
    return folder / "store"


@pytest.mark.parametrize(
    ("analytic", "search", "condition", "count"),
    [
        (
            "CAR-2013-01-003",
            "Flow:Message",
            'dest_port == "445" and protocol == "smb" and proto_info.file_name exists',
            2,
        ),
        ("CAR-2013-05-003", "Flow:Message", 'dest_port == "445" and protocol == "smb.write" and hostname == "SRV"', 1),
        ("CAR-2014-03-001", "Flow:Message", 'protocol == "smb.write_pipe" and proto_info.pipe_name exists', 3),
        ("CAR-2013-09-003", "Flow:Message", 'dest_port == 445 and protocol == "smb.setup"', 2),
        ("CAR-2013-09-003 user", "Flow:Message", 'proto_info.user_name == "adam" and proto_info.hostname == "SRV"', 1),
        ("CAR-2014-11-005", "Flow:Message", 'proto_info.pipe == "WINREG" and proto_info.function == "Create*"', 2),
        ("CAR-2015-04-001", "Flow:Message", 'proto_info.pipe == "ATSVC" and proto_info.function == "JobAdd"', 2),
        ("CAR-2014-11-007", "Flow:Message", 'dest_port == 135 and proto_info.rpc_interface == "IRemUnknown2"', 1),
        (
            "CAR-2015-04-002",
            "Flow:Message",
            'src_port >= 49152 and dest_port >= 49152 and proto_info.rpc_interface == "ITaskSchedulerService"',
            1,
        ),
        ("CAR-2013-07-002", "Flow:End", "dest_port == 3389", 1),
        ("CAR-2013-10-002", "Thread:RemoteCreate", 'start_function == "LoadLibraryA" and src_image_path != "C:\\b"', 1),
        ("CAR-2021-11-001", "Registry:value_edit", 'value == "SafeDllSearchMode" and data == "0"', 1),
        ("CAR-2015-07-001", "SystemLogs:BootUp", 'hostname == "HOST1"', 1),
        ("CAR-2021-12-001", "Task:create", 'task_content contains "*.ps1*"', 1),
        ("CAR-2021-05-012", "Service:create", 'image_path == "*\\.exe" or image_path == "C:\\Users\\x.exe"', 1),
        ("CAR-2013-02-008", "UserSession:Login", 'user == "adam"', 1),
        ("CAR-2016-04-002", "Event:Log", 'log_name == "Security" and event_code in [1100, 1102, 1104]', 1),
        ("CAR-2016-04-005", "Event:Log", 'event_code == 4624 and event_data.LogonType == "10"', 1),
        ("CAR-2019-07-001", "Event:Log", 'event_code == 4670 and event_data.ObjectType == "File"', 1),
    ],
)
def test_the_conditions_of_published_analytics_find_what_they_ask_for(
    analytic: str, search: str, condition: str, count: int, store: Path
) -> None:
    found = carlang.run(f"e = search {search} where ({condition})\noutput e", carlang.open_store(store))
    assert found["e"].count == count, analytic
