from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import AT, FAULTY, UNSUPPORTED, WARNED, carlang

TWO_FAULTS = (
    'p = search Process:Create\na = filter p where (exee == "x")\nb = filter p where (pid > "many")\noutput a, b\n'
)


def test_a_program_without_faults_has_status_0_and_nothing_on_standard_output() -> None:
    done = carlang("check", "-e", AT)
    assert (done.status, done.out, done.err) == (0, "", "1 program checked: no faults\n")


def test_every_fault_is_shown_with_its_place() -> None:
    done = carlang("check", "-e", TWO_FAULTS)
    assert (done.status, done.err) == (1, "1 program checked: 2 errors\n")
    assert "error[CL201]: process has no field `exee`\n --> <-e>:2:21\n" in done.out
    assert "error[CL303]" in done.out
    assert " --> <-e>:3:27\n" in done.out


def test_warnings_are_errors_where_that_is_asked_for() -> None:
    assert carlang("check", "-e", WARNED).status == 0
    assert carlang("check", "-e", WARNED, "--strict").status == 1
    assert carlang("check", "-e", AT, "--strict").status == 0


def test_the_json_document_says_of_each_program_whether_it_is_valid(programs: Path) -> None:
    done = carlang("check", programs, "--format", "json")
    assert (done.status, done.err) == (1, "")
    document = done.json()
    assert document["version"] == 1
    assert {a["analytic"]: a["valid"] for a in document["analytics"]} == {
        "at": True,
        "faulty": False,
        "threads": True,
        "warned": True,
    }
    assert document["not_supported"] == []
    (fault,) = next(a for a in document["analytics"] if a["analytic"] == "faulty")["diagnostics"]
    assert (
        fault.items()
        >= {
            "code": "CL201",
            "severity": "error",
            "message": "process has no field `command_lin`",
            "file": str(programs / "faulty.car"),
            "line": 2,
            "column": 22,
            "end_line": 2,
            "end_column": 33,
        }.items()
    )
    assert {"help", "repair"} <= fault.keys()


def test_a_store_tells_what_it_cannot_support(programs: Path, store: Path) -> None:
    done = carlang("check", programs / "below", programs / "at.car", "--store", store)
    assert done.status == 0
    assert done.out == ("threads: `threads` cannot run on this store: the store holds no thread/remote_create events\n")
    document = carlang("check", "-e", UNSUPPORTED, "--store", store, "--format", "json").json()
    assert document["not_supported"] == [
        {"analytic": "<-e>", "output": "threads", "reason": "the store holds no thread/remote_create events"}
    ]


def test_without_a_store_nothing_is_said_of_one() -> None:
    done = carlang("check", "-e", UNSUPPORTED)
    assert (done.status, done.out) == (0, "")


def test_a_missing_store_cannot_be_read(tmp_path: Path) -> None:
    assert carlang("check", "-e", AT, "--store", tmp_path / "none").status == 3


def test_standard_input_has_a_name_in_diagnostics() -> None:
    done = carlang("check", "-", stdin=FAULTY)
    assert done.status == 1
    assert " --> <stdin>:2:22" in done.out


def test_a_fault_in_a_document_has_its_place_there(tmp_path: Path) -> None:
    document = tmp_path / "CAR-2099-01-001.md"
    document.write_text(f"# CAR-2099-01-001: Test\n\n## Pseudocode\n\n```\n{FAULTY}```\n", encoding="utf-8")
    done = carlang("check", document)
    assert done.status == 1
    assert f" --> {document}:7:22" in done.out


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"---\nid: [\n---\nsearch Process:Create\n"])
def test_a_file_that_is_no_analytic_is_a_faulty_program(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.car").write_bytes(content)
    done = carlang("check", tmp_path / "x.car")
    assert done.status == 1
    assert "error[CL" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-e", AT, "--format", "xml"), "there is no format 'xml'"),
        ((), "name an analytic"),
        (("no-such-analytic",), "neither a file nor the id of an analytic"),
    ],
)
def test_wrong_usage_has_status_2(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = carlang("check", *arguments, cwd=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_sarif_has_the_faults_and_standard_error_what_a_store_cannot_support(programs: Path, store: Path) -> None:
    done = carlang("check", programs, "--format", "sarif")
    (run,) = done.json()["runs"]
    assert (done.status, run["results"][0]["ruleId"]) == (1, "CL201")
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == (programs / "faulty.car").as_uri()
    blind = carlang("check", "-e", UNSUPPORTED, "--store", store, "--format", "sarif")
    assert (blind.status, blind.json()["runs"][0]["results"]) == (0, [])
    assert "`threads` cannot run on this store" in blind.err
    refused = carlang("check", "-e", FAULTY, "--format", "sarif", "--fix")
    assert (refused.status, refused.out) == (2, "")
