"""Names that a package hands on from its modules, each imported when it is first asked for.

Who wants one name of a package need not wait for what the others need: a run of an analytic opens no archive, writes no
page, and asks DuckDB without sqlglot where its queries are known. It is the one way in which anything here is imported
late; nothing is imported inside a function.

A name with `()` behind it is a function, and what is handed on is one of the same name that loads the module when it is
called: whoever imports it at the head of his module does not pay for it before. The others are imported when they are
asked for, which is what an import of them does.

The names stand in the package twice, below `TYPE_CHECKING` for type checkers and in the table for Python, which
`tests/test_exports.py` holds to each other.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType


class _Package(ModuleType):
    """A package that hands on names by their modules, some of them as functions that are loaded when called."""

    # No module of a package has these names.
    exported_from: Mapping[str, str]
    called_late: frozenset[str]

    def __getattr__(self, name: str) -> object:
        module = self.exported_from.get(name)
        if module is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = _late(module, name) if name in self.called_late else getattr(import_module(module), name)
        super().__setattr__(name, value)  # the next look finds it here
        return value

    def __setattr__(self, name: str, value: object) -> None:
        # Python makes a module an attribute of its package once it is loaded. Where a name that is handed on is called
        # like its module, `judge` in `judgement.judge`, it is the name that the package has.
        if isinstance(value, ModuleType) and value.__name__ == self.exported_from.get(name):
            value = getattr(value, name)
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *self.exported_from} - {"exported_from", "called_late"})


def _late(module: str, name: str) -> Callable[..., object]:
    """Return a function that is one of a module, which is imported when it is called."""
    known: list[Callable[..., object]] = []

    def call(*arguments: object, **options: object) -> object:
        if not known:
            known.append(getattr(import_module(module), name))
        return known[0](*arguments, **options)

    call.__name__ = call.__qualname__ = name
    call.__module__ = module
    return call


def hand_on(package: str, names: Mapping[str, str]) -> Callable[[str], object]:
    """Have a package hand on names, apart by spaces, by their module without `carlang.`; returns its `__getattr__`."""
    module = sys.modules[package]
    listed = [(name, of) for of, together in names.items() for name in together.split()]
    module.__dict__["exported_from"] = {name.removesuffix("()"): f"carlang.{of}" for name, of in listed}
    module.__dict__["called_late"] = frozenset(name.removesuffix("()") for name, _ in listed if name.endswith("()"))
    module.__class__ = _Package
    return module.__getattr__
