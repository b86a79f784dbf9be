"""docs/sigma-export.md says of each output of the catalogue whether it goes out, and why it does not."""

from __future__ import annotations

import runpy

from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"


def test_the_page_lists_what_goes_out_and_what_does_not() -> None:
    page = runpy.run_path(str(DOCS / "generate_sigma_export.py"))["page"]
    assert page() == (DOCS / "sigma-export.md").read_text(encoding="utf-8"), "run docs/generate_sigma_export.py"
