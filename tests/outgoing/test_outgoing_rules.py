"""What programs are as Sigma rules: their detections, log sources and metadata, and what is refused and where."""

from __future__ import annotations

import random
import sys
from typing import Any

import pytest
import yaml
from sigma.types import SigmaString, SpecialChars

import carlang
from carlang import sigma
from carlang.mapping import builtin_sensors
from carlang.model import builtin_model
from carlang.outgoing import ExportError, OutgoingRule
from carlang.outgoing.fields import rule_fields
from carlang.outgoing.texts import text_value
from carlang.resolve.bound import Wildcard
from carlang.sigma import log_sources
from carlang.source import Source, Span
from tests.seeds import run_seed

CREATE = "events = search Process:Create\nhits = filter events where ({})\noutput hits\n"


def rules(program: str, **options: Any) -> list[Any]:
    exported = carlang.load_text(program, "a.car").export(**options)
    assert [fault.message for fault in exported.diagnostics] == []
    return [yaml.safe_load(piece.text) for piece in exported.pieces]


def selection(condition: str, events: str = "Process:Create") -> Any:
    """Return the only part of the rule of a condition over events, such as starts of processes."""
    (rule,) = rules(CREATE.replace("Process:Create", events).format(condition))
    (part,) = (value for key, value in rule["detection"].items() if key != "condition")
    return part


DETECTIONS: list[tuple[str, dict[str, Any]]] = [
    ('command_line == "at"', {"CommandLine": "at"}),
    ('command_line == "a*b"', {"CommandLine": "a*b"}),
    ('command_line == "a\\*"', {"CommandLine|startswith": "a\\"}),
    ('command_line match "^a[*]$"', {"CommandLine|re|i": "^a[*]$"}),
    ('command_line contains "?"', {"CommandLine|contains": r"\?"}),
    ('command_line contains ["a", "b"]', {"CommandLine|contains": ["a", "b"]}),
    ('command_line contains "a" and command_line contains "b"', {"CommandLine|contains|all": ["a", "b"]}),
    (r'command_line contains "\\\\server\share"', {"CommandLine|contains": r"\\\server\share"}),
    ('command_line match "(?-i)A"', {"CommandLine|re": "A"}),
    ('command_line match "(?s)a.b"', {"CommandLine|re|i|s": "a.b"}),
    (r'command_line match "[\x{2013}\x{9}]"', {"CommandLine|re|i": r"[–\x09]"}),
    ("pid == 4", {"ProcessId": 4}),
    ("pid > 4", {"ProcessId|gt": 4}),
    ("hour(time) < 6", {"UtcTime|hour|lt": 6}),
    ("to_int(substring(to_string(time), 5, 2)) == 12", {"UtcTime|month": 12}),
    ("4 >= pid", {"ProcessId|lte": 4}),
    ('exe == "at.exe"', {"Image": ["at.exe", "*\\at.exe", "*/at.exe"]}),
    ('exe endswith "t.exe"', {"Image|endswith": "t.exe"}),
    ('exe == "tomcat*.exe"', {"Image|re|i": r"(^|[\\/])tomcat[^\\/]*\.exe$"}),
    ('basename(parent_image_path) == "at.exe"', {"ParentImage": ["at.exe", "*\\at.exe", "*/at.exe"]}),
    ('integrity_level == "High"', {"IntegrityLevel": ["High", "S-1-16-12288"]}),
    (f'md5_hash == "{"0b" * 16}"', {"Hashes|contains": f"MD5={'0b' * 16}"}),
    ('md5_hash startswith "0b"', {"Hashes|contains": "MD5=0b"}),
    ("md5_hash exists", {"Hashes|contains": "MD5="}),
    ('process.parent.parent_image_path endswith "x"', {"GrandParentImage|endswith": "x"}),
    ("user == null", {"User": [None, "", "-"]}),
]


@pytest.mark.parametrize(("condition", "part"), DETECTIONS, ids=[condition for condition, _ in DETECTIONS])
def test_a_condition_is_one_part_of_a_rule(condition: str, part: dict[str, Any]) -> None:
    assert selection(condition) == part


def test_an_address_that_is_kept_as_a_text_goes_out_as_a_block() -> None:
    # The address 0:0:0:0:0:0:0:1 is in the block, and the text is no other than itself.
    text = 'e = search Event:Log where (log_name == "Security")\nh = filter e where ({})\noutput h\n'
    (block,) = rules(text.format('cidr_match(event_data.IpAddress, "::1/128", "10.0.0.1")'))
    assert block["detection"]["selection"] == {"IpAddress|cidr": ["::1/128", "10.0.0.1/32"]}
    assert selection("dest_ip == ::1", "Flow:Start") == {"DestinationIp": "::1"}


CONDITIONS: list[tuple[str, str]] = [
    ('user == "a" and not pid == 4', "selection and not filter"),
    ('user == "a" or pid == 4', "selection"),
    ('not (user == "a" or pid == 4)', "not filter"),
    ('not (user == "a" and not pid == 4)', "not (filter and not filter_2)"),
    ('user == "a" and (pid == 4 or not user == "b")', "selection and (selection_2 or (not filter))"),
    ('any contains "x" and pid == 4', "selection and selection_2"),
    ('user contains ["a", "b"] and user contains ["c", "d"]', "selection and selection_2"),
]


@pytest.mark.parametrize(("condition", "written"), CONDITIONS, ids=[condition for condition, _ in CONDITIONS])
def test_parts_are_put_together_as_the_program_says(condition: str, written: str) -> None:
    (rule,) = rules(CREATE.format(condition))
    assert rule["detection"]["condition"] == written


SOURCES: list[tuple[str, list[dict[str, str]]]] = [
    ('search Registry where (key contains "x")', [{"product": "windows", "category": "registry_event"}]),
    (
        'search Registry:Add,Value_Edit where (key contains "x")',
        [{"product": "windows", "category": "registry_add"}, {"product": "windows", "category": "registry_set"}],
    ),
    (
        'search Event:Log where (log_name == "Security" and event_code == 4624)',
        [{"product": "windows", "service": "security"}],
    ),
    (
        (
            'search File:Create where (file_name contains ":" and file_path not startswith "/" and (imphash exists'
            ' or md5_hash exists or sha1_hash exists or sha256_hash exists) and content contains "x")'
        ),
        [{"product": "windows", "category": "create_stream_hash"}],
    ),
    ('search Event:Log where (log_name == "Our/Log")', [{"product": "windows"}]),
    ('search HTTP where (url_domain == "a.b")', [{"category": "webserver"}, {"category": "proxy"}]),
]


@pytest.mark.parametrize(("searched", "expected"), SOURCES, ids=[searched for searched, _ in SOURCES])
def test_events_are_those_of_log_sources(searched: str, expected: list[dict[str, str]]) -> None:
    assert [rule["logsource"] for rule in rules(f"hits = {searched}\noutput hits\n")] == expected


IMAGES = [
    ("Process:Create", "Image"),
    ("Process:Access", "SourceImage"),
    ("Process:Tamper", "Image"),
    ("Process:Terminate", "Image"),
    ("Module:Load", "Image"),
    ("File:Delete", "Image"),
    ("Registry:Value_Edit", "Image"),
    ("Flow:Start", "Image"),
]


@pytest.mark.parametrize(("searched", "member"), IMAGES, ids=[searched for searched, _ in IMAGES])
def test_a_field_goes_out_by_the_name_that_records_of_the_log_source_have(searched: str, member: str) -> None:
    (rule,) = rules(f'hits = search {searched} where (image_path endswith "/a" and image_path exists)\noutput hits\n')
    named = {name.split("|")[0] for part in rule["detection"].values() if isinstance(part, dict) for name in part}
    assert named == {member}


def test_columns_and_unions_go_out_as_what_they_are_made_of() -> None:
    program = """starts = search Process:Create
starts.line = lower(command_line)
first = filter starts where (line == "a")
second = filter starts where (user == "b")
both = first + second
output both
"""
    (rule,) = rules(program)
    assert rule["detection"] == {"selection": [{"CommandLine": "a"}, {"User": "b"}], "condition": "selection"}


def test_an_input_goes_out_as_its_value() -> None:
    program = 'input who = "adam"\n' + CREATE.format("user == who")
    assert rules(program)[0]["detection"]["selection"] == {"User": "adam"}
    assert rules(program, params={"who": "eve"})[0]["detection"]["selection"] == {"User": "eve"}


REFUSED: list[tuple[str, str, tuple[int, int]]] = [
    (CREATE.format("time > now - 1 day"), "arithmetic has no form", (2, 36)),
    (CREATE.format('fqdn == "a"'), "no field of rules for `process_creation` is `fqdn`", (2, 29)),
    (CREATE.format("length(command_line) > 4"), "`length` has no form in a Sigma rule", (2, 29)),
    (CREATE.format('exe contains "\\a"'), "it is the last part of `Image`", (2, 28)),
    (CREATE.format("exe == parent_exe"), "`exe` is a part of `Image`", (2, 29)),
    (CREATE.format('command_line match "[[:alpha:]]"'), "`[:alpha:]` means something else", (2, 28)),
    (CREATE.format('command_line match "\\pN"'), "only RE2 takes", (2, 28)),
    (CREATE.format('md5_hash == "*0b*"'), "a rule finds a whole hash", (2, 29)),
    ("input who: string\n" + CREATE.format("user == who"), "the input `who` has no value", (3, 37)),
    ("events = search Process:Create\noutput events\n", "the rows are all events of a class", (2, 8)),
    ('hits = search Service:Create where (name == "a")\noutput hits\n', "service/create", (1, 8)),
    ("e = search Process:Create\ng = group e by exe\noutput g\n", "a group has no form", (2, 5)),
    ('e = search Process:Create\ng = e | filter exe == "a" | sort by pid\noutput g\n', "an order of rows", (2, 29)),
]


@pytest.mark.parametrize(("program", "message", "place"), REFUSED, ids=[message for _, message, _ in REFUSED])
def test_what_no_rule_can_say_is_refused_at_its_place(program: str, message: str, place: tuple[int, int]) -> None:
    exported = carlang.load_text(program, "a.car").export()
    (fault,) = exported.diagnostics
    assert exported.pieces == ()
    assert message in fault.message
    assert (fault.code.name, (fault.location.line, fault.location.column)) == ("CL605", place)


def test_other_outputs_go_out_beside_one_that_is_refused() -> None:
    program = 'e = search Process:Create\na = filter e where (exe == "a")\nb = group a by user\noutput a, b\n'
    exported = carlang.load_text(program, "a.car").export()
    assert [piece.rule.output for piece in exported.pieces] == ["a"]
    assert [fault.label for fault in exported.diagnostics] == ["of output `b`"]


def test_what_is_known_of_an_analytic_is_known_of_its_rule() -> None:
    head = """---
id: OUR-1
title: Ours
description: About it.
submission_date: 2024-03-05
update_date: 2024-04-06
platforms: [Linux]
level: high
author: A. Author
license: DRL 1.1
references: [https://example.com/at]
coverage: [{technique: T1053, subtechniques: [T1053.002], tactics: [TA0005]}]
false_positives: [Backups]
---
"""
    (rule,) = rules(head + CREATE.format('user == "a"'))
    assert {key: value for key, value in rule.items() if key not in ("id", "detection")} == {
        "title": "Ours",
        "status": "experimental",
        "description": "About it.",
        "references": ["https://example.com/at"],
        "author": "A. Author",
        "date": "2024-03-05",
        "modified": "2024-04-06",
        "license": "DRL 1.1",
        "tags": ["attack.defense-evasion", "attack.t1053.002"],
        "logsource": {"product": "linux", "category": "process_creation"},
        "falsepositives": ["Backups"],
        "level": "high",
    }
    assert rules(head + CREATE.format('user == "b"'))[0]["id"] == rule["id"]
    assert rules(head.replace("OUR-1", "OUR-2") + CREATE.format('user == "a"'))[0]["id"] != rule["id"]
    uuid = "0f9d1f6c-5c7b-4c43-9d7e-3f2a1c5b7e01"
    assert rules(head.replace("OUR-1", uuid) + CREATE.format('user == "a"'))[0]["id"] == uuid


def test_parts_of_members_are_what_mappings_make_of_them() -> None:
    """The table says of `exe` that it is the base name of `Image`, which is what Sysmon's mapping has it made of."""
    functions = {"base_name": "base_name(", "extension": "extension_of(", "number": "registry_number("}
    sysmon = [mapping for mapping in builtin_sensors(builtin_model()).mappings if mapping.sensor == "sysmon"]
    checked = 0
    for source in log_sources():
        of_source = [m for m in sysmon if m.object == source.object and m.action in source.actions]
        for column, part in source.entry.parts.items():
            for mapping in of_source:
                made = mapping.fields[column][0].bind("{{{}}}".format)
                assert functions[part.kind] in made, (source.entry.category, column, made)
                assert f"{{{part.member}}}" in made, (source.entry.category, column, made)
                checked += 1
    assert checked > len(log_sources()) / 2


def test_every_name_of_a_field_is_read_as_the_field_that_it_is_written_for() -> None:
    for source in log_sources():
        for name in rule_fields(source).held.values():
            assert source.field(name) is not None


def test_patterns_are_read_as_what_they_were_written_of() -> None:
    draw = random.Random(run_seed())  # noqa: S311  # cases, not secrets
    for _ in range(3000):
        pattern: list[str | Wildcard] = []
        for number in range(draw.randrange(1, 5)):
            is_text = number % 2 == draw.randrange(2)
            if is_text and not (pattern and isinstance(pattern[-1], str)):
                pattern.append("".join(draw.choice("\\\\\\*?a") for _ in range(draw.randrange(1, 5))))
            else:
                pattern.append(draw.choice(list(Wildcard)))
        value = text_value(pattern)
        read = SigmaString(value).s
        assert [_WILDCARDS[part] if isinstance(part, SpecialChars) else part for part in read] == pattern


_WILDCARDS = {SpecialChars.WILDCARD_MULTI: Wildcard.RUN, SpecialChars.WILDCARD_SINGLE: Wildcard.ONE}


TEXTS = [
    "\x85",
    "\u2028",
    "a\nb\n",
    "\n a",
    " a ",
    "- a",
    "a: b",
    "#",
    "yes",
    "0x10",
    "~",
    "'",
    "a\tb",
    "\x1b",
    "2020-01-01",
]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_written_so_that_yaml_reads_it(text: str) -> None:
    rule = OutgoingRule("A", "a", "a", {"title": text, "list": [text]}, Source.whole("a", ""), Span(0, 0))
    assert yaml.safe_load(rule.text) == {"title": text, "list": [text]}


def test_without_pysigma_rules_are_written_and_queries_say_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("sigma.", "carlang.sigma.backends"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sigma", None)
    monkeypatch.delitem(vars(sigma), "Dialect", raising=False)
    analytic = carlang.load_text(CREATE.format('user == "a"'), "a.car")
    assert len(analytic.export().pieces) == 1
    with pytest.raises(ExportError, match=r"carlang\[sigma\]"):
        analytic.export("sqlite")
