"""The one way through a syntax tree: a node's children, all nodes below it, and the tree with some nodes changed.

`children` and `_with_children` name the fields of every node that hold nodes, in the order in which they are written.
Whoever looks for something in a tree asks `walk`: a walker made by hand forgets the node that is added next year.
Both `walk` and `rewrite` keep a stack of their own: a long sum leans to the left, deeper than Python's stack allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, assert_never

from carlang.syntax import ast


def children(node: ast.Node) -> tuple[ast.Node, ...]:  # noqa: C901, PLR0911, PLR0912  # a case a class
    """Return the nodes right below a node, in the order in which they are written.

    Names are nodes wherever they stand: the target of a statement, a function's name and the word behind a point too.
    """
    match node:
        case (
            ast.Name()
            | ast.StringLit()
            | ast.NumberLit()
            | ast.DurationLit()
            | ast.BoolLit()
            | ast.NullLit()
            | ast.NowLit()
            | ast.AddressLit()
        ):
            return ()
        case ast.Member(base, name):
            return base, name
        case ast.ListLit(items) | ast.OutputStmt(items):
            return items
        case ast.Or(operands) | ast.And(operands) | ast.Comparison(operands):
            return operands
        case ast.Not(operand) | ast.Negative(operand) | ast.Exists(operand) | ast.Element(operand):
            return (operand,)
        case ast.Between(subject, low, high):
            return subject, low, high
        case ast.IfElse(condition, then, otherwise):
            return condition, then, otherwise
        case ast.In(left, right) | ast.TextTest(_, left, right) | ast.Arithmetic(_, left, right):
            return left, right
        case ast.Call(function, arguments):
            return function, *arguments
        case ast.EventClass(object_, actions):
            return object_, *actions
        case ast.Search(classes, condition):
            return *classes, *_present(condition)
        case ast.Filter(stream, condition):
            return *_present(stream), condition
        case ast.Join(inputs, condition):
            return *inputs, *_present(condition)
        case ast.Group(inputs, keys, having, period):
            behind = (*_present(having), *_present(period))
            return *inputs, *keys, *(reversed(behind) if _period_comes_first(node) else behind)
        case ast.Period(_, length):
            return (length,)
        case ast.SelectItem(value, alias):
            return value, *_present(alias)
        case ast.Select(stream, columns):
            return *_present(stream), *columns
        case ast.By(value, keys, every):
            return *_present(value), *keys, *_present(every)
        case ast.Step(stream, _, times, condition):
            return stream, *_present(times), *_present(condition)
        case ast.Sequence(steps, keys, within, until):
            return *steps, *keys, *_present(within), *_present(until)
        case ast.SortKey(field):
            return (field,)
        case ast.Sort(stream, keys) | ast.Unique(stream, keys):
            return *_present(stream), *keys
        case ast.Head(count, stream) | ast.Tail(count, stream):
            return count, *_present(stream)
        case ast.Together(together, keys, within):
            return *together, *keys, within
        case ast.Tree(_, stream):
            return _present(stream)
        case ast.RunAnalytic(kind, id_):
            return kind, id_
        case ast.Pipe(head, stages):
            return head, *stages
        case ast.AssignStmt(target, value):
            return target, value
        case ast.FieldStmt(stream, field, value):
            return stream, field, value
        case ast.InputStmt(name, type_, default):
            return name, *_present(type_), *_present(default)
        case ast.BareStmt(value):
            return (value,)
        case ast.FaultyStmt(target, likely=likely):
            return *_present(target), *_present(likely)
        case ast.Program(statements):
            return statements
        case _:
            assert_never(node)


def walk(node: ast.Node, *, stop: Callable[[ast.Node], bool] = lambda _: False) -> Iterator[ast.Node]:
    """Yield a node and all nodes below it: each before its children, and these in the order of the text.

    A node for which `stop` says true is yielded, but not what is below it.
    """
    todo = [node]
    while todo:
        current = todo.pop()
        yield current
        if not stop(current):
            todo.extend(reversed(children(current)))


def rewrite(node: ast.Node, change: Callable[[ast.Node], ast.Node]) -> ast.Node:
    """Return a tree with `change` made to every node of it, the lowest first; `change` sees the children changed.

    A node below which nothing changes stays the same object. `change` has to give what may stand where the node stood:
    a name for a target, a stage for a stage.
    """
    done: list[ast.Node] = []
    todo = [(node, False)]
    while todo:
        current, below_is_done = todo.pop()
        old = children(current)
        if not below_is_done:
            todo.append((current, True))
            todo.extend((child, False) for child in reversed(old))
            continue
        first = len(done) - len(old)
        new = done[first:]
        del done[first:]
        same = all(a is b for a, b in zip(old, new, strict=True))
        done.append(change(current if same else _with_children(current, new)))
    return done.pop()


def _with_children(node: ast.Node, new: Sequence[Any]) -> ast.Node:  # noqa: C901, PLR0911, PLR0912  # a case a class
    """Return a node with other children, as many as it has.

    The children are `Any` since only `change` knows that what it gives fits.
    """
    # Each field takes its nodes from `rest`, so the fields stand below in the order in which `children` names them.
    rest = iter(new)

    def one(old: ast.Node | None) -> Any:
        return None if old is None else next(rest)

    def many(old: Sequence[ast.Node]) -> Any:
        return tuple(islice(rest, len(old)))

    match node:
        case (
            ast.Name()
            | ast.StringLit()
            | ast.NumberLit()
            | ast.DurationLit()
            | ast.BoolLit()
            | ast.NullLit()
            | ast.NowLit()
            | ast.AddressLit()
        ):
            return node
        case ast.Member():
            return replace(node, base=next(rest), name=next(rest))
        case ast.Element():
            return replace(node, base=next(rest))
        case ast.Between():
            return replace(node, subject=next(rest), low=next(rest), high=next(rest))
        case ast.IfElse():
            return replace(node, condition=next(rest), then=next(rest), otherwise=next(rest))
        case ast.ListLit():
            return replace(node, items=tuple(rest))
        case ast.Or() | ast.And() | ast.Comparison():
            return replace(node, operands=tuple(rest))
        case ast.Not() | ast.Negative() | ast.Exists():
            return replace(node, operand=next(rest))
        case ast.In():
            return replace(node, item=next(rest), container=next(rest))
        case ast.TextTest():
            return replace(node, subject=next(rest), pattern=next(rest))
        case ast.Arithmetic():
            return replace(node, left=next(rest), right=next(rest))
        case ast.Call():
            return replace(node, function=next(rest), arguments=tuple(rest))
        case ast.EventClass():
            return replace(node, object=next(rest), actions=tuple(rest))
        case ast.Search():
            return replace(node, classes=many(node.classes), condition=one(node.condition))
        case ast.Filter():
            return replace(node, input=one(node.input), condition=next(rest))
        case ast.Join():
            return replace(node, inputs=many(node.inputs), condition=one(node.condition))
        case ast.Group():
            inputs, keys = many(node.inputs), many(node.keys)
            if _period_comes_first(node):
                return replace(node, inputs=inputs, keys=keys, period=next(rest), having=next(rest))
            return replace(node, inputs=inputs, keys=keys, having=one(node.having), period=one(node.period))
        case ast.Period():
            return replace(node, length=next(rest))
        case ast.SelectItem():
            return replace(node, value=next(rest), alias=one(node.alias))
        case ast.Select():
            return replace(node, input=one(node.input), items=tuple(rest))
        case ast.By():
            return replace(node, value=one(node.value), keys=many(node.keys), every=one(node.every))
        case ast.Step():
            return replace(node, stream=next(rest), times=one(node.times), condition=one(node.condition))
        case ast.Sequence():
            steps, keys = many(node.steps), many(node.keys)
            return replace(node, steps=steps, keys=keys, within=one(node.within), until=one(node.until))
        case ast.SortKey():
            return replace(node, field=next(rest))
        case ast.Sort():
            return replace(node, input=one(node.input), keys=tuple(rest))
        case ast.Unique():
            return replace(node, input=one(node.input), keys=tuple(rest))
        case ast.Head() | ast.Tail():
            return replace(node, count=next(rest), input=one(node.input))
        case ast.Together():
            return replace(node, parts=many(node.parts), keys=many(node.keys), within=next(rest))
        case ast.Tree():
            return replace(node, input=one(node.input))
        case ast.RunAnalytic():
            return replace(node, kind=next(rest), id=next(rest))
        case ast.Pipe():
            return replace(node, head=next(rest), stages=tuple(rest))
        case ast.AssignStmt():
            return replace(node, target=next(rest), value=next(rest))
        case ast.FieldStmt():
            return replace(node, stream=next(rest), field=next(rest), value=next(rest))
        case ast.InputStmt():
            return replace(node, name=next(rest), type=one(node.type), default=one(node.default))
        case ast.OutputStmt():
            return replace(node, items=tuple(rest))
        case ast.BareStmt():
            return replace(node, value=next(rest))
        case ast.FaultyStmt():
            return replace(node, target=one(node.target), likely=one(node.likely))
        case ast.Program():
            return replace(node, statements=tuple(rest))
        case _:
            assert_never(node)


def _present(node: ast.Node | None) -> tuple[ast.Node, ...]:
    return () if node is None else (node,)


def _period_comes_first(node: ast.Group) -> bool:
    """Tell whether a group has its condition last: the two may stand in either order."""
    if node.period is None or node.having is None:
        return False
    return node.period.span.start < node.having.span.start
