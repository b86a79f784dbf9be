"""What a release says of itself agrees: version, changelog, lower bounds, lock file."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import date
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import carlang
from tests.conftest import NOT_ON_WINDOWS, REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
CHANGELOG = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
LOCK = REPOSITORY / "requirements-dev.txt"
LOCKED = re.compile(
    r"^(?P<requirement>[^\s#\\][^\\\n]*?) *\\\n(?P<hashes>(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def declared(*extras: str) -> list[Requirement]:
    """Return what pyproject.toml requires to run, and for these extras."""
    optional = PROJECT["project"]["optional-dependencies"]
    lines = [*PROJECT["project"]["dependencies"], *(line for extra in extras for line in optional[extra])]
    return [Requirement(line) for line in lines]


def canonical(name: str) -> str:
    """Return a project's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> list[Requirement]:
    """Return what the lock file pins; every entry has hashes."""
    return [Requirement(match["requirement"]) for match in LOCKED.finditer(LOCK.read_text(encoding="utf-8"))]


def test_the_version_stands_once_and_is_the_newest_of_the_changelog() -> None:
    assert "version" not in PROJECT["project"]
    newest = next(heading for heading in HEADINGS if heading != "Unreleased")
    assert newest.split(" - ")[0] == carlang.__version__
    assert version("carlang") == carlang.__version__


def test_the_changelog_keeps_its_form() -> None:
    assert HEADINGS[0] == "Unreleased"
    releases = [heading.split(" - ") for heading in HEADINGS[1:]]
    assert sorted(releases, key=lambda r: Version(r[0]), reverse=True) == releases
    for _, day in releases:
        date.fromisoformat(day)
    assert set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)) <= KINDS


def test_every_dependency_has_a_lower_bound_and_nothing_else() -> None:
    for requirement in declared(*PROJECT["project"]["optional-dependencies"]):
        assert [clause.operator for clause in requirement.specifier] == [">="], requirement


def test_the_lowest_versions_are_the_bounds() -> None:
    command = [sys.executable, str(REPOSITORY / "tools" / "lowest.py"), "test"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    expected = {r.name: (str(r.specifier).replace(">=", "=="), str(r.marker)) for r in declared("test")}
    assert {r.name: (str(r.specifier), str(r.marker)) for r in map(Requirement, printed)} == expected


def test_every_dependency_is_locked_at_a_version_within_its_bounds() -> None:
    pinned = locked()
    for requirement in declared("test"):
        versions = [p for p in pinned if canonical(p.name) == canonical(requirement.name)]
        assert versions, f"{requirement.name} is not in {LOCK.name}: run `just lock`"
        for pin in versions:
            (clause,) = pin.specifier
            assert clause.operator == "=="
            assert requirement.specifier.contains(clause.version), f"{pin} against {requirement}: run `just lock`"


def test_the_lock_file_names_no_index_and_leaves_nothing_without_hashes() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|index-url|find-links|@", text)
    assert len(locked()) == len(re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE)) > len(declared("test"))


@pytest.mark.parametrize("minor", range(11, 15))
def test_every_version_of_python_that_is_tested_is_declared(minor: int) -> None:
    assert f"Programming Language :: Python :: 3.{minor}" in PROJECT["project"]["classifiers"]
    assert f'"3.{minor}"' in (REPOSITORY / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")


def test_the_tests_that_are_left_out_on_windows_exist() -> None:
    assert [name for name in NOT_ON_WINDOWS if not (REPOSITORY / "tests" / name).is_file()] == []


def test_every_package_is_shipped() -> None:
    packages = {
        ".".join(path.parent.relative_to(REPOSITORY).parts) for path in (REPOSITORY / "carlang").rglob("__init__.py")
    }
    outside = set(PROJECT["tool"]["setuptools"]["package-dir"])
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages | outside
