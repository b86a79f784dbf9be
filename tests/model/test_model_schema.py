"""Names of objects, actions and fields are found whatever their case and underscores; aliases are told apart."""

from __future__ import annotations

import pytest

from carlang.model import builtin_model


@pytest.mark.parametrize("name", ["user_session", "User_Session", "UserSession", "user session", "USER-SESSION"])
def test_an_object_is_found_in_any_spelling(name: str) -> None:
    found = builtin_model().object(name)
    assert found
    assert found.name == "user_session"


def test_an_unknown_object_is_none() -> None:
    assert builtin_model().object("Badge") is None


@pytest.mark.parametrize("name", ["remote_create", "RemoteCreate", "REMOTE_CREATE", "remote create"])
def test_an_action_is_found_in_any_spelling(name: str) -> None:
    thread = builtin_model().objects["thread"]
    action = thread.action(name)
    assert action
    assert action.name == "remote_create"
    assert thread.actions_by_alias(name) == ()


def test_published_names_lead_to_the_extensions_that_hold_them() -> None:
    system = builtin_model().object("SystemLogs")
    assert system
    assert system.name == "system"
    assert [a.name for a in system.actions_by_alias("BootUp")] == ["boot"]
    task = builtin_model().object("Task")
    assert task
    assert task.action("create")
    assert task.field("task_content")


def test_an_alias_of_an_action_may_stand_for_several() -> None:
    registry = builtin_model().objects["registry"]
    assert registry.action("Edit") is None
    assert [a.name for a in registry.actions_by_alias("Edit")] == ["value_edit", "key_edit"]
    assert [a.name for a in registry.actions_by_alias("Create")] == ["add"]
    assert registry.actions_by_alias("nothing") == ()


def test_a_field_is_found_in_any_case_but_not_by_alias() -> None:
    process = builtin_model().objects["process"]
    field = process.field("Command_Line")
    assert field
    assert field.name == "command_line"
    assert process.field("CommandLine") is None
    assert process.field("Image") is None


@pytest.mark.parametrize(
    ("object_name", "alias", "name"),
    [
        ("process", "Image", "image_path"),
        ("process", "parent_image", "parent_image_path"),
        ("process", "ParentImage", "parent_image_path"),
        ("process", "ParentCommandLine", "parent_command_line"),
        ("process", "CommandLine", "command_line"),
        ("process", "process_path", "image_path"),
        ("process", "timestamp", "time"),
        ("flow", "port", "dest_port"),
        ("registry", "value_data", "data"),
        ("event", "EventCode", "event_code"),
        ("event", "EventID", "event_code"),
        ("event", "event_id", "event_code"),
        ("event", "Severity", "level"),
        ("thread", "SourceImage", "src_image_path"),
    ],
)
def test_aliases_lead_to_their_field(object_name: str, alias: str, name: str) -> None:
    field = builtin_model().objects[object_name].field_by_alias(alias)
    assert field
    assert field.name == name


def test_a_fields_own_name_is_no_alias_of_it() -> None:
    process = builtin_model().objects["process"]
    assert process.field_by_alias("command_line") is None
    assert process.field_by_alias("PID") is None


def test_what_is_not_the_same_thing_is_no_alias() -> None:
    model = builtin_model()
    assert model.objects["process"].field_by_alias("src_ip") is None
    assert model.objects["event"].field("raw") is None


def test_flow_has_the_protocol_that_published_programs_ask_for() -> None:
    field = builtin_model().objects["flow"].field("protocol")
    assert field
    assert field.extension


def test_objects_with_a_field_are_listed() -> None:
    assert [o.name for o in builtin_model().objects_with_field("tcp_flags")] == ["flow"]
