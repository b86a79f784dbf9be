"""`carlang import`: CAR's YAML or Markdown, and Sigma rules, to `.car` files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from carlang.cli import exits
from carlang.cli.console import put, say, say_diagnostics
from carlang.cli.declared import Argument, Option
from carlang.cli.exits import UsageError
from carlang.cli.options import SigmaPipelines, path_option
from carlang.importers import (
    AnalyticFile,
    Form,
    car_text,
    load_file,
    plain_program,
    program_id,
    write_file,
)
from carlang.project import Project, analytic_files
from carlang.syntax import format_program

Sources = Annotated[list[str], Argument(metavar="SOURCE...", help="CAR's YAML or Markdown, Sigma rules, or folders.")]


def import_command(
    sources: Sources,
    to: Annotated[Path, Option("--to", metavar="DIR", parser=path_option, help="The folder to write to.")] = Path(),
    pipeline: SigmaPipelines = None,
    *,
    force: Annotated[bool, Option("--force", help="Write over files that are there.")] = False,
) -> int:
    """Make `.car` files of CAR's YAML or Markdown, or of Sigma rules, one a program."""
    pipelines = replace(Project.find(), pipelines=tuple(pipeline)) if pipeline else Project.find()
    documents = [load_file(file, pipelines=pipelines.sigma_pipelines) for source in sources for file in _files(source)]
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--to: {to} cannot be made: {error.strerror or error}") from error
    written: set[Path] = set()
    status = exits.DONE
    for document in documents:
        if not _import(document, to, written, force=force):
            status = exits.FAULTY
    say(f"{len(documents)} document{'' if len(documents) == 1 else 's'}: {len(written)} written")
    return status


def _files(source: str) -> Iterator[Path]:
    path = path_option(source)
    if path.is_dir():
        documents = [
            file for file in analytic_files(path) if isinstance(file, Path) and file.suffix.casefold() != ".car"
        ]
        if not documents:
            raise UsageError(f"there is no YAML or Markdown of analytics in the folder {source}")
        yield from documents
    elif path.is_file():
        yield path
    else:
        raise UsageError(f"there is no file or folder {source}")


def _import(document: AnalyticFile, folder: Path, written: set[Path], *, force: bool) -> bool:
    """Write the files of a document; tell whether all of them were."""
    if document.form is Form.CAR:
        say(f"{document.file}: this is a .car file already")
        return False
    if not document.sources:
        what = "program" if document.form is Form.SIGMA else "pseudocode"
        say(f"{document.file}: skipped, it has no {what}")
        say_diagnostics(document.diagnostics)
        return False
    done = [_write(document, number, folder, written, force=force) for number in range(len(document.sources))]
    return all(done)


def _write(document: AnalyticFile, number: int, folder: Path, written: set[Path], *, force: bool) -> bool:
    source = document.sources[number]
    path = folder / f"{program_id(document, number)}.car"
    if path in written:
        say(f"{document.file}: skipped, {path} has just been written from another document of this id")
        return False
    if path.exists() and not force:
        say(f"{document.file}: skipped, {path} is there already; --force writes over it")
        return False
    formatted = format_program(source)
    try:
        write_file(path, car_text(document, number, formatted or plain_program(source)))
    except OSError as error:
        say(f"{path} cannot be written: {error.strerror or error}")
        return False
    written.add(path)
    put(f"{path}" if formatted else f"{path}: as written, it has syntax errors; `carlang check --fix` may repair them")
    return True
