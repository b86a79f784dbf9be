"""The reference of the data model is what the model says."""

from __future__ import annotations

import runpy
from pathlib import Path

from carlang.model import builtin_model

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_is_current() -> None:
    generator = runpy.run_path(str(DOCS / "generate_model.py"))
    page = generator["page"](builtin_model())
    assert (DOCS / "model.md").read_text(encoding="utf-8") == page, "run `python docs/generate_model.py`"


def test_the_page_names_every_object_action_and_field() -> None:
    page = (DOCS / "model.md").read_text(encoding="utf-8")
    for known in builtin_model().objects.values():
        for name in (known.name, *known.fields, *(action.name for action in known.actions)):
            assert f"`{name}`" in page
