"""The commands by name, each loaded when it is asked for: what one needs, the others need not wait for."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType

import click

from carlang.cli.console import piped
from carlang.cli.declared import Group, command

_WHERE = {
    "hunt": "hunt:hunt",
    "run": "run:run",
    "check": "check:check",
    "fmt": "fmt:fmt",
    "compile": "compile:compile_command",
    "explain": "explain:explain_command",
    "fields": "fields:fields_command",
    "test": "test:test",
    "new": "new:new",
    "import": "import_command:import_command",
    "export": "export:export_command",
    "ingest": "ingest:ingest",
    "store": "store:store_app",
    "schema": "schema:schema",
    "catalog": "catalog:catalog_app",
    "baseline": "baseline:baseline_app",
}
"""Module of this package and name in it: of a command's function, or of the application that a group of commands is."""


class _Commands(Mapping[str, click.Command]):
    """The commands in the order in which the help lists them."""

    def __init__(self) -> None:
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            self._loaded[name] = _load(name, _WHERE[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_WHERE)

    def __len__(self) -> int:
        return len(_WHERE)


class LazyGroup(Group):
    """A group whose commands are those above."""

    def __init__(self, help: str, name: str) -> None:  # noqa: A002  # click's name for it
        super().__init__(help, name)
        self.commands = _Commands()  # type: ignore[assignment]  # it is only read from


def _load(name: str, where: str) -> click.Command:
    module, _, attribute = where.partition(":")
    loaded = getattr(_imported(f"carlang.cli.{module}"), attribute)
    return loaded if isinstance(loaded, click.Command) else command(name, piped(loaded))


_YOUNG = 50_000
"""How many objects are made before the garbage collector looks at them, which by itself does so at each 700. A run of
a thousand rules makes a million that stay until it ends: an eighth of it was looking for those that could go."""


def _imported(name: str) -> ModuleType:
    """Import the module of a command as what stays until the process ends, and keep the garbage collector from it.

    It would go through some hundred thousand objects of modules and classes again and again while they are made, and
    once more when the process ends, to find next to none that could go: a sixth of a short run.
    """
    if name in sys.modules:
        return sys.modules[name]
    was_enabled = gc.isenabled()
    gc.disable()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
    try:
        return import_module(name)
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
