"""The built-in model holds CAR's data model, whole and typed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from carlang.model import Kind, Type, builtin_model

CAR_OBJECTS = (
    "authentication",
    "driver",
    "email",
    "file",
    "flow",
    "http",
    "module",
    "process",
    "registry",
    "service",
    "socket",
    "thread",
    "user_session",
)


EXTENSIONS = {
    "account",
    "agent",
    "clipboard",
    "detection",
    "disk",
    "dns",
    "event",
    "handle",
    "pipe",
    "privilege",
    "script",
    "share",
    "system",
    "task",
    "transfer",
    "wmi",
}


def test_every_object_action_and_field_of_car_is_in_the_model(real_corpus: Path) -> None:
    model = builtin_model()
    files = sorted((real_corpus / "car" / "data_model").glob("*.yaml"))
    assert len(files) == 13
    for file in files:
        facts = yaml.safe_load(file.read_text(encoding="utf-8"))
        known = model.objects[file.stem]
        assert known.title == facts["name"]
        assert model.object(facts["name"]) is known
        own = [action.name for action in known.actions if not action.extension]
        assert own == [action["name"] for action in facts["actions"]]
        assert {field["name"] for field in facts["fields"]} <= set(known.fields)


def test_what_is_not_cars_is_marked_as_an_extension(real_corpus: Path) -> None:
    facts = {
        file.stem: {field["name"] for field in yaml.safe_load(file.read_text(encoding="utf-8"))["fields"]}
        for file in (real_corpus / "car" / "data_model").glob("*.yaml")
    }
    for known in builtin_model().objects.values():
        assert known.extension == (known.name not in facts)
        for field in known.fields.values():
            if field.name not in {"hostname", "fqdn"}:
                assert field.extension == (field.name not in facts.get(known.name, set())), (known.name, field.name)


def test_descriptions_are_not_cars(real_corpus: Path) -> None:
    for file in (real_corpus / "car" / "data_model").glob("*.yaml"):
        facts = yaml.safe_load(file.read_text(encoding="utf-8"))
        theirs = {entry["description"] for entry in (*facts["actions"], *facts["fields"])} | {facts["description"]}
        known = builtin_model().objects[file.stem]
        ours = {known.description, *(a.description for a in known.actions)}
        assert not theirs & (ours | {f.description for f in known.fields.values()})


def test_objects_stand_in_cars_order_with_extensions_behind() -> None:
    objects = builtin_model().objects
    assert tuple(objects)[: len(CAR_OBJECTS)] == CAR_OBJECTS
    assert all(known.extension == (name not in CAR_OBJECTS) for name, known in objects.items())
    assert set(objects) - set(CAR_OBJECTS) == EXTENSIONS


def test_everything_is_described() -> None:
    for known in builtin_model().objects.values():
        assert known.description
        assert all(action.description for action in known.actions)
        assert all(field.description and field.example for field in known.fields.values())


def test_a_field_name_has_one_type() -> None:
    model = builtin_model()
    for known in model.objects.values():
        for field in known.fields.values():
            assert field.type == model.field_types[field.name]


def test_every_object_has_the_common_fields_behind_its_own() -> None:
    model = builtin_model()
    common = ["time", "hostname", "fqdn", "object", "action", "sensor", "source", "record_id", "extra"]
    assert list(model.common) == common
    for known in model.objects.values():
        assert list(known.fields)[-len(common) :] == common


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("image_path", Kind.PATH),
        ("key", Kind.PATH),
        ("start_module", Kind.PATH),
        ("exe", Kind.NAME),
        ("start_module_name", Kind.NAME),
        ("pid", Kind.INTEGER),
        ("tgt_tid", Kind.INTEGER),
        ("in_bytes", Kind.INTEGER),
        ("response_status_code", Kind.INTEGER),
        ("attachment_size", Kind.INTEGER),
        ("local_port", Kind.PORT),
        ("requester_ip_address", Kind.IP),
        ("sha256_hash", Kind.HASH),
        ("parent_guid", Kind.GUID),
        ("signature_valid", Kind.BOOLEAN),
        ("previous_creation_time", Kind.TIME),
        ("time", Kind.TIME),
        ("proto_info", Kind.RECORD),
        ("event_data", Kind.RECORD),
        ("command_line", Kind.STRING),
        ("uid", Kind.STRING),
    ],
)
def test_fields_have_their_kinds(field: str, kind: Kind) -> None:
    assert builtin_model().field_types[field] == Type(kind)


def test_ports_addresses_hashes_and_guids_are_typed_throughout() -> None:
    endings = {"_port": Kind.PORT, "_ip": Kind.IP, "_hash": Kind.HASH, "guid": Kind.GUID, "pid": Kind.INTEGER}
    for name, type_ in builtin_model().field_types.items():
        for ending, kind in endings.items():
            if name.endswith(ending):
                assert type_.kind is kind, name


def test_integrity_levels_are_those_that_windows_writes() -> None:
    type_ = builtin_model().field_types["integrity_level"]
    assert type_.kind is Kind.ENUM
    assert {"low", "medium", "high", "system", "appcontainer"} <= set(type_.values)
