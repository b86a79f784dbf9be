"""What tests of several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"


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
