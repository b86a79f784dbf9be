"""Which columns of an output its program tested, and which it made: what a reader of a row wants to see first.

A column is tested where a condition looks at it, somewhere between the searches and the output, or where it has the
value of one that is. `lineage` asks the same of the searches, for all that a program asks for; here the way is from the
searches up, so that of two parts of a join that are one stream each has the columns that were tested of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import assert_never

from carlang.resolve.bound import (
    FIRST_TIME,
    Aggregate,
    Aggregated,
    BoundExpr,
    BoundStream,
    Cut,
    Deduplicated,
    Derived,
    Difference,
    Distinct,
    Events,
    FieldRef,
    Filtered,
    Grouped,
    InStream,
    Item,
    Joined,
    NamedStream,
    ProcessField,
    Projected,
    Related,
    Scalar,
    Sequenced,
    SomeText,
    Sorted,
    Step,
    StreamPart,
    Together,
    Union,
    expressions,
    parts,
    streams_below,
)

_Names = frozenset[str]
_NONE: _Names = frozenset()
_DEPTH = frozenset({"depth"})


@dataclass(frozen=True, slots=True)
class LookedAt:
    """Names of columns of an output, in its order: those that conditions tested, and those that the program made."""

    tested: tuple[str, ...]
    computed: tuple[str, ...]


def looked_at_columns(stream: BoundStream) -> LookedAt:
    """Return which columns of a stream its program tested and which it made."""
    known: dict[int, _Known] = {}
    for node in streams_below(stream):  # what a stream is made of comes before it
        known[id(node)] = _known(node, known)
    names, of_all = [column.name for column in stream.columns], known[id(stream)]
    return LookedAt(
        tuple(dict.fromkeys(name for name in names if name in of_all.tested)),
        tuple(dict.fromkeys(name for name in names if name in of_all.computed)),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the columns of a stream; `made_of` are the other columns of a row that one is computed from."""

    tested: _Names = _NONE
    computed: _Names = _NONE
    made_of: Mapping[str, _Names] = field(default_factory=dict)

    def with_tested(self, names: Iterable[str]) -> _Known:
        """Return this with some more columns tested, and what they are made of."""
        more = set(names)
        more.update(*(self.made_of.get(name, _NONE) for name in tuple(more)))
        return _Known(self.tested | more, self.computed, self.made_of) if more - self.tested else self

    def beside(self, other: _Known) -> _Known:
        """Return what is known of columns that come from two streams."""
        made_of = dict(self.made_of)
        for name, sources in other.made_of.items():
            made_of[name] = made_of.get(name, _NONE) | sources
        return _Known(self.tested | other.tested, self.computed | other.computed, made_of)

    def named(self, prefix: str) -> _Known:
        """Return the same of columns whose names begin with `prefix`, as those of a part do."""
        made_of = {prefix + name: _prefixed(prefix, names) for name, names in self.made_of.items()}
        return _Known(_prefixed(prefix, self.tested), _prefixed(prefix, self.computed), made_of)


def _prefixed(prefix: str, names: Iterable[str]) -> _Names:
    return frozenset(prefix + name for name in names)


def _known(node: BoundStream, known: Mapping[int, _Known]) -> _Known:  # noqa: C901, PLR0911  # a case a stream
    match node:
        case Events():
            return _Known()
        case NamedStream(stream=source) | Cut(input=source):
            return known[id(source)]
        case Filtered(input=source) | Sorted(input=source):
            return known[id(source)].with_tested(_named_by(expressions(node)))
        case Deduplicated(input=source, on=on):
            return known[id(source)].with_tested(on)
        case Distinct(input=source, column=column):
            return known[id(source)].with_tested([column.name])
        case Union(left, right):
            return known[id(left)].beside(known[id(right)])
        case Difference(left, right, on, is_keyed=is_keyed):
            # What keeps a row out of the right stream keeps it in here. To be compared in all that the two have in
            # common is no test of it.
            return known[id(left)].with_tested(known[id(right)].tested.union(on if is_keyed else ()))
        case Derived(source, column, value):
            return _derived(known[id(source)], column.name, value)
        case Projected(input=source, items=items):
            return _of_items(items, known[id(source)], ())
        case Aggregated(group=group, items=items):
            return _of_items(items, known[id(group)], [known[id(each)] for each in group.inputs])
        case Joined() | Sequenced() | Together():
            return _of_parts(node, known)
        case Grouped(inputs=sources, keys=keys):
            names = frozenset(key.name for key in keys)
            below = reduce(_Known.beside, (known[id(source)] for source in sources), _Known())
            computed = frozenset(column.name for column in node.columns) - (names - below.computed)
            return _Known(names, computed).with_tested(_named_by(expressions(node)))
        case Related():
            return _Known(computed=_DEPTH)  # what was tested is of other processes
        case _:
            assert_never(node)


def _derived(below: _Known, name: str, value: BoundExpr) -> _Known:
    """Return what is known of a stream with one more column, or another value in it."""
    sources = _sources(value, below)
    is_tested = not sources.isdisjoint(below.tested)
    tested = below.tested | {name} if is_tested else below.tested - {name}
    # What was made of the value that is replaced is not made of the one that replaces it.
    made_of = {each: names - {name} for each, names in below.made_of.items()} | {name: sources - {name}}
    return _Known(tested, below.computed | {name}, made_of)


def _of_items(items: Sequence[Item], below: _Known, rows: Sequence[_Known]) -> _Known:
    """Return what is known of expressions over a row; `rows` are those that aggregates are over."""
    copied: dict[str, str] = {}
    for item in items:
        if isinstance(item.value, FieldRef):
            copied.setdefault(item.value.column, item.column.name)
    of_rows = frozenset[str]().union(*(each.tested for each in rows))
    tested, computed, made_of = set[str](), set[str](), {}
    for item in items:
        name, named = item.column.name, frozenset(_names([item.value]))
        in_aggregates = _in_aggregates(item.value) if rows else _NONE
        if not (named.isdisjoint(below.tested) and in_aggregates.isdisjoint(of_rows)):
            tested.add(name)
        if not isinstance(item.value, FieldRef) or item.value.column in below.computed:
            computed.add(name)
        made_of[name] = frozenset(copied[each] for each in _sources(item.value, below) if each in copied) - {name}
    return _Known(frozenset(tested), frozenset(computed), made_of)


def _of_parts(node: Joined | Sequenced | Together, known: Mapping[int, _Known]) -> _Known:
    """Return what is known of a row of several events: of each what is of its stream, keys and conditions on all."""
    joined: tuple[StreamPart, ...] = node.present if isinstance(node, Sequenced) else node.parts
    keys = () if isinstance(node, Joined) else node.keys
    of_all = _Known()
    for part in joined:
        of_part = known[id(part.stream)].with_tested(keys)
        if isinstance(part, Step) and part.is_repeated:
            of_part = _Known(of_part.tested, of_part.computed | {FIRST_TIME}, of_part.made_of)
        of_all = of_all.beside(of_part.named(f"{part.name}."))
    return of_all.with_tested(_named_by(expressions(node)))


def _named_by(exprs: Iterable[BoundExpr]) -> _Names:
    return frozenset(_names(exprs))


def _sources(value: BoundExpr, below: _Known) -> _Names:
    """Return the columns of a row that a value is made of, and those that these are made of."""
    named = frozenset(_names([value]))
    return named.union(*(below.made_of.get(name, _NONE) for name in named))


def _names(exprs: Iterable[BoundExpr]) -> Iterator[str]:
    """Yield the columns of the row at hand that expressions name.

    Not those of other streams, of the rows of a group, of what tells which process a row is of, and not all that are
    texts: `any contains "x"` names none of them.
    """
    todo = list(exprs)
    while todo:
        match todo.pop():
            case FieldRef(name):
                yield name
            case Scalar() | Aggregate() | ProcessField():
                pass
            case InStream(subject=subject):
                todo.append(subject)
            case SomeText(test=test):
                todo.append(test)
            case other:
                todo.extend(parts(other))


def _in_aggregates(value: BoundExpr) -> _Names:
    """Return the columns of the rows of a group that its aggregates name."""
    names: set[str] = set()
    todo = [value]
    while todo:
        node = todo.pop()
        if isinstance(node, Aggregate):
            names.update(_names(node.arguments))
        elif not isinstance(node, Scalar | InStream | ProcessField):
            todo.extend(parts(node))
    return frozenset(names)
