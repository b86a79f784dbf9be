"""What the Navigator and Timesketch ask for, as their own pages list it, is what layers and events have."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from carlang.report import coverage_layer
from tests.report.runs import written
from tests.report.test_schemas import RUNS, closed

MADE = [name for name in RUNS if name != "sample"]  # to run analytics takes longer than all the others together
TEXT, NUMBER, BOOLEAN = ({"type": kind} for kind in ("string", "number", "boolean"))
COLOUR = {"type": "string", "pattern": "^#[0-9a-f]{6}$"}


def objects(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": required | (optional or {})}


def listed(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


# The tables of properties of the Navigator's page on version 4.5 of its format, layers/spec/v4.5 of its repository,
# as far as our layers have them; that name and value of metadata may not be empty is the Navigator's own check.
NAMED = listed(objects({"name": {"type": "string", "minLength": 1}, "value": {"type": "string", "minLength": 1}}))
TECHNIQUE = objects(
    {"techniqueID": {"type": "string", "pattern": r"^T[0-9]{4}(\.[0-9]{3})?$"}},
    {"comment": TEXT, "enabled": BOOLEAN, "score": NUMBER, "color": COLOUR},
)
LAYER = objects(
    {"name": TEXT, "domain": {"enum": ["enterprise-attack", "mobile-attack", "ics-attack"]}},
    {
        "versions": objects({"navigator": TEXT, "layer": {"const": "4.5"}}, {"attack": TEXT}),
        "description": TEXT,
        "sorting": {"enum": [0, 1, 2, 3]},
        "layout": objects(
            {},
            {
                "layout": {"enum": ["side", "flat", "mini"]},
                "showID": BOOLEAN,
                "showName": BOOLEAN,
                "expandedSubtechniques": {"enum": ["none", "all", "annotated"]},
            },
        ),
        "hideDisabled": BOOLEAN,
        "techniques": listed(TECHNIQUE),
        "gradient": objects({"colors": listed(COLOUR) | {"minItems": 2}, "minValue": NUMBER, "maxValue": NUMBER}),
        "legendItems": listed(objects({"label": TEXT, "color": COLOUR})),
        "metadata": NAMED,
    },
)
# What Timesketch's page on imports calls mandatory, and two more that it knows.
EVENT = objects(
    {
        "message": {"type": "string", "minLength": 1},
        "datetime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$"},
        "timestamp_desc": {"type": "string", "minLength": 1},
    },
    {"timestamp": {"type": "integer"}, "tag": listed(TEXT)},
)


@pytest.mark.parametrize("name", MADE)
def test_a_layer_has_what_the_page_on_its_format_lists_and_a_colour_for_each_state(name: str) -> None:
    layer = json.loads(written(RUNS[name](), "navigator"))
    Draft202012Validator(closed(LAYER)).validate(layer)
    assert layer["gradient"]["maxValue"] > layer["gradient"]["minValue"]
    legend = {item["color"]: item["label"] for item in layer["legendItems"]}
    assert list(legend.values()) == ["found something", "answered, found nothing", "blind"]
    assert {technique["color"] for technique in layer["techniques"] if "score" in technique} <= legend.keys()


def test_a_layer_of_what_a_catalogue_covers_has_so_too() -> None:
    covered: dict[str, list[tuple[str, str | None]]] = {
        "T1053.002": [("CAR-2013-05-004", None)],
        "T1000": [("a\n|", "blind")],
        "none": [],
    }
    for shares in (None, {"T1053.002": 50, "T1000": 0}):
        Draft202012Validator(closed(LAYER)).validate(json.loads(coverage_layer(covered, shares)))


@pytest.mark.parametrize("name", MADE)
def test_an_event_has_what_timesketch_asks_for_and_its_two_times_are_one(name: str) -> None:
    for line in written(RUNS[name](), "timesketch").split("\n")[:-1]:
        event = json.loads(line)
        Draft202012Validator(EVENT).validate(event)
        moment = datetime.fromisoformat(event["datetime"])
        assert round(moment.timestamp() * 1_000_000) == event["timestamp"]
