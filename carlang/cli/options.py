"""Options that several commands share, and what their texts mean."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from carlang.cli.console import say
from carlang.cli.exits import UsageError
from carlang.model import Model, load_model
from carlang.project.settings import Settings
from carlang.resolve.literals import time_value
from carlang.store import Store, open_store

Targets = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TARGET...", help="Files, folders, catalogue ids, or - for standard input.", show_default=False
    ),
]
Expression = Annotated[str | None, typer.Option("-e", metavar="TEXT", help="The program itself.", show_default=False)]
StorePath = Annotated[
    Path | None,
    typer.Option(
        "--store", metavar="PATH", help="The event store; the sample store where none is named.", show_default=False
    ),
]

_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)?", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_MEMORY = re.compile(r"\d+(?:\.\d+)?\s*(?:[KMGT]i?B|%)", re.IGNORECASE)


def instant(option: str, text: str | None) -> datetime | None:
    """Return the UTC time that an option's text names; raises a usage error where it names none."""
    if text is None:
        return None
    value = time_value(text)
    if value is None:
        message = f"{option}: {text!r} is not a time; write 2020-09-01, 2020-09-01T12:00:00Z or with an offset"
        raise UsageError(message)
    return value


def seconds(text: str | None) -> float | None:
    """Return the seconds that `60s`, `500ms`, `2m` or a number mean."""
    if text is None:
        return None
    match = _SECONDS.fullmatch(text.strip())
    if match is None or not float(match.group(1)):
        raise UsageError(f"--timeout: {text!r} is not a time span; write 60s, 500ms or 2m")
    return float(match.group(1)) * _UNITS[(match.group(2) or "s").casefold()]


def memory(text: str | None) -> str | None:
    """Return an amount of memory as it was given; raises a usage error where it is none."""
    if text is not None and not _MEMORY.fullmatch(text.strip()):
        raise UsageError(f"--memory-limit: {text!r} is not an amount of memory; write 2GB or 512MB")
    return text


def parameters(given: list[str] | None) -> dict[str, str]:
    """Return `K=V` texts as a mapping."""
    found: dict[str, str] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--param: {text!r} is not of the form name=value")
        found[name.strip()] = value
    return found


def opened_store(path: Path | None, settings: Settings) -> Store:
    """Open the store that was named, or the environment's, or the settings', or else the sample, and say so then."""
    found = settings.store_path(path)
    if found is None:
        say("no --store given: running on the sample store that ships with carlang")
    return open_store(found)


def model_of(settings: Settings) -> Model:
    """Return the data model with the extensions that the settings name."""
    return load_model(settings.extend)
