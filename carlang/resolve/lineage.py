"""Which fields of which events a program asks for: names are traced from where they are asked to the searches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from carlang.resolve.bound import (
    FIRST_TIME,
    Aggregate,
    Aggregated,
    BoundExpr,
    BoundProgram,
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
    Lives,
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
    fields_of,
    parts,
    streams_below,
)

_EVERY_EVENT_HAS = frozenset({"object", "action"})
_IDENTITY = ("guid", "hostname", "pid", "time")
_PARENTS = ("parent_guid", "ppid")

_TIMES_OF_GROUPS = ("first_time", "last_time", "start", "end")

Asked = tuple[BoundStream, str]
"""A column of a stream that something asks for."""


def searches(stream: BoundStream) -> Iterator[Events]:
    """Yield the searches that a stream is made of."""
    return (node for node in streams_below(stream) if isinstance(node, Events))


def asked_fields(stream: BoundStream) -> Iterator[tuple[Events, frozenset[str]]]:
    """Yield each search with those of its fields that something above it asks for.

    Fields that a program computes itself are not among them, nor those that are only handed on to the output.
    """
    fields: dict[int, tuple[Events, set[str]]] = {}
    seen: set[tuple[int, str]] = set()
    todo = [asked for node in streams_below(stream) for asked in _asked_by(node)]
    while todo:
        source, name = todo.pop()
        if (id(source), name) in seen:
            continue
        seen.add((id(source), name))
        if isinstance(source, Events):
            if name not in _EVERY_EVENT_HAS and any(name == c.name for c in source.columns):
                fields.setdefault(id(source), (source, set()))[1].add(name)
        else:
            todo.extend(_made_of(source, name))
    return ((events, frozenset(names)) for events, names in fields.values())


def references(program: BoundProgram) -> tuple[str, ...]:
    """Return a program's references to the data model, `process/create/exe`, in alphabetical order.

    A class of events that is searched without asking for a field is there as `process/create`.
    """
    names: set[str] = set()
    for output in program.outputs:
        for events in searches(output.stream):
            names.update(f"{s.object}/{action}" for s in events.sets for action in s.actions)
        for events, fields in asked_fields(output.stream):
            names.update(f"{s.object}/{a}/{f}" for s in events.sets for a in s.actions for f in fields)
    with_fields = {name.rpartition("/")[0] for name in names}
    return tuple(sorted(names - with_fields))


def _asked_by(node: BoundStream) -> Iterator[Asked]:
    """Yield the columns of its inputs that a stream asks for, for all of its rows."""
    for expr in expressions(node):
        yield from _fields(expr, node)
    match node:
        case Grouped(inputs=sources, keys=keys, period=period):
            names = [key.name for key in keys] + (["time"] if period is not None else [])
            yield from ((source, name) for source in sources for name in names)
        case Difference(left, right, on):
            yield from ((side, name) for side in (left, right) for name in on)
        case Distinct(source, column, _):
            yield source, column.name
        case Deduplicated(source, on):
            yield from ((source, name) for name in on)
        case Sequenced(steps, keys, _, until, _):
            streams = [step.stream for step in steps] + ([until] if until else [])
            yield from ((stream, name) for stream in streams for name in (*keys, "time"))
        case Together(joined, keys, _, _):
            yield from ((part.stream, name) for part in joined for name in (*keys, "time"))
        case Related(lives=lives):
            yield from _asked_of_lives(lives, parents=True)
        case Events() | Filtered() | Derived() | Joined() | Aggregated() | Projected() | Union() | NamedStream():
            pass
        case Sorted() | Cut():
            pass
        case _:
            assert_never(node)


def _fields(expr: BoundExpr, node: BoundStream) -> Iterator[Asked]:
    """Yield the columns that an expression of a stream asks for, of the stream that each is a column of."""
    todo = [(expr, False)]
    while todo:
        here, in_aggregate = todo.pop()
        match here:
            case FieldRef(name):
                yield from _column(node, name, in_aggregate=in_aggregate)
            case Scalar(stream=source, aggregate=aggregate):
                yield from ((source, f) for argument in aggregate.arguments for f in fields_of(argument))
            case InStream(subject, source, value):
                yield from ((source, name) for name in fields_of(value))
                todo.append((subject, in_aggregate))
            case ProcessField(name, generation, _, lives):
                yield lives.starts, name
                yield from _asked_of_lives(lives, parents=generation > 0)
                todo.extend((part, in_aggregate) for part in parts(here))
            case SomeText(test=test):  # asks for no field by its name
                todo.append((test, in_aggregate))
            case Aggregate():
                todo.extend((part, True) for part in parts(here))
            case _:
                todo.extend((part, in_aggregate) for part in parts(here))


def _asked_of_lives(lives: Lives, *, parents: bool) -> Iterator[Asked]:
    """Yield the columns by which it is told which processes began and ended when, and who is whose parent."""
    for name in _IDENTITY:
        yield lives.starts, name
        yield lives.ends, name
    if parents:
        yield from ((lives.starts, name) for name in _PARENTS)


def _column(node: BoundStream, name: str, *, in_aggregate: bool) -> Iterable[Asked]:
    """Return what a name in an expression of a stream is a column of."""
    match node:
        case Filtered(input=source) | Derived(input=source) | Projected(input=source):
            return [(source, name)]
        case Sorted(input=source) | Related(input=source):
            return [(source, name)]
        case Joined():
            return _made_of(node, name)
        case Sequenced(steps=steps):
            return _of_parts(steps, name)
        case Grouped(inputs=sources):
            return [(source, name) for source in sources] if in_aggregate else _made_of(node, name)
        case Aggregated(group=group):
            return [(source, name) for source in group.inputs] if in_aggregate else [(group, name)]
        case Events() | Union() | Difference() | Distinct() | Together() | Cut() | Deduplicated() | NamedStream():
            return []  # these have no expressions of their own rows
        case _:
            assert_never(node)


def _made_of(node: BoundStream, name: str) -> list[Asked]:  # a case a stream
    """Return the columns of its inputs that a column of a stream is made of."""
    match node:
        case NamedStream(stream=source) | Filtered(input=source) | Distinct(input=source) | Difference(left=source):
            return [(source, name)]
        case Sorted(input=source) | Cut(input=source) | Deduplicated(input=source):
            return [(source, name)]
        case Union(left, right):
            return [(left, name), (right, name)]
        case Derived(source, column, value):
            return list(_fields(value, node)) if column.name == name else [(source, name)]
        case Projected(items=items) | Aggregated(items=items):
            return _of_item(node, items, name)
        case Joined(parts=joined) | Together(parts=joined):
            return _of_parts(joined, name)
        case Sequenced():
            return _of_parts(node.present, name)
        case Grouped(inputs=sources, keys=keys):
            if any(key.name == name for key in keys):
                return [(source, name) for source in sources]
            return [(source, "time") for source in sources] if name in _TIMES_OF_GROUPS else []
        case Related(input=source, identity=identity, lives=lives):
            of_root = {"root_guid": identity.guid, "root_pid": identity.pid}.get(name)
            return [(source, of_root.column)] if of_root else [(lives.starts, name)]
        case Events():
            return []
        case _:
            assert_never(node)


def _of_parts(parts: Iterable[StreamPart], name: str) -> list[Asked]:
    """Return the columns of parts that a column `part.f` is; that of a sequence's `part.first_time` is the time."""
    asked: list[Asked] = []
    for part in parts:
        if name.startswith(f"{part.name}."):
            column = name.removeprefix(f"{part.name}.")
            repeated = isinstance(part, Step) and part.is_repeated and column == FIRST_TIME
            asked.append((part.stream, "time" if repeated else column))
    return asked


def _of_item(node: BoundStream, items: Iterable[Item], name: str) -> list[Asked]:
    item = next((item for item in items if item.column.name == name), None)
    return list(_fields(item.value, node)) if item else []
