"""A recording has the same events and the same findings whatever tool exported it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from carlang import ingest
from tests.exports.comparison import Rows, never_other, other_outputs, questions, rows
from tests.exports.lacking import aside
from tests.exports.parts import Part, cut, looks_at_single_events
from tests.exports.records import few, read, source
from tests.exports.shapes import SHAPES, write

EVTX = (
    "AutomatedTestingTools/PanacheSysmon_vs_AtomicRedTeam01.evtx",
    "AutomatedTestingTools/WinDefender_Events_1117_1116_AtomicRedTeam.evtx",
    "AutomatedTestingTools/Malware/DE_timestomp_and_dll_sideloading_and_RunPersist.evtx",
    "Command and Control/DE_sysmon-3-rdp-tun.evtx",
    "Credential Access/ACL_ForcePwd_SPNAdd_User_Computer_Accounts.evtx",
    "Credential Access/CA_4624_4625_LogonType2_LogonProc_chrome.evtx",
    "Credential Access/remote_sam_registry_access_via_backup_operator_priv.evtx",
    "Credential Access/tutto_malseclogon.evtx",
    "Defense Evasion/DE_WinEventLogSvc_Crash_System_7036.evtx",
    "Discovery/dicovery_4661_net_group_domain_admins_target.evtx",
    "Execution/windows_bits_4_59_60_lolbas desktopimgdownldr.evtx",
    "Lateral Movement/LM_ScheduledTask_ATSVC_target_host.evtx",
    "Lateral Movement/net_share_drive_5142.evtx",
    "Lateral Movement/smbmap_upload_exec_sysmon.evtx",
    "Persistence/persist_firefox_comhijack_sysmon_11_13_7_1.evtx",
    "Persistence/sysmon_20_21_1_CommandLineEventConsumer.evtx",
    "Privilege Escalation/EfsPotato_sysmon_17_18_privesc_seimpersonate_to_system.evtx",
    "Privilege Escalation/Runas_4624_4648_Webshell_CreateProcessAsUserA.evtx",
    "Privilege Escalation/privesc_rotten_potato_from_webshell_metasploit_sysmon_1_8_3.evtx",
    "Privilege Escalation/security_4624_4673_token_manip.evtx",
    "Privilege Escalation/sysmon_11_1_15_WScriptBypassUAC.evtx",
)
UNNAMED = ("Other/emotet/exec_emotet_ps_800_new-item.evtx",)
NXLOG = ("covenant_dcsync_dcerpc_drsuapi_DsGetNCChanges.zip",)

RECORDINGS = {
    "evtx": [f"evtx/{name}" for name in EVTX],
    "unnamed": [f"evtx/{name}" for name in UNNAMED],
    "nxlog": [f"otrf/{name}" for name in NXLOG],
}
OF_EACH = 2
"""How many records of each event id and log of a recording take part, the first ones."""
ALSO = frozenset([284995, 304303])
"""Numbers of records that take part because few are like them: digits above 9 in a mask, `%%` and `&amp;` in a text."""


def _original(kinds: tuple[str, ...]) -> str:
    return "-".join(kinds)


@pytest.fixture(scope="module")
def found(real_logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Rows]:
    """What is found in each export, and in the recordings themselves, by their kinds."""
    folder = tmp_path_factory.mktemp("exports")
    paths = {kind: [real_logs / name for name in names] for kind, names in RECORDINGS.items()}
    records = {path: few(read(path), OF_EACH, ALSO) for of_kind in paths.values() for path in of_kind}
    parts = []
    for shape, how in SHAPES.items():
        files = write(shape, [records[path] for kind in how.of for path in paths[kind]], folder / "written" / shape)
        parts.append(Part(shape, {str(file): None for file in files}))
    for kinds in sorted({how.of for how in SHAPES.values()}):
        numbers = {path: {str(r.record_id) for r in records[path]} for kind in kinds for path in paths[kind]}
        parts.append(Part(_original(kinds), {source(path): of_path for path, of_path in numbers.items()}))
    store = folder / "store"
    report = ingest([folder / "written", *records], store)
    assert report.rejected == 0
    return _rows(store, parts, folder / "parts")


def _rows(store: Path, parts: list[Part], folder: Path) -> Mapping[str, Rows]:
    asked = questions()
    single = [analytic for analytic in asked if looks_at_single_events(analytic)]
    others = [analytic for analytic in asked if analytic not in single]
    of_all, stores = rows(store, single), cut(store, parts, folder)
    return {
        part.name: {
            **{output: [row for row in each if part.holds(row)] for output, each in of_all.items()},
            **rows(stores[part.name], others),
        }
        for part in parts
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_an_export_has_the_rows_of_its_recordings(shape: str, found: Mapping[str, Rows]) -> None:
    here, there = found[shape], found[_original(SHAPES[shape].of)]
    assert sum(map(len, there.values())) > 0
    assert other_outputs(here, there, aside(shape)) == []
    assert never_other(here, there, aside(shape)) == []
