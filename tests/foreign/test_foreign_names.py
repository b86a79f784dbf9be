"""Names of sensors and of other data models lead to the field of the stream at hand, or to the class that has it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import carlang
from carlang.foreign import event_class
from carlang.foreign.names import _classes, _tables
from carlang.mapping import builtin_sensors
from carlang.model import builtin_model
from tests.conftest import REPOSITORY

FIELDS = [
    ("Registry:*", "TargetObject", "key"),  # Sysmon
    ("Registry:Value_Edit", "Details", "data"),
    ("Process:Create", "NewProcessName", "image_path"),  # Windows Security
    ("Process:Create", "ParentProcessName", "parent_exe"),
    ("User_Session:Login", "LogonType", "login_type"),
    ("Process:Create", "process.parent.executable", "parent_image_path"),  # ECS
    ("File:Create", "file.path", "file_path"),
    ("Flow:Start", "destination.ip", "dest_ip"),
    ("Process:Create", "process.cmd_line", "command_line"),  # OCSF
    ("Flow:Start", "dst_endpoint.port", "dest_port"),
    ("Process:Create", "parent_process_name", "parent_exe"),  # Splunk's CIM
    ("Registry:Add", "registry_key_name", "key"),
    ("Process:Create", "ProcessCommandLine", "command_line"),  # Sentinel and Defender
    ("Flow:Start", "RemoteIP", "dest_ip"),
    ("Flow:Start", "DstPortNumber", "dest_port"),
    ("Process:Create", "cmdline", "command_line"),  # osquery
    ("Process:Create", "SYSCALL.exe", "image_path"),  # auditd
    ("Thread:Remote_Create", "target_pid", "tgt_pid"),  # CASCADE
    ("Process:Create", "user_name", "user"),
    ("Module:Load", "Signed", "signature_valid"),
    ("Process:Create", "ComputerName", "hostname"),
]

ELSEWHERE = [
    ("Process:Create", "TargetObject", "`search Registry` has `key`"),
    ("Process:Create", "EventCode", "`search Event` has `event_code`"),
    ("File:Create", "DestinationPort", "`search Flow` has `dest_port`"),
]

CLASSES = [
    ("process_creation", "Process:Create"),
    ("ProcessCreate", "Process:Create"),
    ("Network:Connection", "Flow:Start"),
    ("network_connection", "Flow:Start"),
    ("create_remote_thread", "Thread:Remote_Create"),
    ("image_load", "Module:Load"),
    ("DeviceRegistryEvents", "Registry"),
    ("Process:Start", "create"),
    ("registry:write_value", "value_edit"),
    ("File:Rename", "modify"),
]


@pytest.mark.parametrize(("searched", "name", "field"), FIELDS)
def test_a_name_of_a_sensor_leads_to_the_field_of_the_stream(searched: str, name: str, field: str) -> None:
    (fault,) = carlang.check(f"p = search {searched}\nf = filter p where ({name} exists)\noutput f\n")
    assert (fault.code.name, fault.repair.edits[0].text if fault.repair else "") == ("CL201", field)
    assert not fault.repair or not fault.repair.certain


@pytest.mark.parametrize(("searched", "name", "note"), ELSEWHERE)
def test_a_name_of_a_sensor_leads_to_the_class_that_has_it(searched: str, name: str, note: str) -> None:
    (fault,) = carlang.check(f"p = search {searched}\nf = filter p where ({name} exists)\noutput f\n")
    assert fault.repair is None
    assert any(note in each for each in fault.notes), fault.notes


@pytest.mark.parametrize(("name", "here"), CLASSES)
def test_a_class_of_events_of_elsewhere_leads_to_the_one_here(name: str, here: str) -> None:
    (fault,) = carlang.check(f"p = search {name}\nf = filter p where (hostname exists)\noutput f\n")
    assert fault.repair
    assert fault.repair.edits[0].text == here


def test_a_text_is_suggested_where_a_text_makes_sense_alone() -> None:
    behind, before = (carlang.check(f"search Process | filter {c}")[0] for c in ("exe == zzzzz", "zzzzz == 3"))
    assert "in quotes" in behind.label
    assert before.label == ""


def test_the_tables_lead_to_fields_and_classes_that_there_are() -> None:
    model = builtin_model()
    for table in _tables():
        for owner, fields in table.items():
            known = model.field_types if owner == "any" else model.objects[owner].fields
            assert set(fields.values()) <= set(known), owner
    for searched in _classes().values():
        name, _, action = searched.partition(":")
        meant = model.object(name)
        assert meant, searched
        assert not action or meant.action(action), searched
    assert event_class("nothing of the kind") is None


def test_the_table_of_sensors_is_that_of_their_mappings() -> None:
    spec = importlib.util.spec_from_file_location("generate_names", REPOSITORY / "docs" / "generate_names.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert Path(script.TABLE).read_text("utf-8") == script.page(builtin_sensors(builtin_model())), (
        "run `python docs/generate_names.py`"
    )
