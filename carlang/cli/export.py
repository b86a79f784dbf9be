"""`carlang export`: analytics as Sigma rules, and as queries in the dialects that pySigma writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from carlang.analytic import known_parameters, seconds
from carlang.cli import exits
from carlang.cli.console import put, put_json, put_program, say, say_diagnostics
from carlang.cli.declared import Option
from carlang.cli.exits import UsageError
from carlang.cli.interruption import INTERRUPTIONS
from carlang.cli.options import (
    Expression,
    Params,
    Targets,
    Timeout,
    check_format,
    open_project,
    output_option,
    parameters,
    path_option,
)
from carlang.cli.targets import find_analytics
from carlang.deadline import limit_time
from carlang.diagnostics import has_errors
from carlang.importers import place_files
from carlang.outgoing import SIGMA, ExportedOutput, Exporter
from carlang.results import counted

FORMATS = ("text", "json")


def export_command(  # noqa: PLR0913  # the options that the command has
    targets: Targets = None,
    expression: Expression = None,
    to: Annotated[str, Option("--to", metavar="DIALECT", help="sigma, or a backend of pySigma's: sqlite, …")] = SIGMA,
    output: Annotated[
        Path | None, Option("--output", metavar="DIR", parser=output_option, help="A folder to write files to.")
    ] = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))] = "text",
    *,
    pipeline: Annotated[
        list[Path] | None,
        Option("--pipeline", metavar="FILE", parser=path_option, help="A pySigma pipeline for what is written."),
    ] = None,
    param: Params = None,
    timeout: Timeout = None,
    force: Annotated[bool, Option("--force", help="Write over files that are there.")] = False,
) -> int:
    """Write analytics as Sigma rules that mean the same, or as queries; what has no rule is named with the reason."""
    check_format(format_, FORMATS)
    if output is None and force:
        raise UsageError("--force: name the folder to write to with --output")
    if output is not None and format_ != "text":
        raise UsageError("--format: files of a folder are text; --format json is for standard output")
    if to == SIGMA and pipeline:
        raise UsageError("--pipeline: it is for a dialect, and rules are written by Sigma's own names")
    project = open_project()
    analytics = find_analytics(targets or [], expression, project)
    values = parameters(param)
    exporter = Exporter(to, replace(project, pipelines=tuple(pipeline or ())).sigma_pipelines)
    with limit_time(seconds("--timeout", timeout)):
        if not any(has_errors(each.diagnostics) for each in analytics):
            known_parameters(values, analytics)
        exported = [exporter.exported(analytic, values) for analytic in analytics]
    faults = [fault for each in exported for fault in each.diagnostics]
    if faults:
        say_diagnostics(faults)
    pieces = [piece for each in exported for piece in each.pieces]
    is_whole = _to_files(pieces, output, force=force) if output else _to_stream(pieces, to, format_)
    return exits.DONE if is_whole and not has_errors(faults) else exits.FAULTY


def _to_stream(pieces: Sequence[ExportedOutput], dialect: str, format_: str) -> bool:
    """Write pieces to standard output: rules as documents of one YAML, queries a line each."""
    if format_ == "json":
        put_json([_json(piece) for piece in pieces])
    elif pieces:
        between = "---\n" if dialect == SIGMA else ""
        put_program(between.join(piece.text for piece in pieces).rstrip("\n"))
    return True


def _json(piece: ExportedOutput) -> dict[str, Any]:
    rule = piece.rule
    key = "rule" if piece.value is rule.data else "query"
    return {
        "analytic": rule.analytic,
        "output": rule.output,
        "name": rule.name,
        key: piece.value,
        **({"refers_to": rule.referred} if key == "rule" and rule.referred else {}),
    }


def _to_files(pieces: Sequence[ExportedOutput], folder: Path, *, force: bool) -> bool:
    """Write pieces to the files of a folder, all of them or none; tell whether no file stood in the way."""
    clashes = list(_clashes(pieces))
    if clashes:
        for former, piece in clashes:
            sources = f"{former.rule.source.name} and {piece.rule.source.name}"
            say(f"{piece.name} would be written of both {sources}; give one of the analytics another id")
        say("nothing was written")
        return False
    contents = {piece.name: piece.text.encode("utf-8") for piece in pieces}
    changed = {name: text for name, text in contents.items() if _content(folder / name) != text}
    over = [folder / name for name in changed if (folder / name).exists()]
    if over and not force:
        for path in over:
            say(f"{path} is there already; --force writes over it")
        say("nothing was written")
        return False
    try:
        with INTERRUPTIONS.held():  # so short that whoever ends the command can wait for it
            place_files(folder, changed)
    except OSError as error:
        raise UsageError(
            f"--output: {folder} cannot be written: {error.strerror or error}; nothing was written"
        ) from error
    for name in changed:
        put(str(folder / name))
    alike = len(contents) - len(changed)
    say(f"{counted(len(changed), 'file')} written" + (f", {alike} there already" if alike else ""))
    return True


def _clashes(pieces: Sequence[ExportedOutput]) -> Iterator[tuple[ExportedOutput, ExportedOutput]]:
    """Yield pieces that differ and would be one file, each with the first of that name."""
    by_name: dict[str, ExportedOutput] = {}
    for piece in pieces:
        # On Windows and macOS names that differ in case alone are one file.
        former = by_name.setdefault(piece.name.casefold(), piece)
        if (former.name, former.text) != (piece.name, piece.text):
            yield former, piece


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
