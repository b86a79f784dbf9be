"""The texts of statements, kept between runs: one that is known is not built again, nor sqlglot loaded for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, ParamSpec, cast

from carlang import sql
from carlang.cache import Codec, Kept, digest_of
from carlang.model.schema import Class, Object
from carlang.model.types import Column
from carlang.resolve import Given
from carlang.resolve.bound import BoundExpr, BoundOutput, Now

if TYPE_CHECKING:
    from carlang.sql.dialect import Dialect
    from carlang.sql.fragments import SQL
    from carlang.sql.selections import Conditions, Selection, Source

P = ParamSpec("P")

KEPT = Kept("sql", Codec(()))

_LARGEST = 64 * 2**10
"""How many bytes a text may have that is kept: those of stores of thousands of files change with each ingest."""


def late_dialect(name: str) -> Dialect:
    """Return a dialect by its name that is loaded when it has to write what it does not know yet."""
    return cast("Dialect", _LateDialect(name))


class _LateDialect:
    """What stands in for a dialect; everything but the methods below is the dialect's own."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(sql.dialect_named(self._name), attribute)

    def text_of(self, lowering: Callable[P, SQL], *arguments: P.args, **options: P.kwargs) -> str:
        """Return what a lowering gives as text."""
        content = _content((lowering.__name__, arguments, options))
        return self._known(content, lambda: self.text(lowering(*arguments, **options)))

    def query_of(
        self,
        output: BoundOutput,
        now: datetime,
        given: Given,
        tied: Collection[Class] = (),
        exclusions: Sequence[BoundExpr] = (),
    ) -> str:
        """Return the query of an output as text; of one that says `now`, nobody will ask for that again."""
        content = _content(("lower", output, given, frozenset(tied), tuple(exclusions)), lasting=True)
        dialect = cast("Dialect", self)
        return self._known(content, lambda: self.text(sql.lower(output, dialect, now, given, tied, exclusions)))

    def conditions_of(
        self, selection: Selection, source: Source, now: datetime, given: Given, *, of_pool: bool
    ) -> Conditions:
        """Return the condition of a selection; rules are asked of one store after the other, and say `now` seldom."""
        about = ("conditions", selection, source.owner, source.columns, given, of_pool)
        content = _content(about, lasting=True)
        sources = (self._name, content or b"")
        kept = KEPT.get(sources) if content else None
        if isinstance(kept, tuple):
            text, columns = kept
            return sql.Conditions(text, columns)
        made = sql.lower_conditions(selection, source, now, given, of_pool=of_pool)
        if content and len(made.text) <= _LARGEST:
            KEPT.put(sources, (made.text, made.columns))
        return made

    def _known(self, content: bytes | None, make: Callable[[], str]) -> str:
        if content is None:
            return make()
        sources = (self._name, content)
        kept = KEPT.get(sources)
        if isinstance(kept, str):
            return kept
        made = make()
        if len(made) <= _LARGEST:
            KEPT.put(sources, made)
        return made


def _content(data: Any, *, lasting: bool = False) -> bytes | None:
    """Return a digest of what a text is made of, or None of what has none; a `lasting` one says `now` nowhere."""
    try:
        return _Digests(lasting=lasting).of(data)
    except (_UnlastingError, RecursionError):
        return None


class _UnlastingError(Exception):
    """Data have no digest that would be asked for again."""


class _Digests:
    """Digests of data by what is in them, not by what in them is the same object, as a copy that was kept has others.

    A part is looked at once, however often it occurs: named streams are used again and again.
    """

    def __init__(self, *, lasting: bool) -> None:
        self._lasting = lasting
        self._parts: dict[int, bytes] = {}

    def of(self, data: Any) -> bytes:
        """Return the digest of data; raises `_UnlastingError` for what is no plain data."""
        match data:
            case None | bool() | int() | float() | str():
                return f"{type(data).__name__} {data!r}".encode("utf-8", "surrogatepass")
            case Enum():
                return f"{type(data).__name__} {data.name}".encode()
            case datetime():
                return data.isoformat().encode()
            case _LateDialect():
                return b"dialect"
            case Object():
                return _of_object(id(data), data)
            case (Column(), Column(), *_) if isinstance(
                data, tuple
            ):  # of events, which a thousand rules have in common
                return _of_columns(id(data), data)
        part = self._parts.get(id(data))
        if part is None:
            kind = f"{type(data).__module__}.{type(data).__qualname__}"
            part = self._parts[id(data)] = digest_of(kind, *self._inside(data))
        return part

    def _inside(self, data: Any) -> list[bytes]:
        match data:
            case Now() if self._lasting:
                raise _UnlastingError
            case tuple() | list():
                return [self.of(each) for each in data]
            case frozenset() | set():
                return sorted(self.of(each) for each in data)
            case Mapping():
                return [self.of(each) for item in data.items() for each in item]
            case _ if is_dataclass(data) and not isinstance(data, type):
                return [self.of(getattr(data, each.name)) for each in fields(data)]
            case _:
                raise _UnlastingError


_objects: dict[int, tuple[Object, bytes]] = {}
"""The digests of objects of models, which most statements are made of, with the objects."""

_MOST_OBJECTS = 1_000
"""So many are those of dozens of models."""


def _of_object(number: int, data: Object) -> bytes:
    known = _objects.get(number)
    if known is None or known[0] is not data:
        if len(_objects) > _MOST_OBJECTS:
            _objects.clear()
        columns = [(field.name, field.type) for field in data.fields.values()]
        digest = digest_of(data.name, _Digests(lasting=False).of(columns))
        known = _objects[number] = data, digest
    return known[1]


_columns: dict[int, tuple[object, bytes]] = {}
"""The digests of tuples of columns, with the tuples."""


def _of_columns(number: int, data: Sequence[Column]) -> bytes:
    known = _columns.get(number)
    if known is None or known[0] is not data:
        if len(_columns) > _MOST_OBJECTS:
            _columns.clear()
        digests = _Digests(lasting=False)
        parts = (part for column in data for part in (column.name, digests.of(column.type)))
        known = _columns[number] = data, digest_of("columns", *parts)
    return known[1]
