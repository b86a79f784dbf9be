"""Pages open in a browser without a complaint, and the frame that says so notices each kind of complaint."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import Visitor
from tests.browser.visits import LAPTOP, PHONE
from tests.cli.commands import carlang

POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src {}">'
PAGE = '<!DOCTYPE html><html lang="en"><meta charset="utf-8">{head}<title>t</title><body>{body}</body></html>'


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML report of some of the catalogue over the sample store; to compile all of it takes seconds."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    done = carlang("run", "CAR-2013-*", "--format", "html", "--output", file)
    assert done.status == 0, done.err
    return file


@pytest.mark.parametrize("width", [LAPTOP, PHONE])
def test_a_report_opens_without_a_complaint(visitor: Visitor, report: Path, width: int) -> None:
    visit = visitor(report, width)
    assert visit.page.title() == "carlang report"
    assert visit.page.get_by_role("heading", name="What the analytics found").is_visible()
    assert visit.page.locator("table.rows tbody tr").count() > 0
    assert not visit.scrolls_sideways()
    assert visit.complaints() == []


@pytest.mark.parametrize(
    ("policy", "body", "complaint"),
    [
        ("'none'", "<script>document.title = 'ran'</script>", "Content Security Policy"),
        ("'none'", "<svg onload='1'></svg>", "Content Security Policy"),
        ("'unsafe-inline'", "<script>eval('1')</script>", "Content Security Policy"),
        ("'unsafe-inline'", "<img src='beside.png' alt=''>", "Content Security Policy"),
        ("'unsafe-inline'", "<script>missing()</script>", "exception: missing is not defined"),
        ("'unsafe-inline'", "<script>Promise.reject(new Error('late'))</script>", "exception: late"),
        ("'unsafe-inline'", "<script>console.error('said so')</script>", "error: said so"),
        ("'unsafe-inline' file:", "<script src='gone.js'></script>", "request: "),
    ],
    ids=["script", "handler", "eval", "image", "exception", "promise", "console", "request"],
)
def test_a_complaint_is_noticed(visitor: Visitor, tmp_path: Path, policy: str, body: str, complaint: str) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGE.format(head=POLICY.format(policy), body=body), encoding="utf-8")
    visit = visitor(file)
    assert [text for text in visit.complaints() if complaint in text]


def test_a_page_that_is_too_wide_is_noticed(visitor: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGE.format(head="", body='<div style="width:600px">wide</div>'), encoding="utf-8")
    assert visitor(file, PHONE).scrolls_sideways()
    assert not visitor(file, LAPTOP).scrolls_sideways()
