from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.docs.fences import fences, pages

PAGES = [page for page in pages() if page.exists()]
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def _prose(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    for fence in fences(page):
        text = text.replace(fence.text, "") if fence.text else text
    return text


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ +(.+?) *$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    dead = []
    for target in _LINK.findall(_prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        to = (page.parent / name) if name else page
        if not to.exists() or (anchor and to.suffix == ".md" and anchor not in _anchors(to)):
            dead.append(target)
    assert dead == []


def test_every_page_of_the_documentation_is_linked_from_another() -> None:
    linked = set()
    for page in PAGES:
        for target in _LINK.findall(_prose(page)):
            linked.add((page.parent / target.partition("#")[0]).resolve())
    assert [page.name for page in PAGES if page.parent != REPOSITORY and page not in linked] == []
