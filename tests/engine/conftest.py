"""What the tests of the engine share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.trees import close_sessions


@pytest.fixture(scope="session", autouse=True)
def _sessions_closed() -> Iterator[None]:
    yield
    close_sessions()
