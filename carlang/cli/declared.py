"""Commands as functions that say in their annotations what their options and arguments are.

click reads the command line. What makes its parameters of annotations here is no library because Typer, which does the
same, loads pydantic for the values: parsing the options of `run` took longer than an import of DuckDB.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import wraps
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args, get_origin

import click
from click.shell_completion import CompletionItem

from carlang.errors import CarlangError

F = TypeVar("F", bound=Callable[..., Any])
Parser = Callable[[str], Any]
Complete = Callable[[], Iterable[str]]
"""What may stand in a place of the command line; a shell shows what begins with what is there."""
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_RANGES = {int: click.IntRange, float: click.FloatRange}


class Option:
    """An option, whose name is that of its parameter unless others are given.

    `metavar` and `help` are what the help of the command shows, `min` is the least that a number may be, `parser` makes
    a value of the text, `complete` returns what a shell may complete to.
    """

    def __init__(
        self,
        *names: str,
        metavar: str | None = None,
        help: str,  # noqa: A002  # click's name for it
        min: int | None = None,  # noqa: A002
        parser: Parser | None = None,
        complete: Complete | None = None,
    ) -> None:
        self.names = names
        self.metavar = metavar
        self.help = help
        self.min = min
        self.parser = parser
        self.complete = complete


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument: what it is called in the usage of the command, and what the help says of it."""

    metavar: str
    help: str
    parser: Parser | None = None
    complete: Complete | None = None


class Together:
    """The base of dataclasses whose fields are options that belong together, such as those that several commands share.

    A parameter that has such a class for its type stands for all of them, and its value is an object of it.
    """


class _Option(click.Option):
    """An option whose help says of a number what its text says, and not `[x>=0]`."""

    def get_help_extra(self, ctx: click.Context) -> Any:
        """Return what click adds to the help of an option, its range left out."""
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)
        return extra


class _Described(click.Argument):
    """An argument that the help describes, which click leaves to the text of the command."""

    def __init__(self, name: str, said: Argument, *, required: bool, **settings: Any) -> None:
        is_bare = required or said.metavar.startswith("[")
        metavar = said.metavar if is_bare else f"[{said.metavar}]"
        super().__init__([name], required=required, metavar=metavar, **settings)
        self.record = said.metavar, f"{said.help}  [required]" if required else said.help


class _Command(click.Command):
    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the arguments, and then the options as click does."""
        if records := [each.record for each in self.params if isinstance(each, _Described)]:
            with formatter.section("Arguments"):
                formatter.write_dl(records)
        super().format_options(ctx, formatter)


class Group(click.Group):
    """Commands under one name; without any of them, their help is shown."""

    def __init__(self, help: str, name: str | None = None) -> None:  # noqa: A002  # click's name for it
        super().__init__(name, help=help, no_args_is_help=True)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the names of the commands in the order in which they were added, which click would sort."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command does, all of its first paragraph: click cuts that where the line ends."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        rows = [(name, (each.help or "").partition("\n\n")[0]) for name, each in commands.items() if each]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def verb(self, name: str) -> Callable[[F], F]:
        """Make a function a command of the group."""

        def added(function: F) -> F:
            self.add_command(command(name, function))
            return function

        return added


def command(name: str, function: Callable[..., Any]) -> click.Command:
    """Return the command that a function is; its documentation is the help, what it returns is the status."""
    parameters = inspect.signature(function, eval_str=True).parameters.values()
    together = {each.name: each.annotation for each in parameters if _is_together(each)}

    @wraps(function)
    def called(**values: Any) -> Any:
        for parameter, kind in together.items():
            values[parameter] = kind(**{field.name: values.pop(field.name) for field in fields(kind)})
        try:
            return function(**values)
        except KeyboardInterrupt as error:  # for which click would begin a new line
            raise click.Abort from error

    singles = (single for each in parameters for single in (_fields(each) if each.name in together else [each]))
    return _Command(name, callback=called, params=[_param(each) for each in singles], help=inspect.getdoc(function))


def _is_together(parameter: inspect.Parameter) -> bool:
    return isinstance(parameter.annotation, type) and issubclass(parameter.annotation, Together)


def _fields(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """Return the options of a class of them as parameters, in the order in which it declares them."""
    # Not `typing.get_type_hints`, which evaluates with the class for globals: a lambda in an annotation finds nothing.
    of_bases = [inspect.get_annotations(base, eval_str=True) for base in reversed(parameter.annotation.__mro__)]
    kinds = {name: kind for of_base in of_bases for name, kind in of_base.items()}
    return [
        inspect.Parameter(each.name, parameter.KEYWORD_ONLY, default=each.default, annotation=kinds[each.name])
        for each in fields(parameter.annotation)
    ]


def _param(parameter: inspect.Parameter) -> click.Parameter:
    kind, said = _declared(parameter)
    is_list = get_origin(kind) is list
    required = parameter.default is inspect.Parameter.empty
    default = None if required else parameter.default
    settings: dict[str, Any] = {"callback": _as_list} if is_list else {}
    settings["type"] = said.parser
    has_files = isinstance(said, Argument) or said.parser is not None  # what is read by a parser is a path
    if said.complete is not None or has_files:
        settings["shell_complete"] = _completing(said.complete, has_files=has_files)
    match said:
        case Argument():
            return _Described(parameter.name, said, required=required, nargs=-1 if is_list else 1, **settings)
        case Option():
            if kind in _RANGES:
                settings["type"] = _RANGES[kind](min=said.min)
            names = said.names or (f"--{parameter.name.replace('_', '-')}",)
            return _Option(
                [*names, parameter.name],
                is_flag=kind is bool,
                default=default,
                required=required,
                multiple=is_list,
                metavar=said.metavar,
                help=said.help,
                show_default=kind is not bool,
                **settings,
            )


def _completing(complete: Complete | None, *, has_files: bool) -> Completer:
    """Return how click asks what a shell may complete to; case counts for nothing, as in ids and names of levels.

    With files, it is the shell that finds them where no name fits.
    """

    def items(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        del ctx, param
        start = incomplete.casefold()
        try:
            names = [name for name in complete() if name.casefold().startswith(start)] if complete else []
        except CarlangError:  # a faulty `carlang.toml`: a key that is pressed is no place to say so
            names = []
        files = [CompletionItem(incomplete, type="file")] if has_files else []
        return [CompletionItem(name) for name in names] or files

    return items


def _declared(parameter: inspect.Parameter) -> tuple[Any, Option | Argument]:
    """Return the type of a parameter, without None, and what its annotation says of it."""
    if get_origin(parameter.annotation) is not Annotated:
        raise TypeError(f"the parameter {parameter.name} says neither `Option` nor `Argument`")
    kind, said, *_ = get_args(parameter.annotation)
    kinds = [each for each in get_args(kind) if each is not NoneType] if NoneType in get_args(kind) else [kind]
    return kinds[0], said


def _as_list(ctx: click.Context, param: click.Parameter, values: tuple[Any, ...] | None) -> list[Any] | None:
    """Return the values of what may be said several times; None where it was not, as a function's default has it."""
    del ctx, param
    return list(values) if values else None
