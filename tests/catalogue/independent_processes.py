"""Conditions on the start of a process, written by hand from what each analytic means; all texts are lower case."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.catalogue.independent_events import Process

SYSTEM = r"c:\windows\system32"
WOW = r"c:\windows\syswow64"

PROGRAMS = {
    ("CAR-2013-02-003", "cmd"): "cmd.exe",
    ("CAR-2013-05-004", "at"): "at.exe",
    ("CAR-2013-08-001", "schtasks"): "schtasks.exe",
    ("CAR-2014-03-006", "rundll32"): "rundll32.exe",
    ("CAR-2020-11-009", "target_processes"): "hh.exe",
}
"""Outputs that are every start of one program."""

ARGUMENTS = {
    ("CAR-2020-09-003", "fltmc_processes"): ("fltmc.exe", "unload"),
    ("CAR-2021-05-001", "addstore_commands"): ("certutil.exe", "[-/–—−]addstore"),
    ("CAR-2021-05-003", "bcdedit_commands"): ("bcdedit.exe", "recoveryenabled"),
    ("CAR-2021-05-004", "bitsadmin_commands"): (
        "bitsadmin.exe",
        "create|addfile|setnotifyflags|setnotifycmdline|setminretrydelay|setcustomheaders|resume",
    ),
    ("CAR-2021-05-005", "bitsadmin_commands"): ("bitsadmin.exe", "transfer"),
    ("CAR-2021-05-006", "certutil_downloads"): ("certutil.exe", "urlcache.*split|split.*urlcache"),
    ("CAR-2021-05-007", "certutil_downloads"): ("certutil.exe", "verifyctl.*split|split.*verifyctl"),
    ("CAR-2021-05-008", "certutil_exports"): ("certutil.exe", r'[\s"][-/–—−]exportpfx[\s"]'),
    ("CAR-2021-05-009", "certutil_decodes"): ("certutil.exe", "decode"),
    ("CAR-2021-05-010", "net_commands"): ("net1?.exe", r'localgroup|user|[-/]add?([\s"]|$)'),
    ("CAR-2019-07-002", "procdump_lsass"): ("procdump.*.exe", "lsass"),
    ("CAR-2021-01-007", "target_processes"): ("sc.exe", "(config|stop|query).*windefend"),
}
"""Outputs that are the starts of a program with something in the command line, both as regular expressions."""

COMMANDS = {
    ("CAR-2013-07-001", "port_fwd"): r'-r[\s"][^\n]*[\s"]-pw',
    ("CAR-2013-07-001", "scp"): r'-pw"?\s+\S+\s+\S[^\n]*\s\S*@',
    ("CAR-2013-07-001", "mimikatz"): r"sekurlsa",
    ("CAR-2013-07-001", "rar"): r'[\s"]-hp[\s"]',
    ("CAR-2013-07-001", "archive"): r'[\s"]a[\s"]',
    ("CAR-2013-07-001", "ip_addr"): r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}",
    ("CAR-2013-07-005", "rar_argument"): r'[\s"]a[\s"]',
    ("CAR-2014-11-003", "debuggers"): r"^[^\n]*\s[^\n]*(sethc|utilman|osk|narrator|magnify)\.exe",
    ("CAR-2019-07-001", "chmod_processes"): r'^"?([^\s"]*/)?chmod"?\s',
    (
        "CAR-2020-04-001",
        "shadow_copy_deletion",
    ): r'vssadmin.*[\s"]delete[\s"]+shadows|wmic.*[\s"]shadowcopy[\s"]+delete',
    ("CAR-2020-11-001", "logon_script_key_processes"): r"reg.*add.*\\environment.*userinitmprlogonscript",
    ("CAR-2021-01-009", "shadow_processes"): (
        r"vssadmin.*\s.*delete.*\s.*shadows|wmic.*\s.*shadowcopy.*\s.*delete"
        r"|vssadmin.*\s.*resize.*\s.*shadowstorage"
    ),
}
"""Outputs that are the starts of any program with something in the command line."""

PARENTS = {
    "smss.exe": {"smss.exe", "system"},
    "csrss.exe": {"smss.exe", "svchost.exe"},
    "wininit.exe": {"smss.exe"},
    "winlogon.exe": {"smss.exe"},
    "lsass.exe": {"wininit.exe", "winlogon.exe"},
    "logonui.exe": {"winlogon.exe", "wininit.exe"},
    "services.exe": {"wininit.exe"},
    "spoolsv.exe": {"services.exe"},
    "taskhost.exe": {"services.exe", "svchost.exe"},
    "taskhostw.exe": {"services.exe", "svchost.exe"},
    "userinit.exe": {"dwm.exe", "winlogon.exe"},
}
NET = {"net.exe", "net1.exe"}
DISCOVERY = NET | {"hostname.exe", "ipconfig.exe", "quser.exe", "qwinsta.exe", "systeminfo.exe", "tasklist.exe"}
WEB_CHILDREN = NET | {"cmd.exe", "powershell.exe", "whoami.exe", "hostname.exe", "systeminfo.exe", "ipconfig.exe"}
TASK_WORDS = (
    r"\.ps1|\.vbs|\.py|\.js|\.exe|\.bat|powershell|wmic|rundll32|cmd|[cw]script|regsvr32|mshta|bitsadmin|certutil|msiexec"
    r"|javaw|javascript|%appdata%|\\appdata\\roaming|%public%|c:\\users\\public|%programdata%|c:\\programdata|%temp%"
    r"|\\appdata\\local\\temp|\\windows\\pla\\system|\\tasks|\\registration\\crmlog|\\fxstmp|\\spool\\drivers\\color"
    r"|\\tracing"
)


def _all(text: str, *words: str) -> bool:
    return all(word in text for word in words)


def _any(text: str, *words: str) -> bool:
    return any(word in text for word in words)


def _discovers(p: Process) -> bool:
    return p.exe in DISCOVERY | {"whoami.exe"} or (p.exe == "sc.exe" and bool(re.search(r'[\s"](query|qc)', p.command)))


def _wevtutil_clears(p: Process) -> bool:
    named = _all(p.command, "cl") and _any(p.command, "system", "security", "setup", "application")
    return "wevtutil" in p.image and named


def _clears_logs(p: Process) -> bool:
    powershell = _any(p.command, "clear-eventlog", "limit-eventlog", "remove-eventlog")
    return _wevtutil_clears(p) or powershell or _all(p.command, "remove-item", ".evtx")


def _by_regsvr32(p: Process) -> bool:
    return p.parent.endswith("regsvr32.exe") and "regsvr32.exe" not in p.image


def _by_windows_regsvr32(p: Process) -> bool:
    own = {rf"{folder}\{name}.exe" for folder in (SYSTEM, WOW) for name in ("regsvr32", "werfault")}
    parents = {rf"{SYSTEM}\regsvr32.exe", rf"{WOW}\regsvr32.exe"}
    return p.parent in parents and p.image not in own | {rf"{SYSTEM}\wevtutil.exe"}


def _mavinject(p: Process) -> bool:
    return p.exe == "mavinject.exe" or _any(p.command, "/injectrunning", "-injectrunning")


def _groups(p: Process) -> bool:
    net = p.exe in NET and re.search(r'[\s"](user|group|localgroup)', p.command)
    return bool(net) or _any(p.command, "get-localgroup", "get-adprincipalgroupmembership")


def _shares_removed(p: Process) -> bool:
    removed = p.exe in NET and re.search(r'delete|[\s"][-/]d(elet|ele|el|e|)([\s"]|$)', p.command)
    return bool(removed) or _any(p.command, "remove-smbshare", "remove-fileshare")


def _msbuild(p: Process) -> bool:
    return p.exe in {"msbuild.exe", "msxsl.exe"} and "\\microsoft visual studio" not in p.parent


def _odd_child_of_cmd(p: Process) -> bool:
    spooler = p.image.startswith(rf"{SYSTEM}\spoolsv.exe") or p.image == rf"{SYSTEM}\conhost.exe"
    return spooler and p.parent == rf"{SYSTEM}\cmd.exe"


def _by_office(p: Process) -> bool:
    return p.parent.endswith(("excel.exe", "word.exe", "outlook.exe")) and p.image.endswith(".exe")


def _by_web_server(p: Process) -> bool:
    server = re.fullmatch(r"w3wp\.exe|httpd\.exe|tomcat.*\.exe|nginx\.exe", p.parent_exe)
    return bool(server) and p.exe in WEB_CHILDREN


def _echoes_into_pipe(p: Process) -> bool:
    return "echo" in p.command and "\\pipe\\" in p.command


def _meterpreter(p: Process) -> bool:
    shell = p.parent == rf"{SYSTEM}\services.exe" and p.image == rf"{SYSTEM}\cmd.exe"
    return (shell and _echoes_into_pipe(p)) or (
        p.image == rf"{SYSTEM}\rundll32.exe" and bool(re.search(r',a[\s"]+[-/]p:', p.command))
    )


def _empire(p: Process) -> bool:
    return (p.image == rf"{SYSTEM}\cmd.exe" or "%comspec%" in p.command) and _echoes_into_pipe(p)


def _scheduled(p: Process) -> bool:
    changed = "schtasks" in p.command and _any(p.command, "/create", "/change", "-create", "-change")
    return changed and bool(re.search(TASK_WORDS, p.command))


def _logging_off(p: Process) -> bool:
    text = p.command
    adds = bool(re.search(r'\breg(\.exe)?[\s"]+add\b', text))
    configures = bool(re.search(r'\bsc(\.exe)?[\s"]+(\\\\[^\s"]+[\s"]+)?config\b', text))
    mini_nt = ("new-item" in text or adds) and "minint" in text
    cmdlets = ("stop-service", "set-service", "set-itemproperty", "new-itemproperty")
    service = adds or configures or _any(text, *cmdlets)
    policy = "auditpol" in text and bool(re.search("[-/](set|clear|remove)", text))
    log = "wevtutil" in text and _any(text, "sl", "set-log")
    return mini_nt or ("eventlog" in text and service) or policy or log


def _unlikely_place(p: Process) -> bool:
    folders = r"[a-z]:\\(recycler|\$recycle\.bin|system volume information)\\"
    return bool(re.match(rf"{folders}|([a-z]:\\windows|%windir%|%systemroot%)\\(tasks|debug)\\", p.image))


def _intercepted(p: Process) -> bool:
    unquoted = p.parent_exe == "services.exe" and not p.command.startswith('"') and " " in p.command
    return unquoted and " " not in p.image and p.exe not in p.command


def _uac_bypass(p: Process) -> bool:
    if p.integrity != "high":
        return False
    dism = re.match(rf'"?({re.escape(SYSTEM)}\\)?dism(\.exe)?[\s"].*\.xml', p.parent_command)
    dism_host = re.fullmatch(r"c:\\users\\.*\\appdata\\local\\temp\\.*\\dismhost\.exe", p.image)
    wusa = re.match(rf'"?({re.escape(SYSTEM)}\\)?wusa(\.exe)?[\s"].*[-/]quiet', p.command)
    at_home = p.folder == SYSTEM + "\\" and p.parent != r"c:\windows\explorer.exe" and p.user != "not_translated"
    return (
        p.parent in (rf"{SYSTEM}\fodhelper.exe", rf"{SYSTEM}\slui.exe")
        or bool(re.search(r'\.exe".*cleanmgr\.exe[\s"]+[-/]autoclean', p.command))
        or p.image == r"c:\program files\windows media player\osk.exe"
        or bool(dism and not dism_host)
        or bool(wusa and at_home)
        or bool(re.fullmatch(r"c:\\windows\\.*dccw\.exe", p.parent) and p.image != rf"{SYSTEM}\cttune.exe")
    )


OTHERS: dict[tuple[str, str], Callable[[Process], bool]] = {
    ("CAR-2013-05-002", "suspicious_locations"): _unlikely_place,
    ("CAR-2014-04-003", "powershell"): lambda p: p.exe == "powershell.exe" and p.parent_exe != "explorer.exe",
    ("CAR-2014-05-002", "cmd"): lambda p: p.exe == "cmd.exe" and p.parent_exe == "services.exe",
    ("CAR-2014-07-001", "intercepted_service"): _intercepted,
    ("CAR-2014-11-004", "wsmprovhost"): lambda p: p.exe == "wsmprovhost.exe" and p.parent_exe == "svchost.exe",
    ("CAR-2014-11-008", "winlogon_cmd"): lambda p: p.exe == "cmd.exe" and p.parent_exe == "winlogon.exe",
    ("CAR-2016-03-001", "info_command"): _discovers,
    ("CAR-2016-03-002", "wmic"): lambda p: (
        p.exe == "wmic.exe"
        and bool(re.search(r'[\s"]process[\s"]+call[\s"]+create[\s"]', p.command))
        and bool(re.search(r'[\s"][-/]node:', p.command))
    ),
    ("CAR-2016-04-002", "clearing_commands"): _clears_logs,
    ("CAR-2019-04-001", "possible_uac_bypass"): _uac_bypass,
    ("CAR-2019-04-002", "regsvr_processes"): _by_regsvr32,
    ("CAR-2019-04-002", "spawned_processes"): _by_windows_regsvr32,
    ("CAR-2019-04-003", "squiblydoo_processes"): lambda p: (
        p.image.endswith("regsvr32.exe") and bool(re.search(r'scrobj(\.dll)?[\s"]*$', p.command))
    ),
    ("CAR-2020-11-003", "mavinject_processes"): _mavinject,
    ("CAR-2020-11-004", "mismatch_processes"): lambda p: (
        p.exe in PARENTS and bool(p.parent_exe) and p.parent_exe not in PARENTS[p.exe]
    ),
    ("CAR-2020-11-006", "net_processes"): _groups,
    ("CAR-2020-11-007", "target_processes"): _shares_removed,
    ("CAR-2020-11-008", "target_processes"): _msbuild,
    ("CAR-2021-01-003", "wevtutil_clears"): _wevtutil_clears,
    ("CAR-2021-01-004", "unusual_children"): _odd_child_of_cmd,
    ("CAR-2021-01-006", "target_processes"): _by_office,
    ("CAR-2021-02-001", "suspicious_processes"): _by_web_server,
    ("CAR-2021-02-002", "meterpreter_cobalt_strike"): _meterpreter,
    ("CAR-2021-02-002", "empire_poshc2"): _empire,
    ("CAR-2021-12-001", "susp_tasks_processes"): _scheduled,
    ("CAR-2022-03-001", "susp_processes"): _logging_off,
}


def _starts(exe: str) -> Callable[[Process], bool]:
    return lambda p: p.exe == exe


def _starts_with_arguments(exe: str, arguments: str) -> Callable[[Process], bool]:
    return lambda p: bool(re.fullmatch(exe, p.exe) and re.search(arguments, p.command, re.DOTALL))


def _commands(text: str) -> Callable[[Process], bool]:
    return lambda p: bool(re.search(text, p.command, re.DOTALL))


PROCESSES: dict[tuple[str, str], Callable[[Process], bool]] = {
    **{hit: _starts(exe) for hit, exe in PROGRAMS.items()},
    **{hit: _starts_with_arguments(*both) for hit, both in ARGUMENTS.items()},
    **{hit: _commands(text) for hit, text in COMMANDS.items()},
    **OTHERS,
}
