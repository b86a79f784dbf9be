from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from carlang.diagnostics import has_errors
from carlang.importers import load_file
from carlang.source import Source, Span
from carlang.syntax import ast, format_program, format_tree, parse, rewrite
from carlang.syntax.layout import comments

names = st.sampled_from(["exe", "pid", "command_line", "count", "search", "user", "ä", "output_x"])
texts = st.text(st.sampled_from("ab *\\\"'%|."), max_size=6).map(
    lambda t: '"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
numbers = st.sampled_from(["0", "445", "1.5", "2.50", "0.00000001"])
literals = st.one_of(
    texts, numbers, st.sampled_from(["1sec", "30 minutes", "1.5h", "now", "null", "TRUE", "10.0.0.0/8"])
)
space = st.sampled_from([" ", "  ", "\t"])
gap = st.sampled_from([" ", "  ", " \n ", "\n", " # why\n", "\n  // alone\n  ", "\n\n# a\n# b\n"])


@st.composite
def values(draw: st.DrawFn, depth: int = 2) -> str:
    kind = draw(st.integers(0, 9 if depth else 2))
    inner = values(depth - 1)
    if kind == 7:
        return f"-{draw(st.one_of(names, numbers))}"
    if kind == 8:
        return draw(names) + draw(st.sampled_from(["[0]", "[ -1 ]", '["a b"]', '["exe"]']))
    if kind == 9:
        return f"(if{draw(gap)}{draw(inner)}{draw(gap)}then {draw(inner)}{draw(gap)}else {draw(inner)})"
    if kind <= 1:
        return draw(names)
    if kind == 2:
        return draw(literals)
    if kind == 3:
        return f"{draw(inner)} {draw(st.sampled_from('+-*/%'))} {draw(inner)}"
    if kind == 4:
        return f"lower({draw(inner)},{draw(inner)})"
    if kind == 5:
        return f"({draw(inner)})"
    return f"{draw(names)}.{draw(names)}"


@st.composite
def lists(draw: st.DrawFn) -> str:
    items = draw(st.lists(values(1), min_size=1, max_size=12))
    return "[" + draw(gap) + f",{draw(gap)}".join(items) + draw(gap) + "]"


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    left, right = draw(values()), draw(values())
    operator = draw(st.sampled_from(["==", "=", "!=", "<>", "<", ">="]))
    form = draw(st.integers(0, 7))
    if form == 0:
        return f"{left} {operator} {right} {operator} {draw(values(1))}"
    if form == 1:
        return f"{left} {draw(st.sampled_from(['in', 'NOT IN', 'not  in']))} {draw(lists())}"
    if form == 2:
        word = draw(st.sampled_from(["contains", "does not contain", "STARTSWITH", "not endswith", "matches"]))
        return f"{left} {word} {draw(st.one_of(values(1), lists()))}"
    if form == 3:
        return f"{left} {draw(st.sampled_from(['exists', 'not exists', 'does not exist']))}"
    if form == 7:
        return f"{left} {draw(st.sampled_from(['between', 'NOT  between']))} {right} and {draw(values(1))}"
    if form == 4:
        return f"not {left} {operator} {right}"
    return f"{left}{draw(space)}{operator}{draw(space)}{right}"


@st.composite
def conditions(draw: st.DrawFn, depth: int = 3) -> str:
    if not depth or draw(st.integers(0, 3)) == 0:
        return draw(comparisons())
    parts = draw(st.lists(conditions(depth - 1), min_size=1, max_size=4))
    text = parts[0]
    for part in parts[1:]:
        text += f"{draw(gap)}{draw(st.sampled_from(['and', 'or', 'AND', 'Or']))}{draw(gap)}{part}"
    return f"({draw(gap)}{text}{draw(gap)})" if draw(st.booleans()) else text


@st.composite
def statements(draw: st.DrawFn) -> str:
    condition = draw(conditions())
    form = draw(st.integers(0, 12))
    forms = [
        f"q = filter p where ({draw(gap)}{condition}{draw(gap)})",
        f"q = filter p where {condition}",
        f"p {{{{pipe}}}} filter {condition} |{draw(gap)}group by a,{draw(gap)}b.c within 90s",
        f"xs = {draw(lists())}",
        f"j = join (a,{draw(gap)}(search Process:Create | filter {condition}), c) where ({condition})",
        f"search (File:Create,Modify or{draw(gap)}Process:* AND user session) where ({condition})",
        f"from g select {draw(values())} as x,{draw(gap)}count(distinct user), {condition}",
        f"s.f = {draw(values())}",
        f"{condition}",
        f"output a ,{draw(gap)}b",
        f"g = group a by b having ({draw(gap)}{condition}) within any 10 minutes",
        f"p | group by a every 1 day having{draw(gap)}{condition} | count by b every 1 hour",
        f"t = together (a,{draw(gap)}b) by c within x",
    ]
    return forms[form]


@st.composite
def programs(draw: st.DrawFn) -> str:
    parts = draw(st.lists(statements(), min_size=1, max_size=3))
    between = st.sampled_from(["\n", "\n\n\n", "  # end\n", "\n# between\n\n"])
    return "".join(part + draw(between) for part in parts)


def said(source: Source) -> list[str]:
    return sorted(source.text[span.start : span.end].rstrip() for span in comments(source))


def check_laws(source: Source) -> None:
    text = format_program(source)
    assert text is not None
    again = Source.whole("again", text)
    assert parse(again).program == parse(source).program
    assert format_program(again) == text
    assert said(again) == said(source)
    assert not re.search(r"[ \t]$|\n\n\n|\A\n|\n\n\Z", text, re.MULTILINE)
    assert text.endswith("\n")


@given(programs())
@settings(deadline=None, max_examples=120)
def test_formatting_keeps_the_program_and_its_comments_and_is_done_once(text: str) -> None:
    source = Source.whole("p", text)
    if not has_errors(parse(source).diagnostics):
        check_laws(source)


@given(st.text(st.sampled_from("ab12 .\"'\\()[],=<>+-*/|:#\n"), max_size=60))
@settings(deadline=None, max_examples=120)
def test_whatever_can_be_parsed_can_be_formatted(text: str) -> None:
    source = Source.whole("p", text)
    if not has_errors(parse(source).diagnostics):
        check_laws(source)


def published(corpus: Path) -> list[Source]:
    """Return CAR's programs that can be parsed."""
    files = sorted((corpus / "car" / "analytics").glob("*.yaml"))
    sources = [source for file in files for source in load_file(file).sources]
    faultless = [source for source in sources if not has_errors(parse(source).diagnostics)]
    assert len(faultless) > 70
    return faultless


def test_published_programs_are_formatted_by_the_same_laws(real_corpus: Path) -> None:
    for source in published(real_corpus):
        check_laws(source)


def without_spans(node: ast.Node) -> ast.Node:
    """Return a node as it would be made without a text."""
    match node:
        case ast.Program():
            return node
        case ast.Search():
            return replace(node, conjunctions=(), span=Span(0, 0))
        case _:
            return replace(node, span=Span(0, 0))


def check_laws_of_trees(program: ast.Program) -> None:
    for tree in (program, rewrite(program, without_spans)):
        assert isinstance(tree, ast.Program)
        text = format_tree(tree)
        assert parse(Source.whole("again", text)).program == program
        assert format_program(Source.whole("again", text)) == text


@given(programs())
@settings(deadline=None, max_examples=120)
def test_a_tree_is_written_as_a_text_that_gives_the_tree(text: str) -> None:
    parsed = parse(Source.whole("p", text))
    if not has_errors(parsed.diagnostics):
        check_laws_of_trees(parsed.program)


def test_trees_of_published_programs_are_written_by_the_same_laws(real_corpus: Path) -> None:
    for source in published(real_corpus):
        check_laws_of_trees(parse(source).program)
