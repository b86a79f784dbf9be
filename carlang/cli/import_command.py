"""`carlang import`: CAR's YAML or Markdown, and Sigma rules, to `.car` files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from carlang.cli import exits
from carlang.cli.console import put, say, say_diagnostics
from carlang.cli.declared import Argument, Option
from carlang.cli.exits import UsageError
from carlang.cli.interruption import INTERRUPTIONS
from carlang.cli.options import SigmaPipelines, open_project, output_option, path_option
from carlang.cli.recordings import Recordings, recordings_of
from carlang.cli.targets import check_sigma
from carlang.diagnostics import has_errors
from carlang.importers import (
    TESTS_SUFFIX,
    AnalyticFile,
    Form,
    RecordingFolder,
    RuleFiles,
    car_text,
    load_file,
    place_files,
    plain_program,
    program_id,
    tests_text,
    with_recordings,
)
from carlang.importers.load import Pipelines
from carlang.project import analytic_files
from carlang.syntax import format_program

Sources = Annotated[list[str], Argument(metavar="SOURCE...", help="CAR's YAML or Markdown, Sigma rules, or folders.")]


def import_command(
    sources: Sources,
    to: Annotated[Path, Option("--to", metavar="DIR", parser=output_option, help="The folder to write to.")] = Path(),
    recordings: Recordings = None,
    pipeline: SigmaPipelines = None,
    *,
    force: Annotated[bool, Option("--force", help="Write over files that are there.")] = False,
) -> int:
    """Make `.car` files of CAR's YAML or Markdown, or of Sigma rules, one a program, with their tests."""
    project = open_project(pipelines=pipeline)
    folder = recordings_of(recordings)
    documents = [each for source in sources for each in _documents(source, project.sigma_pipelines)]
    check_sigma(documents, project)
    made = _Made(to, folder, force=force)
    done = [made.take(document) for document in documents]
    try:
        with INTERRUPTIONS.held():  # so short that whoever ends the command can wait for it
            place_files(to, made.changed)
    except OSError as error:
        raise UsageError(f"--to: {to} cannot be written: {error.strerror or error}; nothing was written") from error
    for line in made.told:
        put(line)
    same = len(made.taken) - len(made.told)
    already = f", {same} there already" if same else ""
    say(f"{len(documents)} document{'' if len(documents) == 1 else 's'}: {len(made.told)} written{already}")
    return exits.DONE if all(done) else exits.FAULTY


def _documents(source: str, pipelines: Pipelines) -> Iterator[AnalyticFile]:
    files = tuple(_files(source))
    rules = RuleFiles(files) if path_option(source).is_dir() else None
    for file in files:
        yield from load_file(file, pipelines=pipelines, rules=rules).each


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


@dataclass(slots=True)
class _Made:
    """The files that documents become in a folder, gathered so that all of them are placed there or none.

    `taken` names the programs without case, `changed` has the contents of what is not there as it is to be, `told` a
    line for each program that is written.
    """

    to: Path
    recordings: RecordingFolder | None
    force: bool = field(kw_only=True)
    taken: set[str] = field(default_factory=set)
    changed: dict[str, bytes | None] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def take(self, document: AnalyticFile) -> bool:
        """Take the programs of a document; tell whether all of them, and its tests, are as they should be."""
        if document.form is Form.CAR:
            say(f"{document.file}: this is a .car file already")
            return False
        if not document.sources:
            what = "program" if document.form is Form.SIGMA else "pseudocode"
            say(f"{document.file}: skipped, it has no {what}")
            say_diagnostics(document.diagnostics)
            return False
        tested = with_recordings(document, self.recordings)
        faults = tested.diagnostics[len(document.diagnostics) :]
        if faults:
            say_diagnostics(faults)
        done = [self._program(tested, number) for number in range(len(tested.sources))]
        return all(done) and not has_errors(faults)

    def _program(self, document: AnalyticFile, number: int) -> bool:
        """Take a program, and with the first one the tests; tell whether they may be there, or say why not."""
        source = document.sources[number]
        id_ = program_id(document, number)
        path = self.to / f"{id_}.car"
        # On Windows and macOS names that differ in case alone are one file.
        name = path.name.casefold()
        if name in self.taken:
            say(f"{document.file}: skipped, {path} is written from another document of this id")
            return False
        formatted = format_program(source)
        made = {path.name: car_text(document, number, formatted or plain_program(source))}
        if not number and (tests := tests_text(document, self.to)):
            made[f"{id_}{TESTS_SUFFIX}"] = tests
        changed = {file: text.encode() for file, text in made.items() if _bytes(self.to / file) != text.encode()}
        over = [self.to / file for file in changed if (self.to / file).exists()]
        if over and not self.force:
            say(f"{document.file}: skipped, {over[0]} is there already; --force writes over it")
            return False
        self.taken.add(name)
        self.changed |= changed
        if changed:
            remark = "" if formatted else ": as written, it has syntax errors; `carlang check --fix` may repair them"
            self.told.append(f"{path}{remark}")
        return True


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}; nothing was written") from error
