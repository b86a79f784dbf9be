"""Which fields of events say what: who they are of, what is repeated day by day, what differs each time."""

from __future__ import annotations

from dataclasses import dataclass

from carlang.model.types import Kind

HABITS: dict[str, tuple[str, ...]] = {
    "account": ("user", "group"),
    "authentication": ("user", "method"),
    "clipboard": ("exe",),
    "detection": ("threat_name",),
    "disk": ("exe", "device"),
    "dns": ("exe", "query"),
    "driver": ("module_name",),
    "event": ("log_name", "provider", "event_code"),
    "file": ("image_path", "extension"),
    "flow": ("exe", "dest_port"),
    "handle": ("exe", "object_type"),
    "http": ("user_agent_full", "url_domain"),
    "module": ("image_path", "module_name"),
    "pipe": ("image_path", "pipe_name"),
    "privilege": ("exe", "privileges"),
    "process": ("parent_exe", "exe"),
    "registry": ("image_path", "value"),
    "script": ("host_program",),
    "service": ("name",),
    "share": ("user", "share_name"),
    "socket": ("image_path", "local_port"),
    "system": ("log_name",),
    "task": ("task_name",),
    "thread": ("src_image_path", "tgt_image_path"),
    "transfer": ("exe", "url_domain"),
    "user_session": ("user", "login_type"),
    "wmi": ("name",),
}
"""By object, who does it and to what: the values that ordinary work repeats, and by which what is new stands out.

Command lines, scripts and keys of the registry are not among them. Nearly each of them is there once, so that to be
rare says nothing.
"""

HABITUAL_KINDS = frozenset({Kind.NAME, Kind.ENUM, Kind.PORT, Kind.BOOLEAN})
"""Fields of other kinds that conditions test are asked for too, if they have few values."""
_PARTS_OF_OTHERS = frozenset(
    {"file_name", "extension", "original_file_name", "src_port", "local_port", "object", "action"}
)

UNLIKE_KINDS = frozenset({Kind.TIME, Kind.DURATION, Kind.GUID, Kind.ID, Kind.RECORD, Kind.INTEGER, Kind.FLOAT})
"""Fields of these kinds of an event differ each time that the same happens."""
UNLIKE = frozenset(
    {
        *("hostname", "fqdn", "source", "sensor", "src_port", "record_ids", "extra", "object", "action"),
        *("login_id", "login_guid", "session_id", "handle_id", "job_id", "instance_id", "script_id", "runspace_id"),
        *("base_address", "start_address", "stack_base", "stack_limit", "user_stack_base", "user_stack_limit"),
        *("target_address", "call_trace", "response_time"),
    }
)
"""Fields that do so whatever their kind is, or that are told beside the hit."""


@dataclass(frozen=True, slots=True)
class OfProcess:
    """The fields of a class of events that name the process that did it, the first that has a value."""

    guid: str = "guid"
    pid: str = "pid"
    images: tuple[str, ...] = ("exe", "image_path")


_OF_PROCESS = {"thread": OfProcess("src_guid", "src_pid", ("src_image_path",))}


def of_process(object_: str) -> OfProcess:
    """Return the fields by which events of an object name their process."""
    return _OF_PROCESS.get(object_, OfProcess())


def habit_columns(object_: str, tested: tuple[tuple[str, Kind], ...]) -> tuple[str, ...]:
    """Return the columns whose values are asked for of an event: its object's habits and what was tested besides."""
    habits = HABITS.get(object_, ())
    more = [name for name, kind in tested if kind in HABITUAL_KINDS and name not in _PARTS_OF_OTHERS]
    return (*habits, *sorted(set(more) - set(habits)))


HUBS = frozenset(
    {
        *("system", "smss.exe", "csrss.exe", "wininit.exe", "winlogon.exe", "userinit.exe", "explorer.exe"),
        *("services.exe", "svchost.exe", "lsass.exe", "taskeng.exe", "taskhost.exe", "taskhostw.exe", "dllhost.exe"),
        *("wmiprvse.exe", "wsmprovhost.exe", "sihost.exe", "runtimebroker.exe", "spoolsv.exe", "ccmexec.exe"),
        *("systemd", "init", "launchd", "sshd", "cron", "crond", "atd", "containerd-shim", "xpcproxy"),
    }
)
"""Programs that start what has nothing to do with one another: trees end below them, and their own hits stand alone."""


def base_name(path: str | None) -> str | None:
    """Return the file name at the end of a path of either kind."""
    return path.replace("/", "\\").rpartition("\\")[2] if path else path


def is_hub(image: str | None) -> bool:
    """Tell whether a program, by path or name, is one of the `HUBS`."""
    return (base_name(image) or "").casefold() in HUBS
