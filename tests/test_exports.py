"""What packages hand on: the names that type checkers see are those that Python finds, each where it says."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

from carlang.exports import _late
from carlang.source import Source

ROOT = Path(__file__).parent.parent
PACKAGES = sorted(
    ".".join(file.parent.relative_to(ROOT).parts)
    for file in (ROOT / "carlang").rglob("__init__.py")
    if "hand_on(" in file.read_text(encoding="utf-8")
)


def names_for_type_checkers(package: str) -> dict[str, str]:
    """Return the names that a package imports below `TYPE_CHECKING`, with their modules."""
    tree = ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def test_most_packages_hand_their_names_on() -> None:
    assert {"carlang", "carlang.store", "carlang.report", "carlang.sql"} <= set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_hands_on_what_type_checkers_see(package: str) -> None:
    module = import_module(package)
    assert module.exported_from == names_for_type_checkers(package)
    assert set(module.__all__) - {"__version__"} == set(module.exported_from)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_is_that_of_its_module_whichever_was_imported_first(package: str) -> None:
    module = import_module(package)
    for name, home in module.exported_from.items():
        import_module(home)  # which makes a module an attribute of its package
        handed_on, own = getattr(module, name), getattr(import_module(home), name)
        assert handed_on is own or (name in module.called_late and handed_on.__name__ == own.__name__)
        assert name in dir(module)


def test_a_function_that_is_called_late_is_that_of_its_module() -> None:
    module = import_module("carlang.syntax")
    assert "parse" in module.called_late
    late = _late("carlang.syntax.parse", "parse")
    source = Source.whole("x", "output")
    assert late(source) == import_module("carlang.syntax.parse").parse(source)
    assert late.__name__ == "parse"


def test_a_name_that_a_package_has_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'carlang\.store' has no attribute 'Stor'"):
        getattr(import_module("carlang.store"), "Stor")  # noqa: B009  # a type checker knows that it is not there
    with pytest.raises(ImportError, match="cannot import name 'Stor'"):
        exec("from carlang.store import Stor")  # noqa: S102  # likewise
