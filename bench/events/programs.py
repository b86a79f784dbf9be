"""The programs that run on the machines of the made-up fleet: where they lie, who starts them, how they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SYSTEM32 = "C:\\Windows\\System32\\"
WINDOWS = "C:\\Windows\\"
FILES = "C:\\Program Files\\"
FILES_X86 = "C:\\Program Files (x86)\\"
PROFILE = "C:\\Users\\{user}\\AppData\\Local\\"

MICROSOFT, GOOGLE, MOZILLA, ADOBE, OTHERS = (
    "Microsoft Corporation",
    "Google LLC",
    "Mozilla Corporation",
    "Adobe Inc.",
    "Example Software GmbH",
)


@dataclass(frozen=True, slots=True)
class Program:
    """A program: its folder, its maker, the image that starts it, whether it runs as the system, and its calls.

    What stands in angle brackets in a call is drawn when a template is made, what stands in braces for each event.
    """

    exe: str
    folder: str
    company: str
    parent: str
    is_system: bool
    calls: tuple[str, ...]


def _programs(
    folder: str, company: str, parent: str, calls: Mapping[str, str], *, system: bool = False
) -> list[Program]:
    """Return the programs of a folder that one parent starts; their calls are parted by a bar."""
    return [
        Program(exe, folder, company, parent, system, tuple(each.strip() for each in text.split("|")))
        for exe, text in calls.items()
    ]


_SERVICES = f"{SYSTEM32}services.exe"
_SVCHOST = f"{SYSTEM32}svchost.exe"
_EXPLORER = f"{WINDOWS}explorer.exe"
_CMD = f"{SYSTEM32}cmd.exe"

ORDINARY: tuple[Program, ...] = (
    *_programs(SYSTEM32, MICROSOFT, _SERVICES, {
        "svchost.exe": "-k <word> -p -s <word> | -k LocalServiceNetworkRestricted -p | -k netsvcs -p -s <word>",
        "SearchIndexer.exe": "/Embedding",
        "spoolsv.exe": "",
        "VSSVC.exe": "",
        "msiexec.exe": "/V",
        "WmiApSrv.exe": "",
        "dllhost.exe": "/Processid:{<guid>}",
    }, system=True),
    *_programs(SYSTEM32, MICROSOFT, _SVCHOST, {
        "backgroundTaskHost.exe": "-ServerName:App.App<hex>.mca | -ServerName:<word>.App<hex>.mca",
        "RuntimeBroker.exe": "-Embedding",
        "taskhostw.exe": "<word> | Install $(Arg0) | {<guid>} | KEYROAMING",
        "SearchProtocolHost.exe": 'Global\\UsGthrFltPipe<number>_ Global\\<word> 1 -2147483646 "Software\\<word>"',
        "SearchFilterHost.exe": "0 <number> <number> <number> 8192 <number> <number>",
        "wuauclt.exe": "/RunHandlerComServer | /UpdateDeploymentProvider <word>.dll /ClassId <guid>",
        "MoUsoCoreWorker.exe": "-Embedding",
        "smartscreen.exe": "-Embedding",
        "ApplicationFrameHost.exe": "-Embedding",
        "sppsvc.exe": "",
        "UsoClient.exe": "StartScan | RefreshSettings",
        "CompatTelRunner.exe": "-m:<word>.dll -f:<word> -cv:<word>.1",
        "DeviceCensus.exe": "UserCxt | SystemCxt",
        "consent.exe": "<number> <number> 0000<hex>",
        "dasHost.exe": "{<guid>}",
    }, system=True),
    *_programs(f"{SYSTEM32}wbem\\", MICROSOFT, _SVCHOST, {
        "WmiPrvSE.exe": "-Embedding | -secured -Embedding",
        "unsecapp.exe": "-Embedding",
    }, system=True),
    *_programs(SYSTEM32, MICROSOFT, _EXPLORER, {
        "notepad.exe": "<document> | C:\\Users\\{user}\\Desktop\\<word>.txt",
        "mspaint.exe": "<document>",
        "SnippingTool.exe": "",
        "Taskmgr.exe": "/4",
        "mmc.exe": '"C:\\Windows\\System32\\<word>.msc"',
        "calc.exe": "",
        "charmap.exe": "",
    }),
    *_programs(f"{FILES}Google\\Chrome\\Application\\", GOOGLE, f"{FILES}Google\\Chrome\\Application\\chrome.exe", {
        "chrome.exe": (
            "--type=renderer --display-capture-permissions-policy-allowed --lang=<lang> --device-scale-factor=1"
            " --num-raster-threads=4 --enable-main-frame-before-activation --renderer-client-id=<number>"
            " --launch-time-ticks=<number> --field-trial-handle=<number>,i,<number>,<number>,262144 /prefetch:1 |"
            "--type=utility --utility-sub-type=<word>.mojom.<word> --lang=<lang> --service-sandbox-type=none"
            " --field-trial-handle=<number>,i,<number>,<number>,262144 /prefetch:8 |"
            '--type=crashpad-handler "--user-data-dir=C:\\Users\\{user}\\AppData\\Local\\Google\\Chrome\\User Data"'
            " /prefetch:4 --monitor-self-annotation=ptype=<word> --annotation=ver=<version>"
        ),
    }),
    *_programs(f"{FILES_X86}Microsoft\\Edge\\Application\\", MICROSOFT,
               f"{FILES_X86}Microsoft\\Edge\\Application\\msedge.exe", {
        "msedge.exe": (
            "--type=renderer --lang=<lang> --js-flags=--ms-user-locale= --device-scale-factor=1 --num-raster-threads=2"
            " --renderer-client-id=<number> --field-trial-handle=<number>,i,<number>,<number>,262144 /prefetch:1 |"
            "--type=utility --utility-sub-type=<word>.mojom.<word> --lang=<lang> --service-sandbox-type=none |"
            "--no-startup-window --win-session-start /prefetch:5"
        ),
        "identity_helper.exe": "--type=utility --utility-sub-type=winrt_app_id.mojom.WinrtAppIdService --lang=<lang>",
    }),
    *_programs(f"{FILES}Mozilla Firefox\\", MOZILLA, f"{FILES}Mozilla Firefox\\firefox.exe", {
        "firefox.exe": (
            '-contentproc --channel="<number>.<number>.<hex>\\<number>" -childID <number> -isForBrowser'
            " -prefsHandle <number> -prefMapHandle <number> -jsInitHandle <number> -parentBuildID <number> tab |"
            '-osint -url "<url>"'
        ),
    }),
    *_programs(f"{FILES}Microsoft Office\\root\\Office16\\", MICROSOFT, _EXPLORER, {
        "WINWORD.EXE": '/n "<document>" /o "" | /n "C:\\Users\\{user}\\Documents\\<word>.docx" /o ""',
        "EXCEL.EXE": '"<document>" | "\\\\<word>\\<word>\\<word>.xlsx"',
        "OUTLOOK.EXE": "| /eml \"<document>\"",
        "POWERPNT.EXE": '"<document>" /ou ""',
        "MSACCESS.EXE": '/NOSTARTUP "<document>"',
    }),
    *_programs(f"{PROFILE}Microsoft\\Teams\\current\\", MICROSOFT, f"{PROFILE}Microsoft\\Teams\\current\\Teams.exe", {
        "Teams.exe": (
            "--type=renderer --enable-wer --ms-teams-less-cors=<number> --app-user-model-id=com.squirrel.Teams.Teams"
            ' --app-path="C:\\Users\\{user}\\AppData\\Local\\Microsoft\\Teams\\current\\resources\\app.asar"'
            " --renderer-client-id=<number> /prefetch:1 | --type=gpu-process --enable-wer --gpu-preferences=<hex> |"
            "--system-initiated"
        ),
    }),
    *_programs(f"{FILES}Microsoft OneDrive\\", MICROSOFT, _EXPLORER, {
        "OneDrive.exe": "/background | /update /reason:<word>",
        "FileCoAuth.exe": "-Embedding",
    }),
    *_programs(f"{FILES_X86}Adobe\\Acrobat Reader DC\\Reader\\", ADOBE, _EXPLORER, {
        "AcroRd32.exe": '"<document>" | --type=renderer "<document>"',
        "RdrCEF.exe": '--type=renderer --log-file="C:\\<word>.log" --lang=<lang> --service-request-token=<number>',
    }),
    *_programs("C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18\\", MICROSOFT, _SERVICES, {
        "MsMpEng.exe": "",
        "MpCmdRun.exe": "SpyNetService -RestrictPrivileges -AccessKey <guid> | GetDeviceTicket -AccessKey <guid>",
        "NisSrv.exe": "",
    }, system=True),
    *_programs(f"{FILES}Backup Agent\\", OTHERS, f"{FILES}Backup Agent\\agentd.exe", {
        "agentd.exe": "--config C:\\ProgramData\\Backup Agent\\<word>.toml",
        "snapshot.exe": "--volume C: --job <number> --into \\\\<word>\\backup$\\<word> --level <number>",
        "verify.exe": "--job <number> --chunk <hex> --of \\\\<word>\\backup$\\<word>",
    }, system=True),
    *_programs(f"{FILES}Inventory\\", OTHERS, f"{FILES}Inventory\\collector.exe", {
        "collector.exe": "/run:<word> /out:C:\\ProgramData\\Inventory\\<word>.xml /quiet",
        "probe.exe": "-t <number> -w <word> -o C:\\ProgramData\\Inventory\\<hex>.json",
    }, system=True),
    *_programs(f"{FILES}Büro\\", OTHERS, _EXPLORER, {
        "Zeiterfassung.exe": "/benutzer:{user} /mandant:<number>",
    }),
    *_programs(f"{FILES}Java\\jdk-17\\bin\\", OTHERS, f"{FILES}Build\\runner.exe", {
        "java.exe": (
            "-Xmx<number>m -Dfile.encoding=UTF-8 -cp C:\\build\\<word>\\<word>.jar;C:\\build\\<word>\\lib\\<word>.jar"
            " com.example.<word>.<word> --port <number> | -jar C:\\build\\<word>.jar --worker <number>"
        ),
        "javac.exe": "-d C:\\build\\<word>\\classes -cp C:\\build\\<word>\\lib\\<word>.jar <word>.java <word>.java",
    }),
    *_programs(f"{FILES}Git\\cmd\\", OTHERS, f"{FILES}Code\\Code.exe", {
        "git.exe": (
            "status -z -uall | rev-parse --show-toplevel | fetch origin <word> | log --format=%H -n <number> |"
            "show --textconv :<word>/<word>.py | -c diff.mnemonicprefix=false -c core.quotepath=false diff <hex>..<hex>"
        ),
    }),
    *_programs(f"{FILES}Code\\", MICROSOFT, f"{FILES}Code\\Code.exe", {
        "Code.exe": (
            "--type=utility --utility-sub-type=node.mojom.NodeService --lang=<lang> --service-sandbox-type=none"
            ' --user-data-dir="C:\\Users\\{user}\\AppData\\Roaming\\Code" --field-trial-handle=<number>,i,<number> |'
            '"C:\\src\\<word>\\<word>.py"'
        ),
    }),
)  # fmt: skip
"""What people and services start all day, and what no analytic asks about."""

CONSPICUOUS: tuple[Program, ...] = (
    *_programs(SYSTEM32, MICROSOFT, _CMD, {
        "reg.exe": 'query "HKLM\\SOFTWARE\\<word>" /v <word> | add HKCU\\Software\\<word> /v <word> /d <number> /f',
        "schtasks.exe": "/query /tn \\<word> | /run /tn <word>",
        "net.exe": "use N: \\\\<word>\\<word> | view \\\\<word> | user <word> /domain",
        "sc.exe": "query <word> | config <word> start= auto",
        "tasklist.exe": "/v | /fi \"imagename eq <word>.exe\"",
        "ipconfig.exe": "/all | /flushdns",
        "whoami.exe": "/all | /groups",
        "wmic.exe": "process where name='<word>.exe' get processid | os get version",
        "findstr.exe": "/i <word> <document>",
        "attrib.exe": "+h C:\\ProgramData\\<word>",
        "at.exe": "",
    }),
    *_programs(SYSTEM32, MICROSOFT, f"{FILES}Backup Agent\\agentd.exe", {
        "cmd.exe": "/c C:\\ProgramData\\<word>\\<word>.cmd | /d /s /c \"<word>.bat <number>\" | /c echo <word>",
        "rundll32.exe": "C:\\Windows\\System32\\<word>.dll,<word> | shell32.dll,Control_RunDLL <word>.cpl",
        "regsvr32.exe": "/s C:\\Program Files\\<word>\\<word>.dll",
        "vssadmin.exe": "list shadows",
    }),
    *_programs(f"{SYSTEM32}WindowsPowerShell\\v1.0\\", MICROSOFT, f"{FILES}Inventory\\collector.exe", {
        "powershell.exe": (
            "-NoProfile -ExecutionPolicy Bypass -File C:\\ProgramData\\<word>\\<word>.ps1 |"
            "-NonInteractive -Command Get-<word> -Name <word> | -EncodedCommand <hex><hex><hex><hex>"
        ),
    }),
)  # fmt: skip
"""What administrators and their scripts run, and what analytics ask about: most of it is benign."""
