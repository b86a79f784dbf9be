"""The three forms of an analytic load with their metadata, and with programs whose places lead back to the file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carlang.importers import AnalyticFile, Coverage, Form, load_file, load_text

AT = 'process = search Process:Create\nat = filter process where (exe == "at.exe")\noutput at'

CAR = f"""\
---
id: CAR-2013-05-004
title: Execution with AT
submission_date: 2013-05-13
platforms: [Windows]
analytic_types: [TTP]
coverage:
  - {{technique: T1053, subtechniques: [T1053.002], tactics: [TA0002], coverage: Moderate}}
description: Runs of at.exe.
---
{AT}
"""


def assert_every_line_leads_back(analytic: AnalyticFile, document: str) -> None:
    """Assert that each line of each program stands in the document where its source says."""
    lines = document.split("\n")
    for source in analytic.sources:
        offset = 0
        for text in source.text.split("\n"):
            line, column = source.position(offset)
            if text.strip():
                assert lines[line - 1][column - 1 :] == text
                end = source.position(offset + len(text))
                assert end == (line, column + len(text))
            offset += len(text) + 1


def test_a_car_file_has_front_matter_and_a_program() -> None:
    analytic = load_text(CAR, "CAR-2013-05-004.car")
    assert analytic.diagnostics == ()
    assert (analytic.id, analytic.title, analytic.form) == ("CAR-2013-05-004", "Execution with AT", Form.CAR)
    assert analytic.submission_date == date(2013, 5, 13)
    assert (analytic.platforms, analytic.analytic_types) == (("Windows",), ("TTP",))
    assert analytic.coverage == (Coverage("T1053", ("T1053.002",), ("TA0002",), "Moderate"),)
    assert (analytic.techniques, analytic.tactics) == (("T1053.002",), ("TA0002",))
    assert analytic.description == "Runs of at.exe."
    (source,) = analytic.sources
    assert source.text == AT + "\n"
    assert source.position(0) == (11, 1)
    assert_every_line_leads_back(analytic, CAR)


def test_a_car_file_may_be_the_program_alone() -> None:
    analytic = load_text(AT, "at.car")
    assert analytic.diagnostics == ()
    assert (analytic.id, analytic.title, analytic.techniques) == ("at", "", ())
    assert [source.text for source in analytic.sources] == [AT]
    assert_every_line_leads_back(analytic, AT)


def test_comments_and_blank_lines_may_stand_above_the_front_matter() -> None:
    analytic = load_text("# ours\n\n// too\n" + CAR, "x.car")
    assert analytic.id == "CAR-2013-05-004"
    assert analytic.sources[0].position(0) == (14, 1)


def test_three_hyphens_behind_the_program_are_no_front_matter() -> None:
    analytic = load_text("output x\n---\n", "x.car")
    assert analytic.sources[0].text == "output x\n---\n"


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\nid: a\n---\n"])
def test_a_car_file_without_statements_still_gives_its_program_for_the_parser_to_judge(text: str) -> None:
    assert len(load_text(text, "a.car").sources) == 1


def test_windows_newlines_and_a_byte_order_mark_move_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.car"
    file.write_bytes(b"\xef\xbb\xbf" + CAR.replace("\n", "\r\n").encode())
    analytic = load_file(file)
    assert analytic.diagnostics == ()
    assert analytic.sources[0].text == AT + "\n"
    assert_every_line_leads_back(analytic, CAR)


def test_the_original_markdown_loads_as_it_is(real_corpus: Path) -> None:
    file = real_corpus / "CAR-2013-05-004.md"
    analytic = load_file(file)
    assert analytic.diagnostics == ()
    assert (analytic.id, analytic.title, analytic.form) == ("CAR-2013-05-004", "Execution with AT", Form.MARKDOWN)
    assert (analytic.submission_date, analytic.analytic_types) == (date(2013, 5, 13), ("TTP",))
    assert analytic.coverage == (Coverage("T1053", (), ("TA0002", "TA0003", "TA0004"), "Moderate"),)
    assert analytic.contributors == ("MITRE",)
    assert analytic.description.startswith("In order to gain")
    assert [source.text for source in analytic.sources] == [AT]
    assert_every_line_leads_back(analytic, file.read_text(encoding="utf-8"))


def test_markdown_may_hold_several_programs_in_any_kind_of_fence() -> None:
    document = """\
# CAR-2020-01-001: Two of them

Prose.

## Pseudocode

### First
```
output a   # not a heading
## nor is this
```

### Second
  ~~~~ car
  output b
    ~~~
  output c
  ~~~~
```splunk
index=x
```

## Commands
```
at 10:00 calc.exe
```
```car
output d
```
"""
    analytic = load_text(document, "two.md")
    assert analytic.diagnostics == ()
    assert (analytic.id, analytic.title) == ("CAR-2020-01-001", "Two of them")
    assert [source.text for source in analytic.sources] == [
        "output a   # not a heading\n## nor is this",
        "output b\n  ~~~\noutput c",
        "output d",
    ]
    assert analytic.labels == ("First", "Second", "Commands")
    assert analytic.description == "Prose."
    assert_every_line_leads_back(analytic, document)


def test_a_markdown_heading_may_be_underlined_and_a_fence_left_open() -> None:
    document = "Pseudocode\n----------\n- a list\n\n  ```\n  output a\n output b\n"
    analytic = load_text(document, "x.md")
    assert [source.text for source in analytic.sources] == ["output a\noutput b\n"]
    assert_every_line_leads_back(analytic, document)


@pytest.mark.parametrize(
    ("document", "programs"),
    [
        ("## Pseudocode\n1. Run:\n    ```\n    output a\n      output b\n    ```\n", ["output a\n  output b"]),
        ("## Pseudocode\n- Run:\n  ```\n  output a\noutput b\n  ```\n", ["output a\noutput b"]),
        ("## Pseudocode\n\t```\n\toutput a\n\t\toutput b\n\t```\n", ["output a\n\toutput b"]),
        ("## Pseudocode\n<details>\n```\noutput a\n```\n</details>\n", ["output a"]),
        ("## Pseudocode\n    # a comment in indented code\n```\noutput a\n```\n", ["output a"]),
        ("## Pseudocode\n````\n```\n````\n", ["```"]),
        ("## Pseudocode\n```\noutput a\n\n  ", ["output a\n\n  "]),
        ("## Pseudocode\n```", [""]),
        ("```\noutput a\n```\n## Pseudocode\n## Other\n```\noutput b\n```\n", []),
    ],
)
def test_a_fence_holds_a_program_wherever_it_stands(document: str, programs: list[str]) -> None:
    analytic = load_text(document, "x.md")
    assert [source.text for source in analytic.sources] == programs
    assert_every_line_leads_back(analytic, document)


_LINES = st.sampled_from(
    [
        "",
        "  ",
        "## Pseudocode",
        "# T",
        "---",
        "===",
        "```",
        "  ```",
        "\t~~~",
        "~~~~ car",
        "output a",
        "  \tb",
        "- c",
        "|-|",
    ]
)


@given(st.lists(_LINES, max_size=12).map("\n".join))
def test_every_line_of_a_program_of_any_markdown_leads_back(document: str) -> None:
    assert_every_line_leads_back(load_text(document, "x.md"), document)


def test_att_and_ck_is_read_from_the_tables_of_its_section() -> None:
    analytic = load_text(
        "# T\n|T1000|\n|-|\n## ATT&amp;CK Detection\n|Technique|Tactics|Level|\n|---|---|---|\n"
        "|[Task](https://attack.mitre.org/techniques/T1053/002/)|[Execution](x/TA0002), TA0003|moderate|\n"
        "|T1053/005 T1053.002|High up|-|\n## Else\n|T1001|\n|-|\n",
        "x.md",
    )
    assert analytic.coverage == (
        Coverage("T1053", ("T1053.002",), ("TA0002", "TA0003"), "Moderate"),
        Coverage("T1053", ("T1053.005", "T1053.002"), (), ""),
    )


def test_an_empty_fence_is_an_empty_program() -> None:
    assert [s.text for s in load_text("## Pseudocode\n```\n```\n", "x.md").sources] == [""]


def test_every_published_yaml_file_loads_and_every_line_leads_back(real_corpus: Path) -> None:
    files = sorted((real_corpus / "car" / "analytics").glob("*.yaml"))
    assert len(files) == 102
    programs = 0
    for file in files:
        analytic = load_file(file)
        assert (analytic.id, analytic.form) == (file.stem, Form.YAML)
        assert analytic.title
        assert analytic.submission_date
        assert {d.code.name for d in analytic.diagnostics} <= {"CL002"}
        assert bool(analytic.sources) == (not analytic.diagnostics)
        assert_every_line_leads_back(analytic, file.read_text(encoding="utf-8"))
        programs += len(analytic.sources)
    assert programs == 95


def test_a_yaml_file_may_hold_several_programs(real_corpus: Path) -> None:
    analytic = load_file(real_corpus / "car" / "analytics" / "CAR-2019-04-002.yaml")
    assert analytic.labels == (
        "Main Pattern - pseudocode",
        "Spawning child processes - pseudocode",
        "Loading unsigned images - pseudocode",
    )
    assert [source.text.split("\n")[-2] for source in analytic.sources] == [
        "output regsvr_processes",
        "output regsvr_processes",
        "output unsigned_modules",
    ]


def test_the_yaml_of_the_first_analytic_has_its_metadata(real_corpus: Path) -> None:
    analytic = load_file(real_corpus / "car" / "analytics" / "CAR-2013-05-004.yaml")
    assert (analytic.title, analytic.techniques) == ("Execution with AT", ("T1053.002",))
    assert [source.text for source in analytic.sources] == [AT]
    assert analytic.sources[0].position(0) == (29, 7)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (AT, Form.CAR),
        (CAR, Form.CAR),
        ("# a comment\n## another\n" + AT, Form.CAR),
        ("# a comment\n" + CAR, Form.CAR),
        ("## Pseudocode\n```\noutput a\n```\n", Form.MARKDOWN),
        ("---\ntitle: a\n---\n## Pseudocode\n~~~\noutput a\n~~~\n", Form.MARKDOWN),
        ("---\ntitle: a\nimplementations:\n  - {type: pseudocode, code: output a}\n", Form.YAML),
        ("title: a\nimplementations: []\n", Form.YAML),
    ],
)
def test_the_form_of_a_text_without_a_suffix_is_told_from_its_content(text: str, form: Form) -> None:
    assert load_text(text, "-").form is form
    assert load_text(text, "x.car", form).form is form
