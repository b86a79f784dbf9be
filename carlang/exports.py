"""Names that a package hands on from its modules, each imported when it is first asked for.

Who wants one name of a package need not wait for what the others need: a run of an analytic opens no archive, writes no
page, and asks DuckDB without sqlglot where its queries are known. It is the one way in which anything here is imported
late: `carlang.sql.lower`, said where it is called, loads the lowering then; nothing is imported inside a function.

The names stand in the package twice, below `TYPE_CHECKING` for type checkers and in the table for Python, which
`tests/test_exports.py` holds to each other.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType


class _Package(ModuleType):
    """A package whose `module_of` says which module has a name that it hands on."""

    module_of: Mapping[str, str]

    def __getattr__(self, name: str) -> object:
        module = self.module_of.get(name)
        if module is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(module), name)
        super().__setattr__(name, value)  # the next look finds it here
        return value

    def __setattr__(self, name: str, value: object) -> None:
        # Python makes a module an attribute of its package once it is loaded. Where a name that is handed on is called
        # like its module, `judge` in `judgement.judge`, it is the name that the package has.
        if isinstance(value, ModuleType) and value.__name__ == self.module_of.get(name):
            value = getattr(value, name)
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *self.module_of} - {"module_of"})


def hand_on(package: str, names: Mapping[str, str]) -> Callable[[str], object]:
    """Have a package hand on names, apart by spaces, by their module without `carlang.`; returns its `__getattr__`."""
    module = sys.modules[package]
    module.__dict__["module_of"] = {name: f"carlang.{of}" for of, listed in names.items() for name in listed.split()}
    module.__class__ = _Package
    return module.__getattr__
