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
from typing import Any, Protocol

_PLAIN: Mapping[tuple[str, str], type] = {
    ("builtins", "frozenset"): frozenset,
    ("builtins", "set"): set,
    ("datetime", "date"): date,
    ("datetime", "datetime"): datetime,
}


_LONG = 16
"""How many items a tuple has that is worth an entry of its own: an object of the model has some fifty columns."""


class Apart(Protocol):
    """Where shared tuples are written to and read from, by a name that goes by their content."""

    def put(self, data: tuple[Any, ...]) -> bytes:
        """Return the name of a tuple, which is written where it is not there yet."""

    def get(self, name: bytes) -> tuple[Any, ...]:
        """Return the tuple of a name; raises `LookupError` where it is gone."""


class Codec:
    """Writes and reads data of the dataclasses and enumerations of some modules.

    A module is named in full, or as a package with a dot behind it, which stands for all of its modules. `constants`
    are objects that are known by name, and come back as the very same. Long tuples of the type `shared` are written
    apart, once for all data that has an equal one.
    """

    def __init__(
        self, modules: Sequence[str], constants: Mapping[str, object] | None = None, shared: type | None = None
    ) -> None:
        self.modules = tuple(modules)
        self.constants = dict(constants or {})
        self.shared = shared
        self._classes: dict[tuple[str, str], Any] = dict(_PLAIN)
        self._names = {id(constant): name for name, constant in self.constants.items()}
        self._constant_types = tuple({type(constant) for constant in self.constants.values()})

    def dumps(self, data: Any, at_hand: Sequence[object] = (), apart: Apart | None = None) -> bytes:
        """Return data as bytes; what is `at_hand`, by identity, is left out, what is shared is written `apart`.

        Raises `pickle.PicklingError` for what is none of the codec's, `RecursionError` for what is too deep.
        """
        target = io.BytesIO()
        _Writer(target, self, at_hand, apart).dump(data)
        return target.getvalue()

    def loads(self, content: bytes, at_hand: Sequence[object] = (), apart: Apart | None = None) -> Any:
        """Return the data that bytes stand for; raises any `Exception` where they are not those that were written."""
        return _Reader(io.BytesIO(content), self, at_hand, apart).load()

    def is_shared(self, data: Any) -> bool:
        """Tell whether data is a tuple to be written apart."""
        return type(data) is tuple and len(data) >= _LONG and all(type(each) is self.shared for each in data)

    def name_of(self, constant: object) -> str | None:
        """Return the name of a constant, None for what is none."""
        return self._names.get(id(constant)) if isinstance(constant, self._constant_types) else None

    def class_of(self, module: str, name: str) -> Any:
        """Return a class of the codec's; raises `pickle.UnpicklingError` for anything else."""
        cls = self._classes.get((module, name))
        if cls is None:
            if not self.has(module):
                raise pickle.UnpicklingError(f"{module}.{name} is none of the codec's")
            cls = self._classes[module, name] = _data_class(module, name)
        return cls

    def has(self, module: str) -> bool:
        """Tell whether the codec is for a module."""
        return any(module.startswith(each) if each.endswith(".") else module == each for each in self.modules)


class _Writer(pickle.Pickler):
    def __init__(self, target: io.BytesIO, codec: Codec, at_hand: Sequence[object], apart: Apart | None) -> None:
        super().__init__(target, protocol=5)
        self._codec = codec
        self._apart = apart
        self._at_hand = {id(each): number for number, each in enumerate(at_hand)}

    def persistent_id(self, obj: Any) -> int | str | bytes | None:
        number = self._at_hand.get(id(obj))
        if number is not None:
            return number
        if self._apart is not None and self._codec.is_shared(obj):
            return self._apart.put(obj)
        return self._codec.name_of(obj)

    def reducer_override(self, obj: Any) -> Any:
        cls = type(obj)
        if cls is frozenset or cls is set:
            # In an order of its own, where that can be: the same data is the same bytes then.
            return cls, (_in_order(obj),)
        if isinstance(obj, type) or cls in _PLAIN.values():
            return NotImplemented
        if isinstance(cls, EnumMeta) and self._codec.has(cls.__module__):
            return cls, (obj.value,)
        if not is_dataclass(cls) or not self._codec.has(cls.__module__):
            raise pickle.PicklingError(f"{cls.__qualname__} is none of the codec's")
        names = _arguments(cls)
        # Half as long to read as the state that a dataclass with slots sets field by field.
        return NotImplemented if names is None else (cls, tuple(getattr(obj, name) for name in names))


class _Reader(pickle.Unpickler):
    def __init__(self, source: io.BytesIO, codec: Codec, at_hand: Sequence[object], apart: Apart | None) -> None:
        super().__init__(source)
        self._at_hand = at_hand
        self._apart = apart
        self._constants = codec.constants
        self.find_class = codec.class_of  # type: ignore[method-assign]  # a call less for each class of each value

    def persistent_load(self, pid: Any) -> Any:
        match pid:
            case int():
                return self._at_hand[pid]
            case bytes() if self._apart is not None:
                return self._apart.get(pid)
            case _:
                return self._constants[pid]


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
