"""Plain data to bytes and back: dataclasses and enumerations of named modules, and what they hold.

Pickle writes and reads them: it is quick, and it keeps what is the same object the same, which a bound program goes by.
It also would call whatever it is told to. So this one looks nothing up but the dataclasses and enumerations of the
modules that the codec is for, and the few types of Python's own in `_PLAIN`; to read a file that somebody has tampered
with makes such objects at worst, or is refused.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import EnumMeta
from functools import cache
from importlib import import_module
from typing import Any

_PLAIN: Mapping[tuple[str, str], type] = {
    ("builtins", "frozenset"): frozenset,
    ("builtins", "set"): set,
    ("datetime", "date"): date,
    ("datetime", "datetime"): datetime,
}


class Codec:
    """Writes and reads data of the dataclasses and enumerations of some modules.

    A module is named in full, or as a package with a dot behind it, which stands for all of its modules. `constants`
    are objects that are known by name, and come back as the very same.
    """

    def __init__(self, modules: Sequence[str], constants: Mapping[str, object] | None = None) -> None:
        self.modules = tuple(modules)
        self.constants = dict(constants or {})
        self._names = {id(constant): name for name, constant in self.constants.items()}
        self._constant_types = tuple({type(constant) for constant in self.constants.values()})

    def dumps(self, data: Any, at_hand: Sequence[object] = ()) -> bytes:
        """Return data as bytes; what is `at_hand`, by identity, is left out.

        Raises `pickle.PicklingError` for what is none of the codec's, `RecursionError` for what is too deep.
        """
        target = io.BytesIO()
        _Writer(target, self, at_hand).dump(data)
        return target.getvalue()

    def loads(self, content: bytes, at_hand: Sequence[object] = ()) -> Any:
        """Return the data that bytes stand for; raises any `Exception` where they are not those that were written."""
        return _Reader(io.BytesIO(content), self, at_hand).load()

    def name_of(self, constant: object) -> str | None:
        """Return the name of a constant, None for what is none."""
        return self._names.get(id(constant)) if isinstance(constant, self._constant_types) else None

    def has(self, module: str) -> bool:
        """Tell whether the codec is for a module."""
        return any(module.startswith(each) if each.endswith(".") else module == each for each in self.modules)


class _Writer(pickle.Pickler):
    def __init__(self, target: io.BytesIO, codec: Codec, at_hand: Sequence[object]) -> None:
        super().__init__(target, protocol=5)
        self._codec = codec
        self._at_hand = {id(each): number for number, each in enumerate(at_hand)}

    def persistent_id(self, obj: Any) -> int | str | None:
        number = self._at_hand.get(id(obj))
        return self._codec.name_of(obj) if number is None else number

    def reducer_override(self, obj: Any) -> Any:
        cls = type(obj)
        if cls is frozenset or cls is set:
            # In an order of its own, where that can be: the same data is the same bytes then.
            return cls, (_in_order(obj),)
        if isinstance(obj, type) or cls in _PLAIN.values() or isinstance(cls, EnumMeta):
            return NotImplemented
        if not is_dataclass(cls) or not self._codec.has(cls.__module__):
            raise pickle.PicklingError(f"{cls.__qualname__} is none of the codec's")
        names = _arguments(cls)
        # Half as long to read as the state that a dataclass with slots sets field by field.
        return NotImplemented if names is None else (cls, tuple(getattr(obj, name) for name in names))


class _Reader(pickle.Unpickler):
    def __init__(self, source: io.BytesIO, codec: Codec, at_hand: Sequence[object]) -> None:
        super().__init__(source)
        self._codec = codec
        self._at_hand = at_hand

    def persistent_load(self, pid: Any) -> Any:
        return self._at_hand[pid] if isinstance(pid, int) else self._codec.constants[pid]

    def find_class(self, module: str, name: str) -> Any:
        plain = _PLAIN.get((module, name))
        if plain is not None:
            return plain
        if self._codec.has(module):
            return _data_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is none of the codec's")


@cache
def _data_class(module: str, name: str) -> type:
    loaded = sys.modules.get(module) or import_module(module)
    cls = vars(loaded).get(name)
    if isinstance(cls, type) and cls.__module__ == module and (is_dataclass(cls) or isinstance(cls, EnumMeta)):
        return cls
    raise pickle.UnpicklingError(f"{module}.{name} is no class of data")


@cache
def _arguments(cls: Any) -> tuple[str, ...] | None:
    """Return the fields by which an object is made anew, or None where some are not set by place."""
    return None if any(each.kw_only or not each.init for each in fields(cls)) else tuple(f.name for f in fields(cls))


def _in_order(items: frozenset[Any] | set[Any]) -> list[Any]:
    try:
        return sorted(items)
    except TypeError:
        return list(items)
