"""`children` is held to the dataclasses of `ast.py`: a node or a field that is added there and forgotten here fails."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from itertools import count
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

import carlang
from carlang.source import Source, Span
from carlang.syntax import ast, parse
from carlang.syntax.walk import children, rewrite, walk

from .reading import nodes

CLASSES = [cls for _, cls in inspect.getmembers(ast, inspect.isclass) if is_dataclass(cls) and cls is not Span]
NODES = frozenset(get_args(ast.Node))
PROGRAM = """\
input since: time = now - 1 day
p = search Process:Create,Access or File:* where (not exe exists and pid in [1, -2 + x] and lower(s.exe) match "a.*")
s.f = -pid + 1h
t.f = if (a between 1 and 2) then split(exe, ".")[-1] else event_data["a b"]
g = group p, q by hostname, s.ppid within 30 minutes
c = from g select hostname as h, count(distinct user) > 1 or 10.0.0.1 == ip
j = join (p, (search File:Create | filter true | select pid)) where (a.pid < b.pid <= null)
r = run Analytic:CAR-2013-05-003
p - g by exe, pid
x = sequence (p, g) by hostname within y until r
o = sort (head 10 of p) by time desc, s.exe
u = unique (tail n of o) by user, exe
b = group p by hostname having (count() > 2) within any 10 minutes
e = group p by hostname every 1 hour having (count() > 2)
h = count(p) by exe every 1 day
t = together (p, q) by hostname within 5 minutes
t = children of p | ancestors
output p, r
"""


def span(number: int) -> Span:
    return Span(number, number + 1)


def holds(hint: Any) -> set[str]:
    """Tell how a field of a type holds nodes: `one`, `many`, `maybe`; or not at all."""
    if hint in NODES:
        return {"one"}
    if get_origin(hint) is tuple:
        return {"many"} if any(holds(part) for part in get_args(hint)) else set()
    if isinstance(hint, UnionType):
        inner = set().union(*(holds(part) for part in get_args(hint)))
        return inner | {"maybe"} if inner and type(None) in get_args(hint) else inner
    return set()


def filled(cls: type[Any], numbers: Iterator[int], *, full: bool) -> tuple[ast.Node, list[ast.Node]]:
    """Return a node with a name wherever it can hold a node, and these names; `full` fills optional fields too."""
    values: dict[str, Any] = {}
    names: list[ast.Node] = []
    hints = get_type_hints(cls)
    for field in fields(cls):
        how = holds(hints[field.name])
        if not how:
            values[field.name] = span(0) if field.name == "span" else ()
            continue
        wanted = 2 if "many" in how else 0 if "maybe" in how and not full else 1
        new = [ast.Name(f"n{n}", span(n)) for n in (next(numbers) for _ in range(wanted))]
        names += new
        values[field.name] = tuple(new) if "many" in how else next(iter(new), None)
    return cls(**values), names


def test_every_dataclass_of_the_tree_is_a_node() -> None:
    assert set(CLASSES) == NODES


@pytest.mark.parametrize("optional", ["filled", "empty"])
@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_every_field_that_can_hold_a_node_is_visited_and_rewritten(cls: type[Any], optional: str) -> None:
    node, names = filled(cls, count(), full=optional == "filled")
    assert list(map(id, children(node))) == list(map(id, names))
    if not names:
        return

    def marked(name: ast.Node) -> ast.Node:
        return ast.Name(name.ident + "!", name.span) if isinstance(name, ast.Name) else name

    changed = rewrite(node, marked)
    assert type(changed) is cls
    assert list(children(changed)) == [marked(name) for name in names]
    for field in fields(cls):
        if not holds(get_type_hints(cls)[field.name]):
            assert getattr(changed, field.name) == getattr(node, field.name)


def test_nothing_else_goes_through_the_tree_by_reflection() -> None:
    for path in sorted(Path(carlang.__file__).parent.rglob("*.py")):
        code = path.read_text(encoding="utf-8")
        if re.search(r"^from carlang\.syntax\b", code, re.MULTILINE):
            assert not re.search(r"\b(is_dataclass|fields|asdict|astuple)\(|__dataclass_fields__|__slots__", code), path


def test_a_walk_goes_through_all_nodes_in_the_order_of_the_text() -> None:
    program = parse(Source.whole("p", PROGRAM)).program
    walked = list(walk(program))
    assert walked[0] is program
    assert sorted(map(id, walked)) == sorted(map(id, nodes(program)))
    assert {type(node) for node in walked} == NODES - {ast.FaultyStmt}
    starts = [node.span.start for node in walked if isinstance(node, ast.Name | ast.Literal)]
    assert starts == sorted(starts)


def test_a_walk_does_not_go_below_where_it_is_stopped() -> None:
    program = parse(Source.whole("p", "q = filter p where (lower(exe) == x and pid)")).program
    walked = walk(program, stop=lambda node: isinstance(node, ast.Call))
    assert [node.ident for node in walked if isinstance(node, ast.Name)] == ["q", "p", "x", "pid"]


def test_a_rewrite_that_changes_nothing_gives_the_same_object() -> None:
    program = parse(Source.whole("p", PROGRAM)).program
    assert rewrite(program, lambda node: node) is program


def test_a_rewrite_leaves_what_it_does_not_touch_and_sees_children_changed() -> None:
    program = parse(Source.whole("p", PROGRAM)).program
    seen: list[ast.Node] = []

    def change(node: ast.Node) -> ast.Node:
        seen.append(node)
        match node:
            case ast.Name("since"):
                return ast.Name("until_when", node.span)
            case _:
                return node

    changed = rewrite(program, change)
    assert isinstance(changed, ast.Program)
    assert isinstance(changed.statements[0], ast.InputStmt)
    assert changed.statements[0].name == ast.Name("until_when", span(0))
    assert all(new is old for new, old in zip(changed.statements[1:], program.statements[1:], strict=True))
    assert changed.statements[0] in seen
    assert program.statements[0] not in seen


def test_neither_walk_nor_rewrite_is_bound_by_the_depth_of_a_tree() -> None:
    deep: ast.Expr = ast.NumberLit(1, span(0))
    for _ in range(50_000):
        deep = ast.Arithmetic("+", deep, ast.NumberLit(1, span(0)), span(0))
    assert sum(1 for _ in walk(deep)) == 100_001
    changed = rewrite(deep, partial(_replaced, ast.NumberLit(1, span(0)), ast.NumberLit(2, span(0))))
    assert {node.value for node in walk(changed) if isinstance(node, ast.NumberLit)} == {2}


def _replaced(old: ast.Node, new: ast.Node, node: ast.Node) -> ast.Node:
    return new if type(node) is type(old) and node == old else node
