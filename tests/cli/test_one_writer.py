"""All that the command line prints goes through one module, which escapes what could steer a terminal."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "carlang"
WRITER = PACKAGE / "cli" / "console.py"
CONSOLE = PACKAGE / "report" / "screen.py"

# What reaches a standard stream, or gives one away, by the name it is called or read by.
PRINTING = {"print", "echo", "secho", "print_exc", "print_exception", "print_stack", "input", "confirm", "prompt"}
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}


@cache
def modules() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def streams_of_others(tree: ast.AST) -> Iterator[str]:
    """Yield what in a module names a standard stream or prints to one."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)) if name in PRINTING:
                # A console of rich's has a `print` of its own; that it is ours is the next test's matter.
                receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
                if not (name == "print" and isinstance(receiver, ast.Name | ast.Call)):
                    yield f"{node.lineno}: {name}()"
            case ast.Attribute(value=ast.Name(id="sys"), attr=name) if name in STREAMS:
                yield f"{node.lineno}: sys.{name}"
            case ast.ImportFrom(module="sys", names=names) if {alias.name for alias in names} & STREAMS:
                yield f"{node.lineno}: from sys import"
            case ast.Attribute(value=ast.Name(id="os"), attr="write"):
                yield f"{node.lineno}: os.write"
            case ast.Call(func=ast.Name(id="open"), args=[ast.Constant(value=1 | 2), *_]):
                yield f"{node.lineno}: open of a standard stream"
            case _:
                pass


def consoles(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that make a console of rich's, or take its own."""
    makers = {"Console", "get_console"}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)) if name in makers:
                yield node.lineno
            case ast.ImportFrom(module="rich", names=names) if {alias.name for alias in names} & {"print", "inspect"}:
                yield node.lineno
            case _:
                pass


def test_no_other_module_has_a_standard_stream_in_its_hands() -> None:
    for path, tree in modules().items():
        assert path == WRITER or not list(streams_of_others(tree)), path


def test_no_other_module_makes_a_console() -> None:
    for path, tree in modules().items():
        assert path == CONSOLE or not list(consoles(tree)), path


def test_the_checks_see_what_they_look_for() -> None:
    assert list(streams_of_others(modules()[WRITER]))
    for line in ("print(1)", "click.echo(x)", "import sys\nsys.stdout.write(x)", "os.write(1, b'')", "open(1, 'w')"):
        assert list(streams_of_others(ast.parse(line))), line
    for line in ("Console()", "rich.console.Console(stderr=True)", "from rich import print"):
        assert list(consoles(ast.parse(line))), line
    assert any(isinstance(n, ast.ClassDef) and n.name == "_Console" for n in ast.walk(modules()[CONSOLE]))
