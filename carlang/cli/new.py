"""`carlang new`: the beginning of an analytic."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from carlang.cli import exits
from carlang.cli.console import put, say
from carlang.cli.declared import Argument, Option
from carlang.cli.exits import UsageError
from carlang.cli.options import open_project, output_option
from carlang.importers import scaffold, write_file
from carlang.project import catalogue_of

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def new(
    id_: Annotated[str, Argument(metavar="ID", help="The id of the analytic, and the name of its file.")],
    to: Annotated[Path, Option("--to", metavar="DIR", parser=output_option, help="The folder to write to.")] = Path(),
) -> int:
    """Write the beginning of an analytic, with a test in it; it checks and passes, and waits for its conditions."""
    if not _ID.fullmatch(id_):
        raise UsageError(f"an id has letters, digits, `.`, `_` and `-`, and begins with one of the first two: {id_!r}")
    path = to / f"{id_}.car"
    if path.exists():
        raise UsageError(f"{path} is there already")
    try:
        to.mkdir(parents=True, exist_ok=True)
        write_file(path, scaffold(id_, datetime.now(UTC).date()))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    put(str(path))
    if catalogue_of(open_project()).file_of(id_):
        say(f"warning: the catalogue has an analytic {id_} too")
    say(f"next: carlang test --mutate {path}")
    return exits.DONE
