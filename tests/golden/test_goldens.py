"""Programs with what becomes of them: tree, meaning, SQL, and the rows found in the sample store.

`pytest --update-goldens` writes the expected files anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

import carlang
from carlang.analytic import CompiledAnalytic, load_text
from carlang.model.types import Column, Type
from tests.conftest import Golden

PROGRAMS = sorted(Path(__file__).parent.glob("*.car"))
NOW = datetime(2024, 1, 1, tzinfo=UTC)
MOST_ROWS = 20


def _tree(node: Any, indent: str = "") -> Iterator[str]:
    """Yield a tree a node a line; columns are named once for each stream that does not pass on those of its input."""
    if isinstance(node, Type | Enum) or not (is_dataclass(node) or isinstance(node, tuple)):
        yield f"{indent}{node if isinstance(node, Type) else repr(node)}"
        return
    if isinstance(node, tuple):
        if node and all(isinstance(item, Column) for item in node):
            yield indent + ", ".join(f"{column.name} {column.type}" for column in node)
        else:
            for item in node:
                yield from _tree(item, indent)
        return
    yield f"{indent}{type(node).__name__}"
    for field in fields(node):
        inner = getattr(node, field.name)
        above = getattr(getattr(node, "input", None), "columns", None)
        if not field.repr or (field.name == "columns" and inner == above):
            continue
        if isinstance(inner, Type | Enum) or not (is_dataclass(inner) or isinstance(inner, tuple)):
            yield f"{indent}  {field.name}: {inner if isinstance(inner, Type) else repr(inner)}"
        else:
            yield f"{indent}  {field.name}:"
            yield from _tree(inner, indent + "    ")


def _text(node: Any) -> str:
    return "\n".join(_tree(node)) + "\n"


def _rows(result: carlang.Result) -> Iterator[str]:
    for output in result.values():
        yield f"{output.name}: {output.total} rows\n"
        for row in output.rows()[:MOST_ROWS]:
            shown = {k: v for k, v in row.items() if v is not None}
            yield "  " + ", ".join(f"{k}={_cell(v)}" for k, v in shown.items()) + "\n"


def _cell(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else repr(value)


@pytest.fixture(params=PROGRAMS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    assert isinstance(request.param, Path)
    return request.param


@pytest.fixture
def analytic(path: Path) -> CompiledAnalytic:
    return load_text(path.read_text(encoding="utf-8"), path.name)


def test_the_tree(path: Path, analytic: CompiledAnalytic, golden: Golden) -> None:
    (program,) = analytic.compiled
    golden(path.with_suffix(".ast.txt"), _text(program.ast))


def test_the_meaning(path: Path, analytic: CompiledAnalytic, golden: Golden) -> None:
    (program,) = analytic.compiled
    golden(path.with_suffix(".bound.txt"), _text(program.require().outputs))


def test_the_sql(path: Path, analytic: CompiledAnalytic, golden: Golden) -> None:
    text = "\n".join(f"-- {name}\n{sql};\n" for name, sql in analytic.sql(now=NOW).items())
    golden(path.with_suffix(".sql"), text)


def test_the_rows(path: Path, analytic: CompiledAnalytic, golden: Golden) -> None:
    golden(path.with_suffix(".rows.txt"), "".join(_rows(carlang.Analytic(analytic).run(now=NOW))))


def test_the_diagnostics_are_no_errors(analytic: CompiledAnalytic) -> None:
    assert not [d for d in analytic.diagnostics if d.severity is carlang.Severity.ERROR]
