"""What texts mention of the project: paths, commands with their options, dotted names, recipes, variables, codes.

Texts are the Markdown pages, the docstrings, comments and messages of the code, and the files that run the tests. A
mention is recognised by its form, wherever it stands; commands and their options only within code, that is between
backticks or in a fence, because `carlang` is a word of prose too.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, takewhile
from pathlib import Path
from typing import Any

import click

from carlang.cli.main import app
from carlang.diagnostics import CODES
from tests.conftest import REPOSITORY
from tests.docs.fences import fences

FOLDERS = (".ci", ".github", "analytics", "bench", "carlang", "docs", "grammar", "tests", "tools")
"""Where the project's files lie; a path that begins with one of these is the project's, not a reader's."""

_PATH = re.compile(rf"(?<![\w/.<-])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./*-]*[\w/*]")
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
_SOURCE_FILE = re.compile(r"(?<![\w/.*<>-])(?:\w+/)*\w+\.(?:py|lark)(?![\w/])")
_DOTTED = re.compile(r"(?<![\w./-])(?:carlang|tests|bench|tools)(?:\.\w+)+")
_RECIPE = re.compile(r"`just ([a-z][\w-]*)")
_VARIABLE = re.compile(r"\bCARLANG_[A-Z_]+\b")
_CODE = re.compile(r"\bCL\d{3}\b")
_COMMAND = re.compile(r"(?:^|[\s`$(|/])carlang(?= )([^\n`]*)", re.MULTILINE)
_OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]+")
_INLINE = re.compile(r"``[^`]+``|`[^`\n]+(?:\n[^`\n]+)?`")
_END_OF_COMMAND = re.compile(r"[|;&>#]|…")

SUFFIXES = {"md", "toml", "yml"}
"""Of files that are named like modules: `carlang.toml`."""

_LONGEST_KEY = 60

SHELL_FENCES = {"sh", "console", "text"}


@dataclass(frozen=True, slots=True)
class Text:
    """A text and where it stands; `code` is the parts of it that are code."""

    file: Path
    line: int
    text: str
    code: tuple[str, ...]

    @property
    def place(self) -> str:
        """The file and the line at which the text begins."""
        return f"{self.file.relative_to(REPOSITORY)}:{self.line}" if self.file.is_absolute() else f"{self.file}"


def pages() -> list[Path]:
    """Return every Markdown page of the project."""
    found = [*REPOSITORY.glob("*.md"), *(path for name in FOLDERS for path in (REPOSITORY / name).rglob("*.md"))]
    return sorted(found)


def modules() -> list[Path]:
    """Return every Python file of the project, and what else runs its tests."""
    return sorted(path for name in FOLDERS for path in (REPOSITORY / name).rglob("*.py"))


def page_texts(page: Path) -> Iterator[Text]:
    """Yield a page's prose, and each of its fences that shows commands."""
    prose = page.read_text(encoding="utf-8")
    for fence in fences(page):
        prose = prose.replace(fence.text, "", 1) if fence.text else prose
        if fence.language in SHELL_FENCES:
            yield Text(page, fence.line, fence.text, (fence.text,))
    yield Text(page, 1, prose, _inline(prose))


def made_by(page: Path) -> set[str]:
    """Return what a page's own examples add: the files that its fences are, and the codes that their Python defines."""
    shown = fences(page)
    codes = {code for fence in shown if fence.language == "python" for code in re.findall(r'"(CL\d{3})"', fence.text)}
    return codes | {fence.file for fence in shown if fence.file}


def module_texts(path: Path) -> Iterator[Text]:
    """Yield a module's comments and docstrings, and the package's other strings: they are what it says to its users."""
    source = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Text(path, token.start[0], token.string, _inline(token.string))
    tree = ast.parse(source)
    documented = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if id(node) in documented or path.is_relative_to(REPOSITORY / "carlang"):
            yield Text(path, node.lineno, node.value, _inline(node.value))


def configuration_texts() -> Iterator[Text]:
    """Yield what runs the tests; all but its comments is code."""
    files = [REPOSITORY / "justfile", *(REPOSITORY / ".ci").iterdir(), *(REPOSITORY / ".github").rglob("*.yml")]
    for path in files:
        text = path.read_text(encoding="utf-8")
        yield Text(path, 1, text, (re.sub(r"(?m)^ *#.*", "", text),))


def _inline(text: str) -> tuple[str, ...]:
    return tuple(match.group().strip("`").replace("\n", " ") for match in _INLINE.finditer(text))


def faults(text: Text) -> list[str]:
    """Return what a text mentions that does not exist."""
    wrong = chain(
        (path for path in _PATH.findall(text.text) if not _exists(path)),
        (f"{file}::{test}" for file, test in _TEST.findall(text.text) if not _is_test(file, test)),
        (file for file in _SOURCE_FILE.findall(" ".join(text.code)) if not _is_source(file)),
        (name for name in _DOTTED.findall(text.text) if not _is_name(name)),
        (f"just {name}" for name in _RECIPE.findall(text.text) if name not in recipes()),
        (name for name in _VARIABLE.findall(text.text) if name not in variables()),
        (code for code in _CODE.findall(text.text) if code not in CODES),
        *(_command_faults(code) for code in text.code),
    )
    return [f"{text.place}: {mention}" for mention in wrong]


def _exists(path: str) -> bool:
    return any(REPOSITORY.glob(path.rstrip("/"))) if "*" in path else (REPOSITORY / path).exists()


def _is_test(file: str, name: str) -> bool:
    path = REPOSITORY / file
    return path.exists() and f"\ndef {name}(" in path.read_text(encoding="utf-8")


@cache
def _sources() -> frozenset[str]:
    """Return each source file by every end of its path: `lints.py`, `resolve/lints.py`, `carlang/resolve/lints.py`."""
    files = [*modules(), *(REPOSITORY / "grammar").iterdir()]
    parts = [file.relative_to(REPOSITORY).parts for file in files]
    return frozenset("/".join(p[i:]) for p in parts for i in range(len(p)))


def _is_source(file: str) -> bool:
    return file in _sources()


def _is_name(dotted: str) -> bool:
    """Tell whether a dotted name is a module's, or that of something in one, or a key that the package writes."""
    parts = dotted.split(".")
    if parts[-1] in SUFFIXES or dotted in _strings():
        return True
    # From the longest prefix that is a module: a package can have a function of the same name as a module in it.
    depth = next((n for n in range(len(parts), 0, -1) if _is_module(parts[:n])), 0)
    if not depth:
        return False
    thing: Any = import_module(".".join(parts[:depth]))
    for part in parts[depth:]:
        if part in getattr(thing, "__annotations__", {}):
            return True  # a field: what stands behind it is its type's
        if not hasattr(thing, part):
            return False
        thing = getattr(thing, part)
    return True


def _is_module(parts: list[str]) -> bool:
    try:
        spec = find_spec(".".join(parts))
    except (ModuleNotFoundError, ValueError):  # one of the parts before the last is no package
        return False
    # A folder that is left of a package that was removed, with its `__pycache__`, is a namespace package and no module.
    return spec is not None and (spec.origin is not None or parts[0] != "carlang")


@cache
def _strings() -> frozenset[str]:
    """Return the strings of the package's code, docstrings left out."""
    nodes = [
        node for path in (REPOSITORY / "carlang").rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))
    ]
    return frozenset(
        node.value.decode(errors="replace") if isinstance(node.value, bytes) else node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and len(node.value) < _LONGEST_KEY
    )


@cache
def recipes() -> frozenset[str]:
    """Return the names of the justfile's recipes."""
    text = (REPOSITORY / "justfile").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^([a-z][\w-]*)[^:=\n]*:(?!=)", text, re.MULTILINE))


def variables() -> frozenset[str]:
    """Return the variables of the environment that the code of the package and of the tests names."""
    sources = (path.read_text(encoding="utf-8") for path in modules() if path.name != "test_mentions.py")
    return frozenset(name for source in sources for name in re.findall(r'"(CARLANG_[A-Z_]+)"', source))


@cache
def _root() -> click.Group:
    return app


def _options(command: click.Command) -> set[str]:
    return {"--help"} | {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }


@cache
def other_options() -> frozenset[str]:
    """Return the options of all commands of carlang, and of the project's own scripts and tests."""
    commands: list[Any] = [_root()]
    for command in commands:
        commands += command.commands.values() if isinstance(command, click.Group) else ()
    folders = {REPOSITORY / name for name in ("bench", "docs", "tools")}
    scripts = [path.read_text(encoding="utf-8") for path in modules() if folders & {*path.parents}]
    scripts += [path.read_text(encoding="utf-8") for path in modules() if path.name == "conftest.py"]
    added = re.findall(r'add(?:_argument|option)\(\s*"(--[\w-]+)"', "\n".join(scripts))
    return frozenset({*added, *(option for command in commands for option in _options(command))})


def _command_faults(code: str) -> Iterator[str]:
    """Yield the commands of carlang in a piece of code that are none, and options that their command has not."""
    if _OPTION.fullmatch(code) and code not in other_options():
        yield code
    for match in _COMMAND.finditer(code):
        words = list(takewhile(lambda word: not _END_OF_COMMAND.match(word), match[1].split()))
        command: Any = _root()
        while words and isinstance(command, click.Group):
            word = words[0]
            if word.startswith("-") or not re.fullmatch(r"[a-z-]+", word):
                break  # an option of carlang itself, or a placeholder such as COMMAND
            if word not in command.commands:
                yield f"carlang {word}"
                return
            command = command.commands[words.pop(0)]
        for option in _OPTION.findall(" ".join(words)):
            if option not in _options(command):
                yield f"carlang {command.name} {option}"
