"""Joins of a whole search with a few of another's events: what has no partner is left out before it is joined.

Of two parts the engine keeps the rows of one, with all columns that are shown, and looks the other's up in them. Which
one it keeps it guesses, and of a search that is not filtered it may keep everything: two million events of files with
forty columns took 1.7 GB, to be joined with the starts of services. So such a part first has its rows looked up in
nothing but the keys of the part that is filtered, which is read a second time for it. Rows that are left out are ones
that the join's condition would turn away; it is tested all the same.

That is done where a text is among the keys that is not the host's name, as a path or a hash is. Numbers of processes
and ports are the same on all hosts: by these nearly all rows have some partner, and to look them up is for nothing.
Worse, the engine takes the rows that are left for few and keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from carlang.resolve import bound
from carlang.sql.fragments import SQL, everything, select, subquery

_HOST = "hostname"


def reduced(
    parts: Sequence[bound.StreamPart], rows: Mapping[str, SQL], condition: SQL
) -> tuple[dict[str, SQL], set[str]]:
    """Return the rows of the parts of a join, by name, and the keys of the named streams that are read again for it.

    `condition` is the join's. A part that is a search is reduced by the first filtered one that it shares keys with.
    """
    tables = dict(rows)
    read_again: set[str] = set()
    selections = [part for part in parts if _is_selection(part.stream)]
    for part in parts:
        if not _is_search(part.stream):
            continue
        for other in selections:
            pairs = list(_keys(condition, part.name, other.name))
            if any(_tells_apart(key, part) for key, _ in pairs):
                tables[part.name] = _with_partners(part.name, rows[part.name], rows[other.name], pairs)
                read_again.update(_names(other.stream))
                break
    return tables, read_again


def _with_partners(name: str, rows: SQL, others: SQL, pairs: Sequence[tuple[SQL, SQL]]) -> SQL:
    """Return those rows of a part whose keys are among those of another part's rows."""
    keys, partner_keys = ([pair[side].copy() for pair in pairs] for side in (0, 1))
    value = keys[0] if len(keys) == 1 else exp.Tuple(expressions=keys)
    among = select(partner_keys, others.copy()).subquery(copy=False)
    return subquery(everything(rows).where(exp.In(this=value, query=among), copy=False), name)


def _keys(condition: SQL, part: str, other: str) -> Iterable[tuple[SQL, SQL]]:
    """Yield what has to be equal of two parts, the first one's first."""
    for test in _conjuncts(condition):
        if isinstance(test, exp.EQ):
            sides = {_part_of(side): side for side in (test.this, test.expression)}
            if sides.keys() == {part, other}:
                yield sides[part], sides[other]


def _tells_apart(value: SQL, part: bound.StreamPart) -> bool:
    """Tell whether a value of a part is made of a text that few of its rows have alike."""
    texts = {f"{part.name}.{each.name}" for each in part.stream.columns if each.type.is_string} - {
        f"{part.name}.{_HOST}"
    }
    return any(column.name in texts for column in value.find_all(exp.Column))


def _part_of(value: SQL) -> str | None:
    """Return the part all of whose columns a value is computed of, if it is one, and of nothing else."""
    if value.find(exp.Query):
        return None
    names = {column.name.partition(".")[0] for column in value.find_all(exp.Column)}
    return names.pop() if len(names) == 1 else None


def _conjuncts(condition: SQL) -> Iterable[SQL]:
    match condition:
        case exp.And(this=left, expression=right):
            yield from _conjuncts(left)
            yield from _conjuncts(right)
        case exp.Paren(this=inner):
            yield from _conjuncts(inner)
        case _:
            yield condition


def _names(stream: bound.BoundStream) -> Iterable[str]:
    """Yield the keys of the names between a stream and its search."""
    while not isinstance(stream, bound.Events):
        if isinstance(stream, bound.NamedStream):
            yield stream.key
        (stream,) = bound.inputs(stream)


def _is_search(stream: bound.BoundStream) -> bool:
    """Tell whether a stream is all events of a search, under whatever names."""
    while isinstance(stream, bound.NamedStream):
        stream = stream.stream
    return isinstance(stream, bound.Events)


def _is_selection(stream: bound.BoundStream) -> bool:
    """Tell whether a stream is some events of a search, with what is computed of each: cheap to be read twice."""
    is_filtered = False
    while isinstance(stream, bound.NamedStream | bound.Filtered | bound.Derived | bound.Projected):
        is_filtered |= isinstance(stream, bound.Filtered)
        (stream,) = bound.inputs(stream)
    return is_filtered and isinstance(stream, bound.Events)
