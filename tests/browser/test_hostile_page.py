"""A page that holds two hundred hostile values in every field, in a browser that would run what is not mere text."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Dialog

from carlang.report import write_report
from tests.browser.conftest import Visitor
from tests.report.hostile import VALUES
from tests.report.test_hostile_values import hostile_run

VIEWS = ("Incidents", "Entities", "Analytics", "Not seen", "Hits", "Summary")


def test_hostile_values_open_no_dialog_ask_for_nothing_and_raise_no_complaint(visitor: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "hostile.html"
    # Values of forty thousand characters are in the tests of the formats; here each is laid out.
    write_report(hostile_run(tuple(dict.fromkeys(value[:500] for value in VALUES))), file, "html")
    visit = visitor(file)
    page = visit.page
    events: list[str] = []

    def note_dialog(dialog: Dialog) -> None:
        events.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", note_dialog)
    page.on("request", lambda request: events.append(f"request: {request.url}"))
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    for view in VIEWS:
        page.get_by_role("tab", name=view, exact=True).click()
    page.get_by_role("tab", name="Hits", exact=True).click()
    for number in range(0, 200, 40):
        page.locator("[data-view]:visible").evaluate("(view, to) => window.scrollTo(0, to)", number * 60)
        page.mouse.move(300, 300 + number)
    assert visit.complaints() == []
    assert events == [f"request: {file.resolve().as_uri()}"]
    assert page.evaluate("[window.hurt, document.querySelectorAll('img, iframe, base, object').length]") == [None, 0]
    assert page.title() == "carlang report"
