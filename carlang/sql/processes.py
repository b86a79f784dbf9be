"""What lowering adds to a query for processes: tables of lives, the process behind rows, trees.

The tables stand before all that look into them, once a query: `#starts`, `#ends` and those that a dialect makes of
them. A dialect that cannot look for the last row at or before a time refuses all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from carlang.model.types import Column
from carlang.resolve import bound
from carlang.sql.dialect import Dialect, ProcessKeys
from carlang.sql.fragments import SQL, as_named, cast, column, in_order, name, select, subquery

STARTS, ENDS, LINKS, ROOTS = "#starts", "#ends", "#links", "#roots"
NUMBERED = frozenset({STARTS, "#begun", "#by pid", "#by guid", "#processes", LINKS})
"""The tables that are made once, though several read them."""
_NUMBER, _BEHIND = "#n", "#behind"


def fields_in(exprs: Sequence[bound.BoundExpr], *, within: bool = False) -> Iterator[bound.ProcessField]:
    """Yield the fields of the process behind the rows at hand that expressions ask for.

    What stands in an aggregate is of other rows: `within` yields those that stand in aggregates over these.
    """
    todo = [(expr, False) for expr in exprs]
    while todo:
        node, inside = todo.pop()
        match node:
            case bound.ProcessField():
                if inside == within:
                    yield node
            case bound.Scalar():
                pass
            case _:
                inside = inside or isinstance(node, bound.Aggregate)
                todo.extend((part, inside) for part in bound.parts(node))


def tables_of_lives(
    dialect: Dialect, starts: SQL, ends: SQL, columns: Sequence[Column], order: Sequence[str]
) -> dict[str, exp.Query]:
    """Return the tables of lives, in the order in which they depend on one another."""
    kinds = {c.name: c.type.kind for c in columns}
    keys = [key for each in order for key in in_order(column(each), kinds[each])]
    numbered = select([exp.Star(), as_named(exp.Window(this=exp.Anonymous(this="row_number")), _NUMBER)], starts)
    return {STARTS: numbered, ENDS: select([exp.Star()], ends), **dialect.lives(keys)}


def seeing(
    dialect: Dialect, rows: SQL, fields: Sequence[bound.ProcessField], numbers: Iterator[int]
) -> tuple[SQL, dict[int, str]]:
    """Return rows with the fields of the processes behind them as columns more, and by identity what these are called.

    A column's number is the next one of `numbers`.
    """
    names: dict[tuple[str, int, bound.Identity], str] = {}
    computed: dict[int, str] = {}
    for each in fields:
        key = each.column, each.generation, each.identity
        if key not in names:
            names[key] = f"#seen {next(numbers)}"
        computed[id(each)] = names[key]
    for identity in dict.fromkeys(each.identity for each in fields):
        asked = [(c, generation, alias) for (c, generation, of), alias in names.items() if of == identity]
        rows = subquery(_with_columns(dialect.behind(rows, _keys(identity)), asked), "seen")
    return rows, computed


def _with_columns(behind: exp.Query, asked: Sequence[tuple[str, int, str]]) -> exp.Query:
    kept = exp.Column(this=exp.Star(except_=[name(_BEHIND)]), table=name("row"))
    query = select([kept], subquery(behind, "row"))
    number = column(_BEHIND, "row")
    for generation in range(max(generation for _, generation, _ in asked) + 1):
        if generation:
            link = f"link {generation}"
            query = _joined(query, LINKS, link, number)
            number = column("#parent", link)
        start = f"start {generation}"
        of_start = [(c, alias) for c, wanted, alias in asked if wanted == generation]
        if of_start:
            query = _joined(query, STARTS, start, number)
            query = query.select(*(as_named(column(c, start), alias) for c, alias in of_start), copy=False)
    return query


def _joined(query: exp.Select, table: str, alias: str, number: SQL) -> exp.Select:
    aliased = exp.alias_(exp.Table(this=name(table)), name(alias), table=True, copy=False)
    same = exp.EQ(this=column(_NUMBER, alias), expression=number.copy())
    return query.join(aliased, on=same, join_type="left", copy=False)


def roots(dialect: Dialect, related: bound.Related, rows: SQL) -> exp.Query:
    """Return the processes that the rows of a stream are of."""
    return dialect.roots(rows, _keys(related.identity))


def tree(dialect: Dialect, related: bound.Related, table_of_roots: str, more: Sequence[SQL]) -> exp.Query:
    """Return the relatives of roots that stand in a table; `more` are columns of starts wanted beside their own."""
    walk = subquery(dialect.relatives(related.kin, table_of_roots), "walk")
    of_tree = {
        "depth": cast(column("depth", "walk"), "bigint"),
        "root_guid": exp.Coalesce(this=column("guid", "top"), expressions=[column("#root_guid", "root")]),
        "root_pid": exp.Coalesce(this=column("pid", "top"), expressions=[column("#root_pid", "root")]),
    }
    shown = [as_named(of_tree.get(c.name, column(c.name, "start")), c.name) for c in related.columns]
    query = select([*shown, *(column(each.name, "start") for each in more)], walk)
    own = exp.alias_(exp.Table(this=name(STARTS)), name("start"), table=True, copy=False)
    is_own = exp.EQ(this=column(_NUMBER, "start"), expression=column(_NUMBER, "walk"))
    query = query.join(own, on=is_own, join_type="inner", copy=False)
    root = exp.alias_(exp.Table(this=name(table_of_roots)), name("root"), table=True, copy=False)
    is_root = exp.EQ(this=column("#root", "root"), expression=column("#root", "walk"))
    query = query.join(root, on=is_root, join_type="inner", copy=False)
    return _joined(query, STARTS, "top", column("#top", "root"))


def _keys(identity: bound.Identity) -> ProcessKeys:
    guid, host, pid, time = (
        column(each.column) if each is not None else None
        for each in (identity.guid, identity.host, identity.pid, identity.time)
    )
    return ProcessKeys(guid, host, pid, time)
