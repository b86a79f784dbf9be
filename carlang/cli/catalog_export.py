"""`carlang catalog export`: the catalogue as JSON, or as files in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from carlang.analytic import CompiledAnalytic
from carlang.cli import exits
from carlang.cli.console import piped, put, put_json, say
from carlang.cli.declared import Option
from carlang.cli.exits import UsageError
from carlang.cli.interruption import INTERRUPTIONS
from carlang.cli.options import Targets, open_project, output_option
from carlang.cli.selection import Selecting, selected
from carlang.importers import TESTS_SUFFIX, facts, place_files
from carlang.results import counted


@piped
def export(
    targets: Targets = None,
    to: Annotated[
        Path | None, Option("--to", metavar="DIR", parser=output_option, help="The folder to write files to.")
    ] = None,
    *,
    selecting: Selecting,
    force: Annotated[bool, Option("--force", help="Write over files that are there.")] = False,
) -> int:
    """Write analytics, the whole catalogue where none is named, as JSON, or copy their files to a folder."""
    analytics = selected(open_project(), targets, None, selecting.selection())
    if to is None:
        if force:
            raise UsageError("--force: name the folder to write to with --to")
        put_json([facts(analytic.data) for analytic in analytics])
        return exits.DONE
    copies = _Copies(to, force=force)
    refused = sum(not copies.take(file) for file in _files(analytics))
    try:
        with INTERRUPTIONS.held():  # so short that whoever ends the command can wait for it
            place_files(to, copies.changed)
    except OSError as error:
        raise UsageError(f"--to: {to} cannot be written: {error.strerror or error}; nothing was") from error
    for target in copies.written:
        put(str(target))
    for target in copies.written_over:
        say(f"{target}: written over")
    alike = len(analytics) - refused - len(copies.written)
    same = f", {alike} there already" if alike else ""
    say(f"{counted(len(analytics), 'analytic')}: {len(copies.written)} written{same}")
    return exits.FAULTY if refused else exits.DONE


def _files(analytics: Sequence[CompiledAnalytic]) -> list[Path]:
    files = [Path(analytic.file) for analytic in analytics]
    for file in files:
        if not file.is_file():
            raise UsageError(f"{file} is no file that could be copied")
    return files


@dataclass(slots=True)
class _Copies:
    """What is to be in a folder of the files that were taken, by name; None is a file that is not to be there."""

    to: Path
    force: bool = field(kw_only=True)
    taken: dict[str, bytes | None] = field(default_factory=dict)
    changed: dict[str, bytes | None] = field(default_factory=dict)
    """Those that are not there as they are to be."""
    written: list[Path] = field(default_factory=list)
    written_over: list[Path] = field(default_factory=list)

    def take(self, file: Path) -> bool:
        """Take an analytic's file, and its file of tests; tell whether they may be there, or say why not."""
        wanted = {each.name: _bytes(each) for each in (file, file.with_name(file.stem + TESTS_SUFFIX))}
        if file.name in self.taken or any(self.taken.get(name, content) != content for name, content in wanted.items()):
            say(f"{file}: skipped, {self.to / file.name} has just been written for another analytic")
            return False
        changed = {name: content for name, content in wanted.items() if _bytes(self.to / name) != content}
        over = [self.to / name for name in changed if (self.to / name).exists()]
        if over and not self.force:
            say(f"{file}: skipped, {over[0]} is there already; --force writes over it")
            return False
        self.taken |= wanted
        self.changed |= changed
        self.written_over += over
        if changed:
            self.written.append(self.to / file.name)
        return True


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}; nothing was written") from error
