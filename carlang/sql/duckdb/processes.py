"""Processes in DuckDB: when they began and ended, which one is behind a row, who is whose parent, and trees.

The tables build on one another. `#starts` has all starts with a number each; `#begun` what tells processes apart, one
form for guids and hosts; `#by guid` and `#by pid` the starts in which a row looks for the last one at or before its
time, each with the end of its life; `#links` the process that a start is of and that process's parent.

What it costs: a sort of the starts by guid and one by pid, and another of each table of rows that looks into them, all
of which may go to disk. A walk through a tree is a join a generation, with the rows of that generation alone; it has as
many rows as it gives, one for each process and root. Over a million starts and half as many ends that came to 15
seconds of processor time, with each of them a root and ten generations to 17, and a gigabyte of memory is enough; of a
chain of 10,000 processes, up or down, to half a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import sqlglot
from sqlglot import exp

from carlang.sql.dialect import ProcessKeys
from carlang.sql.fragments import SQL, as_named, call, column, name, select, subquery

_STARTS, _NUMBER = "#starts", "#n"

_KNOWN_GUID = "known_guid"
"""Stands in the texts for a guid as it is compared. One of zeros, as sensors write it for an unknown one, is none."""
_TABLES = {
    "#begun keys": """
        SELECT "#n", known_guid("guid") AS "#guid", known_guid("parent_guid") AS "#parent_guid",
            nullif(lower("hostname"), '') AS "#host", "pid", "ppid", "time"
        FROM "#starts"
    """,
    # Only starts that are alike in what they are looked for by have to be put in order.
    "#twins": """
        SELECT "#n" FROM "#begun keys" JOIN (
            SELECT "#guid" FROM "#begun keys" WHERE "#guid" IS NOT NULL GROUP BY "#guid" HAVING count(*) > 1
        ) USING ("#guid")
        UNION
        SELECT "#n" FROM "#begun keys" JOIN (
            SELECT "#host", "pid", "time" FROM "#begun keys"
            WHERE "#host" IS NOT NULL AND "pid" IS NOT NULL AND "time" IS NOT NULL
            GROUP BY "#host", "pid", "time" HAVING count(*) > 1
        ) USING ("#host", "pid", "time")
    """,
    "#begun": """
        SELECT keys.*, coalesce(places."#place", 0) AS "#place"
        FROM "#begun keys" AS keys LEFT JOIN "#places" AS places USING ("#n")
    """,
    "#processes": """
        SELECT "#guid", arg_min("#n", row("time" IS NULL, coalesce(-epoch_us("time"), 0), "#place")) AS "#process"
        FROM "#begun" WHERE "#guid" IS NOT NULL GROUP BY "#guid"
    """,
    "#firsts by guid": """
        SELECT "#guid", "time", arg_min("#n", "#place") AS "#n" FROM "#begun"
        WHERE "#guid" IS NOT NULL AND "time" IS NOT NULL GROUP BY "#guid", "time"
    """,
    "#firsts by pid": """
        SELECT first."#host", first."pid", first."time", first."#n", begun."#guid" FROM (
            SELECT "#host", "pid", "time", arg_min("#n", "#place") AS "#n" FROM "#begun"
            WHERE "#host" IS NOT NULL AND "pid" IS NOT NULL AND "time" IS NOT NULL GROUP BY "#host", "pid", "time"
        ) AS first JOIN "#begun" AS begun ON begun."#n" = first."#n"
    """,
    "#till": """
        SELECT "#n", min("time") AS "#till" FROM (
            SELECT CASE
                WHEN g."#n" IS NOT NULL THEN g."#n"
                WHEN ended."#guid" IS NULL OR p."#guid" IS NULL THEN p."#n"
            END AS "#n", ended."time"
            FROM (
                SELECT known_guid("guid") AS "#guid", lower("hostname") AS "#host", "pid", "time"
                FROM "#ends" WHERE "time" IS NOT NULL
            ) AS ended
            ASOF LEFT JOIN "#firsts by guid" AS g ON ended."#guid" = g."#guid" AND ended."time" >= g."time"
            ASOF LEFT JOIN "#firsts by pid" AS p
                ON ended."#host" = p."#host" AND ended."pid" = p."pid" AND ended."time" >= p."time"
        ) AS of_starts WHERE "#n" IS NOT NULL GROUP BY "#n"
    """,
    "#by guid": 'SELECT firsts.*, "#till" FROM "#firsts by guid" AS firsts LEFT JOIN "#till" AS till USING ("#n")',
    "#by pid": """
        SELECT firsts.*, "#till", coalesce(processes."#process", firsts."#n") AS "#process"
        FROM "#firsts by pid" AS firsts
        LEFT JOIN "#till" AS till USING ("#n") LEFT JOIN "#processes" AS processes USING ("#guid")
    """,
    "#links": """
        SELECT begun."#n", coalesce(own."#process", begun."#n") AS "#process",
            nullif(coalesce(g."#process", CASE
                WHEN (begun."#parent_guid" IS NULL OR p."#guid" IS NULL)
                    AND (p."#till" IS NULL OR begun."time" <= p."#till") THEN p."#process"
            END), coalesce(own."#process", begun."#n")) AS "#parent",
            begun."#parent_guid"
        FROM "#begun" AS begun
        LEFT JOIN "#processes" AS own ON own."#guid" = begun."#guid"
        LEFT JOIN "#processes" AS g ON g."#guid" = begun."#parent_guid"
        ASOF LEFT JOIN "#by pid" AS p
            ON begun."#host" = p."#host" AND begun."ppid" = p."pid" AND begun."time" >= p."time"
    """,
}
_BEHIND = """
    SELECT e.* EXCLUDE ("#its guid", "#its host", "#its pid", "#its time", "#its at"), CASE
        WHEN g."#n" IS NOT NULL AND (g."#till" IS NULL OR e."#its time" IS NULL OR e."#its time" <= g."#till")
        THEN g."#n"
        WHEN (e."#its guid" IS NULL OR p."#guid" IS NULL) AND (p."#till" IS NULL OR e."#its time" <= p."#till")
        THEN p."#n"
    END AS "#behind"
    FROM "#rows" AS e
    ASOF LEFT JOIN "#by guid" AS g ON e."#its guid" = g."#guid" AND e."#its at" >= g."time"
    ASOF LEFT JOIN "#by pid" AS p ON e."#its host" = p."#host" AND e."#its pid" = p."pid" AND e."#its time" >= p."time"
"""
_ROOTS = """
    SELECT row_number() OVER () AS "#root", * FROM (
        SELECT "#top", CASE WHEN "#top" IS NULL THEN "#guid" END AS "#guid",
            min("#root_guid") AS "#root_guid", min("#root_pid") AS "#root_pid"
        FROM (
            SELECT coalesce(g."#process", CASE
                WHEN (e."#its guid" IS NULL OR p."#guid" IS NULL) AND (p."#till" IS NULL OR e."#its time" <= p."#till")
                THEN p."#process"
            END) AS "#top", e."#its guid" AS "#guid", e."#root_guid", e."#root_pid"
            FROM "#rows" AS e
            LEFT JOIN "#processes" AS g ON e."#its guid" = g."#guid"
            ASOF LEFT JOIN "#by pid" AS p
                ON e."#its host" = p."#host" AND e."#its pid" = p."pid" AND e."#its time" >= p."time"
        ) AS known WHERE "#top" IS NOT NULL OR "#guid" IS NOT NULL GROUP BY ALL
    ) AS roots
"""
_CHILDREN = """
    SELECT links."#process" AS "#n", roots."#root", roots."#top", CAST(1 AS BIGINT) AS "depth"
    FROM "#links" AS links JOIN "#roots" AS roots ON links."#parent" = roots."#top"
    WHERE links."#n" = links."#process"
    UNION ALL
    SELECT links."#process" AS "#n", roots."#root", roots."#top", CAST(1 AS BIGINT) AS "depth"
    FROM "#links" AS links JOIN "#roots" AS roots ON links."#parent_guid" = roots."#guid"
    WHERE links."#n" = links."#process" AND links."#parent" IS NULL AND roots."#top" IS NULL
"""
# Each process has one parent, so a walk down comes to none twice, but by way of the root that it began at.
_DESCENDANTS = """
    WITH RECURSIVE "#walk" AS (
        SELECT * FROM "#children"
        UNION ALL
        SELECT links."#process", walk."#root", walk."#top", walk."depth" + 1
        FROM "#walk" AS walk JOIN "#links" AS links ON links."#parent" = walk."#n"
        WHERE links."#n" = links."#process" AND links."#process" IS DISTINCT FROM walk."#top"
    ) SELECT * FROM "#walk"
"""
# A walk up may come to a cycle that the root is not in. It is as long as there are different processes on it, and those
# are counted first, by a walk that takes none twice.
_ANCESTORS = """
    WITH RECURSIVE "#met" AS (
        SELECT roots."#root", roots."#top", links."#parent" AS "#n"
        FROM "#roots" AS roots JOIN "#links" AS links ON links."#n" = roots."#top" WHERE links."#parent" IS NOT NULL
        UNION
        SELECT met."#root", met."#top", links."#parent"
        FROM "#met" AS met JOIN "#links" AS links ON links."#n" = met."#n"
        WHERE links."#parent" IS NOT NULL AND links."#parent" <> met."#top"
    ), "#walk" AS (
        SELECT counted."#root", counted."#top", links."#parent" AS "#n", CAST(1 AS BIGINT) AS "depth", "#length"
        FROM (SELECT "#root", "#top", count(*) AS "#length" FROM "#met" GROUP BY "#root", "#top") AS counted
        JOIN "#links" AS links ON links."#n" = counted."#top"
        UNION ALL
        SELECT walk."#root", walk."#top", links."#parent", walk."depth" + 1, walk."#length"
        FROM "#walk" AS walk JOIN "#links" AS links ON links."#n" = walk."#n"
        WHERE walk."depth" < walk."#length"
    ) SELECT * FROM "#walk"
"""
_WALKS = {"children": _CHILDREN, "descendants": _DESCENDANTS, "ancestors": _ANCESTORS}


def lives(order: Sequence[SQL]) -> dict[str, exp.Query]:
    """Return the tables of lives, from `#starts` and `#ends`; starts that are alike are put in this order."""
    built: dict[str, exp.Query] = {}
    for table, text in _TABLES.items():
        built[table] = _parsed(text)
        if table == "#twins":
            place = exp.Window(this=call("row_number"), order=exp.Order(expressions=list(order)))
            starts = exp.Table(this=name(_STARTS))
            twins = select([column(_NUMBER)], exp.Table(this=name(table)))
            query = select([column(_NUMBER), as_named(place, "#place")], starts)
            built["#places"] = query.where(exp.In(this=column(_NUMBER), query=twins.subquery(copy=False)), copy=False)
    return built


def behind(rows: SQL, keys: ProcessKeys) -> exp.Query:
    """Return rows with the number of the start of the process behind each, in the column `#behind`."""
    time = keys.time if keys.time is not None else exp.cast(exp.null(), "timestamptz")
    at = exp.Coalesce(this=time.copy(), expressions=[exp.cast(exp.Literal.string("infinity"), "timestamptz")])
    keyed = select([exp.Star(), *_keyed(keys, time), as_named(at, "#its at")], rows)
    return _over(_BEHIND, {"#rows": keyed})


def roots(rows: SQL, keys: ProcessKeys) -> exp.Query:
    """Return the processes that rows are of, each once, with what is to be shown of those without a start."""
    time = keys.time if keys.time is not None else exp.cast(exp.null(), "timestamptz")
    shown = [
        as_named(keys.guid.copy() if keys.guid is not None else exp.cast(exp.null(), "varchar"), "#root_guid"),
        as_named(keys.pid.copy() if keys.pid is not None else exp.cast(exp.null(), "bigint"), "#root_pid"),
    ]
    keyed = select([*_keyed(keys, time), *shown], rows).distinct(copy=False)
    return _over(_ROOTS, {"#rows": keyed})


def relatives(kin: str, table_of_roots: str) -> exp.Query:
    """Return the relatives of roots: the number of a start, that of the root, and how far the one is from the other."""
    table = exp.Table(this=name(table_of_roots))
    rows = select([exp.Star()], table)
    return _over(_WALKS[kin], {"#roots": rows, "#children": _over(_CHILDREN, {"#roots": rows})})


def _keyed(keys: ProcessKeys, time: SQL) -> list[SQL]:
    guid, host, pid = (each if each is not None else exp.null() for each in (keys.guid, keys.host, keys.pid))
    return [
        as_named(_known(exp.cast(guid.copy(), "varchar")), "#its guid"),
        as_named(exp.Lower(this=exp.cast(host, "varchar")), "#its host"),
        as_named(exp.cast(pid.copy(), "bigint"), "#its pid"),
        as_named(time.copy(), "#its time"),
    ]


def _known(guid: SQL) -> SQL:
    rest = call("trim", guid, exp.Literal.string("{}0-"))
    return exp.Case().when(
        exp.NEQ(this=rest, expression=exp.Literal.string("")), exp.Lower(this=guid.copy()), copy=False
    )


@cache
def _template(text: str) -> exp.Query:
    query = sqlglot.parse_one(text, read="duckdb")
    for node in list(query.find_all(exp.Anonymous)):
        if node.name == _KNOWN_GUID:
            node.replace(_known(node.expressions[0].copy()))
    if not isinstance(query, exp.Query):
        raise TypeError(text)
    return query


def _parsed(text: str) -> exp.Query:
    return _template(text).copy()


def _over(text: str, sources: dict[str, exp.Query]) -> exp.Query:
    """Return a query with tables of its text replaced by queries."""
    query = _parsed(text)
    for table in list(query.find_all(exp.Table)):
        if table.name in sources:
            table.replace(subquery(sources[table.name].copy(), table.alias_or_name))
    return query
