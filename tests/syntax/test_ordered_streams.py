"""`sort`, `head`, `tail`, `unique … by` and `optional`: how they are written, and that they are names all the same."""

from __future__ import annotations

import pytest

from carlang.source import Source
from carlang.syntax import ast, parse
from carlang.syntax.format import format_program

FORMS = [
    ("x = sort p by f desc, g ASC", "x = sort p by f desc, g"),
    ("x = sort p by a.time Descending", "x = sort p by a.time desc"),
    ("x = head 10 of p", "x = head 10 of p"),
    ("x = tail n of (search Process)", "x = tail n of (search Process)"),
    ("x = unique p by f, g", "x = unique p by f, g"),
    ("x = unique (p) by f", "x = unique p by f"),
    ("x = unique (search Process) by f", "x = unique (search Process) by f"),
    ("x = unique (p | head 3) by f", "x = unique (p | head 3) by f"),
    ("x = unique (children of p) by f", "x = unique (children of p) by f"),
    ("x = unique(p.f)", "x = unique(p.f)"),
    (
        "x = p | sort by f desc | head 3 | tail n | unique by f",
        "x = p | sort by f desc | head 3 | tail n | unique by f",
    ),
    ("x = count(p) by f | sort by count desc", "x = count(p) by f | sort by count desc"),
    ("x = (a - b by f | head 3) | tail 2", "x = (a - b by f | head 3) | tail 2"),
    ("x = join (a, b optional) where (a.f == b.f)", "x = join (a, b optional) where (a.f == b.f)"),
    ("x = join a, b optional where a.f == b.f", "x = join (a, b optional) where (a.f == b.f)"),
    ("x = a | join (b optional) where (a.f == b.f)", "x = a | join b optional where (a.f == b.f)"),
    ("x = sort p by\n  f desc,\n  g", "x = sort p by f desc, g"),
    ("x = head 10 of\n  p", "x = head 10 of p"),
    ("f = filter p where (x in s and y not in unique(s.y))", "f = filter p where (x in s and y not in unique(s.y))"),
]

# Each reads the words as names, as it did before they meant something.
NAMES = [
    "sort = search Process",
    "head = sort + tail",
    "unique = head - tail by sort",
    "f = filter sort where (head == 1 and tail.unique == 2 and desc == 3 and of == 4 and optional == 5)",
    "x = sort",
    "x = head | filter tail == 1",
    "sort.f = unique",
    "x = join (sort, head, optional, unique) where (sort.f == head.f)",
    "x = group sort by head, tail",
    "x = count(head) by sort",
    "x = max(tail.pid)",
    "output sort, head, tail, unique, optional",
    'sort contains "x"',
    "head in [1, 2]",
    "tail exists",
    "unique == 3 or sort != 4",
    "x = sort sort by sort desc",
    "x = head head of head",
    "x = unique unique by unique",
    "x = join (optional optional, desc) where (optional.f == desc.f)",
]


def _tree(text: str) -> ast.Program:
    parsed = parse(Source.whole("case.car", text))
    assert parsed.diagnostics == ()
    return parsed.program


@pytest.mark.parametrize(("written", "canonical"), FORMS)
def test_a_form_has_one_layout_which_means_the_same(written: str, canonical: str) -> None:
    assert format_program(Source.whole("case.car", f"{written}\n")) == f"{canonical}\n"
    assert _tree(canonical) == _tree(written)


def test_the_words_may_be_names_of_streams_and_fields() -> None:
    for text in NAMES:
        again = format_program(Source.whole("case.car", f"{text}\n"))
        assert again is not None, text
        assert _tree(again) == _tree(text)
    (copied,) = _tree("x = sort").statements
    assert isinstance(copied, ast.AssignStmt)
    assert isinstance(copied.value, ast.Name)
    (sorted_,) = _tree("x = sort sort by sort desc").statements
    assert isinstance(sorted_, ast.AssignStmt)
    assert isinstance(sorted_.value, ast.Sort)
