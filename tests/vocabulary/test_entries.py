"""What is known of a class of events is what the model, the mappings and the store say of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from carlang.foreign import foreign_fields, is_foreign_field
from carlang.mapping import builtin_sensors
from carlang.model import builtin_model
from carlang.store import open_store
from carlang.vocabulary import ClassEntry, class_entries, wanted
from tests.engine.trees import write

MODEL = builtin_model()


@pytest.fixture(scope="module")
def every() -> tuple[ClassEntry, ...]:
    """Every object, without a store."""
    return class_entries(wanted(None, MODEL), MODEL)


def test_every_object_action_and_field_of_the_model_is_there(every: tuple[ClassEntry, ...]) -> None:
    assert {e.object: [f.name for f in e.fields] for e in every} == {
        o.name: list(o.fields) for o in MODEL.objects.values()
    }
    told = {(e.object, a.name) for e in every for a in e.actions}
    assert told == {(o.name, a.name) for o in MODEL.objects.values() for a in o.actions}


def test_the_sensors_of_a_field_are_those_whose_mappings_fill_it(every: tuple[ClassEntry, ...]) -> None:
    said = {(e.object, f.name, sensor) for e in every for f in e.fields for sensor in f.sensors}
    mapped = {(m.object, name, m.sensor) for m in builtin_sensors(MODEL).mappings for name in m.fields}
    assert said == mapped
    acting = {(e.object, a.name, sensor) for e in every for a in e.actions for sensor in a.sensors}
    assert acting == {(m.object, m.action, m.sensor) for m in builtin_sensors(MODEL).mappings}


def test_what_sensors_and_products_call_a_field_leads_back_to_a_field(every: tuple[ClassEntry, ...]) -> None:
    for entry in every:
        for field in entry.fields:
            assert all(is_foreign_field(name) for names in field.sensors.values() for name in names)
            back = [list(foreign_fields([entry.object], name)) for name in field.elsewhere]
            assert all(field.name in fields for fields in back), (entry.object, field.name, field.elsewhere)


def test_the_names_of_a_sensor_stand_with_the_nearest_first() -> None:
    (entry,) = class_entries(wanted("Process:Create.md5_hash", MODEL), MODEL)
    assert entry.fields[0].sensors["sysmon"] == ("hash_md5", "Hashes")
    assert entry.fields[0].sensors["osquery"] == ("md5",)
    assert "auditd" not in entry.fields[0].sensors


def test_a_store_says_how_much_of_a_field_is_filled_and_on_how_many_hosts_it_is_missing() -> None:
    store = open_store()
    (entry,) = class_entries(wanted("Process", MODEL), MODEL, store)
    held = [each for each in store.info().classes if each.object == "process"]
    assert entry.events == sum(each.rows for each in held)
    assert [a.events for a in entry.actions] == [
        sum(each.rows for each in held if each.action == action.name) for action in entry.actions
    ]
    fields = {field.name: field for field in entry.fields}
    values = sum(each.fill.get("command_line", 0) * each.rows for each in held)
    assert fields["command_line"].filled == pytest.approx(values / entry.events)
    hosts = [h for h in store.hosts() if any(c.object == "process" for c in h.classes)]
    assert entry.hosts == len(hosts)
    for name, field in fields.items():
        having = [h for h in hosts if any(c.object == "process" and c.fill.get(name) for c in h.classes)]
        assert field.hosts_without == len(hosts) - len(having), name


def test_a_class_that_the_store_has_not_is_of_no_events() -> None:
    (entry,) = class_entries(wanted("Clipboard", MODEL), MODEL, open_store())
    assert (entry.events, entry.hosts) == (0, 0)
    assert {(f.filled, f.hosts_without) for f in entry.fields} == {(None, None)}


def test_hosts_are_not_told_where_events_would_have_to_be_read(tmp_path: Path) -> None:
    write(tmp_path, "process/create", [{"hostname": "A", "exe": "a.exe"}, {"hostname": "B", "exe": None}])
    (entry,) = class_entries(wanted("Process:Create", MODEL), MODEL, open_store(tmp_path))
    fields = {field.name: field for field in entry.fields}
    assert (entry.events, entry.hosts) == (2, None)
    assert (fields["exe"].filled, fields["hostname"].filled, fields["exe"].hosts_without) == (0.5, 1.0, None)
