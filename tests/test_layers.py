"""The house as docs/architecture.md shows it: arrows between rooms run one way, and some things stay in one room."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import PATIENCE

PACKAGE = Path(__file__).parent.parent / "carlang"

PLAN = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(?P<room>\w+)` \|.*\| (?P<imports>[^|]+) \|$", re.MULTILINE)

# What each room may import of the others, in the order of the plan. A room that is not there may not exist.
ARROWS = {row["room"]: set(re.findall(r"\w+", row["imports"])) for row in ROW.finditer(PLAN)}
DOORS = {"__init__", *(room for room, imports in ARROWS.items() if imports == {"all"})}

# Libraries that stay in some rooms, so that they could be exchanged there.
CONFINED = {
    "jinja2": {"report"},
    "lark": {"syntax"},
    "markdown_it": {"importers"},
    "markupsafe": {"report"},
    "sqlglot": {"sql"},
    "xlsxwriter": {"report"},
    "duckdb": {"database", "engine", "store", "readers", "mapping", "loading"},
    "deltalake": {"store"},
    "filelock": {"store"},
    "numpy": {"plan", "engine"},
    "ahocorasick_rs": {"plan"},
    "evtx": {"readers"},
    "click": {"cli"},
    "rich": {"cli", "report"},
    "sigma": {"sigma"},
}


@cache
def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def imported(path: Path) -> tuple[str, ...]:
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
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


def rooms_imported_by(room_: str) -> set[str]:
    paths = (path for path in modules() if room(path) == room_)
    names = (name.split(".") for path in paths for name in imported(path) if name != "carlang.__version__")
    # The plan says of all packages at once that they hand their names on.
    return {parts[1] for parts in names if parts[0] == "carlang" and len(parts) > 1} - {room_, "exports"}


def test_the_plan_has_every_room_and_no_other() -> None:
    assert {room(path) for path in modules()} - {"__init__"} == set(ARROWS)


@pytest.mark.parametrize("own", sorted(ARROWS))
def test_a_room_imports_what_its_row_of_the_plan_says(own: str) -> None:
    assert own in DOORS or rooms_imported_by(own) == ARROWS[own]


def test_arrows_run_up_the_plan_alone() -> None:
    order = list(ARROWS)
    for own in order:
        above = set(order[: order.index(own)])
        assert own in DOORS or ARROWS[own] <= above, f"{own} imports {ARROWS[own] - above}, which stand below it"
        assert rooms_imported_by(own) <= above


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
    # Quotes in CSV and YAML are doubled as well, and that is no SQL.
    others = {Path("report", "csv.py"), Path("baseline", "writing.py")}
    assert files - others == {Path("database", "quoting.py")}


def test_nothing_prints_outside_the_command_line() -> None:
    for path in modules():
        if room(path) == "cli":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [n.func for n in ast.walk(tree) if isinstance(n, ast.Call)]
        assert not any(isinstance(f, ast.Name) and f.id == "print" for f in calls), path


# The core, which an editor loads at every key: it knows programs and nothing of stores.
LIGHT = list(ARROWS)[: list(ARROWS).index("resolve") + 1]
HEAVY = ("duckdb", "pyarrow", "deltalake", "evtx", "rich")


def loaded_by(statement: str) -> set[str]:
    """Return the libraries that are loaded in a new process once it has run a statement."""
    code = f"{statement}\nimport sys\nprint(*(name.split('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    return set(done.stdout.split())


@pytest.mark.parametrize("room", LIGHT)
def test_the_core_loads_no_engine_no_tables_and_no_terminal(room: str) -> None:
    loaded = loaded_by(f"import carlang.{room} as room\n[getattr(room, name) for name in getattr(room, '__all__', ())]")
    assert loaded.isdisjoint(HEAVY), f"carlang.{room} loads {loaded.intersection(HEAVY)}"


def test_to_import_the_package_loads_nothing_but_python() -> None:
    beyond = loaded_by("import carlang") - loaded_by("pass") - sys.stdlib_module_names
    assert beyond == {"carlang"}


def test_what_is_heavy_is_heavy_because_it_is_asked_for() -> None:
    assert {"duckdb", "pyarrow", "deltalake"} <= loaded_by("import carlang; carlang.run")


def test_the_command_line_loads_no_command_before_one_is_asked_for() -> None:
    assert {"duckdb", "deltalake", "evtx", "markdown_it"}.isdisjoint(loaded_by("from carlang.cli.main import app"))
