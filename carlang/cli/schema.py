"""`carlang schema`: what the JSON of a run looks like, as a JSON Schema."""

from __future__ import annotations

from typing import Annotated

from carlang.cli import exits
from carlang.cli.console import put_program
from carlang.cli.declared import Argument
from carlang.cli.exits import UsageError
from carlang.diagnostics import nearest
from carlang.report import SCHEMAS, schema_text


def schema(
    name: Annotated[
        str, Argument(metavar="NAME", help=f"Of which output: {', '.join(SCHEMAS)}.", complete=lambda: SCHEMAS)
    ],
) -> int:
    """Print the JSON Schema of what a run writes as JSON, or as lines of JSON."""
    if name not in SCHEMAS:
        near = nearest(name, SCHEMAS)
        hint = f"did you mean {near}?" if near else f"choose one of {', '.join(SCHEMAS)}"
        raise UsageError(f"there is no schema {name!r}; {hint}")
    put_program(schema_text(name).rstrip("\n"))
    return exits.DONE
