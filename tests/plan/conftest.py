"""Plans over stores that are too small to be worth one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from carlang.plan import literals, objects, portions


@pytest.fixture(scope="module")
def short_literals() -> Iterator[None]:
    """Have guards of the short texts that drawn values are made of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(literals, "SHORTEST", 1)
        yield


@pytest.fixture(scope="module")
def always_planned(short_literals: None) -> Iterator[None]:
    """Have every guard be one and every condition be tested, however small the store and however many events pass."""
    del short_literals
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "LEAST_LEAVES", 1)
        patch.setattr(objects, "LEAST_WORK", 0)
        patch.setattr(objects, "LARGEST_SHARE", 1000.0)
        patch.setattr(objects, "LARGEST_TESTED", 1000.0)
        patch.setattr(objects, "LEAST_TESTED", 0.0)
        patch.setattr(portions, "_MANY", 0)
        patch.setattr(objects, "LARGEST_SUM", 1000.0)
        yield
