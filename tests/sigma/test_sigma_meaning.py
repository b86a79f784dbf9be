"""What rules mean: each modifier and form of a value, by hand, on events at its borders."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

import carlang
from carlang.analytic import CompiledAnalytic
from carlang.importers import Case as Carried
from carlang.importers import load_text
from carlang.model import builtin_model
from carlang.store import Store, open_store
from carlang.testing import run_tests
from tests.ingesting import sysmon_create, write_lines

# By number: the command lines of the starts that rules are asked of. A start that has none lacks the member.
COMMANDS = {
    1: "at 10:00 calc.exe",
    2: "AT.EXE /delete",
    3: "cat file",
    4: "at",
    5: "xat",
    6: "a*t",
    7: "a?t",
    8: "a\\*t",
    9: "abbt",
    10: "one\ntwo",
    11: "powershell -enc ZWNobyBoaQ==",
    12: "cmd /c x",
    13: "cmd -c x",
    14: "cmd \u2013c x",
    15: '"quoted"',
    16: "ends\\",
    17: "%temp%\\x.exe",
    18: "C:\\Users\\a\\AppData\\Local\\Temp\\x.exe",
    19: "user adam",
    20: "a{{pipe}}b",
    21: "100%",
    22: "x aQBlAHgA",
    23: None,
    24: "C:\\Windows\\System32\\cmd.exe",
}


MD5, SHA1, SHA256 = "BB" * 16, "5C" * 20, "7F" * 32
HASHES = {
    1: "MD5=0000000000000000000000000000BB22,IMPHASH=0000000000000000000000000000DD44",
    4: f"SHA1={SHA1},MD5={MD5},SHA256={SHA256},IMPHASH={MD5}",
    5: f"SHA1={SHA1}",
    6: f"MD5={MD5}",
}


@dataclass(frozen=True)
class Case:
    detection: str
    hits: set[int]
    condition: str = "selection"

    @property
    def rule(self) -> str:
        indented = "\n".join(f"    {line}" for line in self.detection.split("\n"))
        source = "logsource: {category: process_creation, product: windows}"
        return f"title: T\n{source}\ndetection:\n{indented}\n    condition: {self.condition}\n"


def one(item: str, *hits: int) -> Case:
    return Case(f"selection:\n    {item}", set(hits))


ALL = set(COMMANDS)
CASES = [
    # Equality is of the whole text, without case; stars and question marks are wildcards unless escaped.
    one("CommandLine: AT", 4),
    one("CommandLine: 'at*'", 1, 2, 4),
    one("CommandLine: '*at'", 4, 5),
    one("CommandLine: 'a*t'", 4, 6, 7, 8, 9),
    one("CommandLine: 'a?t'", 6, 7),
    one(r"CommandLine: 'a\*t'", 6),
    one(r"CommandLine: 'a\?t'", 7),
    one(r"CommandLine: 'a\\\*t'", 8),
    one(r"CommandLine: 'a\\*t'", 8),
    one("CommandLine: 'a??t'", 8, 9),
    one("CommandLine: 'one*two'", 10),
    one("CommandLine: 'one?two'", 10),
    one("CommandLine: '\"quoted\"'", 15),
    one(r"CommandLine: '*\'", 16),
    one('CommandLine: "one\\ntwo"', 10),
    one("CommandLine: 'a{{pipe}}b'", 20),
    one("CommandLine: '*'", *(ALL - {23})),
    one("CommandLine: ['at', 'xat']", 4, 5),
    one("CommandLine: ['xat', 'xat']", 5),
    # Tests of parts.
    one("CommandLine|contains: at", 1, 2, 3, 4, 5, 18),
    one("CommandLine|contains: 'a*l'", 1, 2, 3, 18, 22),
    one("CommandLine|startswith: at", 1, 2, 4),
    one("CommandLine|endswith: AT", 4, 5),
    one(r"CommandLine|endswith: '\'", 16),
    one("CommandLine|contains|all: [at, cal]", 1, 18),
    one("CommandLine|contains: '%'", 17, 21),
    one("CommandLine|startswith: '%temp%'", 17),
    one("CommandLine|contains: '100%'", 21),
    # Case.
    one("CommandLine|cased: AT", *()),
    one("CommandLine|cased: at", 4),
    one("CommandLine|startswith|cased: AT", 2),
    one("CommandLine|contains|cased: 'T.E'", 2),
    one("CommandLine|cased: 'A*e'", 2),
    # Regular expressions, with case unless they say otherwise; found anywhere.
    one(r"CommandLine|re: '^AT\.'", 2),
    one(r"CommandLine|re: '^at'", 1, 4),
    one(r"CommandLine|re|i: '^at'", 1, 2, 4),
    one(r"CommandLine|re: 'one.two'", *()),
    one(r"CommandLine|re|s: 'one.two'", 10),
    one(r"CommandLine|re|m: '^two$'", 10),
    one(r"CommandLine|re: '^two$'", *()),
    one(r"CommandLine|re: '\"quoted\"$'", 15),
    one(r"CommandLine|re: '^\d{3}%$'", 21),
    one(r"CommandLine|re: '^[!-_]+$'", 21),
    one(r"CommandLine|re: '^\101'", 2),
    one('CommandLine|re: "one\\nt"', 10),
    one('CommandLine|re: "one\\r?\\u2028?\\n"', 10),
    # Encoded texts.
    one("CommandLine|base64|contains: 'echo hi'", 11),
    one("CommandLine|base64offset|contains: 'cho h'", 11),
    one("CommandLine|wide|base64|contains: iex", 22),
    one("CommandLine|windash|contains: ' -c '", 12, 13, 14),
    # Missing values: nothing is equal to one, and not is the opposite.
    one("CommandLine: null", 23),
    one("CommandLine: ''", 23),
    one("CommandLine|cased: ''", 23),
    one("CommandLine|exists: true", *(ALL - {23})),
    one("CommandLine|exists: false", 23),
    Case(
        "selection:\n    Image|endswith: at.exe\nfilter:\n    CommandLine|contains: a",
        {10, 12, 13, 14, 15, 16, 17, 21, 23, 24},
        "selection and not filter",
    ),
    one("CommandLine|contains|neq: a", 10, 12, 13, 14, 15, 16, 17, 21, 23, 24),
    # Numbers.
    one("ProcessId: 4", 4),
    one("ProcessId: '4'", 4),
    one("ProcessId|gte: 23", 23, 24),
    one("ProcessId|gt: 23", 24),
    one("ProcessId: [4, 4]", 4),
    one("ProcessId: ['4', '04']", 4),
    one("ProcessId|gt: -1", *ALL),
    one("ProcessId: -1", *()),
    one("ProcessId|lt: 2", 1),
    one("ProcessId|lte: 2", 1, 2),
    one("ProcessId|startswith: '2'", 2, 20, 21, 22, 23, 24),
    one("CommandLine|fieldref: ParentCommandLine", 4),
    one("Image|fieldref|endswith: OriginalFileName", 3),
    # Fields that are kept in another way.
    one("Hashes|contains: 'IMPHASH=0000000000000000000000000000DD44'", 1),
    one("Hashes|contains: '0000BB22'", 1),
    one("Hashes|contains: 'bb'", 1, 4, 6),
    one("Hashes|contains: 'MD5='", 1, 4, 6),
    one("Hashes|contains: 'SHA1='", 4, 5),
    one("Hashes|contains: 'MD5=00'", 1),
    one("Hashes|startswith: 'MD5='", 1, 6),
    one("Hashes|startswith: 'SHA1=5'", 4, 5),
    one(f"Hashes|endswith: 'MD5={MD5}'", 6),
    one(f"Hashes|contains: 'SHA1={SHA1},MD5='", 4),
    one(f"Hashes: 'SHA1={SHA1}'", 5),
    one(f"Hashes: 'MD5={MD5}'", 6),
    one(f"Hashes: 'SHA1={SHA1},MD5={MD5},SHA256={SHA256},IMPHASH={MD5}'", 4),
    one(f"Hashes: 'SHA1={SHA1},MD5={MD5}'", *()),
    one("Hashes: '*'", 1, 4, 5, 6),
    one("Hashes: null", *(ALL - {1, 4, 5, 6})),
    # Parts of times, in UTC.
    one("UtcTime|year: 2020", *(ALL - {7})),
    one("UtcTime|month: 12", 7),
    one("UtcTime|day: 31", 7),
    one("UtcTime|hour: 3", *(ALL - {7})),
    one("UtcTime|minute: 59", 7),
    one("UtcTime|hour|gte: 23", 7),
    one("UtcTime|day|lt: 3", *(ALL - {7})),
    one("IntegrityLevel: [System, S-1-16-16384]", 2, 3),
    one("IntegrityLevel|contains: igh", *(ALL - {2, 3})),
    # Keywords, and conditions.
    Case("selection:\n    - 'at.exe /del'\n    - adam", ALL),
    Case("selection:\n    - '/DELETE'\n    - 'two'", {2, 10}),
    Case("selection:\n    '|all': ['/DELETE', 'AT.EXE']", {2}),
    Case(
        "sel_a:\n    CommandLine: at\nsel_b:\n    CommandLine: xat\nother:\n    CommandLine: cat*", {4, 5}, "1 of sel_*"
    ),
    Case("sel_a:\n    CommandLine: at*\nsel_b:\n    CommandLine: '*exe'", {1}, "all of sel_*"),
    Case("a:\n    CommandLine: at\nb:\n    CommandLine: xat", {4, 5}, "1 of them"),
    Case("a:\n    - CommandLine: at\n    - CommandLine: xat\n      ProcessId: 9", {4}, "a"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Starts of processes, a number and a command line each."""
    folder = tmp_path_factory.mktemp("rules")
    records = [sysmon_create(number, **_members(number, command)) for number, command in COMMANDS.items()]
    for record in records:
        data = record["Event"]["EventData"]
        for member in [name for name, value in data.items() if value is None]:
            del data[member]
    carlang.ingest([write_lines(folder / "starts.ndjson", records)], folder / "store")
    return open_store(folder / "store")


def _members(number: int, command: str | None) -> dict[str, object]:
    members: dict[str, object] = {"ProcessId": number, "CommandLine": command, "ParentCommandLine": "AT"}
    members["Hashes"] = HASHES.get(number)
    if number == 7:
        members["UtcTime"] = "2019-12-31 23:59:05.678"
    if number in (2, 3):
        members["IntegrityLevel"] = "System" if number == 2 else "S-1-16-16384"
    if number == 3:
        members["OriginalFileName"] = "AT.exe"
    return members


@pytest.fixture(scope="module")
def found(store: Store) -> dict[str, set[int]]:
    """Of each case the numbers of the starts that its rule finds."""
    analytics = [carlang.load_text(case.rule, f"rule{number}.yml") for number, case in enumerate(CASES)]
    report = carlang.run_all(analytics, store)
    assert [[fault.message for fault in each.diagnostics] for each in report.failed] == []
    return {each.analytic: {int(row["pid"]) for row in each.output.rows()} for each in report.results}


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.detection.replace("\n", " ") for case in CASES])
def test_a_rule_finds_what_sigma_says(found: dict[str, set[int]], number: int) -> None:
    assert found[f"rule{number}"] == CASES[number].hits, CASES[number].rule


BLOCKS = [
    ("10.0.0.0/8", {"10.0.0.1", "::ffff:10.0.0.1"}),
    ("::/0", {"10.0.0.1", "::ffff:10.0.0.1", "192.168.0.1", "fe80::1"}),
    ("::ffff:0:0/96", {"10.0.0.1", "::ffff:10.0.0.1", "192.168.0.1"}),
    ("0.0.0.0/0", {"10.0.0.1", "::ffff:10.0.0.1", "192.168.0.1"}),
    ("fe80::/10", {"fe80::1"}),
]


@pytest.mark.parametrize(("block", "inside"), BLOCKS)
def test_an_ipv4_address_lies_in_blocks_of_ipv6_as_its_mapped_one(block: str, inside: set[str]) -> None:
    rule = "title: T\nlogsource: {category: network_connection, product: windows}\ndetection:\n"
    analytic = load_text(f"{rule}    s: {{DestinationIp|cidr: '{block}'}}\n    condition: s\n", "rule.yml")
    addresses = ("10.0.0.1", "::ffff:10.0.0.1", "192.168.0.1", "fe80::1", "-")
    events = tuple({"object": "flow", "action": "start", "dest_ip": each} for each in addresses)
    expected = tuple({"dest_ip": each} for each in sorted(inside))
    carried = replace(analytic, tests=(Carried("inside", events, expect={"hits": expected}),))
    (result,) = run_tests(CompiledAnalytic(carried, builtin_model())).cases
    assert result.passed, result
