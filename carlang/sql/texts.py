"""The texts of statements, kept between runs: one that is known is not built again, nor sqlglot loaded for it."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, ParamSpec, cast

from carlang import sql
from carlang.cache import Codec, Kept
from carlang.model.schema import Class
from carlang.resolve import Given
from carlang.resolve.bound import BoundOutput

if TYPE_CHECKING:
    from carlang.sql.dialect import Dialect
    from carlang.sql.fragments import SQL

P = ParamSpec("P")

_CODEC = Codec(
    ("carlang.model.schema", "carlang.model.types", "carlang.resolve.bound.", "carlang.source", "carlang.sql.shapes")
)
_texts = Kept("sql", _CODEC)

_LARGEST = 64 * 2**10
"""How many bytes a text may have that is kept: those of stores of thousands of files change with each ingest."""

_NOW = b"Now"
"""What the bytes of a program have somewhere that says `now`: the name of that node's class."""


def late_dialect(name: str) -> Dialect:
    """Return a dialect by its name that is loaded when it has to write what it does not know yet."""
    return cast("Dialect", _LateDialect(name))


class _LateDialect:
    """What stands in for a dialect; everything but the two methods below is the dialect's own."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(sql.dialect_named(self._name), attribute)

    def text_of(self, lowering: Callable[P, SQL], *arguments: P.args, **options: P.kwargs) -> str:
        content = self._content(lowering.__name__, arguments, options)
        return self._known(content, lambda: self.text(lowering(*arguments, **options)))

    def query_of(self, output: BoundOutput, now: datetime, given: Given, tied: Collection[Class] = ()) -> str:
        content = self._content("lower", (output, given, tied), {})
        # The instant is in the text, which nobody will ask for again.
        lasting = None if content is None or _NOW in content else content
        return self._known(lasting, lambda: self.text(sql.lower(output, cast("Dialect", self), now, given, tied)))

    def _content(self, lowering: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> bytes | None:
        """Return what a text is made of, or None of what cannot be written down."""
        try:
            return _CODEC.dumps((lowering, arguments, options), (self,))
        except (pickle.PicklingError, RecursionError):
            return None

    def _known(self, content: bytes | None, make: Callable[[], str]) -> str:
        if content is None:
            return make()
        sources = (self._name, content)
        kept = _texts.get(sources)
        if isinstance(kept, str):
            return kept
        made = make()
        if len(made) <= _LARGEST:
            _texts.put(sources, made)
        return made
