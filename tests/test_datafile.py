"""YAML data files are read with the place of everything in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

import carlang
from carlang.datafile import (
    DataFileError,
    read_builtin_yaml,
    read_yaml,
    read_yaml_file,
    validate,
    validate_part,
)


class Sensor(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    events: dict[str, int] = {}


def fault_of(text: str, first_line: int = 1) -> str:
    with pytest.raises(DataFileError) as raised:
        read_yaml("f", text, first_line)
    return str(raised.value)


def test_data_is_plain_values() -> None:
    assert read_yaml("f", "a: 1\nb: [x, 1.5, true, null, ~, '1']\n").data == {
        "a": 1,
        "b": ["x", 1.5, True, None, None, "1"],
    }


def test_an_empty_text_holds_nothing() -> None:
    assert read_yaml("f", "").data is None
    assert read_yaml("f", "# a comment").data is None


@pytest.mark.parametrize(
    "text", ["no", "NO", "on", "y", "10:00", "2013-05-13", "2013-99-99", "0x1F", "1_000", "=", "."]
)
def test_what_only_looks_like_another_type_stays_text(text: str) -> None:
    assert read_yaml("f", f"a: {text}").data == {"a": text}


@pytest.mark.parametrize(("text", "value"), [("0644", 644), ("-5", -5), ("+5", 5), ("1e3", 1000.0), (".5", 0.5)])
def test_numbers_are_decimal(text: str, value: float) -> None:
    assert read_yaml("f", f"a: {text}").data == {"a": value}


def test_a_node_knows_its_place() -> None:
    document = read_yaml("f", "name: a\nevents:\n  - {one: 1}\n")
    fault = document.fault("bad", ("events", 0, "one"))
    assert (fault.line, fault.column) == (3, 11)
    assert document.text[fault.start : fault.end] == "1"
    fault = document.fault("bad", ("events", 0, "one"), at_key=True)
    assert document.text[fault.start : fault.end] == "one"


def test_a_way_that_leads_nowhere_ends_at_the_nearest_value() -> None:
    fault = read_yaml("f", "a:\n  b: 1\n").fault("bad", ("a", "c", 3))
    assert (fault.line, fault.column) == (2, 3)


def test_an_empty_documents_faults_are_at_its_beginning() -> None:
    fault = read_yaml("f", "", 7).fault("bad", ("a",))
    assert (fault.line, fault.column) == (7, 1)


def test_lines_count_from_the_surrounding_file() -> None:
    assert fault_of("a: 1\na: 2\n", 10) == "f:11:1: `a`: the key `a` stands here twice"


def test_a_repeated_key_is_found_at_any_depth() -> None:
    assert fault_of("a:\n  - b: 1\n    b: 2\n") == "f:3:5: `a.0.b`: the key `b` stands here twice"


def test_what_is_not_yaml_is_placed() -> None:
    assert fault_of("a: [1\nb: 2").startswith("f:2:2: not YAML: ")
    assert fault_of("a: 'x").startswith("f:1:6: not YAML: ")


def test_two_documents_are_not_one() -> None:
    assert fault_of("a: 1\n---\nb: 2\n").startswith("f:2:1: not YAML: ")


def test_a_control_character_is_placed() -> None:
    assert fault_of("a: 1\nb: x\x00\n") == "f:2:5: not YAML: the character U+0000 may not stand in it"


def test_foreign_tags_build_nothing() -> None:
    assert fault_of("a: !!python/object/apply:os.system [ls]").startswith("f:1:4: not YAML: could not determine")


@pytest.mark.parametrize("text", ["!!bool x", "!!timestamp x", "!!int ''", "!!float x", "!!binary é"])
def test_a_value_that_does_not_fit_its_tag_is_a_fault(text: str) -> None:
    assert fault_of(f"a: {text}").startswith("f:1:")


def test_deep_nesting_is_a_fault_and_not_a_crash() -> None:
    assert fault_of("[" * 20_000) == "f:1:1: nested too deeply"


def test_an_endless_number_is_a_fault_and_not_a_crash() -> None:
    assert fault_of(f"a: {'9' * 5000}").startswith("f:1:1: not YAML: ")


def test_values_that_are_used_many_times_are_walked_once() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    assert len(read_yaml("f", "\n".join(lines)).data) == 60


def test_a_value_that_holds_itself_is_read() -> None:
    assert read_yaml("f", "a: &x [*x]").data["a"][0] is not None


def test_validation_returns_the_schema() -> None:
    assert validate(Sensor, read_yaml("f", "name: a\nevents: {x: 1}")) == Sensor(name="a", events={"x": 1})


def test_validation_tells_every_fault_in_the_files_order() -> None:
    with pytest.raises(DataFileError) as raised:
        validate(Sensor, read_yaml("f", "events: {x: one}\nnme: a\n"))
    assert str(raised.value).split("\n") == [
        "f:1:1: the key `name` is missing",
        "f:1:13: `events.x`: expected a whole number",
        "f:2:1: `nme`: unknown key",
    ]
    assert [fault.kind for fault in raised.value.faults] == ["missing", "int_parsing", "extra_forbidden"]


def test_a_part_is_validated_where_it_stands() -> None:
    document = read_yaml("f", "a:\n  - {n: 1}\n  - {n: x}\n")
    adapter = TypeAdapter(dict[str, int])
    assert validate_part(adapter, document, ("a", 0), document.data["a"][0]) == {"n": 1}
    with pytest.raises(DataFileError, match=r"^f:3:9: `a\.1\.n`: expected a whole number"):
        validate_part(adapter, document, ("a", 1), document.data["a"][1])


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    document = read_yaml_file(file)
    assert (document.name, document.data) == (str(file), {"a": 1})
    assert read_yaml_file(file, "shown").name == "shown"


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="cannot be read: No such file"):
        read_yaml_file(tmp_path / "none.yaml")
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"a: \xe9\n")
    with pytest.raises(DataFileError, match="not UTF-8 text: byte 4 cannot be read"):
        read_yaml_file(file)


def test_two_escapes_that_json_makes_of_a_character_are_that_character() -> None:
    assert read_yaml("f", r'{"a\ud83d\ude00": ["\ud83d\ude00"]}').data == {"a😀": ["😀"]}
    assert fault_of('a: 1\nb: "\\ud83d"') == "f:2:4: not YAML: half a pair of escapes stands for no character"


def test_a_fault_is_a_line_whatever_its_names_are() -> None:
    document = read_yaml("a\x1b[2J\nb", r'"x\u202e\n": 1')
    with pytest.raises(DataFileError) as raised:
        validate(Sensor, document)
    assert [line.isprintable() for line in str(raised.value).split("\n")] == [True, True]


def _places(node: yaml.Node | None) -> Any:
    """Return a syntax tree as tuples: kinds, values and where they stand."""
    if node is None:
        return None
    inner = node.value
    if isinstance(node, yaml.MappingNode):
        inner = [(_places(key), _places(value)) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        inner = [_places(item) for item in node.value]
    return node.tag, inner, node.start_mark.line, node.start_mark.column, node.start_mark.index


@pytest.mark.parametrize("folder", ["foreign", "mapping", "model"])
def test_files_of_the_package_are_the_same_however_they_are_parsed(folder: str) -> None:
    """They are right by the rules for all files: no key twice, no tag that a value does not fit."""
    files = sorted((Path(carlang.__file__).parent / folder).rglob("*.yaml"))
    assert files
    for file in files:
        text = file.read_text("utf-8")
        checked, fast = read_yaml(file.name, text), read_builtin_yaml(file.name, text)
        assert fast.builtin
        assert repr(fast.data) == repr(checked.data)
        assert _places(fast.root) == _places(checked.root)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: [1, -2, 0.5, .5, 1e3, 1.]}\nc: *x\n",
        "t: true\nf: FALSE\nn: ~\ne:\nq: '1'\nd: \"1\"\nno: no\noctal: 0644\nat: 10:00\n",
        "- |\n  block\n  text\n- >-\n  folded\n  text\n- plain\n  goes on\n",
        "1: a\ntrue: b\n~: c\n0.5: d\n",
        "base: &b {a: 1, d: 4}\nmore: {c: 2, <<: *b, '<<': x}\n",
        "- &a {a: 1}\n- &b {a: 2, b: 3}\n- {<<: [*a, *b]}\n- {<<: *a, <<: *b}\n",
        "a: !!str 1\n",
        "- '\u00e9\U0001f600 \\u'\n",
        "# nothing",
        "",
        "one\n",
        "{a: 1,\n b: [x, y]}",
    ],
)
def test_what_ships_has_the_values_that_any_file_has(text: str) -> None:
    checked, fast = read_yaml("f", text), read_builtin_yaml("f", text)
    assert repr(fast.data) == repr(checked.data)
    assert _places(fast.root) == _places(checked.root)


@pytest.mark.parametrize("text", ["a: [", "a: 1\n--- 2\n", "a: *b\n", "[a]: 1\n? [x]\n: 1\n", "%X\na"])
def test_what_ships_and_was_broken_by_somebody_is_refused_as_any_file(text: str) -> None:
    with pytest.raises(DataFileError) as any_file:
        read_yaml("f", text)
    with pytest.raises(DataFileError) as shipped:
        read_builtin_yaml("f", text)
    assert str(shipped.value) == str(any_file.value)
