"""Drawn statements that sort, cut, leave repetitions out, and look for values among those of a stream."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from carlang.model.types import INTEGER, Kind, Type
from tests.reference.drawn_conditions import condition
from tests.reference.drawn_events import MEMBERS
from tests.reference.drawn_shapes import Program, Shape, drawn_keys
from tests.reference.drawn_values import Columns, single


def order(made: Program) -> None:
    """Write a stream sorted, cut or without repetitions."""
    source, shape = made.some() or ("", Shape({}, 0))
    if not shape.columns:
        return
    if made.choose.chance(25):
        written, shape = order_stage(made, shape)
        made.bind(f"{source} | {written}", shape)
        return
    form = made.choose.integer(0, 3)
    if form == 0:
        made.bind(f"sort {source} by {_sort_keys(made, shape.columns)}", ordered_shape(shape))
    elif form == 1 and any(single(kind) for kind in shape.columns.values()):
        made.bind(f"unique {source} by {', '.join(drawn_keys(made, shape.columns))}", ordered_shape(shape))
    else:
        made.bind(f"{made.choose.pick(('head', 'tail'))} {_count(made)} of {source}", ordered_shape(shape))


def order_stage(made: Program, shape: Shape) -> tuple[str, Shape]:
    """Return a stage of a pipe that sorts, cuts or leaves repetitions out, and what it gives."""
    form = made.choose.integer(0, 3)
    if form == 0:
        return f"sort by {_sort_keys(made, shape.columns)}", ordered_shape(shape)
    if form == 1 and any(single(kind) for kind in shape.columns.values()):
        return f"unique by {', '.join(drawn_keys(made, shape.columns))}", ordered_shape(shape)
    return f"{made.choose.pick(('head', 'tail'))} {_count(made)}", ordered_shape(shape)


def ordered_shape(shape: Shape) -> Shape:
    """Return what is known of a stream that has been sorted or cut: of groups, the rows are not at hand any more."""
    return replace(shape, members=None, of_groups=shape.of_groups or shape.members is not None)


def among(made: Program) -> None:
    """Write a filter that looks for a field's values among those of a stream."""
    found = made.some(lambda shape: any(single(kind) for kind in shape.columns.values()))
    if found is None:
        return
    source, shape = found
    column = made.choose.pick([name for name, kind in shape.columns.items() if single(kind)])
    others = _values_like(made, shape.columns[column])
    if not others:
        return
    word = made.choose.pick(("in", "not in"))
    test = f"{column} {word} {made.choose.pick(others)}"
    if made.choose.chance(40):
        more = condition(made.values(shape, aggregates=False), 2)
        test = made.choose.pick((f"{test} and ({more})", f"({more}) or {test}", f"not ({test})"))
    made.bind(f"filter {source} where ({test})", shape)


def _values_like(made: Program, wanted: Type) -> list[str]:
    """Return streams of one column, and fields of streams, of a type like this."""
    found: list[str] = []
    for name, shape in made.streams.items():
        alike = [n for n, kind in shape.columns.items() if single(kind) and "." not in n and _comparable(kind, wanted)]
        found += [f"unique({name}.{column})" for column in alike]
        if alike and len(shape.columns) == 1:
            found += [name] * 4
    return found


def _comparable(a: Type, b: Type) -> bool:
    return (a.is_string and b.is_string) or (a.is_number and b.is_number) or a.kind is b.kind


def optional_parts(made: Program, parts: Mapping[str, Shape]) -> str:
    """Return the parts of a join, some of them optional."""
    names = list(parts)
    required = made.choose.pick(names)
    return ", ".join(f"{n} optional" if n != required and made.choose.chance(45) else n for n in names)


def _sort_keys(made: Program, columns: Columns) -> str:
    choose = made.choose
    names = [name for name, kind in columns.items() if kind.kind not in (Kind.RECORD, Kind.LIST)]
    liked = [name for name in names if name.rpartition(".")[2] in ("user", "pid", "time", "exe", "count", "record_id")]
    keys = choose.some(liked if liked and choose.chance(60) else names or list(columns), 1, 2)
    records = [name for name, kind in columns.items() if kind.kind is Kind.RECORD]
    if records and choose.chance(15):
        keys.append(f"{choose.pick(records)}.{choose.pick([m for m in MEMBERS if m.isidentifier()])}")
    return ", ".join(f"{key}{choose.pick(('', ' desc', ' asc', ' DESC'))}" for key in keys)


def _count(made: Program) -> str:
    # A value that is computed from a stream is no number of rows.
    named = [
        name
        for name, kind in made.constants.items()
        if kind == INTEGER and any(re.match(rf"(input {name}: integer|{name} = \d+$)", line) for line in made.lines)
    ]
    return made.choose.pick(named) if named and made.choose.chance(40) else str(made.choose.integer(0, 6))
