"""The reference of the sensors is what the mapping files say."""

from __future__ import annotations

import runpy

from carlang.mapping import builtin_sensors
from carlang.model import builtin_model
from tests.conftest import REPOSITORY

_PAGE = REPOSITORY / "docs" / "sensors.md"


def test_the_page_is_current() -> None:
    generator = runpy.run_path(str(REPOSITORY / "docs" / "generate_sensors.py"))
    page = generator["page"](builtin_sensors(builtin_model()))
    assert _PAGE.read_text("utf-8") == page, "run `python docs/generate_sensors.py`"


def test_the_page_names_every_sensor_and_event_id() -> None:
    page = _PAGE.read_text("utf-8")
    for mapping in builtin_sensors(builtin_model()).mappings:
        if not mapping.is_rest:
            assert f"`{mapping.sensor}`" in page
            assert all(str(event_id) in page for event_id in mapping.event_ids)
