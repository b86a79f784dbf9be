from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from tests.cli.commands import carlang

BROKEN = "p = search Process:Create\nq = filter p where (exe == “a.exe”\n"
WHOLE = 'p = search Process:Create\nq = filter p where (exe == "a.exe")\noutput q\n'
YAML = "id: A\nimplementations:\n- type: Pseudocode\n  code: {}\n"


def test_repairs_are_written_and_shown(tmp_path: Path) -> None:
    file = tmp_path / "a.car"
    file.write_bytes(("---\r\nid: a\r\n---\r\n" + BROKEN.replace("\n", "\r\n")).encode())
    done = carlang("check", "--fix", file)
    assert done.status == 0
    assert '\n+q = filter p where (exe == "a.exe")\n+output q' in done.out
    assert done.err == "3 repairs applied\n1 program checked: no faults\n"
    assert file.read_bytes() == ("---\r\nid: a\r\n---\r\n" + WHOLE.replace("\n", "\r\n")).encode()
    again = carlang("check", "--fix", file)
    assert (again.out, again.err) == ("", "0 repairs applied\n1 program checked: no faults\n")


MATTER = """\
---
titel: A
coverage: [{technique: T1053, subtechniques: [T1003.001]}]
tests:
  - name: a
    evnts: []
    events: [{object: process, action: create, exee: a.exe, Image: b, image_path: c}]
    expect: {q: [{exxe: a.exe}]}
---
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_likely_repairs_of_what_stands_around_a_program_are_applied_with_it(newline: str, tmp_path: Path) -> None:
    file = tmp_path / "a.car"
    file.write_bytes(("\ufeff" + MATTER + BROKEN).replace("\n", newline).encode())
    carlang("check", "--fix", file)
    assert file.read_bytes() == ("\ufeff" + MATTER + WHOLE).replace("\n", newline).encode()
    done = carlang("check", "--fix", "--likely", "--yes", file)
    mended = MATTER.replace("titel", "title").replace("technique: T1053", "technique: T1003")
    mended = mended.replace("exee", "exe").replace("exxe", "exe")
    assert file.read_bytes() == ("\ufeff" + mended + WHOLE).replace("\n", newline).encode()
    # A key that stands there already is not what was meant by another.
    assert (done.status, done.out.count("error[CL506]")) == (1, 2)
    assert done.err.startswith("4 repairs applied\n")
    assert carlang("check", "--fix", "--likely", "--yes", file).err.startswith("0 repairs applied\n")


def test_without_the_option_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "a.car").write_text(BROKEN, encoding="utf-8")
    assert carlang("check", tmp_path).status == 1
    assert (tmp_path / "a.car").read_text(encoding="utf-8") == BROKEN


def test_what_is_left_is_reported_at_its_place_in_the_repaired_file(tmp_path: Path) -> None:
    file = tmp_path / "a.car"
    file.write_text(BROKEN + "r = filter nothing_of_it where (exe exists)\noutput q, r\n", encoding="utf-8")
    done = carlang("check", "--fix", file)
    assert done.status == 1
    assert f"error[CL202]: there is no stream `nothing_of_it`\n --> {file}:3:12\n" in done.out


def test_text_comes_back_on_standard_output_and_everything_else_on_standard_error() -> None:
    done = carlang("check", "--fix", "-", stdin=BROKEN)
    assert (done.status, done.out) == (0, WHOLE)
    assert "+output q" in done.err
    assert carlang("check", "--fix", "-e", WHOLE).out == WHOLE
    unclear = carlang("check", "--fix", "-e", BROKEN + "output r\n")
    assert unclear.out.startswith('p = search Process:Create\nq = filter p where (exe == "a.exe")\n')


def test_the_json_document_tells_of_repairs(tmp_path: Path) -> None:
    (tmp_path / "a.car").write_text(BROKEN, encoding="utf-8")
    document = carlang("check", "--fix", tmp_path / "a.car", "--format", "json").json()
    (fixed,) = document["fixed"]
    assert (fixed["repairs"], fixed["program"], fixed["problem"]) == (3, None, None)
    assert "+output q" in fixed["diff"]
    assert document["analytics"][0]["valid"]
    (text,) = carlang("check", "--fix", "-e", BROKEN, "--format", "json").json()["fixed"]
    assert text["program"] == WHOLE
    assert "fixed" not in carlang("check", "-e", WHOLE, "--format", "json").json()


def test_a_literal_block_of_yaml_is_repaired_in_place(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    block = "|\n      {}  description: 'x'   # y\n"
    indented = [text.replace("\n", "\n      ").removesuffix("      ") for text in (BROKEN, WHOLE)]
    file.write_text(YAML.format(block.format(indented[0])), encoding="utf-8")
    assert carlang("check", "--fix", file).status == 0
    assert file.read_text(encoding="utf-8") == YAML.format(block.format(indented[1]))


def test_other_yaml_needs_an_import_first(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    text = YAML.format('"p = search Process:Create\\nq = filter p where (exe == a.exe)"')
    file.write_text(text, encoding="utf-8")
    done = carlang("check", "--fix", file)
    assert (done.status, file.read_text(encoding="utf-8")) == (1, text)
    assert "`carlang import` makes a .car file of it" in done.err
    assert "error[CL202]" in done.out


def test_programs_in_markdown_are_repaired_in_place(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    text = "# A\n\n## Pseudocode\n\n```\n{}```\n\nand\n\n```\n{}```\n"
    file.write_text(text.format(BROKEN, BROKEN), encoding="utf-8")
    assert carlang("check", "--fix", file).status == 0
    assert file.read_text(encoding="utf-8") == text.format(WHOLE, WHOLE)


def test_an_analytic_named_by_its_id_is_not_repaired() -> None:
    assert carlang("check", "--fix", "CAR-2013-05-004").status == 2


FOREIGN = "p = search Process:Create\nq = filter p where (exe LIKE 'a%' and Image exists)\noutput q\n"


def test_likely_repairs_are_applied_where_they_are_asked_for_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.car"
    file.write_text(FOREIGN, encoding="utf-8")
    refused = carlang("check", "--fix", "--likely", file)
    assert refused.status == 2
    assert "--yes" in refused.err
    assert file.read_text(encoding="utf-8") == FOREIGN
    assert carlang("check", "--fix", file).status == 1
    assert "exe LIKE 'a%' and image_path exists" in file.read_text(encoding="utf-8")
    done = carlang("check", "--fix", "--likely", "--yes", file)
    assert (done.status, done.err) == (0, "1 repair applied\n1 program checked: no faults\n")
    assert "exe == 'a*' and image_path exists" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("answer", "condition"), [("y\n", "exe == 'a*'"), ("\n", "exe LIKE 'a%'"), ("", "exe LIKE 'a%'")]
)
def test_on_a_terminal_it_asks(tmp_path: Path, answer: str, condition: str) -> None:
    file = tmp_path / "a.car"
    file.write_text(FOREIGN, encoding="utf-8")
    with patch("carlang.cli.check.asks", lambda: True):
        done = carlang("check", "--fix", "--likely", file, stdin=answer)
    assert "[y/N]" in done.err
    assert f"({condition} and image_path exists)" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("options", [("--likely",), ("--fix", "--yes"), ("--yes",)])
def test_options_that_go_with_another_one_are_refused_without_it(options: tuple[str, ...]) -> None:
    assert carlang("check", *options, "-e", FOREIGN).status == 2


def test_json_says_how_much_a_repair_can_be_relied_on() -> None:
    document = carlang("check", "-e", FOREIGN, "--format", "json").json()
    said = {d["code"]: d["applicability"] for d in document["analytics"][0]["diagnostics"]}
    assert said == {"CL114": "likely", "CL206": "certain"}
