"""What of a row stays the same when the same happens again: the columns that say it, and their values as patterns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pyarrow import types

from carlang.baseline.exclusions import Exactly, Value
from carlang.likeness import ANYTHING, without_persons, without_random_parts
from carlang.model import Kind
from carlang.model.types import field_of
from carlang.results import AnalyticOutput, Rows
from carlang.triage.fields import HABITS, UNLIKE, UNLIKE_KINDS

IDENTITY = frozenset({"exe", "image_path", "parent_exe", "src_image_path", "tgt_image_path"})
"""Fields that say which program did it to which, beside the habits of an object."""
PERSON = "user"
PROGRAM, PROGRAM_PATH = "exe", "image_path"
TOLD_BESIDE = frozenset({"command_line"})
"""Fields that tell one use of a program from another. Where no condition looks at them they may be anything, if they
have too many values to name."""

_UNCOMPARED = frozenset({Kind.LIST, Kind.NULL})
LONGEST_VALUE = 1_000
"""How many characters of a value an exclusion has. No one reads more of one, and to be alike so far is no accident."""

_ACCOUNTS = frozenset(
    {"system", "local service", "network service", "anonymous logon", "local system", "root", "dwm", "umfd"}
)
"""Accounts of machines, by the name behind the domain, whatever the machine is."""


@dataclass(frozen=True, slots=True)
class TellingColumns:
    """The columns of an output that say what happened.

    Those of `identity` say who did it to what; `tested` are others that conditions looked at, `beside` others still.
    `addresses` are those of networks among all.
    """

    identity: tuple[str, ...]
    tested: tuple[str, ...]
    beside: tuple[str, ...]
    is_event: bool
    addresses: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """All of the columns."""
        return (*self.identity, *self.tested, *self.beside)

    @classmethod
    def of(cls, result: AnalyticOutput) -> TellingColumns:
        """Return the columns of an output that say what happened in its rows."""
        output = result.output
        kinds: dict[str, Kind] = {}
        for column in output.columns:
            kinds.setdefault(column.name, column.type.kind)
        addresses = frozenset(name for name, kind in kinds.items() if kind is Kind.IP)
        objects = _objects(output.data)
        if not objects:  # groups, of which every column that is no number says what they are of
            skipped = UNLIKE_KINDS | _UNCOMPARED
            group_columns = (n for n, kind in kinds.items() if kind not in skipped and n not in output.computed)
            return cls(tuple(group_columns), (), (), is_event=False, addresses=addresses)
        habits = {name for each in objects for name in HABITS.get(each, ())}
        usual = [n for n, kind in kinds.items() if _is_telling(field_of(n), kind, habits)]
        identity = [n for n in usual if field_of(n) in habits | IDENTITY | {PERSON}]
        tested = [n for n in usual if n in output.tested and n not in identity]
        beside = [n for n in usual if field_of(n) in TOLD_BESIDE and n not in tested]
        return cls(tuple(identity), tuple(tested), tuple(beside), is_event=True, addresses=addresses)


def _objects(rows: Rows) -> set[str]:
    """Return the objects of the events that rows are of."""
    columns = [
        i for i, field in enumerate(rows.schema) if field_of(field.name) == "object" and types.is_string(field.type)
    ]
    values = (
        v for batch in rows.to_batches() if columns for i in columns for v in batch.column(i).unique().to_pylist()
    )
    return {each for each in values if each}


def _is_telling(field: str, kind: Kind, habits: Collection[str]) -> bool:
    if kind in _UNCOMPARED or field in UNLIKE:
        return False
    return kind not in UNLIKE_KINDS or field in habits


@lru_cache(maxsize=50_000)
def text_likeness(telling: TellingColumns, column: str, text: str) -> Value | None:
    """Return what a text of a column has in common with those that are to come; None where it may be anything.

    A text with a star, or with what the language takes for a variable, stands for itself alone. So do addresses: a
    thousand of them, each in all of its spellings, are more than a query holds.
    """
    if telling.is_event and field_of(column) == PERSON:
        return _account(text)
    if ANYTHING in text or text.startswith("%") or column in telling.addresses:
        return Exactly(text)
    shown = text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE]
    return without_persons(without_random_parts(shown)) + (ANYTHING if len(text) > LONGEST_VALUE else "")


def _account(name: str) -> Value | None:
    """Return the class of an account: that of a service or machine; None for those of persons."""
    last = name.rpartition("\\")[2]
    if last.endswith("$"):
        return f"{ANYTHING}$"
    plain = last.partition("@")[0].casefold()
    return f"{ANYTHING}{last}" if plain in _ACCOUNTS and ANYTHING not in last else None


def is_loose(column: str) -> bool:
    """Tell whether a column of exclusions may be anything in some of them: who was it, and how it was called."""
    return field_of(column) == PERSON or field_of(column) in TOLD_BESIDE


def is_cut(value: Value) -> bool:
    """Tell whether a value is the beginning of a longer one."""
    return isinstance(value, str) and len(value.rstrip(ANYTHING)) >= LONGEST_VALUE // 2 and value.endswith(ANYTHING)


def common(values: Iterable[Value]) -> Value:
    """Return one pattern for several texts: what they begin and end with alike; `*` where they have nothing."""
    texts = [value.text if isinstance(value, Exactly) else value for value in values]
    if not all(isinstance(text, str) for text in texts):
        return ANYTHING
    written = [str(text) for text in texts]
    head = _common_head(written)
    tail = _common_head([text[len(head) :][::-1] for text in written])[::-1]
    return f"{head.rstrip(ANYTHING)}{ANYTHING}{tail.lstrip(ANYTHING)}"


def _common_head(texts: list[str]) -> str:
    first, last = min(texts), max(texts)  # of texts in order, what these two share all share
    length = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:length]


def without_repeats(fields: Mapping[str, tuple[Value, ...]]) -> dict[str, tuple[Value, ...]]:
    """Return fields without names of programs that their paths say already."""
    kept: dict[str, Any] = dict(fields)
    for name in fields:
        prefix, _, field = name.rpartition(".")
        path = f"{prefix}.{PROGRAM_PATH}" if prefix else PROGRAM_PATH
        if field == PROGRAM and _ends_in(fields.get(path, ()), fields[name]):
            del kept[name]
    return kept


def _ends_in(paths: tuple[Value, ...], names: tuple[Value, ...]) -> bool:
    match paths, names:
        case (str(path),), (str(base),):
            return path.replace("/", "\\").rpartition("\\")[2].casefold() == base.casefold() and ANYTHING not in base
        case _:
            return False
