"""The JSON of runs is what its schemas say, and the schemas leave out no key of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

import carlang
from carlang.levels import Level
from carlang.report import SCHEMAS, schema_text
from carlang.results import BaselineUse, Excluded, RunReport, Unmatched
from tests.cli.commands import carlang as command
from tests.report.runs import diagnostic, every_kind, full_run, no_events, result, run, written
from tests.report.test_hostile_values import hostile_run
from tests.report.test_timeline import ranked


@cache
def of_the_sample() -> RunReport:
    """Return a run of the sample store that is ranked and grouped, with an analytic that cannot run on it."""
    analytics = [carlang.load(name) for name in ("CAR-2013-05-004", "CAR-2013-03-001", "CAR-2013-10-002")]
    return carlang.rank(carlang.run_all(analytics, now="2013-06-01", limit=2), group_by="host")


def with_all_keys() -> RunReport:
    """Return a run with every key that JSON may have and that the others do not."""
    told = replace(result(every_kind(), total=9), false_positives=("Backups",), level=Level.HIGH, number=3)
    told = replace(told, output=replace(told.output, tested=("text",), computed=("whole",), tied=("process/create",)))
    told = replace(told, author="A. Author", license="DRL 1.1")
    told = replace(told, excluded=(Excluded(3, "exe at.exe", 2, "backups"),))
    used = BaselineUse("quiet.yaml", 2, 1, 1, 1, 2, (Unmatched(5, "CAR-2013-05-004", "exe x.exe"),))
    report = run(told, warnings=(diagnostic(),), baseline=used)
    return replace(report, files_counted=2, unplanned=("process: out of time",))


def asked_why() -> RunReport:
    """Return a run of the sample that was asked why it found rows, and why it found none."""
    programs = (
        'search Process:Create | filter exe == "at.exe" and command_line contains "notepad"',
        'run Analytic:CAR-2013-05-004 | filter hostname == "HOST1"',
        'search Event:Log | filter log_name == "System" and event_code == 7036',
    )
    return carlang.run_all([carlang.load_text(text) for text in programs], now="2013-06-01", why=2)


RUNS: dict[str, Callable[[], RunReport]] = {
    "empty": run,
    "nothing found": lambda: run(result(no_events())),
    "full": full_run,
    "ranked": ranked,
    "hostile": hostile_run,
    "all keys": with_all_keys,
    "sample": of_the_sample,
    "why": asked_why,
}


def closed(schema: Any) -> Any:
    """Return a schema in which objects have the keys that are named and no others."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    is_listed = schema.get("type") == "object" and "properties" in schema and "additionalProperties" not in schema
    return inner | ({"additionalProperties": False} if is_listed else {})


@cache
def validator(name: str) -> Draft202012Validator:
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(closed(schema))


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_what_the_schemas_say_and_has_no_other_key(name: str) -> None:
    report = RUNS[name]()
    validator("run").validate(json.loads(written(report, "json")))
    for line in written(report, "ndjson").split("\n")[:-1]:
        validator("ndjson").validate(json.loads(line))


def test_what_is_not_a_run_is_refused() -> None:
    document = json.loads(written(with_all_keys(), "json"))
    changes: list[dict[str, Any]] = [
        {"version": 2},
        {"now": None},
        {"results": [{}]},
        {"incidents": [{"id": "a"}]},
        {"surprise": 1},
    ]
    for change in changes:
        with pytest.raises(ValidationError):
            validator("run").validate(document | change)
    without = {key: value for key, value in document.items() if key != "failed"}
    with pytest.raises(ValidationError):
        validator("run").validate(without)


def test_the_keys_of_a_run_are_in_one_of_these_runs() -> None:
    """What the schema allows is there: a key that is renamed would else stay in the schema."""
    seen: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            seen.update(value)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(inner)

    for report in (full_run(), ranked(), with_all_keys(), of_the_sample()):
        walk(json.loads(written(report, "json")))
    schema = json.loads(schema_text("run"))
    elsewhere = {"why", "gaps", "unranked", "item", "error"}  # tests/why and tests/judgement have these
    assert set(schema["properties"]) | set(schema["$defs"]["result"]["properties"]) <= seen | elsewhere


def test_the_command_prints_the_schemas() -> None:
    for name in SCHEMAS:
        assert command("schema", name).json() == json.loads(schema_text(name))
    wrong = command("schema", "rum")
    assert (wrong.status, wrong.err) == (2, "error: there is no schema 'rum'; did you mean run?\n")
