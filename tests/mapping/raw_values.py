"""By hand: what the members of a raw record are called as fields of the event, and how their values are written there.

Kinds of records that are not listed are counted only. Where a member has no value, nothing is asked of the field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.mapping.expected_events import BITS, CONNECTIONS, DEFENDER, POWERSHELL, SYSMON, TASKS
from tests.mapping.independent_counts import Kind

Way = tuple[str, str, Callable[[str], Any]]
"""A member, a field, and what the field must hold."""

MISSING = frozenset({"", "-", "None"})


def same(text: str) -> str:
    return text


def base(text: str) -> str:
    return text.replace("/", "\\").rpartition("\\")[2]


def number(text: str) -> int:
    return int(text, 0)


def port(text: str) -> int | None:
    return int(text, 0) or None


def guid(text: str) -> str | None:
    bare = text.strip("{}").lower()
    return f"{{{bare}}}"


def given_guid(text: str) -> str | None:
    return None if set(text) <= set("{}0-") else guid(text)


def truth(text: str) -> bool:
    return text.lower() == "true"


def address(text: str) -> str:
    return text.removeprefix("::ffff:")


def label(text: str) -> str:
    return text if text[0].isdigit() or ":" in text else text.partition(".")[0]


def moment(text: str) -> str:
    whole, _, parts = text.replace("T", " ").rstrip("Z").partition(".")
    return f"{whole}.{parts.rstrip('0')}".rstrip(".")


def squeezed(text: str) -> str | None:
    return " ".join(text.split()) or None


def unquoted(text: str) -> str:
    return text.strip(' "')


def hash_named(name: str) -> Callable[[str], str | None]:
    def find(text: str) -> str | None:
        found = [part.partition("=")[2].lower() for part in text.split(",") if part.startswith(f"{name}=")]
        return found[0] if found else None

    return find


def unless_zero(text: str) -> str | None:
    return None if text == "0x0" else text


def transport(text: str) -> str:
    return {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "2": "igmp"}.get(text, text)


_HASHES: list[Way] = [
    ("Hashes", "md5_hash", hash_named("MD5")),
    ("Hashes", "sha1_hash", hash_named("SHA1")),
    ("Hashes", "sha256_hash", hash_named("SHA256")),
    ("Hashes", "imphash", hash_named("IMPHASH")),
]
_ACTOR: list[Way] = [
    ("Image", "image_path", same),
    ("ProcessId", "pid", number),
    ("ProcessGuid", "guid", guid),
    ("User", "user", same),
    ("RuleName", "rule_name", same),
    ("UtcTime", "time", moment),
]
_FILE: list[Way] = [
    *_ACTOR,
    ("TargetFilename", "file_path", same),
    ("TargetFilename", "file_name", base),
    ("CreationUtcTime", "creation_time", moment),
]
_VERSION: list[Way] = [
    ("Company", "company", same),
    ("Description", "description", same),
    ("FileVersion", "file_version", same),
    ("OriginalFileName", "original_file_name", same),
    ("Product", "product", same),
]
_SUBJECT: list[Way] = [("SubjectUserSid", "uid", same), ("SubjectLogonId", "login_id", same)]
_SECURITY_ACTOR: list[Way] = [
    *_SUBJECT,
    ("ProcessName", "image_path", same),
    ("ProcessName", "exe", base),
    ("ProcessId", "pid", number),
]
_HANDLE: list[Way] = [
    *_SECURITY_ACTOR,
    ("ObjectType", "object_type", same),
    ("ObjectName", "object_name", same),
    ("ObjectServer", "object_server", same),
    ("AccessMask", "access_mask", same),
    ("AccessList", "access_list", squeezed),
    ("HandleId", "handle_id", same),
]
_TARGET: list[Way] = [
    ("TargetUserSid", "uid", lambda text: None if text == "S-1-0-0" else text),
    ("TargetLogonId", "login_id", same),
]
_CLIENT: list[Way] = [("IpAddress", "src_ip", address), ("IpPort", "src_port", port)]
_ENDS: list[Way] = [
    ("id_orig_h", "src_ip", same),
    ("id_orig_p", "src_port", number),
    ("id_resp_h", "dest_ip", same),
    ("id_resp_p", "dest_port", number),
]
_DETECTION: list[Way] = [
    ("Threat Name", "threat_name", same),
    ("Threat ID", "threat_id", same),
    ("Severity Name", "severity", same),
    ("Category Name", "category", same),
    ("Path", "file_path", same),
    ("Process Name", "image_path", same),
    ("Detection User", "user", same),
    ("Detection ID", "detection_id", same),
    ("Error Code", "result_code", same),
]
_TASK: list[Way] = [*_SUBJECT, ("TaskName", "task_name", same)]

VALUES: Mapping[Kind, Mapping[str, list[Way]]] = {
    (SYSMON, 1): {
        "process/create": [
            *_ACTOR,
            *_HASHES,
            *_VERSION,
            ("Image", "exe", base),
            ("CommandLine", "command_line", same),
            ("CurrentDirectory", "current_working_directory", same),
            ("IntegrityLevel", "integrity_level", same),
            ("ParentProcessId", "ppid", number),
            ("ParentProcessGuid", "parent_guid", guid),
            ("ParentImage", "parent_image_path", same),
            ("ParentImage", "parent_exe", base),
            ("ParentCommandLine", "parent_command_line", same),
            ("ParentUser", "parent_user", same),
            ("LogonId", "login_id", same),
            ("LogonGuid", "login_guid", guid),
            ("TerminalSessionId", "session_id", same),
        ]
    },
    (SYSMON, 2): {"file/timestomp": [*_FILE, ("PreviousCreationUtcTime", "previous_creation_time", moment)]},
    (SYSMON, 3): {
        "flow/start": [
            *_ACTOR,
            ("Image", "exe", base),
            ("Protocol", "transport_protocol", same),
            ("Protocol", "protocol", same),
            ("SourceIp", "src_ip", same),
            ("SourcePort", "src_port", number),
            ("SourceHostname", "src_hostname", label),
            ("DestinationIp", "dest_ip", same),
            ("DestinationPort", "dest_port", number),
            ("DestinationHostname", "dest_hostname", label),
            ("Initiated", "network_direction", lambda text: "out" if truth(text) else "in"),
            ("UtcTime", "start_time", moment),
        ]
    },
    (SYSMON, 5): {"process/terminate": [*_ACTOR, ("Image", "exe", base)]},
    (SYSMON, 6): {
        "driver/load": [
            *_HASHES,
            ("ImageLoaded", "image_path", same),
            ("ImageLoaded", "module_name", base),
            ("Signature", "signer", same),
            ("Signed", "signature_valid", truth),
        ]
    },
    (SYSMON, 7): {
        "module/load": [
            *_ACTOR,
            *_HASHES,
            *_VERSION,
            ("ImageLoaded", "module_path", same),
            ("ImageLoaded", "module_name", base),
            ("Signature", "signer", same),
        ]
    },
    (SYSMON, 8): {
        "thread/remote_create": [
            ("SourceProcessId", "src_pid", number),
            ("SourceProcessGuid", "src_guid", guid),
            ("SourceImage", "src_image_path", same),
            ("SourceUser", "user", same),
            ("TargetProcessId", "tgt_pid", number),
            ("TargetProcessGuid", "tgt_guid", guid),
            ("TargetImage", "tgt_image_path", same),
            ("TargetUser", "tgt_user", same),
            ("NewThreadId", "tgt_tid", number),
            ("StartAddress", "start_address", same),
            ("StartFunction", "start_function", same),
            ("StartModule", "start_module", same),
            ("StartModule", "start_module_name", base),
        ]
    },
    (SYSMON, 9): {"disk/read": [*_ACTOR, ("Device", "device", same)]},
    (SYSMON, 10): {
        "process/access": [
            ("SourceProcessId", "pid", number),
            ("SourceProcessGUID", "guid", guid),
            ("SourceImage", "image_path", same),
            ("SourceImage", "exe", base),
            ("SourceThreadId", "src_tid", number),
            ("SourceUser", "user", same),
            ("TargetProcessId", "target_pid", number),
            ("TargetProcessGUID", "target_guid", guid),
            ("TargetImage", "target_name", same),
            ("TargetUser", "target_user", same),
            ("GrantedAccess", "access_level", same),
            ("CallTrace", "call_trace", same),
        ]
    },
    (SYSMON, 11): {"file/create": _FILE},
    (SYSMON, 12): {
        "registry/add": [*_ACTOR, ("TargetObject", "key", same)],
        "registry/remove": [*_ACTOR, ("TargetObject", "key", same)],
    },
    (SYSMON, 13): {
        "registry/value_edit": [
            *_ACTOR,
            ("TargetObject", "key", same),
            ("TargetObject", "value", base),
            ("Details", "new_content", same),
        ]
    },
    (SYSMON, 14): {"registry/key_edit": [*_ACTOR, ("TargetObject", "key", same), ("NewName", "new_content", same)]},
    (SYSMON, 15): {"file/create": [*_FILE, ("Hash", "sha1_hash", hash_named("SHA1")), ("Contents", "content", same)]},
    (SYSMON, 17): {"pipe/create": [*_ACTOR, ("PipeName", "pipe_name", same)]},
    (SYSMON, 18): {"pipe/connect": [*_ACTOR, ("PipeName", "pipe_name", same)]},
    (SYSMON, 19): {
        "wmi/filter": [
            ("User", "user", same),
            ("Name", "name", unquoted),
            ("Query", "query", unquoted),
            ("EventNamespace", "namespace", unquoted),
            ("Operation", "operation", same),
        ]
    },
    (SYSMON, 20): {
        "wmi/consumer": [
            ("User", "user", same),
            ("Name", "name", unquoted),
            ("Destination", "destination", unquoted),
            ("Type", "consumer_type", same),
            ("Operation", "operation", same),
        ]
    },
    (SYSMON, 22): {
        "dns/query": [
            *_ACTOR,
            ("QueryName", "query", same),
            ("QueryStatus", "response_code", same),
            ("QueryResults", "answers", same),
        ]
    },
    (SYSMON, 23): {"file/delete": [*_FILE, *_HASHES, ("IsExecutable", "is_executable", truth)]},
    (SYSMON, 24): {
        "clipboard/change": [
            *_ACTOR,
            ("Hashes", "sha1_hash", hash_named("SHA1")),
            ("ClientInfo", "client_info", same),
            ("Session", "session_id", same),
            ("Archived", "archived", truth),
        ]
    },
    (SYSMON, 25): {"process/tamper": [*_ACTOR, ("Type", "tamper_type", same)]},
    (SYSMON, 26): {"file/delete": [*_FILE, *_HASHES, ("IsExecutable", "is_executable", truth)]},
    (SYSMON, 28): {"file/block": [*_FILE, *_HASHES, ("IsExecutable", "is_executable", truth)]},
    (SYSMON, 29): {"file/create": [*_FILE, *_HASHES]},
    ("security", 4624): {
        "user_session/login": [
            *_TARGET,
            *_CLIENT,
            ("AuthenticationPackageName", "method", same),
            ("LogonGuid", "login_guid", given_guid),
            ("LogonProcessName", "app_name", lambda text: text.strip() or None),
            ("ProcessName", "image_path", same),
            ("ProcessId", "pid", port),
            ("WorkstationName", "src_hostname", same),
        ],
        "authentication/success": [
            *_CLIENT,
            ("TargetDomainName", "target_ad_domain", same),
            ("AuthenticationPackageName", "method", same),
            ("WorkstationName", "src_hostname", same),
        ],
    },
    ("security", 4625): {
        "user_session/login": [*_CLIENT, ("WorkstationName", "src_hostname", same), ("ProcessName", "exe", base)],
        "authentication/failure": [*_CLIENT, ("TargetDomainName", "target_ad_domain", same)],
    },
    ("security", 4634): {"user_session/logout": _TARGET},
    ("security", 4648): {
        "authentication/attempt": [
            *_CLIENT,
            ("TargetServerName", "auth_target", same),
            ("TargetInfo", "service_name", same),
        ]
    },
    ("security", 4656): {"handle/open": _HANDLE},
    ("security", 4663): {"handle/access": _HANDLE},
    ("security", 4670): {
        "handle/acl_modify": [*_SECURITY_ACTOR, ("NewSd", "mode", same), ("OldSd", "previous_mode", same)]
    },
    ("security", 4672): {"privilege/assign": [*_SUBJECT, ("PrivilegeList", "privileges", squeezed)]},
    ("security", 4673): {
        "privilege/use": [*_SECURITY_ACTOR, ("PrivilegeList", "privileges", squeezed), ("Service", "service", same)]
    },
    ("security", 4688): {
        "process/create": [
            ("NewProcessId", "pid", number),
            ("NewProcessName", "image_path", same),
            ("NewProcessName", "exe", base),
            ("ProcessId", "ppid", number),
            ("ParentProcessName", "parent_image_path", same),
            ("CommandLine", "command_line", same),
        ]
    },
    ("security", 4689): {
        "process/terminate": [
            ("ProcessId", "pid", number),
            ("ProcessName", "image_path", same),
            ("SubjectUserSid", "sid", same),
            ("SubjectLogonId", "login_id", same),
            ("Status", "exit_code", same),
        ]
    },
    ("security", 4698): {"task/create": _TASK},
    ("security", 4702): {"task/update": _TASK},
    ("security", 4769): {
        "authentication/success": [
            *_CLIENT,
            ("ServiceName", "service_name", same),
            ("TargetDomainName", "ad_domain", same),
            ("TicketEncryptionType", "encryption", same),
            ("TicketOptions", "ticket_options", same),
        ]
    },
    ("security", 5140): {
        "share/access": [
            *_SUBJECT,
            *_CLIENT,
            ("ShareName", "share_name", same),
            ("ShareLocalPath", "share_path", same),
            ("AccessMask", "access_mask", same),
        ]
    },
    ("security", 5145): {
        "share/access": [
            *_SUBJECT,
            *_CLIENT,
            ("ShareName", "share_name", same),
            ("RelativeTargetName", "relative_path", same),
            ("AccessMask", "access_mask", same),
            ("AccessList", "access_list", squeezed),
        ]
    },
    ("security", 5156): {
        "flow/start": [
            ("Application", "image_path", same),
            ("Application", "exe", base),
            ("SourceAddress", "src_ip", same),
            ("SourcePort", "src_port", number),
            ("DestAddress", "dest_ip", same),
            ("DestPort", "dest_port", number),
            ("Protocol", "transport_protocol", transport),
        ]
    },
    ("security", 5158): {
        "socket/bind": [
            ("Application", "image_path", same),
            ("SourceAddress", "local_address", same),
            ("SourcePort", "local_port", number),
            ("Protocol", "protocol", transport),
        ]
    },
    ("system", 7036): {
        "service/start": [("param1", "display_name", same)],
        "service/stop": [("param1", "display_name", same)],
    },
    ("system", 7040): {
        "service/modify": [
            ("param1", "display_name", same),
            ("param2", "previous_start_type", same),
            ("param3", "start_type", same),
            ("param4", "name", same),
        ]
    },
    ("system", 7045): {"service/create": [("ServiceName", "name", same), ("ImagePath", "command_line", same)]},
    (POWERSHELL, 4103): {"script/invoke": [("Payload", "payload", same)]},
    (POWERSHELL, 4104): {
        "script/execute": [
            ("ScriptBlockText", "content", same),
            ("ScriptBlockId", "script_id", same),
            ("MessageNumber", "part", number),
            ("MessageTotal", "part_count", number),
            ("Path", "file_path", same),
        ]
    },
    (TASKS, 106): {"task/create": [("TaskName", "task_name", same), ("UserContext", "user", same)]},
    (TASKS, 129): {"task/start": [("TaskName", "task_name", same), ("Path", "command_line", same)]},
    (DEFENDER, 1116): {"detection/detect": _DETECTION},
    (DEFENDER, 1117): {"detection/remediate": _DETECTION},
    (CONNECTIONS, 1149): {"authentication/success": [("Param2", "ad_domain", same), ("Param3", "src_ip", same)]},
    (BITS, 3): {
        "transfer/create": [
            ("jobTitle", "job_name", same),
            ("jobId", "job_id", guid),
            ("jobOwner", "user", same),
            ("processPath", "image_path", same),
            ("processId", "pid", number),
        ]
    },
    ("zeek/conn", None): {
        "flow/start": [
            *_ENDS,
            ("proto", "transport_protocol", same),
            ("service", "application_protocol", same),
            ("orig_bytes", "out_bytes", number),
            ("resp_bytes", "in_bytes", number),
        ]
    },
    ("zeek/dns", None): {
        "dns/query": [
            *_ENDS,
            ("query", "query", same),
            ("qtype_name", "query_type", same),
            ("rcode_name", "response_code", same),
        ]
    },
    ("zeek/dce_rpc", None): {"flow/message": _ENDS},
    ("zeek/kerberos", None): {
        "authentication/success": [*_ENDS, ("service", "service_name", same), ("cipher", "encryption", same)],
        "authentication/failure": [*_ENDS, ("error_msg", "decision_reason", same)],
    },
    ("zeek/ssl", None): {"flow/message": _ENDS},
}
