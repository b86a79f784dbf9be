"""What tests of several rooms share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"

settings.register_profile("carlang", deadline=None)  # how long an example takes says more of the machine than of us
settings.load_profile("carlang")


def _folder_beside(name: str) -> Path:
    """Return a folder of facts beside the repository; without it a test is skipped, and in CI it fails."""
    folder = SHARED / name
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"../shared/{name} is missing")
        pytest.skip(f"../shared/{name} is not there")
    return folder


@pytest.fixture(scope="session")
def real_corpus() -> Path:
    """The folder of CAR's published analytics and data model."""
    return _folder_beside("corpus")


@pytest.fixture(scope="session")
def real_logs() -> Path:
    """The folder of logs recorded on real machines."""
    return _folder_beside("data")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write expected files anew; refused in CI")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-goldens") and os.environ.get("CI"):
        raise pytest.UsageError("--update-goldens is for people: in CI, expected files are only compared")


Golden = Callable[[Path, str], None]
"""Compares a text with an expected file, or writes it there."""


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Golden:
    """Compare a text with the file that holds what is expected; `--update-goldens` writes it there instead."""

    def compare(path: Path, text: str) -> None:
        if pytestconfig.getoption("--update-goldens"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"{path.name} is missing; `pytest --update-goldens` writes it"
        assert text == path.read_text(encoding="utf-8")

    return compare
