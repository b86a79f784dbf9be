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

    def get(self, sources: Sequence[str | bytes], at_hand: Sequence[object] = ()) -> Any:
        """Return the value for these sources, or None; `at_hand` is what was at hand when it was put there."""
        kept = segments()
        content = kept.get(self._key(sources)) if kept else None
        if content is None:
            return None
        try:
            return self._codec.loads(content, at_hand)
        except Exception:  # noqa: BLE001  # of bytes that nobody here wrote anything may come
            return None

    def put(self, sources: Sequence[str | bytes], value: Any, at_hand: Sequence[object] = ()) -> None:
        """Keep a value; one that cannot be written, or is too large, is computed again."""
        kept = segments()
        if kept is None:
            return
        with contextlib.suppress(pickle.PicklingError, RecursionError):
            content = self._codec.dumps(value, at_hand)
            if len(content) <= _LARGEST:
                kept.put(self._key(sources), content)

    def _key(self, sources: Sequence[str | bytes]) -> bytes:
        return digest_of(self._kind, *sources)
