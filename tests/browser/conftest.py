"""A browser without a screen, for tests of what pages do when they are open."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.report_pages import written
from tests.browser.visits import LAPTOP, NAMES, Visit, executable, visit

Visitor = Callable[..., Visit]
"""Opens a local file, in a window of a `width` in CSS pixels, at what stands behind the `#` of its address."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it; without one a test is skipped, and in CI it fails."""
    path = executable()
    if path is None:
        missing = f"no browser is installed under any of these names: {', '.join(NAMES)}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        # CI's user is root, for whom Chromium's sandbox does not start. The pages are our own.
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """Open local files; their windows are closed when the test is over."""
    visits: list[Visit] = []

    def opened(file: Path, width: int = LAPTOP, fragment: str = "") -> Visit:
        visits.append(visit(browser, file, width, fragment))
        return visits[-1]

    yield opened
    for each in visits:
        each.page.context.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with 300 rows and an incident."""
    return written(tmp_path_factory.mktemp("page"), 300)
