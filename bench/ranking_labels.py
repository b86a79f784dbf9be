# ruff: noqa: INP001  # a folder of commands, not a package
"""What recordings of attacks show, by the names of their files alone: written without a look at what is found in them.

Source: https://github.com/sbousseaden/EVTX-ATTACK-SAMPLES, whose files are named after the attack. A file is of the
techniques of the first part of a name that it has; techniques stand for their sub-techniques.
"""

from __future__ import annotations

LABELS: tuple[tuple[str, str], ...] = (
    # Defense Evasion
    ("Doppelganging", "T1055"),
    ("hiding_files_via_attrib", "T1564 T1222"),
    ("Herpaderping", "T1055"),
    ("codeinj_odzhan", "T1055"),
    ("faxhell", "T1574"),
    ("WinEventLogSvc_Crash", "T1562 T1070"),
    ("PsScriptBlockLogging_disabled", "T1562 T1112"),
    ("Fake_ComputerAccount", "T1136 T1036"),
    ("apt10_jjs_sideloading", "T1574 T1055 T1543"),
    ("rdp_settings_tampering", "T1112 T1021 T1562"),
    ("execpolicy_changed", "T1112 T1059 T1562"),
    ("KernelDebug_and_TestSigning", "T1553 T1562"),
    ("EventLog_Service_Crashed", "T1562 T1070"),
    ("portforward_netsh", "T1090 T1572 T1562"),
    ("process_suspend", "T1562 T1055"),
    ("Update Session Orchestrator", "T1574"),
    ("ppid_spoofing", "T1134"),
    # Execution
    ("exec_from_vss", "T1003 T1564 T1059"),
    ("ReflectivePEInjection", "T1055 T1620"),
    ("rundll32_cpl_ostap", "T1218"),
    ("lobin_regsvr32_sct", "T1218"),
    ("Exec_CompiledHTML", "T1218"),
    ("mshta_sharpshooter", "T1218"),
    ("rogue_msi_url", "T1218"),
    ("visual_studio_prebuild", "T1127"),
    ("renamed_regsvr32", "T1218 T1036"),
    ("desktopimgdownldr", "T1197 T1105"),
    ("rundll32_shdocvw", "T1218"),
    ("temp_scheduled_task", "T1053"),
    ("wmic_xsl", "T1220 T1047 T1218"),
    ("exec_sysmon_1_ftp", "T1202 T1059 T1218"),
    ("rundll32_zipfldr", "T1218"),
    ("lolbin_pcalua", "T1202 T1218"),
    # Command and Control
    ("RDP_Tunneling", "T1572 T1021"),
    ("tunna_iis_rdp", "T1572 T1021 T1505"),
    ("sysmon-3-rdp-tun", "T1572 T1021"),
    # Lateral Movement
    ("sekurlsa_pth", "T1550 T1003 T1021"),
    ("spoolsample", "T1187 T1021"),
    ("namedpipe_tp_nullsession", "T1112 T1021 T1562"),
    ("remote task update", "T1053 T1021"),
    ("xp_cmdshell", "T1505 T1059"),
    ("wmi_remote_registry", "T1047 T1112"),
    ("SharpRDP", "T1021"),
    ("Remote_Service01", "T1021 T1569 T1543"),
    ("net_share_drive", "T1021 T1135"),
    ("tsclient_startup", "T1021 T1547"),
    ("smbmap_upload_exec", "T1021 T1569 T1570"),
    ("DCOM_ShellBrowserWindow", "T1021"),
    ("lateral_movement_startup", "T1547 T1021"),
    ("RDP_Client_TimeZone", "T1021"),
    ("remote_task_src_powershell", "T1053 T1059"),
    ("winrm_target_wrmlogs", "T1021"),
    ("ScheduledTask_ATSVC", "T1053 T1021"),
    ("PoisonHandler", "T1047 T1112"),
    ("winrm_exec", "T1021"),
    ("DirectoryServiceExtPt", "T1547 T1003"),
    ("docmexec_mmc", "T1021"),
    # Testing tools and malware
    ("WinDefender_Events", "T1003 T1059"),
    ("sideloading_injection_persistence", "T1574 T1055 T1547 T1112"),
    ("sideloading_uacbypass", "T1574 T1548 T1218 T1055"),
    ("rundll32_hollowing", "T1055 T1218 T1036"),
    ("timestomp_and_dll_sideloading", "T1070 T1574 T1547"),
    # A tour through ATT&CK, of which any technique of Atomic Red Team's is right; its last steps take recovery away.
    ("PanacheSysmon_vs_AtomicRedTeam", "T1003 T1490 T1053 T1218 T1547 T1546 T1070"),
    # Privilege Escalation
    ("seimpersonate", "T1134 T1068"),
    ("exec_as_system_via_schedtask", "T1053"),
    ("rotten_potato_from_webshell", "T1134 T1505"),
    ("sidhistory", "T1134"),
    ("getsystem_NamedPipe", "T1134 T1548"),
    ("RogueWinRM", "T1134 T1021"),
    ("eop_appcontainer", "T1068 T1574"),
    ("JuicyPotato", "T1134"),
    ("UACME", "T1548"),
    ("Runas_4624_4648_Webshell", "T1134 T1505"),
    ("handle_inheritance", "T1134 T1548"),
    ("spoolfool", "T1068 T1574 T1547"),
    ("NetSvc_SessionToken", "T1134 T1021"),
    ("uacbypass", "T1548"),
    ("BypassUAC", "T1548"),
    ("security_4624_4673_token", "T1134"),
    ("migwiz", "T1548 T1574"),
    ("SMBV3Ghost", "T1068 T1055"),
    ("spoolsv_spl_file_write", "T1068 T1547"),
    ("psexec_dwell", "T1569 T1021 T1570 T1543"),
    # Discovery
    ("UEFI_Settings", "T1082 T1068 T1014"),
    ("Remote_System_NamedPipes", "T1018 T1049"),
    ("bloodhound", "T1087 T1069 T1482"),
    ("net_group_domain_admins", "T1069 T1087"),
    ("enum_shares", "T1135"),
    # Persistence
    ("local_account_creation", "T1136 T1098"),
    ("UserShellStartup_Folder", "T1547 T1112"),
    ("wmighost", "T1546 T1047"),
    ("outlook_backdoor_comhijack", "T1546"),
    ("dcshadow", "T1207 T1098"),
    ("CommandLineEventConsumer", "T1546"),
    ("hidden_run_keyvalue", "T1547 T1112"),
    ("Winsock_Catalog", "T1546 T1112"),
    ("hidden_local_account", "T1136 T1112"),
    ("accessibility_features", "T1546"),
    ("winlogon_shell", "T1547"),
    ("firefox_comhijack", "T1546"),
    # Credential Access
    ("LogonProc_chrome", "T1110 T1078"),
    ("rdrleakdiag_lsass", "T1003"),
    ("Local_Admin_Password_Changed", "T1098 T1112"),
    ("appcmd", "T1552 T1003"),
    ("lsass_memdump", "T1003"),
    ("protectedstorage", "T1555 T1003"),
    ("remote_sam_registry", "T1003"),
    ("Invoke-Mimikatz", "T1003 T1059"),
    ("LsassSilentProcessExit", "T1003"),
    ("lsass_with_different_pid", "T1003"),
    ("andrewspecial_memdump", "T1003"),
    ("Mimikatz_Memssp", "T1003 T1547"),
    ("KeeThief", "T1555"),
    ("Zerologon", "T1068 T1210"),
    ("ForcePwd_SPNAdd", "T1098 T1558"),
    ("MachineAccount_Password", "T1003 T1098 T1112"),
    ("lsass_mimikatz", "T1003"),
    ("tutto_malseclogon", "T1003 T1134"),
    # Other
    ("emotet", "T1059 T1566 T1047"),
    ("bluekeep", "T1210 T1021"),
)


def expected(name: str) -> frozenset[str]:
    """Return the techniques that a recording shows by its name; none where the name says nothing."""
    named = name.casefold()
    label = next((techniques for part, techniques in LABELS if part.casefold() in named), "")
    return frozenset(label.split())
