"""Mutants of a program: the same program with one thing changed, as a slip of the keyboard would change it.

What is changed, and how:

- A condition is negated, and dropped. A condition is a comparison, a membership, a test of text or of presence, or a
  truth value, as it is written; a chained comparison has one for each pair.
- `and` is made `or`, and the other way round, a whole chain at once.
- A list loses each of its members in turn: one of values, of the classes or actions of a search, of keys; a
  sequence each of its absent steps.
- A text gets a `*` at either end, or loses the one it has. `contains`, which has one at both ends, becomes `startswith`
  and `endswith`, and each of these `contains` and `==`.
- `<` becomes `<=` and the other way round, and so do `>` and `>=`; `between` loses either of its ends.
- An `if` has its values exchanged, and `[n]` takes the element before and the one behind.
- A key of `sort` goes the other way, and an optional part of a join is one that no row can lack.
- A number goes up and down by one in its last digit, a duration by a second, the width of a block of addresses by a
  bit.

Where a mutant gives what the tests expect, no test depends on what was changed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeVar

from carlang.source import Span
from carlang.syntax import ast, rewrite, walk
from carlang.syntax.literal import number_literal, string_literal

_CONNECTIVES = ast.And | ast.Or | ast.Not
_TRUE = ast.BoolLit(value=True, span=Span(0, 0))
"""Stands where a condition was dropped; known by its identity, since a program may have a `true` of its own."""
_SECOND = 1_000_000
"""The step of a duration: the unit in which events tell their time at the least. It is in microseconds."""
_ALIKE = {"contains": ("startswith", "endswith"), "startswith": ("contains",), "endswith": ("contains",)}
"""For a test of text those that ask for one `*` more or less at an end."""
_BORDERS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}

M = TypeVar("M")
Change = tuple[ast.Node, Span, str]
"""What stands in the place of a node, the span of what was changed in it, and how."""


@dataclass(frozen=True)
class Mutant:
    """A program that differs from the original in what stands at `span`; `change` says how: `dropped`, `made 11`."""

    program: ast.Program
    span: Span
    change: str


_OTHER_KIN = {"children": "descendants", "descendants": "children", "ancestors": "descendants"}


def mutants(program: ast.Program) -> Iterator[Mutant]:
    """Yield all mutants of a program, statement by statement; some may be no sound programs."""
    for index, statement in enumerate(program.statements):
        before, after = program.statements[:index], program.statements[index + 1 :]
        for old, (new, span, change) in _changes(statement):
            changed = _with(statement, old, new)
            yield Mutant(replace(program, statements=(*before, changed, *after)), span, change)


def _changes(statement: ast.Statement) -> Iterator[tuple[ast.Node, Change]]:  # noqa: C901, PLR0912  # a case a node
    """Yield the nodes of a statement that are changed, each with every change of it."""
    for test in _tests(statement):
        yield from ((test, change) for change in _unconditional(test))
    nodes = list(walk(statement))
    tested = {id(node.pattern) for node in nodes if isinstance(node, ast.TextTest)}  # in these texts `*` is no wildcard
    for node in nodes:
        match node:
            case ast.And(operands, span):
                yield node, (ast.Or(operands, span), span, "joined by `or`")
            case ast.Or(operands, span):
                yield node, (ast.And(operands, span), span, "joined by `and`")
            case ast.TextTest():
                yield from ((node, change) for change in _other_tests(node))
            case ast.Comparison():
                yield from ((node, change) for change in _other_borders(node))
            case ast.Between():
                yield from ((node, change) for change in _without_an_end(node))
            case ast.IfElse(_, then, otherwise, span):
                yield node, (replace(node, then=otherwise, otherwise=then), span, "exchanged")
            case ast.Element(_, index, span):
                for other in (index - 1, index + 1):
                    yield node, (replace(node, index=other), span, f"made `[{other}]`")
            case ast.SortKey(_, descending, span):
                yield (
                    node,
                    (replace(node, descending=not descending), span, f"made `{'asc' if descending else 'desc'}`"),
                )
            case ast.Tree(kin, _, span):
                other_kin = _OTHER_KIN[kin]
                yield node, (replace(node, kin=other_kin), span, f"made `{other_kin}`")
            case ast.Member(ast.Member(base, ast.Name(word)), _, span) if word.casefold() == "parent":
                yield node, (replace(node, base=base), span, "without `parent`")
            case ast.Join(inputs, _, _, optional):
                yield from ((node, change) for change in _required(node, inputs, optional))
            case ast.NumberLit() | ast.DurationLit() | ast.AddressLit() | ast.StringLit():
                yield from ((node, change) for change in _steps(node))
        yield from ((node, change) for change in _shorter(node))
        for text in _patterns(node) if id(node) not in tested else ():
            yield from ((text, change) for change in _other_ends(text))


def _shorter(node: ast.Node) -> Iterator[Change]:
    """Yield a node with a list without each of its members, if it has one of several."""
    match node:
        case ast.ListLit(items):
            yield from ((replace(node, items=rest), item.span, "dropped") for item, rest in _each_without(items))
        case ast.EventClass(_, actions):
            yield from ((replace(node, actions=rest), name.span, "dropped") for name, rest in _each_without(actions))
        case ast.Search(classes):
            yield from ((replace(node, classes=rest), each.span, "dropped") for each, rest in _each_without(classes))
        case ast.Sort(_, keys):
            yield from ((replace(node, keys=rest), key.span, "dropped") for key, rest in _each_without(keys))
        case ast.Sequence(steps, keys):
            for step in steps:
                if step.absent:
                    yield replace(node, steps=tuple(each for each in steps if each is not step)), step.span, "dropped"
            yield from ((replace(node, keys=rest), key.span, "dropped") for key, rest in _each_without(keys))
        case ast.Group(_, keys) | ast.By(_, keys) | ast.Together(_, keys) | ast.Unique(_, keys):
            yield from ((replace(node, keys=rest), key.span, "dropped") for key, rest in _each_without(keys))


def _required(node: ast.Join, inputs: Sequence[ast.Stream], optional: frozenset[int]) -> Iterator[Change]:
    """Yield a join with each of its optional parts as one that no row can lack."""
    for index in sorted(optional):
        yield replace(node, optional=optional - {index}), inputs[index].span, "not `optional`"


def _each_without(members: Sequence[M]) -> Iterator[tuple[M, tuple[M, ...]]]:
    """Yield each member of a list with the others; none of a list of one."""
    for member in members if len(members) > 1 else ():
        yield member, tuple(other for other in members if other is not member)


def _tests(statement: ast.Statement) -> Iterator[ast.Expr]:
    """Yield the tests of a statement's conditions: what `and`, `or` and `not` put together."""
    conditions: set[int] = set()
    for node in walk(statement):
        match node:
            case (
                ast.Search(_, condition)
                | ast.Filter(_, condition)
                | ast.Join(_, condition)
                | ast.Group(_, _, condition)
            ) if condition:
                conditions.add(id(condition))
            case ast.IfElse(condition, then, otherwise):
                conditions |= {
                    id(condition),
                    *(id(each) for each in (then, otherwise) if isinstance(each, ast.Condition)),
                }
            case ast.Step(condition=condition) if condition:
                conditions.add(id(condition))
            case ast.BareStmt(value) if not isinstance(value, ast.StreamForm):
                conditions.add(id(value))
        if id(node) in conditions:
            # A call may have conditions among its arguments; they are no conditions of the statement.
            below = walk(node, stop=lambda inner: not isinstance(inner, _CONNECTIVES))
            yield from (inner for inner in below if isinstance(inner, ast.Expr) and not isinstance(inner, _CONNECTIVES))


def _unconditional(test: ast.Expr) -> Iterator[Change]:
    """Yield a test negated, and dropped; of a chained comparison, `a < b < c`, one pair after the other."""
    if not isinstance(test, ast.Comparison) or len(test.operators) == 1:
        yield ast.Not(test, test.span), test.span, "negated"
        yield _TRUE, test.span, "dropped"
        return
    pairs = [
        ast.Comparison(operands, (operator,), operands[0].span.to(operands[1].span))
        for operands, operator in zip(pairwise(test.operands), test.operators, strict=True)
    ]
    chain = ast.And(tuple(pairs), test.span)
    for pair in pairs:
        for new, span, change in _unconditional(pair):
            yield _with(chain, pair, new), span, change


def _patterns(node: ast.Node) -> Iterator[ast.StringLit]:
    """Yield the texts right below a node in which `*` is a wildcard."""
    match node:
        case ast.Comparison(operands, operators) if {"==", "!="}.issuperset(operators):
            texts = operands
        case ast.ListLit(items):
            texts = items
        case ast.In(_, container):
            texts = (container,)
        case ast.AssignStmt(_, ast.StringLit() as text):
            texts = (text,)
        case _:
            return
    yield from (text for text in texts if isinstance(text, ast.StringLit))


def _other_ends(text: ast.StringLit) -> Iterator[Change]:
    """Yield a text with one `*` more or less at its beginning, then at its end."""
    value = text.value
    ends = [value.removeprefix("*") if value.startswith("*") else f"*{value}"]
    ends.append(value.removesuffix("*") if value.endswith("*") else f"{value}*")
    for changed in ends:
        yield ast.StringLit(changed, text.span), text.span, f"made {string_literal(changed)}"


def _other_borders(test: ast.Comparison) -> Iterator[Change]:
    """Yield a comparison by order with equality taken in or left out; of a chained one, one pair after the other."""
    for index, operator in enumerate(test.operators):
        if other := _BORDERS.get(operator):
            operators = (*test.operators[:index], other, *test.operators[index + 1 :])
            yield replace(test, operators=operators), test.span, f"made `{other}`"


def _without_an_end(test: ast.Between) -> Iterator[Change]:
    """Yield `a between b and c` without `b` and without `c`."""
    for signs, word in (((">", "<="), "lower"), ((">=", "<"), "upper")):
        ends = zip(signs, (test.low, test.high), strict=True)
        both = tuple(ast.Comparison((test.subject, end), (sign,), test.span) for sign, end in ends)
        inside = ast.And(both, test.span)
        yield ast.Not(inside, test.span) if test.negated else inside, test.span, f"without its {word} end"


def _other_tests(test: ast.TextTest) -> Iterator[Change]:
    for name in _ALIKE.get(test.test, ()):
        yield replace(test, test=name), test.span, f"made `{name}`"
    # Equality takes a `*` in a text for a wildcard, which these tests do not.
    if test.test in ("startswith", "endswith") and "*" not in getattr(test.pattern, "value", ""):
        operator = "!=" if test.negated else "=="
        yield ast.Comparison((test.subject, test.pattern), (operator,), test.span), test.span, f"made `{operator}`"


def _steps(literal: ast.NumberLit | ast.DurationLit | ast.AddressLit | ast.StringLit) -> Iterator[Change]:
    """Yield a number, a duration or a block of addresses one step down, and one up."""
    span = literal.span
    match literal:
        case ast.NumberLit(value):
            step = Decimal(1).scaleb(min(int(Decimal(repr(value)).as_tuple().exponent), 0))
            for number in (Decimal(repr(value)) - step, Decimal(repr(value)) + step):
                changed = ast.NumberLit(int(number) if isinstance(value, int) else float(number), span)
                yield changed, span, f"made {number_literal(changed.value)}"
        case ast.DurationLit(microseconds):
            for change, word in ((-_SECOND, "shorter"), (_SECOND, "longer")):
                if microseconds + change >= 0:
                    yield ast.DurationLit(microseconds + change, span), span, f"made a second {word}"
        case ast.AddressLit(text):
            yield from ((ast.AddressLit(block, span), span, f"made {block}") for block in _blocks(text))
        case ast.StringLit(text):
            yield from ((ast.StringLit(block, span), span, f"made {string_literal(block)}") for block in _blocks(text))


def _blocks(text: str) -> Iterator[str]:
    """Yield the block that is twice as wide as the one that a text names, and its lower half, where there are such."""
    if "/" not in text:
        return
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return
    if network.prefixlen > 0:
        yield str(network.supernet())
    if network.prefixlen < network.max_prefixlen:
        yield str(next(iter(network.subnets())))


def _with(tree: ast.Node, old: ast.Node, new: ast.Node) -> Any:  # what may stand where `tree` stood
    """Return a tree with another node in the place of one of its own; what was dropped leaves its `and` or `or`."""

    def change(node: ast.Node) -> ast.Node:
        if node is old:
            return new
        if isinstance(node, ast.And | ast.Or) and any(operand is _TRUE for operand in node.operands):
            rest = tuple(operand for operand in node.operands if operand is not _TRUE)
            return rest[0] if len(rest) == 1 else replace(node, operands=rest)
        return node

    return rewrite(tree, change)
