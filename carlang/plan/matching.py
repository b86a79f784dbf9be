"""Which of many atoms the values of one column pass: each distinct value is looked at once.

What equals a literal is looked up; what begins or ends with one or contains it is found by one automaton for all
literals, in one pass over the bytes of all values.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from ahocorasick_rs import BytesAhoCorasick, Implementation

from carlang.plan.guards import ODD_LETTERS, Atom, Form

Numbers = npt.NDArray[np.int64]
"""Indexes of values, rows or leaves."""

_ODD = tuple(letter.encode() for letter in ODD_LETTERS)
_FIRST_BEYOND_ASCII = 0x80
_LARGEST_DFA = 1_000_000
"""How many bytes of literals an automaton with a full table may have. It looks through values two to three times as
fast as one whose states list what they know, and takes some fifty bytes of memory for each byte of its literals."""
_INSIDE = (Form.PREFIX, Form.SUFFIX, Form.CONTAINS)


class Fan:
    """What each of some keys leads to: a list of numbers a key."""

    def __init__(self, keys: Sequence[int] | Numbers, targets: Sequence[int] | Numbers, count: int) -> None:
        self._counts, self._starts, self._targets = _grouped(
            np.asarray(keys, dtype=np.int64), np.asarray(targets, dtype=np.int64), count
        )

    def reach(self, keys: Numbers, items: Numbers) -> tuple[Numbers, Numbers]:
        """Return each item once for each number that its key leads to, and those numbers."""
        counts = self._counts[keys]
        ends = np.cumsum(counts)
        within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
        return np.repeat(items, counts), self._targets[np.repeat(self._starts[keys], counts) + within]


def _grouped(keys: Numbers, targets: Numbers, count: int) -> tuple[Numbers, Numbers, Numbers]:
    counts = np.bincount(keys, minlength=count)
    return counts, np.cumsum(counts) - counts, targets[np.argsort(keys, kind="stable")]


class ColumnMatcher:
    """The atoms of a column, each with the number of the leaf that it is for."""

    def __init__(self, atoms: Sequence[tuple[Atom, int]]) -> None:
        texts = [leaf for atom, leaf in atoms if atom.test is not Form.MATCHES]
        self._of_texts = np.unique(np.array(texts, dtype=np.int64))
        equal = [(atom.literal, leaf) for atom, leaf in atoms if atom.test is Form.EQUAL]
        self._literals = list(dict.fromkeys(literal for literal, _ in equal))
        self._equal = _fan_of(self._literals, equal)
        self._beyond = np.unique(
            np.array([leaf for atom, leaf in atoms if atom.test is Form.NOT_ASCII], dtype=np.int64)
        )
        self._regexes: dict[str, list[int]] = {}
        for atom, leaf in atoms:
            if atom.test is Form.MATCHES:
                self._regexes.setdefault(str(atom.literal), []).append(leaf)
        inside = [(str(atom.literal), atom.test, leaf) for atom, leaf in atoms if atom.test in _INSIDE]
        patterns = list(dict.fromkeys(literal for literal, _, _ in inside))
        self._inside = {
            test: _fan_of(patterns, [(literal, leaf) for literal, of, leaf in inside if of is test])
            for test in dict.fromkeys(of for _, of, _ in inside)
        }
        self._automaton = _automaton_of([pattern.encode() for pattern in patterns])

    def matches(self, values: pa.Array) -> tuple[Numbers, Numbers]:
        """Return pairs of a value's index and a leaf of which it passes an atom, each once, by value.

        Raises `ArrowException` for values that are neither texts nor whole numbers, or not what atoms compare with.
        """
        if pa.types.is_integer(values.type) and not self._asks_for_texts:
            return self._looked_up(values)
        if not pa.types.is_large_string(values.type) and not pa.types.is_string(values.type):
            raise pa.ArrowTypeError(f"values are of type {values.type}")
        if pa.types.is_string(values.type):
            values = values.cast(pa.large_string())
        lowered = pc.ascii_lower(values)
        offsets, data = _bytes_of(lowered)
        pairs = [self._looked_up(lowered), self._found(offsets, data), self._beyond_ascii(offsets, data)]
        pairs += self._matching(values)
        return _each_once(np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs]))

    @property
    def _asks_for_texts(self) -> bool:
        return self._automaton is not None or len(self._beyond) > 0 or bool(self._regexes)

    def _matching(self, values: pa.Array) -> list[tuple[Numbers, Numbers]]:
        """Pair values with the leaves of the expressions that are found in them; few values match any."""
        if not self._regexes:
            return []
        items = np.arange(len(values))
        if len(self._regexes) > 1:
            with suppress(pa.ArrowInvalid):  # too long as one, or two of them give a group the same name
                items = _matching("|".join(f"(?:{regex})" for regex in self._regexes), values, items)
            values = values.take(pa.array(items))
        pairs: list[tuple[Numbers, Numbers]] = []
        for regex, leaves in self._regexes.items():
            pairs.append(_product(_matching(regex, values, items), np.array(leaves, dtype=np.int64)))
        return pairs

    def _looked_up(self, values: pa.Array) -> tuple[Numbers, Numbers]:
        if not self._literals:
            return _none()
        known = pc.index_in(values, value_set=pa.array(self._literals, values.type)).fill_null(-1)
        keys = known.to_numpy(zero_copy_only=False).astype(np.int64)
        (items,) = np.nonzero(keys >= 0)
        return self._equal.reach(keys[items], items)

    def _found(self, offsets: Numbers, data: memoryview) -> tuple[Numbers, Numbers]:
        """Look for the literals in all values at once; what stands across the border of two values is in neither."""
        if self._automaton is None:
            return _none()
        hits = self._automaton.find_matches_as_indexes(data, overlapping=True)
        if not hits:
            return _none()
        patterns, starts, ends = np.array(hits, dtype=np.int64).T
        items = np.searchsorted(offsets, starts, side="right") - 1
        inside = ends <= offsets[items + 1]
        patterns, starts, ends, items = (each[inside] for each in (patterns, starts, ends, items))
        pairs: list[tuple[Numbers, Numbers]] = []
        for test, fan in self._inside.items():
            if test is Form.PREFIX:
                fits = starts == offsets[items]
            elif test is Form.SUFFIX:
                fits = ends == offsets[items + 1]
            else:
                fits = np.ones(len(items), dtype=np.bool_)
            pairs.append(fan.reach(patterns[fits], items[fits]))
        return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])

    def _beyond_ascii(self, offsets: Numbers, data: memoryview) -> tuple[Numbers, Numbers]:
        """Pair values beyond ASCII with the leaves that ask for them, those with odd letters with all of texts."""
        text = np.frombuffer(data, dtype=np.uint8)
        (places,) = np.nonzero(text >= _FIRST_BEYOND_ASCII)
        if not len(places):
            return _none()
        items = np.unique(np.searchsorted(offsets, places, side="right") - 1)
        # A byte that begins a character stands nowhere else in UTF-8, and no value ends within one.
        odd = np.concatenate([_starts_of(letter, text, places) for letter in _ODD])
        odd_items = np.unique(np.searchsorted(offsets, odd, side="right") - 1)
        pairs = [_product(items, self._beyond), _product(odd_items, self._of_texts)]
        return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])


def _automaton_of(literals: Sequence[bytes]) -> BytesAhoCorasick | None:
    if not literals:
        return None
    is_small = sum(map(len, literals)) <= _LARGEST_DFA
    return BytesAhoCorasick(literals, implementation=Implementation.DFA if is_small else Implementation.ContiguousNFA)


def _starts_of(letter: bytes, text: npt.NDArray[np.uint8], places: Numbers) -> Numbers:
    """Return where a letter begins, of the places of bytes beyond ASCII."""
    starts = places[places <= len(text) - len(letter)]
    for index, byte in enumerate(letter):
        starts = starts[text[starts + index] == byte]
    return starts


def _fan_of(literals: Sequence[Any], leaves: Sequence[tuple[Any, int]]) -> Fan:
    number = {literal: index for index, literal in enumerate(literals)}
    return Fan([number[literal] for literal, _ in leaves], [leaf for _, leaf in leaves], len(literals))


def _bytes_of(values: pa.Array) -> tuple[Numbers, memoryview]:
    """Return where values begin and end, and their bytes one after another."""
    _, places, data = values.buffers()
    first, count = values.offset, len(values)
    offsets = np.frombuffer(places, dtype=np.int64)[first : first + count + 1]
    # As numbers without sign: the automaton takes no other buffers.
    text = np.frombuffer(data if data is not None else b"", dtype=np.uint8)[int(offsets[0]) : int(offsets[-1])]
    return offsets - offsets[0], text.data


def _each_once(items: Numbers, leaves: Numbers) -> tuple[Numbers, Numbers]:
    """Return pairs in order, each once."""
    if not len(items):
        return _none()
    width = int(leaves.max()) + 1
    keys = np.unique(items * width + leaves)
    return keys // width, keys % width


def _matching(regex: str, values: pa.Array, items: Numbers) -> Numbers:
    """Return those items in whose values an expression is found."""
    is_match = pc.match_substring_regex(values, pattern=regex, ignore_case=True)
    (matches,) = np.nonzero(is_match.to_numpy(zero_copy_only=False))
    return np.asarray(items[matches])


def _product(items: Numbers, leaves: Numbers) -> tuple[Numbers, Numbers]:
    return np.repeat(items, len(leaves)), np.tile(leaves, len(items))


def _none() -> tuple[Numbers, Numbers]:
    return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
