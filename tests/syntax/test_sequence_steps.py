"""Steps of sequences, conditions, `no`, `then` and times: how they are written, and that their words stay names."""

from __future__ import annotations

import pytest

from carlang.source import Source
from carlang.syntax import ast, parse, walk
from carlang.syntax.format import format_program

FORMS = [
    ("x = sequence (a, no b, c * 3)", "x = sequence (a, no b, c * 3)"),
    (
        "x = sequence (a, NO b, c × 3) by f WITHIN 5 minutes UNTIL d",
        "x = sequence (a, no b, c * 3) by f within 5 minutes until d",
    ),
    ("x = sequence (a, c*3)", "x = sequence (a, c * 3)"),
    ("x = sequence (a, b where b.ppid == a.pid, c)", "x = sequence (a, b where (b.ppid == a.pid), c)"),
    ("x = sequence (a, (b where (ppid == a.pid)))", "x = sequence (a, b where (ppid == a.pid))"),
    (
        "x = sequence (a, no (b where (f == a.f and g == 1)), c)",
        "x = sequence (a, no b where (f == a.f and g == 1), c)",
    ),
    ("x = sequence (a, (c where (f == a.f)) * 3)", "x = sequence (a, c * 3 where (f == a.f))"),
    ("x = sequence (a, c where (f == a.f) * 3)", "x = sequence (a, c * 3 where (f == a.f))"),
    ("x = sequence (a, c * 3 where (f == a.f))", "x = sequence (a, c * 3 where (f == a.f))"),
    ("x = sequence a then no b then c", "x = sequence (a, no b, c)"),
    ("x = sequence (a then b * 2) by f", "x = sequence (a, b * 2) by f"),
    ("x = sequence no a then b where b.f == a.f then c by f", "x = sequence (no a, b where (b.f == a.f), c) by f"),
    ("x = sequence (a where (f == 1)) * 2 then b", "x = sequence (a * 2 where (f == 1), b)"),
    ("x = sequence (a,\n  no b,\n  c)", "x = sequence (a, no b, c)"),
    ("x = sequence a then\n  no b\n  then c by f\ny = x", "x = sequence (a, no b, c) by f\ny = x"),
]

# Each reads the words as names, as it did before they meant something.
NAMES = [
    "no = search Process",
    "then = no + no",
    "f = filter no where (then == 1 and no.f == 2)",
    "x = sequence (no, then)",
    "x = sequence (no, b)",
    "x = sequence (sequence, no)",
    "x = join (no, then) where (no.f == then.f)",
    "x = no | filter no == 1",
    "then | filter f == 1",
    "x = group no by then",
    "no.then = no",
    "output no, then",
    "sequence exists",
    'sequence contains "x"',
    "sequence in [1, 2]",
    "sequence between 1 and 2",
    "sequence == 1",
    "x = sequence | filter f == 1",
    "x = sequence\nthen | filter f == 1",
    "x = sequence (a, b)\nthen = a",
]

NEW_NAMES = [
    ("x = sequence (no no, b)", [("no", True), ("b", False)]),
    ("x = sequence (no * 3, b)", [("no", False), ("b", False)]),
    ("x = sequence (no where (f == 1), b)", [("no", False), ("b", False)]),
    ("x = sequence then then no then then", [("then", False), ("no", False), ("then", False)]),
    ("x = sequence no then b", [("no", False), ("b", False)]),
    ("x = sequence no no then no no", [("no", True), ("no", True)]),
]


def _tree(text: str) -> ast.Program:
    parsed = parse(Source.whole("case.car", text))
    assert parsed.diagnostics == ()
    return parsed.program


@pytest.mark.parametrize(("written", "canonical"), FORMS)
def test_a_form_has_one_layout_which_means_the_same(written: str, canonical: str) -> None:
    assert format_program(Source.whole("case.car", f"{written}\n")) == f"{canonical}\n"
    assert format_program(Source.whole("case.car", f"{canonical}\n")) == f"{canonical}\n"
    assert _tree(canonical) == _tree(written)


@pytest.mark.parametrize("written", NAMES)
def test_the_words_are_names_where_no_step_stands(written: str) -> None:
    tree = _tree(f"{written}\n")
    assert not any(isinstance(s, ast.Step) and (s.absent or s.times) for s in walk(tree))


@pytest.mark.parametrize(("written", "steps"), NEW_NAMES)
def test_a_step_may_have_any_name(written: str, steps: list[tuple[str, bool]]) -> None:
    found = [s for s in walk(_tree(written)) if isinstance(s, ast.Step)]
    assert [(s.stream.ident, s.absent) for s in found if isinstance(s.stream, ast.Name)] == steps


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("x = sequence (a, no no b)", "b"),
        ("x = sequence (a, no (no b))", "no (no b)"),
        ("x = sequence (a, (c * 2) * 3)", "(c * 2) * 3"),
        ("x = sequence (a, c * n)", "n"),
        ("x = sequence (a, b then c)", "then"),
        ("x = sequence (a, 3 * c)", "3 * "),
    ],
)
def test_what_is_no_step_is_a_fault_at_its_place(written: str, at: str) -> None:
    faults = parse(Source.whole("case.car", written)).diagnostics
    assert [written[d.span.start : d.span.end] for d in faults] == [at]
