"""The reference of the sensors is what the mapping files say."""

from __future__ import annotations

import runpy

from carlang.mapping import builtin_sensors
from carlang.mapping.sensors import builtin_titles, builtin_ways
from carlang.model import builtin_model
from tests.conftest import REPOSITORY

_PAGE = REPOSITORY / "docs" / "sensors.md"
_INGEST = REPOSITORY / "docs" / "ingest.md"

EXPORTERS = (
    *("EvtxECmd", "Get-WinEvent", "Get-EventLog", "wevtutil", "Event Viewer", "Velociraptor", "evtx_dump", "Chainsaw"),
    *("winlogbeat", "Elastic Agent", "Kibana", "HELK", "Splunk", "Wazuh", "Fluent Bit", "Fluentd", "NXLog", "Logstash"),
    *("Sentinel", "Defender XDR", "OCSF", "Security Lake", "auditd", "ausearch", "audisp", "journalctl"),
    *("Sysmon for Linux", "osquery", "Zeek", "Corelight", "Filebeat"),
)


def test_the_page_is_current() -> None:
    generator = runpy.run_path(str(REPOSITORY / "docs" / "generate_sensors.py"))
    page = generator["page"](builtin_sensors(builtin_model()))
    assert _PAGE.read_text("utf-8") == page, "run `python docs/generate_sensors.py`"


def test_the_table_of_exporters_is_current() -> None:
    generator = runpy.run_path(str(REPOSITORY / "docs" / "generate_sensors.py"))
    text = _INGEST.read_text("utf-8")
    assert generator["with_exporters"](text) == text, "run `python docs/generate_sensors.py`"


def test_every_sensor_says_how_to_get_at_its_log() -> None:
    assert set(builtin_ways()) == set(builtin_titles())


def test_exporters_are_named_as_people_know_them() -> None:
    rows = [line for line in _INGEST.read_text("utf-8").splitlines() if line.startswith("| ")]
    named = [" | ".join(row.split(" | ")[:2]) for row in rows]
    assert [name for name in EXPORTERS if not any(name in row for row in named)] == []


def test_the_page_names_every_sensor_and_event_id() -> None:
    page = _PAGE.read_text("utf-8")
    for mapping in builtin_sensors(builtin_model()).mappings:
        if not mapping.is_rest:
            assert f"`{mapping.sensor}`" in page
            assert all(str(event_id) in page for event_id in mapping.event_ids)
