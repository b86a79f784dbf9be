"""Values of one kind, kept between runs."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Sequence
from typing import Any

from carlang.cache.codec import Codec
from carlang.cache.environment import digest_of
from carlang.cache.segments import segments

_LARGEST = 4 * 2**20
"""How many bytes a value may have: the program of a list of some ten thousand names."""


class Kept:
    """Values of one kind by what they were computed from, as a codec writes them."""

    def __init__(self, kind: str, codec: Codec) -> None:
        self._kind = kind
        self._codec = codec
        self._shared = _Shared(kind, codec)

    def get(self, sources: Sequence[str | bytes], at_hand: Sequence[object] = ()) -> Any:
        """Return the value for these sources, or None; `at_hand` is what was at hand when it was put there."""
        kept = segments()
        content = kept.get(digest_of(self._kind, *sources)) if kept else None
        if content is None:
            return None
        try:
            return self._codec.loads(content, at_hand, self._shared)
        except Exception:  # noqa: BLE001  # of bytes that nobody here wrote anything may come
            return None

    def put(self, sources: Sequence[str | bytes], value: Any, at_hand: Sequence[object] = ()) -> None:
        """Keep a value; one that cannot be written, or is too large, is computed again."""
        kept = segments()
        if kept is None:
            return
        with contextlib.suppress(pickle.PicklingError, RecursionError):
            content = self._codec.dumps(value, at_hand, self._shared)
            if len(content) <= _LARGEST:
                kept.put(digest_of(self._kind, *sources), content)


_MOST_SHARED = 256
"""How many shared tuples a process holds for the next value that has one: the model has some thirty objects."""


class _Shared:
    """The tuples that values of a kind share: entries of their own, each of them read once in a process."""

    def __init__(self, kind: str, codec: Codec) -> None:
        self._kind = f"shared by {kind}"
        self._codec = codec
        self._read: dict[bytes, tuple[Any, ...]] = {}
        # With the tuple itself, whose id is nobody else's as long as it is there.
        self._written: dict[int, tuple[tuple[Any, ...], bytes]] = {}

    def put(self, data: tuple[Any, ...]) -> bytes:
        known = self._written.get(id(data))
        if known is not None and known[0] is data:
            return known[1]
        content = self._codec.dumps(list(data))
        name = digest_of(self._kind, content)
        if kept := segments():
            kept.put(name, content, unless_there=True)
        if len(self._written) >= _MOST_SHARED:
            self._written.clear()
        self._written[id(data)] = (data, name)
        return name

    def get(self, name: bytes) -> tuple[Any, ...]:
        data = self._read.get(name)
        if data is None:
            kept = segments()
            content = kept.get(name) if kept else None
            if content is None:
                raise LookupError(name)
            data = tuple(self._codec.loads(content))
            if len(self._read) >= _MOST_SHARED:
                self._read.clear()
            self._read[name] = data
        return data
