from __future__ import annotations

import ast
import importlib
import importlib.resources
import inspect
import pickle
from collections.abc import Iterator
from functools import cached_property
from typing import Any, get_args, get_type_hints

import pytest

import carlang
from carlang.datafile import Fault

NAMES = sorted(set(carlang.__all__) - {"__version__"})


def test_every_public_name_is_there_and_documented() -> None:
    for name in NAMES:
        assert inspect.getdoc(getattr(carlang, name)), name
    assert carlang.__all__ == sorted(carlang.__all__)
    assert set(carlang.__all__) <= set(dir(carlang))


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'carlang' has no attribute 'runn'"):
        getattr(carlang, "runn")  # noqa: B009  # a type checker refuses the attribute itself


def test_what_type_checkers_see_is_what_there_is() -> None:
    tree = ast.parse(inspect.getsource(carlang))
    (block,) = [n for n in tree.body if isinstance(n, ast.If)]
    imports = [n for n in ast.walk(block) if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("carlang.")]
    seen = {alias.name: node.module for node in imports for alias in node.names}
    assert sorted(seen) == NAMES
    for name, module in seen.items():
        assert getattr(carlang, name) is getattr(importlib.import_module(str(module)), name)


def test_the_promised_names_are_public() -> None:
    promised = {"open_store", "ingest", "load", "run", "check", "run_all", "Store", "Analytic", "Result", "Output"}
    promised |= {"IngestReport", "Diagnostic", "Project", "catalogue", "write_report"}
    promised |= {"CarlangError", "CompileError", "StoreError", "IngestError", "EngineError"}
    assert promised <= set(carlang.__all__)


def test_there_is_one_public_class_of_analytics() -> None:
    assert [name for name in NAMES if name.endswith("Analytic")] == ["Analytic"]


def test_only_the_door_takes_options_and_names_each_of_them() -> None:
    for call in (carlang.run, carlang.run_all, carlang.ingest, carlang.load, carlang.check, carlang.Analytic.run):
        kinds = {parameter.kind for parameter in inspect.signature(call).parameters.values()}
        assert inspect.Parameter.VAR_KEYWORD not in kinds, call
        assert inspect.Parameter.VAR_POSITIONAL not in kinds, call


def _public(exported: object) -> Iterator[Any]:
    """Yield what has annotations that users see: a function; a class with its public methods and properties."""
    yield exported
    if isinstance(exported, type):
        for name, member in inspect.getmembers_static(exported):
            function = _function(member)
            if not name.startswith("_") and inspect.isfunction(function) and function.__module__.startswith("carlang."):
                yield function


def _function(member: object) -> object:
    match member:
        case property():
            return member.fget
        case cached_property():
            return member.func
        case classmethod() | staticmethod():
            return member.__func__
        case _:
            return member


def _ours(annotation: Any) -> Iterator[type]:
    """Yield the classes of carlang in an annotation."""
    if isinstance(annotation, type) and annotation.__module__.partition(".")[0] == "carlang":
        yield annotation
    for argument in annotation if isinstance(annotation, list) else get_args(annotation):
        yield from _ours(argument)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_public_shows_nothing_that_is_not(name: str) -> None:
    exported = [getattr(carlang, each) for each in NAMES]
    for shown in _public(getattr(carlang, name)):
        for part, annotation in get_type_hints(shown).items():
            if not part.startswith("_"):
                hidden = [cls.__qualname__ for cls in _ours(annotation) if cls not in exported]
                assert not hidden, f"{shown.__qualname__}, {part}: {hidden}"


def test_the_look_for_what_is_not_public_sees_it() -> None:
    class Hidden:
        """A class that nobody exports."""

    Hidden.__module__ = "carlang.hidden"
    assert list(_ours(dict[str, tuple[Hidden | None, ...]])) == [Hidden]
    hints = [get_type_hints(shown) for shown in _public(carlang.Diagnostic)]
    assert carlang.Location in {cls for of_one in hints for annotation in of_one.values() for cls in _ours(annotation)}


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("Error")])
def test_every_error_is_a_carlang_error(name: str) -> None:
    assert issubclass(getattr(carlang, name), carlang.CarlangError)


@pytest.mark.parametrize(
    "error",
    [
        carlang.CompileError(carlang.check("output nothing")),
        carlang.MissingParameterError("least"),
        carlang.WrongParameterError("least", "many", "an integer"),
        carlang.DataFileError("ours.yaml", [Fault("unknown key", ("a",), 1, 1, 0, 0, "unknown")]),
        carlang.OptionError("limit: -1 is not a number of rows"),
        carlang.StoreError("gone"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_goes_from_one_process_to_another_as_it_is(error: carlang.CarlangError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # it is our own
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_the_package_says_that_it_is_typed() -> None:
    assert importlib.resources.files("carlang").joinpath("py.typed").is_file()
