"""Files of rules: what is known of them, what is refused and where, and how commands take them."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from textwrap import indent
from types import ModuleType

import pytest
import yaml

import carlang
from carlang.cli import main
from carlang.diagnostics import Severity
from carlang.importers import Form, Related, car_text, facts, load_text, sigma_problem
from carlang.levels import Level
from carlang.project import Catalogue, analytic_files
from carlang.results import reason_json
from tests.cli.commands import carlang as carlang_command
from tests.ingesting import sysmon_create, write_lines

RULE = """\
title: Execution with AT
id: 0f9d1f6c-5c7b-4c43-9d7e-3f2a1c5b7e01
status: test
description: Runs of at.exe.
license: DRL 1.1
author: A. Author, B. Author
related: [{id: fe63010f-8823-4864-a96b-a7b4a0f7b929, type: derived}]
references: [https://example.com/at]
date: 2024-03-05
modified: 2024/04/06
tags: [attack.execution, attack.t1053.002, attack.stealth, cve.2024-1]
logsource: {category: process_creation, product: windows}
detection:
    selection:
        Image|endswith: '\\at.exe'
    condition: selection
falsepositives: [Unknown, Backups]
level: high
"""
HEAD = "title: T\nlogsource: {category: process_creation, product: windows}\ndetection:\n"


def test_all_that_is_known_of_a_rule_is_kept() -> None:
    file = load_text(RULE, "rule.yml")
    assert (file.form, file.id, file.title) == (Form.SIGMA, "0f9d1f6c-5c7b-4c43-9d7e-3f2a1c5b7e01", "Execution with AT")
    assert (file.status, file.license, file.author) == ("test", "DRL 1.1", "A. Author, B. Author")
    assert (file.level, str(file.submission_date), str(file.update_date)) == (Level.HIGH, "2024-03-05", "2024-04-06")
    assert (file.techniques, file.tactics, file.platforms) == (("T1053.002",), ("TA0002",), ("Windows",))
    assert file.tags == ("attack.execution", "attack.t1053.002", "attack.stealth", "cve.2024-1")
    assert (file.false_positives, file.references) == (("Unknown", "Backups"), ("https://example.com/at",))
    assert (file.description, file.related) == (
        "Runs of at.exe.",
        (Related("fe63010f-8823-4864-a96b-a7b4a0f7b929", "derived"),),
    )
    assert file.diagnostics == ()


def test_an_imported_rule_is_the_same_analytic_without_pysigma() -> None:
    rule = load_text(RULE, "rule.yml")
    imported = load_text(car_text(rule, 0, rule.sources[0].text), "rule.car")
    assert imported.diagnostics == ()
    known, of_rule = facts(imported), facts(rule)
    assert {key for key, value in known.items() if value != of_rule[key]} == {"file"}
    assert imported.sources[0].text.strip() == rule.sources[0].text.strip()


REFUSED = [
    ("    s:\n        Nope: x\n    condition: s\n", "CL603", (5, 9)),
    (
        "    s:\n        Image:\n            - a\n            - b\n        Hashes: MD5=12\n    condition: s\n",
        "CL604",
        (8, 17),
    ),
    ("    s:\n        Image|re: 'a(?!b)'\n    condition: s\n", "CL604", (5, 9)),
    ("    s:\n        UtcTime|week: 3\n    condition: s\n", "CL604", (5, 23)),
    ("    s:\n        Image|hour|gt: 3\n    condition: s\n", "CL604", (5, 24)),
    ("    s:\n        Hashes|contains: 'A1'\n    condition: s\n", "CL604", (5, 26)),
    ("    s:\n        Image|expand: '%x%'\n    condition: s\n", "CL604", (5, 23)),
    ("    s:\n        Image: x\n    condition: t\n", "CL601", (6, 16)),
    ("    s:\n        Image: x\n    condition: s | count() > 3\n", "CL601", (6, 16)),
    ("    s:\n        Image|nope: x\n    condition: s\n", "CL601", (5, 9)),
    ("    s:\n        Image: x\n        Image: y\n    condition: s\n", "CL601", (5, 9)),
    ("    s:\n        Image: x\n    condition:\n", "CL601", (6, 15)),
    ("    s:\n        Image: x\n    condition: .inf\n", "CL601", (6, 16)),
    ("    s:\n        Image: x\n    condition: [s, null]\n", "CL601", (6, 16)),
    ("    1:\n        Image: x\n    condition: 1\n", "CL601", (6, 16)),
    (f"    s:\n        Image: x\n    condition: {'not ' * 300}s\n", "CL604", (3, 1)),
    ("    s: &s\n        - *s\n        - Image: x\n    condition: s\n", "CL604", (3, 1)),
]


@pytest.mark.parametrize(("detection", "code", "place"), REFUSED)
def test_what_cannot_be_said_is_refused_at_its_place(detection: str, code: str, place: tuple[int, int]) -> None:
    (fault,) = carlang.load_text(HEAD + detection, "rule.yml").check()
    assert (fault.code.name, (fault.location.line, fault.location.column)) == (code, place), fault.message


def test_faults_of_the_program_stand_at_the_values_of_the_rule() -> None:
    text = HEAD + "    s:\n        OriginalFileName: 'C:\\at.exe'\n    condition: s\n"
    (fault,) = carlang.load_text(text, "rule.yml").check()
    assert (fault.code.name, fault.location.line, fault.location.column) == ("CL404", 5, 27)
    assert text.split("\n")[4][26 : fault.location.end_column - 1] == "'C:\\at.exe'"


def test_each_of_several_rules_of_a_file_is_an_analytic_of_its_own() -> None:
    other = RULE.replace("Execution with AT", "Another").replace("7e01", "7e02").replace("at.exe'", "net.exe'")
    file = load_text(f"{RULE}---\n{other}", "rule.yml")
    assert [(each.id[-4:], each.title, len(each.sources)) for each in file.each] == [
        ("7e01", "Execution with AT", 1),
        ("7e02", "Another", 1),
    ]
    assert [source.text for source in file.sources] == [each.sources[0].text for each in file.each]
    assert "net.exe" in file.sources[1].text
    assert file.sources[1].position(file.sources[1].text.index('"\\net.exe"')) == (34, 25)


def test_rules_of_a_file_without_ids_go_by_their_names_and_places() -> None:
    detection = "    s: {Image: x}\n    condition: s\n"
    texts = [HEAD + detection, f"name: second\n{HEAD}{detection}", HEAD + detection]
    assert [each.id for each in load_text("---\n".join(texts), "rule.yml").each] == ["rule", "second", "rule-3"]


SHARED = """\
action: global
title: Shared
level: high
logsource: {category: process_creation, product: windows}
---
detection:
    s: {Image: first.exe}
    condition: s
level: low
---
action: repeat
detection:
    s: {Image: second.exe}
---
action: reset
---
title: By itself
logsource: {category: file_event, product: windows}
detection:
    s: {TargetFilename: third.exe}
    condition: s
"""


def test_rules_share_what_an_action_says() -> None:
    rules = load_text(SHARED, "rule.yml").each
    # What is shared holds before the rule's own; what is repeated is changed.
    assert [(each.title, each.level) for each in rules] == [
        ("Shared", Level.HIGH),
        ("Shared", Level.HIGH),
        ("By itself", None),
    ]
    assert [next(n for n in ("first", "second", "third") if n in each.sources[0].text) for each in rules] == [
        "first",
        "second",
        "third",
    ]
    fault, *_ = carlang.load_text(SHARED.replace("reset", "forget"), "rule.yml").check()
    assert (fault.code.name, fault.location.line) == ("CL601", 15)


def test_each_part_of_a_program_stands_where_the_rule_has_it() -> None:
    (source,) = load_text(RULE, "rule.yml").sources
    at = source.text.index("image_path endswith")
    assert source.position(at) == (15, 9)
    assert source.position(source.text.index('"\\at.exe"')) == (15, 25)


def test_yaml_that_is_cut_off_anywhere_is_a_fault_and_nothing_worse() -> None:
    for end in range(0, len(RULE), 7):
        file = load_text(f"detection: x\n{RULE[:end]}", "rule.yml")
        assert bool(file.sources) != any(d.severity is Severity.ERROR for d in file.diagnostics), RULE[:end]


FAULTY = [
    ("title: x\nlevel: [low\n", 3),
    ("title: x\nlevel: \a\n", 2),
    (f"level: low\n{RULE}", 1),
    ("title: x\nlevel: low\ncorrelation:\n    type: event_count\nlevel: high\n", 2),
]


@pytest.mark.parametrize(("document", "line"), FAULTY, ids=["open", "character", "key twice", "in a correlation"])
def test_a_fault_of_yaml_stands_in_the_document_that_has_it(document: str, line: int) -> None:
    (fault,) = load_text(f"{RULE}---\n{RULE}---\n{document}---\n{RULE}", "rules.yml").diagnostics
    assert (fault.code.name, fault.location.line) == ("CL601", 2 * (RULE.count("\n") + 1) + line)


def test_filters_of_a_file_narrow_its_rules() -> None:
    filtering = (
        "title: F\nlogsource: {category: process_creation, product: windows}\nfilter:\n"
        "    rules: [0f9d1f6c-5c7b-4c43-9d7e-3f2a1c5b7e01]\n    own:\n        User: adam\n    condition: not own\n"
    )
    analytic = carlang.load_text(f"{RULE}---\n{filtering}", "rule.yml")
    assert analytic.check() == []
    assert 'not user == "adam"' in analytic.program
    (fault,) = carlang.load_text(f"{RULE}---\n{filtering.replace('not own', 'not other')}", "rule.yml").check()
    assert fault.message == "no Sigma rule: Detection 'other' not defined in detections"


@pytest.mark.parametrize("is_early", [False, True])
def test_without_pysigma_a_rule_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, *, is_early: bool) -> None:
    for name in [name for name in sys.modules if name == "sigma" or name.startswith(("sigma.", "carlang.sigma."))]:
        monkeypatch.delitem(sys.modules, name)
    # An early version of it has modules that lack names.
    monkeypatch.setitem(
        sys.modules, "sigma.types" if is_early else "sigma", ModuleType("sigma.types") if is_early else None
    )
    monkeypatch.setenv("CARLANG_CACHE", "off")
    monkeypatch.delattr("carlang.sigma.translate", raising=False)
    (fault,) = carlang.load_text(RULE.replace("Runs", "Other runs"), "rule.yml").check()
    assert fault.code.name == "CL601"
    assert fault.help == "pip install 'carlang[sigma]'"
    monkeypatch.delattr("carlang.sigma.pipelines_problem", raising=False)
    assert sigma_problem(()) == f"{fault.message}: {fault.help}"


def test_hunt_runs_rules_beside_the_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "carlang.toml").write_text('[catalogue]\npath = ["ours"]\n', encoding="utf-8")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "OUR-1.car").write_text(
        "---\ntitle: Our analytic\n---\nsearch Process:Create | filter pid > 0\n"
    )
    # What ships takes too long to be run for this.
    monkeypatch.setattr("carlang.project.targets.Catalogue", partial(Catalogue, shipped=False))
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "at.yml").write_text(RULE.replace("Execution with AT", "Our rule"), encoding="utf-8")
    write_lines(tmp_path / "log.ndjson", [sysmon_create()])
    with pytest.raises(SystemExit) as ended:
        main(["hunt", "log.ndjson", "--rules", "rules", "--output", "report.json"])
    assert ended.value.code == 0
    report = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert "Our rule" in report
    assert "Our analytic" in report
    capsys.readouterr()


@pytest.mark.parametrize(
    "text",
    [
        "%YAML 1.1\n---\n" + RULE,
        RULE.replace("detection:", '"detection":').replace("title:", "'title':"),
        RULE.replace("\n", "\r\n"),
        f"# a remark\n---\n{RULE}...\n",
        indent(RULE, "  "),
        json.dumps(yaml.safe_load(RULE), default=str),
        json.dumps(yaml.safe_load(RULE), indent="\t", default=str),
    ],
)
def test_yaml_that_is_written_in_another_way_is_the_same_rule(text: str) -> None:
    for name in ("rule.yml", "<stdin>"):
        file = load_text(text, name)
        assert (file.form, file.title, file.diagnostics) == (Form.SIGMA, "Execution with AT", ())


def test_rules_that_are_written_as_json_are_among_those_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "rule.yml").write_text(json.dumps(yaml.safe_load(RULE), default=str), encoding="utf-8")
    (tmp_path / "other.yml").write_text('{"logs": [1]}', encoding="utf-8")
    assert analytic_files(tmp_path) == [tmp_path / "rule.yml"]


def test_aliases_that_stand_for_millions_of_items_are_soon_refused() -> None:
    items = ", ".join(["{Image: x}"] * 10)
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 7))
    bomb = f"{HEAD}    s: *a6\n    condition: s\n".replace("detection", f"a0: &a0 [{items}]\n{levels}detection")
    (fault,) = load_text(bomb, "rule.yml").diagnostics
    assert fault.code.name == "CL601"


@pytest.mark.parametrize(
    ("pipeline", "why"),
    [
        ("hello", "no keys and values"),
        ("", "no keys and values"),
        ("name: [", "expected the node content"),
        ("name: x\ntransformations: 5", "not iterable"),
        ("name: x\npriority: high\ntransformations: []", "`high` is no number"),
        ("name: x\ntransformations: [{id: a, type: nope}]", "nope"),
    ],
)
def test_a_pipeline_that_cannot_be_used_is_named_with_the_reason(pipeline: str, why: str) -> None:
    (fault,) = load_text(RULE, "rule.yml", pipelines=(("ours.yml", pipeline),)).diagnostics
    assert fault.code.name == "CL601"
    assert fault.message.startswith("the pipeline `ours.yml` cannot be used: ")
    assert why in fault.message


@pytest.mark.parametrize(("attribute", "value"), [("level", "high"), ("status", "test")])
def test_steps_of_a_pipeline_are_for_rules_of_a_level_or_status(attribute: str, value: str) -> None:
    step = f"rule_conditions: [{{type: rule_attribute, attribute: {attribute}, value: {value}}}]"
    pipeline = f"name: x\ntransformations: [{{id: a, type: rule_failure, message: not ours, {step}}}]"
    (fault,) = load_text(RULE, "rule.yml", pipelines=(("ours.yml", pipeline),)).diagnostics
    assert "not ours" in fault.message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("date", "soon"),
        ("modified", "soon"),
        ("date", "2024-13-45"),
        ("modified", "2024-02-30"),
        ("falsepositives", "none"),
        ("id", "5"),
    ],
)
def test_faults_of_what_is_known_of_a_rule_stand_at_its_own_keys(key: str, value: str) -> None:
    (fault,) = carlang.load_text(f"{HEAD}    s: {{User: x}}\n    condition: s\n{key}: {value}\n", "rule.yml").check()
    assert (fault.code.name, fault.location.line, fault.location.column) == ("CL503", 6, len(key) + 3)


@pytest.mark.parametrize(
    ("title", "told"), [("yes", None), ("2024-01-02", None), ("5", "CL503"), ("[a]", "CL503"), ("", "CL601")]
)
def test_a_title_is_the_text_that_is_written(title: str, told: str | None) -> None:
    text = f"{HEAD}    s: {{User: x}}\n    condition: s\n".replace("title: T", f"title: {title}")
    file = load_text(text, "rule.yml")
    assert [fault.code.name for fault in file.diagnostics] == ([told] if told else [])
    assert file.title == ("" if told else title)


@pytest.mark.parametrize("command", ["check", "run", "test", "import"])
def test_a_pipeline_that_cannot_be_used_is_told_once(tmp_path: Path, command: str) -> None:
    for name in ("a", "b"):
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "rules" / f"{name}.yml").write_text(HEAD + "    s: {User: x}\n    condition: s\n", "utf-8")
    (tmp_path / "bad.yml").write_text("name: [", "utf-8")
    done = carlang_command(command, "rules", "--pipeline", "bad.yml", cwd=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("error: the pipeline `bad.yml` cannot be used: ")
    assert done.err.count("cannot be used") == 1
    (tmp_path / "bad.yml").write_text("name: good\ntransformations: []\n", "utf-8")
    assert carlang_command("check", "rules", "--pipeline", "bad.yml", cwd=tmp_path).status == 0


def test_a_rule_that_is_larger_than_a_program_may_be_is_refused() -> None:
    text = f"{HEAD}    s: {{User: {'x' * 4_000_001}}}\n    condition: s\n"
    (fault,) = load_text(text, "rule.yml").diagnostics
    assert fault.code.name == "CL604"
    assert "millions of letters" in fault.message


def test_a_rule_that_was_not_run_says_its_own_name_of_the_field_that_is_missing(tmp_path: Path) -> None:
    write_lines(tmp_path / "log.ndjson", [sysmon_create(Product=None, Hashes=None)])
    carlang.ingest([tmp_path / "log.ndjson"], tmp_path / "store")
    detection = f"    s:\n        Hashes|contains: 'IMPHASH={'0' * 32}'\n    t: {{Product: x, User: y}}\n"
    rule = f"{HEAD}{detection}    condition: s and t\n"
    store = carlang.open_store(tmp_path / "store")
    (not_run,) = carlang.run_all([carlang.load_text(rule, "rule.yml")], store).not_run
    assert not_run.reason == "no process/create event in the store has `imphash` (`Hashes`) or `product` (`Product`)"
    assert [reason_json(reason).get("called") for reason in not_run.reasons] == ["Hashes", "Product"]
    plain = carlang.load_text("search Process:Create | filter imphash == 'x'", "plain.car")
    (other,) = carlang.run_all([plain], store).not_run
    assert "called" not in reason_json(other.reasons[0])
