"""How a reader narrows the page of a run: by value, by time, by address, with keys; and what is copied of it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page

from tests.browser.conftest import Visitor
from tests.browser.report_pages import ready, show, shown


def drag(page: Page, chart: Locator, start: float, end: float) -> None:
    """Drag over a chart from one share of its width to another."""
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * start, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, box["y"] + box["height"] / 2)
    page.mouse.up()


def test_values_of_one_kind_are_alternatives_and_a_value_can_be_taken_away(visitor: Visitor, report: Path) -> None:
    visit = visitor(report)
    page = ready(visit)
    show(page, "Entities")
    page.get_by_role("button", name="HOST-1", exact=True).click()
    shown(page, "43 hits of 300")
    show(page, "Entities")
    assert page.get_by_role("button", name="HOST-2", exact=True).count() == 0  # of the rows that are left
    page.keyboard.press("Escape")
    page.get_by_role("button", name="not HOST-1").click()
    show(page, "Hits")
    shown(page, "257 hits of 300")
    page.locator("#hit-0").click()
    page.get_by_role("button", name="only rows with this hostname").click()
    shown(page, "43 hits of 300")
    page.get_by_role("button", name="host: HOST-1 ×").click()
    page.get_by_role("button", name="Next hit").click()
    page.get_by_role("button", name="not rows with this pid").click()
    shown(page, "42 hits of 300")
    levels = page.get_by_role("button", name="medium", exact=True)
    levels.click()
    page.locator('[aria-pressed="true"]').wait_for()
    levels.click()
    page.get_by_role("button", name="high", exact=True).click()
    shown(page, "0 hits of 300")
    page.evaluate("location.hash = '#hits?only.host=HOST-1&only.host=host-2&not.pid=1'")
    shown(page, "85 hits of 300")
    assert visit.complaints() == []


def test_what_is_looked_at_stands_in_the_address_and_the_back_button_takes_a_step_back(
    visitor: Visitor, report: Path
) -> None:
    visit = visitor(report)
    page = ready(visit)
    page.get_by_role("button", name="HOST-1", exact=True).click()
    shown(page, "43 hits of 300")
    page.locator("#hit-1").click()
    address = page.url
    assert address.partition("#")[2] == "hits?only.host=HOST-1&row=0.8"
    page.get_by_role("button", name="Its analytic").click()
    assert page.url.endswith("#analytics?only.host=HOST-1")
    page.go_back()
    page.get_by_label("Record", exact=True).wait_for()
    page.go_back()
    page.get_by_label("Record", exact=True).wait_for(state="hidden")
    shown(page, "43 hits of 300")
    page.go_back()
    page.get_by_role("heading", name="Look at these first").wait_for()
    show(page, "Hits")
    shown(page, "300 hits")
    other = ready(visitor(report, fragment=address.partition("#")[2]))
    assert other.get_by_label("Record", exact=True).get_by_text("at.exe 8 /interactive").is_visible()
    other.evaluate("location.hash = '#incident-abcd1234'")
    other.locator("details.incident[open]").get_by_text("Processes").wait_for()
    other.evaluate("location.hash = '#r1'")
    other.locator("#r1 table.rows").wait_for()
    assert visit.complaints() == []


def test_the_range_of_time_is_drawn_moved_pulled_and_typed(visitor: Visitor, report: Path) -> None:
    page = ready(visitor(report, fragment="hits"))
    overview = page.locator("svg.overview")
    drag(page, overview, 0.5, 0.75)
    shown(page, "75 hits of 300")
    drag(page, overview, 0.6, 0.35)  # the mark is taken hold of, and moved to the left
    shown(page, "75 hits of 300")
    first = page.get_by_label("From, UTC").input_value()
    assert first.startswith("2019-04-27 13:3")
    drag(page, overview, 0.5, 0.75)  # its end is pulled
    shown(page, "150 hits of 300")
    assert page.get_by_label("From, UTC").input_value() == first
    page.get_by_label("From, UTC").fill("2019-04-27 13:00")
    page.get_by_label("to, UTC").fill("2019-04-27T13:09:59Z")
    page.keyboard.press("Enter")
    shown(page, "10 hits of 300")
    page.get_by_label("From, UTC").fill("yesterday")
    page.keyboard.press("Enter")
    assert page.get_by_label("From, UTC").get_attribute("aria-invalid") == "true"
    shown(page, "10 hits of 300")
    page.get_by_role("button", name="All times").click()
    shown(page, "300 hits")


def test_a_value_is_copied_from_a_page_that_may_not_use_the_clipboard(visitor: Visitor, report: Path) -> None:
    page = ready(visitor(report, fragment="hits?row=0.8"))
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('denied')); }")
    copy = page.get_by_role("button", name="copy command_line")
    copy.click()
    page.get_by_text("copied", exact=True).first.wait_for()
    assert copy.evaluate("button => document.activeElement === button")
    page.get_by_role("searchbox").focus()
    page.keyboard.press("Control+V")
    assert page.get_by_role("searchbox").input_value() == "at.exe 8 /interactive"


def test_a_weight_unfolds_into_the_terms_of_its_sum(visitor: Visitor, report: Path) -> None:
    page = ready(visitor(report, fragment="incident-abcd1234"))
    page.get_by_text("Weight 78.0").click()
    terms = page.locator("details.why tbody tr").all_inner_texts()
    assert [term.split("\t") for term in terms] == [
        ["+80", "level", "level critical"],
        ["−2", "noise", "1 known false positive"],
        ["0", "days", "on 1 day"],
        ["78.0", "sum", ""],
    ]


def test_views_are_tabs_that_arrows_go_through(visitor: Visitor, report: Path) -> None:
    page = ready(visitor(report))
    page.get_by_role("tab", name="Summary").focus()
    for key, view in (("ArrowLeft", "Not seen"), ("ArrowRight", "Summary"), ("End", "Not seen"), ("Home", "Summary")):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.textContent") == view
        assert page.get_by_role("tabpanel", name=view).is_visible()
        assert page.get_by_role("tabpanel").count() == 1
        assert page.locator('[role="tab"][tabindex="0"]').count() == 1
