"""The entry point: commands, and what becomes of errors."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress

import click

from carlang import __version__
from carlang.cli import exits
from carlang.cli.commands import LazyGroup
from carlang.cli.console import PipeClosedError, abandon_output, put, say, say_block
from carlang.cli.interruption import INTERRUPTIONS
from carlang.diagnostics import see_text
from carlang.errors import CarlangError, CompileError, DataFileError, IngestError, StoreError, WrongUseError

app = LazyGroup("Run MITRE CAR analytics over stores of host and network events.", "carlang")


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001  # click calls it so
    del param
    if value:
        put(f"carlang {__version__}")
        ctx.exit()


app.params.append(
    click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version."
    )
)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    # NumPy comes with a library of linear algebra, which nothing here asks for anything. At its import that starts a
    # thread a processor, which together take as long as all else of NumPy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with INTERRUPTIONS.raised():
        try:
            status = app(arguments, prog_name="carlang", standalone_mode=False)
        except (click.Abort, KeyboardInterrupt):
            status = _interrupted()
        except Exception as error:  # noqa: BLE001  # the last resort: a fault of ours, said as such
            # DuckDB and Arrow make an error of their own of what a signal raises in them.
            status = _interrupted() if INTERRUPTIONS else _failed(error)
    sys.exit(status or exits.DONE)


def _interrupted() -> int:
    """Say so, where there is still a terminal to say it on: SIGHUP tells that there is none."""
    with suppress(OSError):
        say(f"interrupted ({INTERRUPTIONS.name})" if INTERRUPTIONS.name else "interrupted")
    return INTERRUPTIONS.status


def _failed(error: Exception) -> int:
    """Say what went wrong and return the status that stands for it."""
    match error:
        case click.ClickException():
            _show(error)
            return exits.USAGE
        case PipeClosedError():
            abandon_output()
            return exits.DONE
        case CompileError():
            say_block(f"{error}\n\n{see_text(error.diagnostics)}".rstrip())
        case DataFileError():  # a fault a line
            say_block(f"error: {error}")
        case CarlangError():
            say(f"error: {error}")
        case _:
            _internal(error)
            return exits.INTERNAL
    return _status(error)


def _show(error: click.ClickException) -> None:
    """Show a wrong use of the command line as click words it, with the command's usage where the error knows it.

    click would print what it was given as it is, which may be the names of files that a shell put there.
    """
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":  # its message is the help
        say_block(error.format_message())
        return
    if context is not None:
        say_block(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n")
    say(f"Error: {error.format_message()}")


def _status(error: CarlangError) -> int:
    match error:
        case WrongUseError():
            return exits.USAGE
        case StoreError() | IngestError():
            return exits.UNREADABLE
        case _:
            return exits.FAULTY


def _internal(error: Exception) -> None:
    say(f"error: a fault in carlang itself: {type(error).__name__}: {error}")
    if os.environ.get("CARLANG_TRACEBACK"):
        say_block("".join(traceback.format_exception(error)))
    else:
        say("set CARLANG_TRACEBACK=1 to see where, and report it with the program that shows it")
