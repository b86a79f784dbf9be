"""Pages as a browser shows them, and what it complains of while it does."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Request

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""What Chromium and its kin are called, where they are in the path of programs."""

LAPTOP = 1280
"""The width of a window on a laptop, in CSS pixels."""

PHONE = 390
"""The width of a common phone."""

_HEIGHT = 844
_LOUD = frozenset({"error", "warning"})
_PATIENCE = 10_000  # milliseconds that a page, or what a test waits for on it, may take on a busy machine


@dataclass(frozen=True, slots=True)
class Visit:
    """A page in a window of its own."""

    page: Page
    noted: list[str] = field(default_factory=list)

    def complaints(self) -> list[str]:
        """Return what went wrong so far, a text each.

        That is errors and warnings on the console, among them whatever the page's Content-Security-Policy blocked;
        exceptions that no script caught; requests that failed.
        """
        # A rejected promise, and a handler that is blocked, are reported a task later than what caused them.
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        return list(self.noted)

    def scrolls_sideways(self) -> bool:
        """Return whether the page is wider than its window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def executable() -> str | None:
    """Return the path of an installed browser, or `None`."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def visit(browser: Browser, file: Path, width: int, fragment: str = "") -> Visit:
    """Open a local file in a window that has no network; whoever calls closes `page.context`."""
    context = browser.new_context(viewport={"width": width, "height": _HEIGHT}, offline=True)
    context.set_default_timeout(_PATIENCE)
    opened = Visit(context.new_page())

    def note_message(message: ConsoleMessage) -> None:
        if message.type in _LOUD:
            opened.noted.append(f"{message.type}: {message.text}")

    def note_exception(exception: Exception) -> None:
        opened.noted.append(f"exception: {exception}")

    def note_request(request: Request) -> None:
        opened.noted.append(f"request: {request.url}: {request.failure}")

    # Before the page is asked for: what it does while it loads counts.
    opened.page.on("console", note_message)
    opened.page.on("pageerror", note_exception)
    opened.page.on("requestfailed", note_request)
    opened.page.goto(file.resolve().as_uri() + (f"#{fragment}" if fragment else ""))
    return opened
