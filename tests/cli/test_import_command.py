from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from carlang.analytic import CompiledAnalytic, load
from carlang.importers import Implementation
from carlang.program import CompiledProgram
from tests.cli.commands import carlang

NOW = datetime(2024, 1, 1, tzinfo=UTC)
YAML = """\
title: Two of them
id: CAR-2099-01-001
submission_date: 2024/05/06
platforms: [Windows]
analytic_types: [TTP]
contributors: [A]
coverage:
- technique: T1053
  subtechniques: [T1053.002]
  tactics: [TA0002]
  coverage: Low
description: |-
  First line: a "quote".

  no
implementations:
- name: First
  type: Pseudocode
  code: |
    p = SEARCH Process:Create  # all
    output p
- name: Splunk
  type: splunk
  code: index=x
- name: The second
  type: pseudocode
  code: |
    q = filter p where (exe == "a" pid == 1)
"""


def test_a_document_becomes_a_file_for_each_program(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML, encoding="utf-8")
    done = carlang("import", tmp_path / "a.yaml", "--to", tmp_path / "out" / "below")
    first, second = (tmp_path / "out" / "below" / f"CAR-2099-01-001{n}.car" for n in ("", "-2"))
    assert done.status == 0
    assert done.out.splitlines()[0] == str(first)
    assert done.out.splitlines()[1].startswith(f"{second}: as written, it has syntax errors")
    assert done.err == "1 document: 2 written\n"
    assert first.read_text(encoding="utf-8").endswith("---\n# First\np = search Process:Create  # all\noutput p\n")
    assert second.read_text(encoding="utf-8").endswith('---\n# The second\nq = filter p where (exe == "a" pid == 1)\n')
    found = load(first)
    assert (found.id, found.title, found.techniques) == ("CAR-2099-01-001", "Two of them", ("T1053.002",))
    assert found.data.description == 'First line: a "quote".\n\nno'
    assert found.data.submission_date == load(tmp_path / "a.yaml").data.submission_date
    assert load(second).id == "CAR-2099-01-001-2"
    assert found.data.implementations == (Implementation("Splunk", "Splunk"),)
    assert "index=x" not in first.read_text(encoding="utf-8"), "programs in other languages are named, not copied"
    assert not found.data.diagnostics


def test_nothing_is_written_over_unless_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "CAR-2099-01-001.car").write_text("mine", encoding="utf-8")
    done = carlang("import", "a.yaml", cwd=tmp_path)
    assert done.status == 1
    assert "is there already" in done.err
    assert (tmp_path / "CAR-2099-01-001.car").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "CAR-2099-01-001-2.car").exists()
    assert carlang("import", "a.yaml", "--force", cwd=tmp_path).status == 0
    assert (tmp_path / "CAR-2099-01-001.car").read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize("id_", ["CAR-2099-01-001", "car-2099-01-001"])  # one file on Windows and macOS
def test_two_documents_of_one_id_do_not_write_over_each_other(id_: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(
        YAML.replace("Two of them", "Other").replace("CAR-2099-01-001", id_), encoding="utf-8"
    )
    done = carlang("import", tmp_path, "--to", tmp_path / "out", "--force")
    assert done.status == 1
    assert "from another document of this id" in done.err
    assert load(tmp_path / "out" / "CAR-2099-01-001.car").title == "Two of them"


def test_a_subtechnique_in_the_place_of_its_technique_is_written_below_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML.replace("T1053\n", "T1053.002\n"), encoding="utf-8")
    assert carlang("import", tmp_path / "a.yaml", "--to", tmp_path).status == 0
    assert "- technique: T1053\n  subtechniques: [T1053.002]\n" in (tmp_path / "CAR-2099-01-001.car").read_text()


def test_markdown_brings_its_title_and_coverage_along(tmp_path: Path) -> None:
    page = (
        "---\ntitle: 'CAR-2099-01-002: From a page'\n---\nWhat it is.\n\n### ATT&CK Detection\n\n"
        "|Technique|Tactic|Level|\n|---|---|---|\n|[At](https://attack.mitre.org/techniques/T1053/002)|TA0002|Moderate|\n\n"
        "### Pseudocode\n\n```\np = search Process:Create\noutput p\n```\n"
    )
    (tmp_path / "a.md").write_text(page, encoding="utf-8")
    assert carlang("import", "a.md", cwd=tmp_path).status == 0
    before, after = load(tmp_path / "a.md"), load(tmp_path / "CAR-2099-01-002.car")
    assert _known(after) == _known(before)
    assert after.techniques


@pytest.mark.parametrize("text", ["id: CAR-2099-01-003\ntitle: x\n", "id: [\n"])
def test_a_document_without_a_program_is_named_and_skipped(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "none.yaml").write_text(text, encoding="utf-8")
    done = carlang("import", tmp_path / "none.yaml", tmp_path / "a.yaml", "--to", tmp_path / "out")
    assert done.status == 1
    assert f"{tmp_path / 'none.yaml'}: skipped" in done.err
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_wrong_sources_are_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert carlang("import", tmp_path / "none").status == 2
    assert carlang("import", tmp_path / "empty").status == 2
    (tmp_path / "a.car").write_text("search Process", encoding="utf-8")
    done = carlang("import", tmp_path / "a.car", "--to", tmp_path / "out")
    assert (done.status, list((tmp_path / "out").iterdir())) == (1, [])


def test_published_analytics_are_the_same_after_import(real_corpus: Path, tmp_path: Path) -> None:
    documents = real_corpus / "car" / "analytics"
    done = carlang("import", documents, "--to", tmp_path)
    assert done.status == 1  # some have no pseudocode
    assert "102 documents: 95 written" in done.err
    for file in sorted(documents.glob("*.yaml")):
        before = load(file)
        for number, program in enumerate(before.compiled):
            after = load(tmp_path / f"{before.id}{f'-{number + 1}' if number else ''}.car")
            assert _known(after)[1:] == _known(before)[1:]
            assert number or after.id == before.id
            assert _codes(after.compiled[0]) == _codes(program)
            assert after.compiled[0].ast == program.ast or not program.bound
            if program.valid and not program.require().inputs:
                assert after.compiled[0].sql(NOW) == program.sql(NOW)
            kept = {key: value for key, value in before.data.metadata.items() if value and key != "implementations"}
            written = {key: value for key, value in after.data.metadata.items() if key != "implementations"}
            assert {**written, "id": before.id} == {**kept, "description": after.data.description}
            assert after.data.implementations == before.data.implementations


def _codes(program: CompiledProgram) -> list[str]:
    """Return what is said of a program, but for quotes that are missing or typographic, which the layout puts right."""
    return sorted(d.code.name for d in program.diagnostics if d.code.name not in ("CL107", "CL108"))


def _known(analytic: CompiledAnalytic) -> tuple[object, ...]:
    data = analytic.data
    return (
        data.id,
        data.title,
        data.coverage,
        data.submission_date,
        data.platforms,
        data.analytic_types,
        data.contributors,
        data.references,
        " ".join(data.description.split()),
    )
