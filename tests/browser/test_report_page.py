"""What a reader does on the page of a run: every view, filters, the timeline, an incident and its tree, the theme."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from playwright.sync_api import Page

from carlang.report import write_report
from carlang.results import Triage
from tests.browser.conftest import Visitor
from tests.browser.report_pages import incident, ready, rows, show, shown, written
from tests.browser.visits import LAPTOP, PHONE
from tests.report.runs import result, run

MANY = 50_000
MAIN_THREAD = "CrRendererMain"
BUSY = """new Promise((done) => setTimeout(() => {
  const end = performance.now() + 210;
  while (performance.now() < end);
  setTimeout(done, 50);
}))"""


@contextmanager
def tasks_of(page: Page) -> Iterator[list[tuple[float, float]]]:
    """Gather the tasks of a page's main thread: how long each took, and of that on the processor, in milliseconds.

    The second is what it takes on a machine that has nothing else to do.
    """
    browser = page.context.browser
    assert browser is not None
    browser.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline"])
    tasks: list[tuple[float, float]] = []
    try:
        yield tasks
    finally:
        trace = browser.stop_tracing()
    events = json.loads(trace)["traceEvents"]
    threads = {(e["pid"], e["tid"]) for e in events if e["name"] == "thread_name" and e["args"]["name"] == MAIN_THREAD}
    tasks += [
        (event["dur"] / 1000, event["tdur"] / 1000)
        for event in events
        if event["name"] == "RunTask" and (event["pid"], event["tid"]) in threads and "tdur" in event
    ]


@pytest.mark.parametrize("width", [LAPTOP, PHONE])
def test_every_view_opens_without_a_complaint_and_fits(visitor: Visitor, report: Path, width: int) -> None:
    visit = visitor(report, width)
    page = ready(visit)
    for view in ("Incidents", "Hits", "Entities", "Analytics", "Not seen", "Summary"):
        show(page, view)
        assert page.locator("[data-view]:visible").get_attribute("data-view") == view
        assert not visit.scrolls_sideways()
    assert visit.complaints() == []


def test_a_reader_filters_zooms_opens_an_incident_follows_its_tree_and_turns_the_light_off(
    visitor: Visitor, report: Path
) -> None:
    visit = visitor(report)
    page = ready(visit)
    page.get_by_role("button", name="HOST-1", exact=True).click()  # in the table of hosts by techniques
    shown(page, "43 hits of 300")
    box = page.locator("svg.timeline").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 40)
    page.mouse.up()
    shown(page, "21 hits of 300")
    page.keyboard.press("Escape")
    shown(page, "300 hits")
    show(page, "Summary")
    page.locator("table.matrix td button").click()  # a host's hits of a technique
    assert page.locator(".chips button.tag").all_inner_texts() == ["host: HOST-1 ×", "technique: T1053.002 ×"]
    shown(page, "43 hits of 300")
    show(page, "Summary")
    page.locator("td[data-hour] button").click()
    shown(page, "6 hits of 300")  # of 39 minutes on one of seven hosts
    page.keyboard.press("Escape")
    show(page, "Incidents")
    page.locator("details.incident > summary").click()
    page.get_by_role("button", name="hits of process 1").click()
    shown(page, "1 hit of 300")
    page.keyboard.press("Enter")
    record = page.get_by_label("Record", exact=True)
    assert record.get_by_text("at.exe 1 /interactive").is_visible()
    record.get_by_role("button", name="only rows with this exe").click()
    record.get_by_role("button", name="Its incident").click()
    assert page.locator("details.incident[open]").count() == 1
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("t")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    assert visit.complaints() == []


def test_a_search_finds_text_in_any_field_and_hostile_text_is_text(visitor: Visitor, report: Path) -> None:
    visit = visitor(report)
    page = ready(visit)
    page.keyboard.press("/")
    page.keyboard.type("<SCRIPT>alert")
    shown(page, "1 hit of 300")
    assert '<script>alert("1")</script> \\u202egpj.exe' in page.locator(".hit-row .what").inner_text()
    page.locator(".hit-row").click()
    page.get_by_role("button", name="copy command_line").click()
    page.keyboard.press("Escape")
    show(page, "Entities")
    page.get_by_role("button", name="HOST-0", exact=True).wait_for()
    assert page.locator("main script").count() == 0
    assert visit.complaints() == []


def test_keys_step_through_the_hits(visitor: Visitor, report: Path) -> None:
    page = ready(visitor(report))
    for key in "3jjk":
        page.keyboard.press(key)
    assert page.locator('[aria-selected="true"].hit-row').get_attribute("id") == "hit-1"
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()


def test_without_its_script_the_page_can_be_read(visitor: Visitor, report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    start, end = text.index("<script>"), text.index("</script>")
    bare = report.with_name("bare.html")
    bare.write_text(text[:start] + text[end + len("</script>") :], encoding="utf-8")
    page = visitor(bare).page
    assert page.locator("[data-view]:visible").count() >= 4
    assert page.get_by_text("The first 10 of 300 rows").is_visible()
    assert page.locator("details.incident").count() == 1


HOSTILE_VALUES = (
    *("</script><script>window.hurt=1</script>", "<!--<script>", "]]>", "<img src=x onerror=window.hurt=1>"),
    *(
        '"><svg onload=window.hurt=1>',
        "' onclick='window.hurt=1",
        "javascript:window.hurt=1",
        "</style><style>*{color:red}",
    ),
    *("{{7*7}}", "${window.hurt=1}", "&lt;b&gt;", "</template><iframe srcdoc='<script>1</script>'>", "__proto__"),
    *(
        "constructor",
        "\u2028window.hurt=1\u2029",
        "\u202egpj.exe",
        "\x00\x1b[2J",
        "\ud800",
        "\\u003cscript>",
        "=cmd|' /C calc'!A0",
    ),
)


def test_hostile_values_in_every_field_do_nothing(visitor: Visitor, tmp_path: Path) -> None:
    count = len(HOSTILE_VALUES)
    values = pa.array([value.encode("utf-8", "replace").decode() for value in HOSTILE_VALUES])
    names = ("hostname", "user", "exe", "image_path", "command_line", "md5_hash", "src_ip", "<b>name</b>", "toString")
    table = pa.table({"time": rows(count)["time"], "pid": pa.array(range(count))} | dict.fromkeys(names, values))
    file = tmp_path / "hostile.html"
    other = result(table, HOSTILE_VALUES[0], title=HOSTILE_VALUES[3], name=HOSTILE_VALUES[4], techniques=HOSTILE_VALUES)
    write_report(run(other, triage=Triage((incident(),), {0: 80.0})), file, "html")
    visit = visitor(file)
    page = ready(visit)
    for view in ("Incidents", "Entities", "Analytics", "Hits"):
        show(page, view)
    for number in range(count):
        page.locator(f"#hit-{number}").click()
        assert page.get_by_label("Record", exact=True).locator("dt").count() == len(names) + 2
        page.keyboard.press("Escape")
    show(page, "Entities")
    page.get_by_role("button", name=HOSTILE_VALUES[3], exact=True).first.click()
    shown(page, f"1 hit of {count}")
    assert page.evaluate("[window.hurt, document.querySelectorAll('img, iframe, style').length]") == [None, 1]
    assert visit.complaints() == []


def test_what_is_printed_is_the_report_without_what_is_clicked(visitor: Visitor, report: Path) -> None:
    page = ready(visitor(report))
    show(page, "Hits")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.incident").get_by_text("Processes").is_visible()
    assert page.locator("#r1 table.rows").is_visible()
    assert page.locator("[data-view]:visible").evaluate_all("views => views.map(view => view.dataset.view)") == [
        *("Summary", "Incidents", "Analytics", "Not seen")
    ]
    assert page.get_by_text("HOST-1", exact=True).first.is_visible()
    assert not page.get_by_role("searchbox").is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    show(page, "Incidents")
    assert page.locator("details.incident[open]").count() == 0
    assert page.url.endswith("#incidents")


def test_a_page_of_many_hits_paints_soon_and_never_stalls(visitor: Visitor, tmp_path: Path) -> None:
    file = written(tmp_path, MANY)
    page = visitor(written(tmp_path / "one", 1)).page
    with tasks_of(page) as tasks:
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        paint = page.evaluate("performance.getEntriesByType('paint').at(-1).startTime")
        assert paint < 2000, f"first paint after {paint} ms"
        show(page, "Hits")
        page.get_by_label("Order").select_option("weight")
        page.keyboard.press("/")
        page.keyboard.type("49999")
        shown(page, "1 hit of 50,000")
        page.keyboard.press("Escape")
        shown(page, "50,000 hits")
        show(page, "Entities")
        page.get_by_role("button", name="HOST-5", exact=True).wait_for()
    assert max(busy for _, busy in tasks) < 200, sorted(tasks)[-5:]
    # The watch is awake: it notices a task of this length.
    with tasks_of(page) as tasks:
        page.evaluate(BUSY)
    assert max(length for length, _ in tasks) >= 200
