"""Tests of mappings, and how many logs they go over."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let tests of mappings run over all real logs: `pytest tests/mapping --all-logs`."""
    parser.addoption("--all-logs", action="store_true", help="compare ingest with all logs in ../shared/data")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A folder for a store that is not there yet."""
    return tmp_path / "store"
