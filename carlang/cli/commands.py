"""The commands by name, each loaded when it is asked for: what one needs, the others need not wait for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from carlang.cli.console import piped

_WHERE = {
    "run": "run:run",
    "check": "check:check",
    "fmt": "fmt:fmt",
    "compile": "compile:compile_command",
    "explain": "explain:explain_command",
    "fields": "fields:fields_command",
    "test": "test:test",
    "new": "new:new",
    "import": "import_command:import_command",
    "ingest": "ingest:ingest",
    "store": "store:store_app",
    "catalog": "catalog:catalog_app",
}
"""Module of this package and name in it: of a command's function, or of the application that a group of commands is."""


class _Commands(Mapping[str, Any]):
    """The commands in the order in which the help lists them."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _load(name, _WHERE[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_WHERE)

    def __len__(self) -> int:
        return len(_WHERE)


class LazyGroup(TyperGroup):
    """A group whose commands are those above."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands()  # type: ignore[assignment]  # it is only read from

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # as the group it takes the place of has it
        """Return the names of the commands, none of which this loads."""
        return list(self.commands)


def _load(name: str, where: str) -> Any:
    module, _, attribute = where.partition(":")
    command = getattr(import_module(f"carlang.cli.{module}"), attribute)
    # Typer makes a command only as a member of an application.
    application = typer.Typer(rich_markup_mode=None)
    if isinstance(command, typer.Typer):
        application.add_typer(command, name=name)
    else:
        application.command(name)(piped(command))
    return get_group(application).commands[name]
