"""What counts for coverage, and that nothing is measured where it does not."""

from __future__ import annotations

import os
import sys

import pytest
from coverage import Coverage

from tests.conftest import REPOSITORY, UNMEASURED, without_coverage


def test_what_does_not_count_for_coverage_is_there() -> None:
    assert [name for name in sorted(UNMEASURED) if not (REPOSITORY / "tests" / name).exists()] == []


def test_nothing_is_measured_where_it_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.gettrace()
    monkeypatch.setenv("COVERAGE_PROCESS_CONFIG", "of a subprocess")
    outer, inner = (Coverage(data_file=None, config_file=False) for _ in range(2))
    outer.start()
    inner.start()
    try:
        with without_coverage():
            assert Coverage.current() is None
            assert sys.gettrace() is None
            assert "COVERAGE_PROCESS_CONFIG" not in os.environ
        assert Coverage.current() is inner
        assert "COVERAGE_PROCESS_CONFIG" in os.environ
    finally:
        inner.stop()
        outer.stop()
    assert (sys.gettrace() is None) == (before is None)
