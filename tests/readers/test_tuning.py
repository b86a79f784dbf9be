"""Sizes, counts and limits of the three rooms of ingest are in one file, each with its reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

_TUNING = REPOSITORY / "carlang" / "readers" / "tuning.py"
_ROOMS = ("readers", "mapping", "loading")
_MODULES = sorted(path for room in _ROOMS for path in (REPOSITORY / "carlang" / room).glob("*.py") if path != _TUNING)

# Numbers that a format or a meaning dictates: nothing would be faster, and something would be wrong, with another.
_NOT_TUNING = {
    "compressed_file": {"_LONGEST_MAGIC"},
    "csv_file": {"_CLOSERS", "_FEWEST"},
    "duplicates": {"_SECONDS"},
    "evtx_chunks": {
        "CHECKSUMS",
        "CHUNK",
        "HEADER",
        "HEADER_OF_CHUNK",
        "_ALIGNED",
        "_CHECKSUM_AT",
        "_DIRTY",
        "_FLAGS_AT",
        "_FRAME",
        "_NEVER",
    },
    "evtx_missing": {"_SHOWN"},
    "guessing": {"_FEWEST_MEMBERS", "_FEWEST_TELLING", "_LEAST_SHARE"},
    "event_listing": {"_ALIKE"},
    "expansion": {"_KILO"},
    "tar_file": {"_END", "_MAGIC_AT"},
    "text": {"_TEXT_PER_CONTROL"},
    "times": {"_FARTHEST_OFFSET", "_FILETIME", "_LONGEST", "_TICKS"},
    "zip_recovery": {"_LONG"},
    "zip_directory": {"_LONGEST_COMMENT", "_SHORTEST_ENTRY"},
}

_MEMORY = re.compile(r"\d+\s*[KMGT]i?B")


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value):
                yield name, value


def _is_size(value: ast.expr) -> bool:
    """Tell whether a value is a number, arithmetic with some, or an amount of memory."""
    match value:
        case ast.Constant(str() as text):
            return _MEMORY.fullmatch(text) is not None
        case ast.Constant(number):
            return isinstance(number, int | float) and not isinstance(number, bool)
        case ast.BinOp(left, _, right):
            return _is_size(left) or _is_size(right)
        case ast.UnaryOp(_, operand):
            return _is_size(operand)
        case ast.Call(ast.Name("min" | "max" | "int" | "float"), arguments):
            return any(map(_is_size, arguments))
    return False


@pytest.mark.parametrize("text", ["8 << 20", "3", "0.5", "-1", "'512MB'", "min(4, n)", "2 * SIZE"])
def test_a_size_is_recognized(text: str) -> None:
    assert _is_size(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_module_keeps_no_size_of_its_own(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    sizes = {name for name, value in _assigned(tree) if _is_size(value)}
    assert sizes == _NOT_TUNING.get(path.stem, set())
    shifts = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift)]
    assert shifts == []


def test_every_size_has_its_reason_and_how_it_was_measured_or_that_it_was_not() -> None:
    body = ast.parse(_TUNING.read_text("utf-8")).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign):
            match after:
                case ast.Expr(ast.Constant(str() as reason)):
                    said = " ".join(reason.split())
                    assert "bench/ingest.py" in said or "not measured" in said.lower(), ast.unparse(node)
                case _:
                    pytest.fail(f"{ast.unparse(node)} has no reason")


def test_every_size_is_used() -> None:
    used = {name for path in _MODULES for name in re.findall(r"\btuning\.([A-Z_]+)\b", path.read_text("utf-8"))}
    assert used == {name for name, _ in _assigned(ast.parse(_TUNING.read_text("utf-8")))}
