"""`carlang catalog export`: the catalogue as JSON, or as files in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from carlang.cli import exits
from carlang.cli.console import piped, put, put_json, say
from carlang.cli.declared import Option
from carlang.cli.exits import UsageError
from carlang.cli.options import Targets, open_project, path_option
from carlang.cli.selection import Selecting, selected
from carlang.importers import TESTS_SUFFIX, facts
from carlang.results import counted


@piped
def export(
    targets: Targets = None,
    to: Annotated[
        Path | None, Option("--to", metavar="DIR", parser=path_option, help="The folder to write files to.")
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
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--to: {to} cannot be made: {error.strerror or error}") from error
    written: set[Path] = set()
    refused = [analytic.file for analytic in analytics if not _copied(Path(analytic.file), to, written, force=force)]
    say(f"{counted(len(analytics), 'analytic')}: {len(analytics) - len(refused)} written")
    return exits.FAULTY if refused else exits.DONE


def _copied(file: Path, to: Path, written: set[Path], *, force: bool) -> bool:
    """Copy an analytic's file, and its file of tests, byte by byte; tell whether that was done, or say why not."""
    target = to / file.name
    if target in written:
        say(f"{file}: skipped, {target} has just been written for another analytic")
        return False
    if target.exists() and not force:
        say(f"{file}: skipped, {target} is there already; --force writes over it")
        return False
    tests = file.with_name(file.stem + TESTS_SUFFIX)
    try:
        for each in (file, tests) if tests.is_file() else (file,):
            (to / each.name).write_bytes(each.read_bytes())
    except OSError as error:
        say(f"{file} cannot be copied to {target}: {error.strerror or error}")
        return False
    written.add(target)
    put(str(target))
    return True
