"""The house as docs/architecture.md shows it: arrows between rooms run one way, and some things stay in one room."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "carlang"

# What each room may import of the others. A room that is not here may not exist.
ARROWS: dict[str, set[str]] = {
    "source": set(),
    "diagnostics": {"source"},
    "errors": {"diagnostics"},
    "datafile": {"errors", "source"},
    "model": {"datafile", "errors", "source", "diagnostics"},
    "syntax": {"model", "source", "diagnostics"},
    "importers": {"model", "datafile", "errors", "source", "diagnostics"},
    "resolve": {"syntax", "model", "source", "diagnostics", "errors"},
    "sql": {"resolve", "model", "errors"},
    "database": {"errors"},
    "store": {"database", "model", "errors", "datafile", "source", "diagnostics"},
    "readers": {"database"},
    "mapping": {"readers", "database", "store", "model", "errors", "datafile", "diagnostics"},
    "loading": {"mapping", "readers", "database", "store", "model", "errors"},
    "results": {"model", "diagnostics"},
    "engine": {"results", "database", "sql", "resolve", "store", "model", "diagnostics", "errors"},
    "report": {"results", "model", "diagnostics", "errors"},
    "program": {"database", "sql", "resolve", "syntax", "model", "source", "diagnostics", "errors"},
    "project": {"importers", "model", "diagnostics", "errors", "source"},
    "analytic": {
        "database",
        "diagnostics",
        "engine",
        "errors",
        "importers",
        "model",
        "program",
        "project",
        "resolve",
        "results",
        "source",
        "store",
    },
    "api": {"analytic", "project", "report", "results", "loading", "store", "importers", "model", "diagnostics"},
    "repair": {"analytic", "source", "diagnostics"},
    "testing": {
        "analytic",
        "program",
        "importers",
        "results",
        "engine",
        "loading",
        "store",
        "resolve",
        "syntax",
        "model",
        "source",
        "diagnostics",
        "errors",
    },
    "__init__": {
        "api",
        "analytic",
        "project",
        "resolve",
        "results",
        "report",
        "loading",
        "store",
        "model",
        "diagnostics",
        "errors",
        "datafile",
        "source",
    },
    "cli": {"*"},
}

# Libraries that stay in some rooms, so that they could be exchanged there.
CONFINED = {
    "jinja2": {"report"},
    "lark": {"syntax"},
    "markdown_it": {"importers"},
    "markupsafe": {"report"},
    "sqlglot": {"sql"},
    "duckdb": {"database", "engine", "store", "readers", "mapping", "loading"},
    "deltalake": {"store"},
    "evtx": {"readers"},
    "typer": {"cli"},
    "rich": {"cli", "report"},
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides the room it comes from"
            assert node.module is not None
            if node.module == "carlang":
                yield from (f"carlang.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_between_rooms_run_one_way(path: Path) -> None:
    own = room(path)
    allowed = ARROWS[own]
    for name in imported(path):
        first, _, rest = name.partition(".")
        if first != "carlang" or "*" in allowed:
            continue
        other = rest.split(".")[0] or "__init__"
        may = other == own or other in allowed or any(rest == a or rest.startswith(f"{a}.") for a in allowed)
        assert may, f"{path.name} in {own} imports {name}"


@pytest.mark.parametrize("library", sorted(CONFINED))
def test_a_library_stays_in_its_rooms(library: str) -> None:
    users = {room(path) for path in modules() if any(n.split(".")[0] == library for n in imported(path))}
    assert users, f"{library} is not used at all"
    assert users <= CONFINED[library]


def test_connections_to_duckdb_are_opened_in_database_alone() -> None:
    openers = {room(path) for path in modules() if "duckdb.connect(" in path.read_text(encoding="utf-8")}
    assert openers == {"database"}


def test_quotes_are_doubled_for_sql_in_database_alone() -> None:
    doubling = re.compile(r"""\.replace\(\s*(?:"'"\s*,\s*"\''"|'"'\s*,\s*'""')""")
    files = {path.relative_to(PACKAGE) for path in modules() if doubling.search(path.read_text(encoding="utf-8"))}
    csv = Path("report", "csv.py")  # a quote in CSV is doubled as well, and that is no SQL
    assert files - {csv} == {Path("database", "quoting.py")}


def test_nothing_prints_outside_the_command_line() -> None:
    for path in modules():
        if room(path) == "cli":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [n.func for n in ast.walk(tree) if isinstance(n, ast.Call)]
        assert not any(isinstance(f, ast.Name) and f.id == "print" for f in calls), path


def test_every_room_is_on_the_plan() -> None:
    assert {room(path) for path in modules()} == set(ARROWS)
    plan = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    for name in ARROWS:
        assert name == "__init__" or f"`{name}`" in plan or f"`{name}.py`" in plan, f"{name} is missing from the plan"


# The core, which an editor loads at every key: it knows programs and nothing of stores.
LIGHT = ("source", "diagnostics", "errors", "datafile", "model", "syntax", "importers", "resolve")
HEAVY = ("duckdb", "pyarrow", "deltalake", "evtx", "rich")


def loaded_by(statement: str) -> set[str]:
    """Return the libraries that are loaded in a new process once it has run a statement."""
    code = f"{statement}\nimport sys\nprint(*(name.split('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return set(done.stdout.split())


@pytest.mark.parametrize("room", LIGHT)
def test_the_core_loads_no_engine_no_tables_and_no_terminal(room: str) -> None:
    loaded = loaded_by(f"import carlang.{room}")
    assert loaded.isdisjoint(HEAVY), f"carlang.{room} loads {loaded.intersection(HEAVY)}"


def test_to_import_the_package_loads_nothing_but_python() -> None:
    beyond = loaded_by("import carlang") - loaded_by("pass") - sys.stdlib_module_names
    assert beyond == {"carlang"}


def test_what_is_heavy_is_heavy_because_it_is_asked_for() -> None:
    assert {"duckdb", "pyarrow", "deltalake"} <= loaded_by("import carlang; carlang.run")
