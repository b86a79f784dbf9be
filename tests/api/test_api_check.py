from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import carlang
from carlang.diagnostics import render_all

_WORDS = st.sampled_from(
    [
        *(
            "p",
            "exe",
            "Process:Create",
            "Registry",
            "pid",
            "time",
            "now",
            "count",
            "T1053",
            "%windir%",
            "CAR-2013-05-003",
        ),
        *(
            "search",
            "filter",
            "where",
            "join",
            "group",
            "by",
            "from",
            "select",
            "as",
            "input",
            "run",
            "output",
            "return",
        ),
        *("and", "or", "not", "in", "contains", "match", "exists", "within", "is", "null", "true", "sequence", "max"),
        *("=", "==", "!=", "<", "+", "-", "*", "/", "(", ")", "[", "]", ",", ".", ":", "|", "\n", "#", "//", "---"),
        *(
            '"at.exe"',
            "'*\\x*'",
            '"C:\\"',
            '"(',
            "“x”",
            "10.0.0.0/8",
            "::1",
            "1 hour",
            "445",
            "1.5",
            "0x",
            "\t",
            "\r\n",
        ),
        *("```", "implementations:", "id: x", "\ufeff", "\x00", "\ud7ff", "🦊", "é"),
    ]
)
_PROGRAMS = st.lists(_WORDS, max_size=40).map(" ".join)


def _sound(text: str) -> None:
    """Assert that a check of a text ends with diagnostics that can be shown, each of them within the text."""
    found = carlang.check(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    for diagnostic in found:
        place = diagnostic.location
        assert 1 <= place.line <= place.end_line <= lines
        assert place.column >= 1
        assert diagnostic.message
    assert render_all(found).count("[CL") >= len(found)


@settings(deadline=None)
@given(st.text())
def test_a_check_of_any_text_never_raises(text: str) -> None:
    _sound(text)


@settings(deadline=None)
@given(_PROGRAMS)
@example("search Process:Create | filter " + "(" * 5000 + "exe == 'x'" + ")" * 5000)
@example("search Process:Create | filter " + "not " * 5000 + "exe exists")
@example("search Process:Create | filter " + " or ".join(["exe == 'x'"] * 3000))
@example("xs = [" + ", ".join(['"x"'] * 5000) + "]\nsearch Process:Create | filter exe in xs")
@example("---\n" + "a: [" * 200)
def test_a_check_of_any_words_of_the_language_never_raises(text: str) -> None:
    _sound(text)


@settings(deadline=None)
@given(_PROGRAMS, st.sampled_from(["x.car", "x.md", "x.yaml", "", "\n"]))
def test_loading_text_of_any_form_never_raises(text: str, name: str) -> None:
    analytic = carlang.load_text(text, name)
    assert isinstance(analytic.check(), list)


@settings(deadline=None)
@given(content=st.binary(max_size=200))
def test_loading_a_file_of_any_bytes_never_raises(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("any") / "x.car"
    file.write_bytes(content)
    assert isinstance(carlang.load(file).check(), list)


def test_loading_a_file_that_is_not_there_is_a_diagnostic(tmp_path: Path) -> None:
    analytic = carlang.load(tmp_path / "none.car")
    assert [d.code.name for d in analytic.check()] == ["CL001"]
    with pytest.raises(carlang.CompileError):
        analytic.run()


def test_a_program_without_faults_has_no_diagnostics() -> None:
    assert carlang.check("p = search Process:Create\nat = filter p where (exe == 'at.exe')\noutput at\n") == []


def test_diagnostics_come_by_their_place_with_their_severity() -> None:
    found = carlang.check(
        "p = search Process:Create\nq = filter p where (pid == '4' and image = '*x' and exee = 'x')\n"
    )
    assert [(d.severity, d.code.name, d.location.line, d.location.column) for d in found] == [
        (carlang.Severity.WARNING, "CL401", 2, 1),
        (carlang.Severity.HINT, "CL308", 2, 28),
        (carlang.Severity.WARNING, "CL206", 2, 36),
        (carlang.Severity.ERROR, "CL201", 2, 53),
    ]


def test_a_string_that_ends_in_one_backslash_is_unterminated_and_can_be_repaired() -> None:
    text = 'p = search Process:Create\nq = filter p where (current_working_directory == "C:\\")\noutput q\n'
    found = [d for d in carlang.check(text) if d.severity is carlang.Severity.ERROR]
    assert [d.code.name for d in found] == ["CL102"]
    assert found[0].repair is not None
    for edit in found[0].repair.edits:
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert '== "C:\\\\")' in text
    assert carlang.check(text) == []


def test_a_model_with_fields_of_ones_own_makes_programs_valid(tmp_path: Path) -> None:
    extension = tmp_path / "ours.yaml"
    text = "objects:\n  process:\n    fields:\n      score: {type: integer, description: How odd it is.}\n"
    extension.write_text(text, encoding="utf-8")
    program = "search Process:Create | filter score > 5"
    assert [d.code.name for d in carlang.check(program)] == ["CL201"]
    assert carlang.check(program, model=carlang.load_model([extension])) == []


def test_a_level_of_an_output_that_is_not_there_is_a_fault() -> None:
    front = "---\nid: X-1\nlevel: low\nlevels: {fuond: high}\n---\n"
    _, fault = carlang.load_text(front + "found = search Process:Create\noutput found", "x.car").check()
    assert (fault.code.name, fault.location.line, fault.location.column) == ("CL503", 4, 10)
    assert fault.message == "there is no output `fuond` to give a level"
