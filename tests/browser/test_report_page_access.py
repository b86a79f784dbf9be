"""The page of a run can be read by anybody: contrast, names of controls, order; and looks right whatever its size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from carlang.results import AnalyticOutput, NoEvents, NotRun, RunReport
from tests.browser.conftest import Visitor
from tests.browser.report_pages import everything, judged, page_of, ready, rows, show, with_judgement
from tests.browser.visits import LAPTOP, PHONE
from tests.report.runs import events, result, run

AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8")
VIEWS = ("Summary", "Incidents", "Hits", "Entities", "Analytics", "Not seen")
UNFOLD = "document.querySelectorAll('[data-view]:not([hidden]) details').forEach((each) => { each.open = true; })"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page_of(tmp_path_factory.mktemp("whole"), everything())


@pytest.mark.parametrize(("theme", "width"), [("light", LAPTOP), ("dark", PHONE)])
def test_every_view_can_be_read_by_anybody(visitor: Visitor, whole: Path, theme: str, width: int) -> None:
    visit = visitor(whole, width)
    page = ready(visit)
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    for view in VIEWS:
        show(page, view)
        page.evaluate(UNFOLD)
        if view == "Hits":
            page.get_by_role("button", name="high", exact=True).click()
            page.locator("#hit-1").click()
            page.locator(".record summary").first.click()
            assert page.evaluate(AUDIT) == []
            page.keyboard.press("Escape")
        assert page.evaluate(AUDIT) == []
        assert not visit.scrolls_sideways()
    assert visit.complaints() == []


def test_what_keeps_readers_out_is_noticed(visitor: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    body = (
        '<p style="color: #777777">grey</p><button></button><i id="a"></i><i id="a"></i><i aria-controls="b"></i>'
        "<details><summary><button>x</button></summary></details><h3>deep</h3>"
    )
    file.write_text(f'<!DOCTYPE html><html lang="en"><title>t</title><body>{body}', encoding="utf-8")
    faults = visitor(file).page.evaluate(AUDIT)
    assert [fault.partition(":")[0] for fault in faults] == [
        *("contrast 4.48", "no name", "within a control", "id twice", "aria-controls of nothing"),
        "heading skips a level",
    ]


def one_host() -> RunReport:
    return run(with_judgement(result(events()), judged([], [], ["IEWIN7"])))


def many_hosts() -> RunReport:
    hosts = [f"HOST-{number:03}" for number in range(500)]
    table = rows(500).set_column(5, "hostname", pa.array(hosts))
    return run(with_judgement(result(table), judged(hosts[:400], hosts[400:])))


def many_analytics() -> RunReport:
    return run(*(result(events(), f"CAR-2013-05-{number:03}") for number in range(200)))


def all_blind() -> RunReport:
    hosts = [f"HOST-{number}" for number in range(3)]
    return run(
        not_run=tuple(
            NotRun(f"CAR-{number:03}", "Blind", (NoEvents("process", "create"),), "out", judged(hosts))
            for number in range(150)
        )
    )


def long_values() -> RunReport:
    long, wide = "A" * 40_000, "word " * 2_000
    found: AnalyticOutput = result(events(command_line=[long], hostname=[long[:300]], user=[wide]), title=wide[:900])
    return run(replace(found, techniques=tuple(f"T{number}" for number in range(1000, 1040))))


@pytest.mark.parametrize(
    ("report", "view", "text"),
    [
        (run, "Summary", "No analytic ran."),
        (one_host, "Hits", "1 hit"),
        (many_hosts, "Not seen", "300 more hosts with fewer"),
        (many_analytics, "Analytics", "CAR-2013-05-199"),
        (all_blind, "Not seen", "0 answered · 0 in part · 150 blind"),
        (long_values, "Incidents", "No incident."),
    ],
    ids=["nothing", "one-host", "many-hosts", "many-analytics", "all-blind", "long-values"],
)
def test_a_page_of_any_size_fits_a_phone(
    visitor: Visitor, tmp_path: Path, report: Callable[[], RunReport], view: str, text: str
) -> None:
    visit = visitor(page_of(tmp_path, report()), PHONE)
    page = ready(visit)
    for each in VIEWS:
        show(page, each)
        assert not visit.scrolls_sideways()
    show(page, view)
    assert page.locator("[data-view]:visible").get_by_text(text).first.is_visible()
    assert visit.complaints() == []
