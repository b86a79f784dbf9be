"""Which parts of texts are random, and which tell one from another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carlang.likeness import without_persons, without_random_parts

ENCODED = "aQBlAHgAIAAoAG4AZQB3AC0AbwBiAGoA"

RANDOM = [
    (r"C:\Users\bob\AppData\Local\Temp\n4vz2bqf.cmdline", r"C:\Users\bob\AppData\Local\Temp\*.cmdline"),
    ("conhost.exe 0xffffffff -ForceV1", "conhost.exe * -ForceV1"),
    ("taskkill /pid 4812 /f", "taskkill /pid * /f"),
    ("S-1-5-21-111-222-333-1001", "S-1-5-21-*"),
    ("S-1-5-21-111-222-333-500", "S-1-5-21-*-500"),
    ("/{6BF52A52-394A-11D3-B153-00C04F79FAA6}/", "/*/"),
    ("wusa KB5012170.msu", "wusa KB*.msu"),
    (r"C:\Windows\Temp\is-8K2QL.tmp\setup.exe", r"C:\Windows\Temp\*.tmp\setup.exe"),
    (r"C:\x\_MEI48213\python3.dll", r"C:\x\_MEI*\python3.dll"),
    (r"C:\x\7zS4F2A1B3C\setup.exe", r"C:\x\7zS*\setup.exe"),
    ("~DF3A1.txt", "~DF*.txt"),
    ("__PSScriptPolicyTest_abcdefgh.ijk.ps1", "__PSScriptPolicyTest_*.ps1"),
    ("deadbeefcafe1234", "*"),
    ("10.0.19041.1", "10.0.*.1"),
    ("backup-2026-11-26_10-30-11.log", "backup-*.log"),
]
TELLING = [
    r'"C:\Windows\System32\rundll32.exe" x86_64 T1053.005',
    "S-1-5-18",
    "ping 192.168.100.200 -n 1",
    "connect fe80::1234:5678:9abc:def0",
    "svchost.exe -k netsvcs -p -s Schedule",
    f"powershell -enc {ENCODED}",
    f"powershell -enc {ENCODED * 4}",
    "decode " + "4d5a9000" * 12,
    "procdump 0x1fffff 0x1410",
    r"HKCR\CLSID\{3E5FC7F9-9A51-4367-9063-A120244FBEC7}\InprocServer",
    "dllhost.exe /Processid:{3E5FC7F9-9A51-4367-9063-A120244FBEC7}",
    "rundll32.exe -sta {3E5FC7F9-9A51-4367-9063-A120244FBEC7}",
    "shell.dll,SHCreateLocalServer {9aa46009-3ce0-458a-a354-715610a075e6} -Embedding",
    "explorer.exe ::{20D04FE0-3AEA-1069-A2D8-08002B30309D}",
    "name.tmpl",
    "*",
    "",
]


@pytest.mark.parametrize(("text", "shown"), RANDOM)
def test_what_differs_each_time_is_a_star(text: str, shown: str) -> None:
    assert without_random_parts(text) == shown


@pytest.mark.parametrize("text", TELLING)
def test_what_tells_one_command_from_another_stays(text: str) -> None:
    assert without_random_parts(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"C:\Users\alice b\AppData\x.exe", r"C:\Users\*\AppData\x.exe"),
        (r"C:\Users\Public\x.exe", r"C:\Users\Public\x.exe"),
        ("/home/bob/.ssh/id_rsa", "/home/*/.ssh/id_rsa"),
        ("/Users/joe/Library/x", "/Users/*/Library/x"),
        (r"C:\Users", r"C:\Users"),
    ],
)
def test_a_path_is_that_of_anybody(text: str, shown: str) -> None:
    assert without_persons(text) == shown


@given(st.text() | st.from_regex(r"[0-9a-fx{}\\/.S~-]{0,80}"))
def test_twice_is_as_once(text: str) -> None:
    once = without_random_parts(text)
    assert without_random_parts(once) == once
