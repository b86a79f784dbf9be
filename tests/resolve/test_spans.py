"""Every node of a bound program says where it was written, and this changes nothing of what it equals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from carlang.program import CompiledProgram
from carlang.resolve import bound
from tests.resolve.programs import compiled, drawn, published, written

_STREAMS = tuple(get_args(bound.BoundStream))


def _nodes(program: CompiledProgram) -> Iterator[bound.BoundStream | bound.BoundExpr]:
    seen: set[int] = set()
    for output in program.require().outputs:
        for stream in bound.streams_below(output.stream):
            if id(stream) not in seen:
                seen.add(id(stream))
                yield stream
                for expr in bound.expressions(stream):
                    yield from bound.walk(expr)


def _check_spans(programs: Iterable[CompiledProgram], least: int) -> None:
    nodes = 0
    for program in programs:
        for node in _nodes(program):
            if node.span is None:
                # A key that a selection gives without being asked, the condition of a join without one, and the starts
                # and ends of processes, which all that asks for them in a program shares.
                lives = isinstance(node, bound.Events) and [s.object for s in node.sets] == ["process"]
                assert isinstance(node, bound.FieldRef) or node == bound.AllOf(()) or lives, node
                continue
            assert 0 <= node.span.start < node.span.end <= len(program.source.text), node
            nodes += 1
    assert nodes >= least


def test_nodes_of_drawn_programs_have_spans() -> None:
    _check_spans(drawn(150), 2000)


def test_nodes_of_the_goldens_programs_have_spans() -> None:
    _check_spans(written(), 100)


def test_nodes_of_published_programs_have_spans(real_corpus: Path) -> None:
    _check_spans(published(real_corpus), 500)


def test_a_span_stands_last_and_takes_no_part_in_equality_or_repr() -> None:
    nodes = {*get_args(bound.BoundExpr), *get_args(bound.BoundStream)}
    nodes |= {bound.EventSet, bound.StreamPart, bound.Item, bound.BoundOutput, bound.BoundInput}
    for node in nodes:
        last = fields(node)[-1]
        assert (last.name, last.compare, last.repr) == ("span", False, False), node


HEAD = "p = search Process:Create\n"


@pytest.mark.parametrize(
    ("condition", "written_as"),
    [
        ("pid == 1 and not exe == 'a'", {"FieldRef": ["pid", "exe"], "Complement": ["not exe == 'a'"]}),
        ("exe in ['a', 'b']", {"OneOf": ["exe in ['a', 'b']"]}),
        ("1 < pid <= 3", {"Compare": ["1 < pid", "pid <= 3"], "AllOf": ["1 < pid <= 3"]}),
        ("lower(exe) == 'a'", {"Apply": ["lower(exe)"], "Const": ["'a'"]}),
        ("pid + 1 * 2 == 3", {"Arith": ["pid + 1 * 2", "1 * 2"]}),
        ("p.pid exists", {"Present": ["p.pid exists"], "FieldRef": ["p.pid"]}),
        ("command_line contains ['a', 'b*c']", {"Contains": ["command_line contains ['a', 'b*c']"], "Const": ["'a'"]}),
        ("exe match 'x'", {"RegexTest": ["exe match 'x'"]}),
        ("pid == max(pid)", {"Scalar": ["max(pid)"], "Aggregate": ["max(pid)"]}),
        ("pid == k", {"Const": ["k"]}),
    ],
)
def test_a_node_stands_where_it_was_written(condition: str, written_as: dict[str, list[str]]) -> None:
    text = f"k = 3\n{HEAD}q = filter p where {condition}\noutput q"
    nodes = list(_nodes(compiled(text)))
    for name, expected in written_as.items():
        spans = sorted({node.span for node in nodes if type(node).__name__ == name and node.span})
        assert [text[span.start : span.end] for span in spans] == expected, name


def test_a_stream_stands_where_it_was_written() -> None:
    text = f"{HEAD}g = group p by hostname\ns = from g select count() as n\n"
    text += "u = search File:Create where pid == 1\noutput s, u"
    spans = {type(node): node.span for node in _nodes(compiled(text)) if isinstance(node, _STREAMS)}
    texts = {kind.__name__: text[span.start : span.end] for kind, span in spans.items() if span}
    assert texts["Grouped"] == "group p by hostname"
    assert texts["Aggregated"] == "from g select count() as n"
    assert texts["Filtered"] == "search File:Create where pid == 1"
    assert texts["Events"] == "search File:Create"
