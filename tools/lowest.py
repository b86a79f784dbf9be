# ruff: noqa: INP001  # a script, not a module
"""Print the lowest declared versions of all dependencies, as constraints for pip: `lark>=1.3` becomes `lark==1.3`.

A lower bound is a promise that nobody keeps unless it is tested: `just lowest` installs these versions and runs the
tests with them. Dependencies of dependencies are pip's choice, as they are for whoever installs carlang.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*) *>= *(?P<version>[0-9][0-9.]*) *(?P<marker>;.*)?",
)


def lowest(requirements: list[str]) -> Iterator[str]:
    """Yield each requirement pinned to its lower bound; raises `ValueError` for one without one."""
    for requirement in requirements:
        match = _REQUIREMENT.fullmatch(requirement)
        if match is None:
            raise ValueError(f"{requirement!r} is not of the form NAME>=VERSION")
        yield f"{match['name']}=={match['version']}{match['marker'] or ''}"


def declared(extras: list[str]) -> list[str]:
    """Return what pyproject.toml requires to run, and for the extras that are named."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    requirements: list[str] = list(project["dependencies"])
    for extra in extras:
        requirements += project["optional-dependencies"][extra]
    return requirements


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in lowest(declared(sys.argv[1:])))
