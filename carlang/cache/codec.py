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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import EnumMeta
from importlib import import_module
from operator import attrgetter
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
        self.names: dict[int, int | str] = {id(constant): name for name, constant in self.constants.items()}
        self.reducers: dict[type, Callable[[Any], Any]] = {frozenset: _in_order, set: _in_order, type: _as_it_is}

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

    def class_of(self, module: str, name: str) -> Any:
        """Return a class of the codec's; raises `pickle.UnpicklingError` for anything else."""
        cls = self._classes.get((module, name))
        if cls is None:
            if not self.has(module):
                raise pickle.UnpicklingError(f"{module}.{name} is none of the codec's")
            cls = self._classes[module, name] = _data_class(module, name)
        return cls

    def reducer_of(self, cls: Any) -> Callable[[Any], Any]:
        """Return what says how an object of a class is made; raises `pickle.PicklingError` for one of another's."""
        reducer: Callable[[Any], Any]
        if cls in _PLAIN.values() or issubclass(cls, type):
            reducer = _as_it_is
        elif not self.has(cls.__module__):
            raise pickle.PicklingError(f"{cls.__qualname__} is none of the codec's")
        elif isinstance(cls, EnumMeta):
            reducer = _by_value
        elif is_dataclass(cls):
            reducer = _by_arguments(cls)
        else:
            raise pickle.PicklingError(f"{cls.__qualname__} is no class of data")
        self.reducers[cls] = reducer
        return reducer

    def has(self, module: str) -> bool:
        """Tell whether the codec is for a module."""
        return any(module.startswith(each) if each.endswith(".") else module == each for each in self.modules)


class _Writer(pickle.Pickler):
    """Writes data of a codec's. What it asks of every object, some hundreds a program, is kept as short as can be."""

    def __init__(self, target: io.BytesIO, codec: Codec, at_hand: Sequence[object], apart: Apart | None) -> None:
        super().__init__(target, protocol=5)
        self._apart = apart
        self._shared = codec.shared
        self._named = codec.names | {id(each): number for number, each in enumerate(at_hand)}
        self._reducer_of = codec.reducer_of
        self._reducers = codec.reducers

    def persistent_id(self, obj: Any) -> int | str | bytes | None:
        if obj.__class__ is tuple and len(obj) >= _LONG and self._apart is not None and self._is_shared(obj):
            return self._apart.put(obj)
        return self._named.get(id(obj))

    def reducer_override(self, obj: Any) -> Any:
        reducer = self._reducers.get(obj.__class__)
        return (reducer or self._reducer_of(obj.__class__))(obj)

    def _is_shared(self, items: tuple[Any, ...]) -> bool:
        return all(type(each) is self._shared for each in items)


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


def _as_it_is(_: Any) -> Any:
    return NotImplemented


def _by_value(member: Any) -> Any:
    return type(member), (member.value,)


def _by_arguments(cls: Any) -> Callable[[Any], Any]:
    """Return what makes an object of a dataclass by its fields: half as long to read as a state set field by field."""
    names = [each.name for each in fields(cls)]
    if len(names) < 2 or any(each.kw_only or not each.init for each in fields(cls)):  # noqa: PLR2004  # no tuple of one
        return _as_it_is
    values = attrgetter(*names)
    return lambda obj: (cls, values(obj))


def _in_order(items: frozenset[Any] | set[Any]) -> Any:
    """Return a set in an order of its own, where that can be: the same data is the same bytes then."""
    try:
        return type(items), (sorted(items),)
    except TypeError:
        return type(items), (list(items),)
