"""A user's model file adds objects, actions and fields; its faults are told with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from carlang.datafile import DataFileError
from carlang.model import Kind, Type, builtin_model, load_model

BADGE = """\
objects:
  badge:
    description: A badge that opens doors.
    actions:
      read: {description: The badge was held to a reader.}
    fields:
      door_name: {type: string, description: The door of the reader., aliases: [name_of_door]}
      risk: {type: enum, values: [Low, High]}
  process:
    actions:
      suspend: {description: All threads were halted., aliases: [freeze]}
    fields:
      score: {type: integer, example: 5}
common:
  tenant: {type: string}
"""


def extended(folder: Path, text: str) -> Path:
    file = folder / "ours.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(DataFileError) as raised:
        load_model([extended(folder, text)])
    return str(raised.value).removeprefix(f"{folder}/").replace(f"\n{folder}/", "\n").split("\n")


def test_without_extensions_the_built_in_model_comes_back() -> None:
    assert load_model() is builtin_model()


def test_an_extension_adds_objects_actions_and_fields(tmp_path: Path) -> None:
    model = load_model([extended(tmp_path, BADGE)])
    badge = model.objects["badge"]
    assert list(model.objects)[-1] == "badge"
    assert (badge.title, badge.extension) == ("Badge", True)
    assert badge.fields["risk"].type == Type(Kind.ENUM, ("low", "high"))
    process = model.objects["process"]
    assert not process.extension
    assert process.fields["score"].extension
    assert process.fields["score"].example == "5"
    suspend = process.action("Suspend")
    assert suspend
    assert suspend.extension
    assert model.objects["flow"].fields["tenant"].type.kind is Kind.STRING


def test_an_extension_leaves_the_built_in_model_alone(tmp_path: Path) -> None:
    load_model([extended(tmp_path, BADGE)])
    assert builtin_model().object("badge") is None
    assert builtin_model().objects["process"].field("score") is None


def test_extensions_build_on_each_other(tmp_path: Path) -> None:
    first = extended(tmp_path, BADGE)
    second = tmp_path / "more.yaml"
    second.write_text("objects: {badge: {fields: {author: {type: string}}}}", encoding="utf-8")
    assert "author" in load_model([first, second]).objects["badge"].fields


def test_an_empty_file_adds_nothing(tmp_path: Path) -> None:
    assert load_model([extended(tmp_path, "# nothing yet")]).objects == builtin_model().objects


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"none\.yaml:1:1: cannot be read: No such file"):
        load_model([tmp_path / "none.yaml"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "objects: {process: {fields: {score: {type: intger}}}}",
            "ours.yaml:1:44: `objects.process.fields.score.type`: there is no type `intger`; did you mean `integer`?",
            id="unknown type",
        ),
        pytest.param(
            "objects: {process: {fields: {score: {}}}}",
            "ours.yaml:1:37: `objects.process.fields.score`: the key `type` is missing",
            id="no type",
        ),
        pytest.param(
            "objects: {process: {feilds: {}}}",
            "ours.yaml:1:21: `objects.process.feilds`: unknown key",
            id="unknown key",
        ),
        pytest.param(
            "objects: {process: {fields: {score: {type: enum}}}}",
            "ours.yaml:1:37: `objects.process.fields.score`: an enumeration, and nothing else, lists its `values`",
            id="enumeration without values",
        ),
        pytest.param(
            "objects:\n  process:\n    fields:\n      exe: {type: name}",
            "ours.yaml:4:7: `objects.process.fields.exe`: there is a field of this name already",
            id="field twice",
        ),
        pytest.param(
            "objects: {process: {fields: {hostname: {type: string}}}}",
            "ours.yaml:1:30: `objects.process.fields.hostname`: "
            "a field of this name belongs to all objects, and one to a single object",
            id="common field again",
        ),
        pytest.param(
            "common: {exe: {type: name}}",
            "ours.yaml:1:10: `common.exe`: a field of this name belongs to all objects, and one to a single object",
            id="own field as common",
        ),
        pytest.param(
            "objects: {process: {fields: {dest_port: {type: string}}}}",
            "ours.yaml:1:48: `objects.process.fields.dest_port.type`: "
            "a field name has one type in all objects, and on `authentication` this one is: port",
            id="second type",
        ),
        pytest.param(
            "objects: {process: {fields: {score: {type: float, aliases: [image]}}}}",
            "ours.yaml:1:61: `objects.process.fields.score.aliases.0`: "
            "on `process`, `image` cannot mean both `score` and `image_path`",
            id="alias of another field",
        ),
        pytest.param(
            "objects: {process: {fields: {score: {type: float, aliases: [Exe]}}}}",
            "ours.yaml:1:61: `objects.process.fields.score.aliases.0`: "
            "on `process`, `Exe` cannot mean both `score` and `exe`",
            id="alias is a field",
        ),
        pytest.param(
            "objects: {flow: {fields: {port: {type: port}}}}",
            "ours.yaml:1:27: `objects.flow.fields.port`: on `flow`, `port` cannot mean both `dest_port` and `port`",
            id="field is an alias",
        ),
        pytest.param(
            "objects: {process: {fields: {Score: {type: float}}}}",
            "ours.yaml:1:30: `objects.process.fields.Score`: "
            "a name consists of lower-case letters, digits and single underscores between them",
            id="bad name",
        ),
        pytest.param(
            "objects: {process: {title: Program}}",
            "ours.yaml:1:21: `objects.process.title`: "
            "the object `process` exists; only actions and fields can be added to it",
            id="object changed",
        ),
        pytest.param(
            "objects: {process: {actions: {create: {}}}}",
            "ours.yaml:1:31: `objects.process.actions.create`: `process` has this action already",
            id="action twice",
        ),
        pytest.param(
            "objects: {process: {actions: {halt: {aliases: [Create]}}}}",
            "ours.yaml:1:48: `objects.process.actions.halt.aliases.0`: "
            "on `process`, `Create` already means the action `create`",
            id="alias is an action",
        ),
        pytest.param(
            "objects: {badge: {fields: {}}}",
            "ours.yaml:1:11: `objects.badge`: an object needs an action",
            id="no action",
        ),
        pytest.param(
            "objects: {usersession: {actions: {a: {}}}}",
            "ours.yaml:1:11: `objects.usersession`: `usersession` already means the object `user_session`",
            id="object in another spelling",
        ),
        pytest.param(
            "objects: {a: {actions: {b: {}}}, a: {}}", "ours.yaml:1:34: `objects.a`: the key `a` stands here twice",
            id="object twice",
        ),
        pytest.param("objects: [", "ours.yaml:1:11: not YAML: expected the node content, but found '<stream end>'",
                     id="not YAML"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    assert faults(tmp_path, text) == [expected]


def test_all_faults_of_a_file_are_told(tmp_path: Path) -> None:
    text = "objects:\n  process:\n    fields:\n      exe: {type: name}\n      Bad: {type: name}\n"
    assert [line.split(": ")[0] for line in faults(tmp_path, text)] == ["ours.yaml:4:7", "ours.yaml:5:7"]
