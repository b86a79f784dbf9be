"""Expressions of mapping files: DuckDB's scalar SQL in which `{Name}` is a member of the record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb

_NAME = re.compile(r"[A-Za-z_@][A-Za-z0-9_@]*")
_MEMBER = re.compile(r"(?:[A-Za-z0-9_@#$ ()\[\]-]|\\\.)+(?:\.(?:[A-Za-z0-9_@#$ ()\[\]-]|\\\.)+)*")
# Words that a bare name is not a member for.
_LITERALS = frozenset({"true", "false", "null"})
_TOKEN = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|(?P<quoted>"(?:[^"]|"")*")|\{(?P<member>[^{}'"]*)\}|(?P<bad>;|--|/\*|\$|[{}'"])|.""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression in pieces: SQL text, and the names of members where they stand."""

    pieces: tuple[str, ...]
    members: tuple[str, ...]

    def bind(self, member: Callable[[str], str]) -> str:
        """Return the SQL, with what `member` gives for each name."""
        parts = [self.pieces[0]]
        for name, piece in zip(self.members, self.pieces[1:], strict=True):
            parts += [member(name), piece]
        return "".join(parts)


@cache
def parse_expression(text: str) -> Expression:
    """Parse an expression; a bare name is the member of that name. Raises ValueError that says what is wrong."""
    if text.strip().lower() in _LITERALS:
        return Expression((text.strip(),), ())
    if _NAME.fullmatch(text.strip()):
        return Expression(("", ""), (text.strip(),))
    pieces, members = [""], []
    for token in _TOKEN.finditer(text):
        if token["bad"]:
            raise ValueError(f"`{token['bad']}` cannot stand in an expression")
        if token["member"] is None:
            pieces[-1] += token[0]
            continue
        if not _MEMBER.fullmatch(token["member"]):
            raise ValueError(f"`{token[0]}` does not name a member of a record")
        members.append(token["member"])
        pieces.append("")
    return Expression(tuple(pieces), tuple(members))


def check_expression(connection: duckdb.DuckDBPyConnection, sql: str, table: str) -> None:
    """Check that bound SQL is one scalar expression over a table's columns; raises ValueError that says what is wrong.

    DuckDB parses it first, so that the text is known to be nothing but an expression before it is bound.
    """
    row = connection.execute("SELECT json_serialize_sql($query)", {"query": f"SELECT {sql}"}).fetchone()
    tree = json.loads(row[0]) if row else {}
    if tree.get("error"):
        raise ValueError(f"not an SQL expression: {tree.get('error_message', 'unreadable')}")
    statements = tree["statements"]
    node = statements[0]["node"]
    if len(statements) != 1 or node.get("type") != "SELECT_NODE" or len(node["select_list"]) != 1:
        raise ValueError("not one SQL expression")
    if node["from_table"]["type"] != "EMPTY" or node["where_clause"] or node["modifiers"] or _has_subquery(node):
        raise ValueError("an expression may not hold a query")
    try:
        # The text was just found to be a lone expression, and comes from a mapping file, not from a log.
        connection.execute(f"EXPLAIN SELECT {sql} FROM {table}")  # noqa: S608
    except duckdb.Error as error:
        raise ValueError(str(error).split("\n", 1)[0]) from error


def _has_subquery(node: Any) -> bool:
    return any(part.get("class") == "SUBQUERY" for part in _objects(node))


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value)
