"""Tests of readers: what is read is seen in what is stored."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A folder for a store that is not there yet."""
    return tmp_path / "store"
