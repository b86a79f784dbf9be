"""Options that several commands share, and what their texts mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import click

from carlang.cli.console import say
from carlang.cli.declared import Argument, Option
from carlang.cli.exits import UsageError
from carlang.project import Project, catalogue_of
from carlang.results import counted_files_text
from carlang.store import Store, open_store


def path_option(text: str) -> Path:
    """Return the path that an option names; an empty one is a variable that was not set, not the working directory."""
    if not text:
        raise click.BadParameter("the path is empty")
    return Path(text)


def check_writable(output: Path | None) -> None:
    """Raise `UsageError` for an output that no file can be made of: to be known before an hour's work."""
    if output is not None and (output.is_dir() or not output.absolute().parent.is_dir()):
        why = "it is a folder" if output.is_dir() else f"there is no folder {output.parent}"
        raise UsageError(f"--output: {output} cannot be written: {why}")


def output_option(text: str) -> Path:
    """Return the path of a file or folder to write; `-` would make one called so where standard output is meant."""
    if text == "-":
        raise click.BadParameter("`-` does not mean standard output here; what is called that is `./-`")
    return path_option(text)


def catalogue_ids() -> tuple[str, ...]:
    """Return the ids of the catalogue of the working directory, as a shell completes to them."""
    return catalogue_of(Project.find()).ids


Targets = Annotated[
    list[str] | None,
    Argument(
        metavar="TARGET...", help="Files, folders, catalogue ids, or - for standard input.", complete=catalogue_ids
    ),
]
Expression = Annotated[str | None, Option("-e", metavar="TEXT", help="The program itself.")]
StorePath = Annotated[
    Path | None,
    Option(
        "--store",
        metavar="PATH",
        parser=path_option,
        help="The event store; the sample store where none is named.",
    ),
]

Params = Annotated[list[str] | None, Option("--param", metavar="K=V", help="A value for an input.")]

Timeout = Annotated[str | None, Option("--timeout", metavar="60s", help="Time to compile an analytic.")]


FORMATS = ("text", "json")
"""Those of commands that say something about a store."""


def check_format(name: str, formats: Sequence[str] = FORMATS) -> None:
    """Refuse what is none of the formats of a command."""
    if name not in formats:
        raise UsageError(f"--format: there is no format {name!r}; choose one of {', '.join(formats)}")


def parameters(texts: list[str] | None) -> dict[str, str]:
    """Return `K=V` texts as a mapping."""
    values: dict[str, str] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--param: {text!r} is not of the form name=value")
        values[name.strip()] = value
    return values


SigmaPipelines = Annotated[
    list[Path] | None,
    Option("--pipeline", metavar="FILE", parser=path_option, help="A pySigma pipeline for Sigma rules."),
]


def open_project(*, quiet: bool = False, pipelines: Sequence[Path] | None = None) -> Project:
    """Return the project of the working directory; settings that lie in a folder above it are named.

    `pipelines`, where given, take the place of those that the settings name.
    """
    project = Project.find()
    if not quiet:
        name_settings(project)
    return replace(project, pipelines=tuple(pipelines)) if pipelines else project


def name_settings(project: Project) -> None:
    """Name settings that lie in a folder above: nobody sees from where he stands that they are there."""
    if project.settings_file and project.settings_file.parent != Path.cwd():
        say(f"settings: {project.settings_file}")


def say_counted(files: int) -> None:
    """Say where files do not say whose events they have: to count these takes longer than all the rest."""
    if files:
        say(counted_files_text(files))


def open_store_of(project: Project, named: Path | None, *, quiet: bool = False) -> Store:
    """Open the store that was named, or the environment's, or the settings', or else the sample, and say so then."""
    path = project.store_path(named)
    if path is None and not quiet:
        say("no --store given: running on the sample store that ships with carlang")
    return open_store(path)
