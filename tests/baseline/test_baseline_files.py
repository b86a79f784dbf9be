"""How the file of a baseline is read, and that what is written into one comes back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from carlang.baseline import (
    Baseline,
    BaselineError,
    Exactly,
    Exclusion,
    baseline_text,
    is_baseline,
    load_baseline,
    read_baseline,
)
from carlang.baseline.exclusions import Value

HOSTILE = [
    *("it's", '"quoted"', "a: b", "- a", "# no comment", "{a: b}", "[a]", "&a *a", "!!python/object:os.system x"),
    *("null", "true", "yes", "1e3", "0x10", "2024-01-01", "~", "", " ", " a ", "a\n- analytic: '*'", "a\r\nb", "\t"),
    *(
        "\x1b[2J",
        "\0",
        "\x7f",
        "\x85",
        "\u2028",
        "\u202egpj.exe",
        "\ufeff",
        "\ufffe",
        "😀",
        "ſ",
        "%temp%\\x",
        "*",
        "**",
    ),
    *("---", "...", "? a", "| a", "> a", "@a", "`a`", "%a", "=cmd|' /C calc'!A0", "\\", "C:\\new\\table", "x" * 5_000),
]


def test_hostile_values_come_back_as_they_were() -> None:
    exclusions = []
    for text in HOSTILE:
        values: tuple[Value, ...] = (Exactly(text), text, None, True, -3, 0.5)
        fields = {"exe": ("at.exe",), text[:99] or "empty": values}  # names of columns are no longer
        exclusions.append(Exclusion("CAR-1 #", text, fields, 3, 2, "2024-01-01", None, text, text))
    written = Baseline("", tuple(exclusions), made={"store": "\x1b: '", "rows": 7})
    text = baseline_text(written, {"CAR-1 #": "a\n- analytic: '*'\x1b"})
    assert all(line.isprintable() for line in text.splitlines())
    read = read_baseline(text, "quiet.yaml")
    assert not read.diagnostics
    assert read.exclusions == written.exclusions
    assert read.made == written.made


def test_nothing_found_is_a_baseline_without_exclusions() -> None:
    text = baseline_text(Baseline("", made={"until": "2024"}))
    assert read_baseline(text, "quiet.yaml").exclusions == ()
    assert not read_baseline(text, "quiet.yaml").diagnostics


ONE = "exclusions: [{{analytic: a, fields: {{exe: b}}, {}}}]"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exclusions: [", "CL701 1:14 not YAML: expected the node content, but found '<stream end>'"),
        ("- a", "CL701 1:1 expected keys and values, `exclusions` among them"),
        ("exclusions: 3", "CL701 1:13 expected a list"),
        ("exclusions: [a]", "CL701 1:14 expected keys and values"),
        ("exclusions: []\nexclusions: []", "CL701 2:1 the key `exclusions` stands here twice"),
        ("exclusions: [{fields: {exe: a}}]", "CL701 1:14 the key `analytic` is missing"),
        ("exclusions: [{analytic: a}]", "CL701 1:14 the key `fields` is missing"),
        ("exclusions: [{analytic: a, fields: b}]", "CL701 1:36 expected keys and values"),
        ("exclusions: [{analytic: a, fields: {exe: []}}]", "CL701 1:42 expected values, as nothing is one of none"),
        ("exclusions: [{analytic: a, fields: {exe: {exactly: 3}}}]", ("CL701 1:42 expected a pattern, a number, true, "
         "false, null or `{exactly: text}`")),
        ("exclusions: [{analytic: a, fields: {exe: &x [b, *x]}}]", ("CL701 1:42 expected a pattern, a number, true, "
         "false, null or `{exactly: text}`")),
        ("exclusions: [{analytic: a, fields: {}}]", "CL703 1:36 the exclusion would hide all rows of `a`"),
        ("exclusions: [{analytic: '*', fields: {exe: ['**', a], b: null}}]", ("CL703 1:38 the exclusion would hide "
         "everything")),
        (ONE.format("count: x"), "CL701 1:53 expected a whole number"),
        (ONE.format("cuont: 1"), "CL702 1:46 unknown key `cuont`"),
        ("exclusions: []\ntest: []", "CL702 2:1 unknown key `test`"),
        ("exclusions: []\ntests: [{name: a, expect: {}}]", "CL701 2:9 the key `analytic` is missing"),
        ("exclusions: []\nmade: [a]", "CL701 2:7 expected keys and values"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_place(text: str, said: str) -> None:
    (fault,) = read_baseline(text, "quiet.yaml").diagnostics
    assert f"{fault.code.name} {fault.location.line}:{fault.location.column} {fault.message}" == said


@pytest.mark.parametrize(
    "text",
    [
        ONE.format("review: true, note: x, hosts: 2, first: 2024-01-01"),
        "exclusions: [{analytic: a, fields: {}, review: somebody has to find fields}]",
        "exclusions: [{analytic: a, fields: {exe: '*', parent_exe: b}}]",
        "exclusions: [{analytic: a, fields: {user: ''}}]",
    ],
)
def test_of_these_nothing_is_to_be_said(text: str) -> None:
    assert not read_baseline(text, "quiet.yaml").diagnostics


def test_one_faulty_exclusion_hides_no_other_fault() -> None:
    text = "exclusions:\n- {analytic: a}\n- {analytic: a, fields: {exe: {}}}\n- {analytic: a, fields: {exe: b}}\n"
    baseline = read_baseline(text, "quiet.yaml")
    assert len(baseline.diagnostics) == 2
    assert [baseline.line(each) for each in baseline.exclusions] == [4]


@pytest.mark.parametrize("data", [None, b"\xff\xfe", b"exclusions: 3"])
def test_a_file_that_cannot_be_used_is_refused(data: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "quiet.yaml"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(BaselineError, match=r"quiet\.yaml"):
        load_baseline(file)


def test_a_baseline_that_was_read_before_is_the_same_with_its_places(tmp_path: Path) -> None:
    file = tmp_path / "quiet.yaml"
    file.write_text(
        "exclusions:\n- {analytic: a, fields: {exe: [b, {exactly: c}, null]}, cuont: 3}\n", encoding="utf-8"
    )
    first, second = load_baseline(file), load_baseline(file)
    assert first == second == read_baseline(file.read_text(encoding="utf-8"), str(file))
    assert [second.line(each) for each in second.exclusions] == [2]
    assert [fault.location for fault in first.diagnostics] == [fault.location for fault in second.diagnostics]
    file.write_text("exclusions: []\n", encoding="utf-8")
    assert load_baseline(file).exclusions == ()


def test_a_baseline_is_told_from_an_analytic(tmp_path: Path) -> None:
    file = tmp_path / "quiet.yaml"
    assert not is_baseline(file)
    file.write_text("id: X\n  exclusions: []\n", encoding="utf-8")
    assert not is_baseline(file)
    file.write_text("# said\nexclusions:\n", encoding="utf-8")
    assert is_baseline(file)
    assert not is_baseline(file.rename(tmp_path / "quiet.car"))
    assert not is_baseline(tmp_path)
