"""YAML files of data: read with the place of every value, validated against pydantic models, faults named by place.

Plain scalars are read by YAML 1.2's core schema, cut down to what cannot surprise: `no` and `10:00` are texts, `0644`
is the number 644, and an instant or a hexadecimal number stays the text that was written, as CAR's addresses and
access rights are texts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from yaml.composer import ComposerError
from yaml.reader import Reader

from carlang.errors import DataFileError, Fault, Path
from carlang.source import line_starts

__all__ = [
    "DataFile",
    "DataFileError",
    "Fault",
    "Path",
    "read_builtin_yaml",
    "read_yaml",
    "read_yaml_file",
    "validate",
    "validate_part",
]

ModelT = TypeVar("ModelT", bound=BaseModel)
PartT = TypeVar("PartT")


@dataclass(frozen=True)
class DataFile:
    """A YAML document: its data as plain Python values and the syntax tree that knows their places."""

    name: str
    text: str
    data: Any
    root: yaml.Node | None
    first_line: int = 1

    def node(self, path: Path) -> yaml.Node | None:
        """Return the syntax node of the value at `path`, or of the nearest value around it."""
        node = self.root
        for part in path:
            inner = _child(node, part)
            if inner is None:
                break
            node = inner
        return node

    def key_node(self, path: Path) -> yaml.Node | None:
        """Return the syntax node of the mapping key that `path` ends in, or None."""
        parent = self.node(path[:-1])
        if path and isinstance(parent, yaml.MappingNode):
            for key, _ in parent.value:
                if key.value == str(path[-1]):
                    return key  # type: ignore[no-any-return]  # the stubs leave a mapping's pairs untyped
        return None

    def fault(self, message: str, path: Path = (), kind: str = "", *, at_key: bool = False) -> Fault:
        """Describe a fault of the value at `path` (or of its key), with its place."""
        node = (self.key_node(path) if at_key else None) or self.node(path)
        if node is None:
            return Fault(message, path, self.first_line, 1, 0, 0, kind)
        start, end = node.start_mark, node.end_mark.index
        if not isinstance(node, yaml.ScalarNode):  # a block's mark stands behind the lines that follow it
            end = start.index + len(self.text[start.index : end].rstrip())
        return Fault(message, path, start.line + self.first_line, start.column + 1, start.index, end, kind)


def _child(node: yaml.Node | None, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value  # type: ignore[no-any-return]  # the stubs leave a mapping's pairs untyped
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]  # type: ignore[no-any-return]  # the stubs leave a sequence's items untyped
    return None


_SURROGATE = re.compile("[\\ud800-\\udfff]")


# PyYAML reads YAML 1.1, in which `no` is false, `10:00` is 600 and `0644` is octal. A safe loader builds plain values
# alone: a tag such as `!!python/object` is a fault.
class _CoreSchemaLoader(yaml.SafeLoader):
    """A safe loader that gives plain scalars the types of YAML 1.2's core schema, without hexadecimal and octal."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  # the class attribute is PyYAML's own way to set them

    def compose_scalar_node(self, anchor: dict[Any, yaml.Node]) -> yaml.ScalarNode:
        """Compose a scalar with the pairs of escapes, as JSON has them in its texts, made one character each."""
        node = super().compose_scalar_node(anchor)
        if _SURROGATE.search(node.value):
            try:
                node.value = node.value.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
            except UnicodeDecodeError as error:
                raise ComposerError(
                    None, None, "half a pair of escapes stands for no character", node.start_mark
                ) from error
        return node


# libyaml, which most builds of PyYAML bring, parses ten times as fast. It takes and refuses other texts than PyYAML
# and words its errors differently, so it reads what is known to be right alone.
_FastLoader: type[yaml.SafeLoader | yaml.CSafeLoader] = _CoreSchemaLoader
if yaml.__with_libyaml__:

    class _LibyamlLoader(yaml.CSafeLoader):
        yaml_implicit_resolvers = {}  # noqa: RUF012  # as above

    _FastLoader = _LibyamlLoader


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    for _loader in {_CoreSchemaLoader, _FastLoader}:
        _loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def _decimal(loader: yaml.SafeLoader | yaml.CSafeLoader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


def _float(loader: yaml.SafeLoader | yaml.CSafeLoader, node: yaml.ScalarNode) -> float:
    return float(loader.construct_scalar(node))


for _loader in {_CoreSchemaLoader, _FastLoader}:
    _loader.add_constructor("tag:yaml.org,2002:int", _decimal)
    _loader.add_constructor("tag:yaml.org,2002:float", _float)


def read_yaml_file(path: FilePath, name: str | None = None) -> DataFile:
    """Read and parse a YAML file; raises `DataFileError` where it cannot be read, is not UTF-8 or not YAML."""
    shown = str(path) if name is None else name
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            # To read a FIFO or a device may wait for ever, or never end.
            raise DataFileError(shown, [Fault("cannot be read: no regular file", (), 1, 1, 0, 0, "unreadable")])
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        fault = Fault(f"cannot be read: {error.strerror or error}", (), 1, 1, 0, 0, "unreadable")
        raise DataFileError(shown, [fault]) from error
    except UnicodeDecodeError as error:
        fault = Fault(f"not UTF-8 text: byte {error.start + 1} cannot be read", (), 1, 1, 0, 0, "encoding")
        raise DataFileError(shown, [fault]) from error
    return read_yaml(shown, text)


def read_yaml(name: str, text: str, first_line: int = 1) -> DataFile:
    """Parse a YAML document; `first_line` is the line of the surrounding file on which `text` begins.

    Raises `DataFileError` where the text is not YAML or a mapping has a key twice.
    """
    # PyYAML's own error for such a character has no mark, so it is looked for first.
    if stray := Reader.NON_PRINTABLE.search(text):
        message = f"not YAML: the character U+{ord(stray.group()):04X} may not stand in it"
        raise DataFileError(name, [_fault_at(text, stray.start(), message, first_line)])
    loader = _CoreSchemaLoader(text)
    try:
        root = loader.get_single_node()
        data = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column, index = (mark.line, mark.column, mark.index) if mark else (0, 0, 0)
        message = f"not YAML: {error.problem or error.context or 'unreadable'}"
        raise DataFileError(name, [Fault(message, (), line + first_line, column + 1, index, index, "yaml")]) from error
    except (yaml.YAMLError, ValueError) as error:
        raise DataFileError(name, [Fault(f"not YAML: {error}", (), first_line, 1, 0, 0, "yaml")]) from error
    except (LookupError, AttributeError, TypeError) as error:  # PyYAML's, of a value that its own tag does not fit
        raise DataFileError(name, [Fault("a value does not fit its tag", (), first_line, 1, 0, 0, "yaml")]) from error
    except RecursionError as error:
        raise DataFileError(name, [Fault("nested too deeply", (), first_line, 1, 0, 0, "yaml")]) from error
    finally:
        loader.dispose()  # it refers to itself, and would keep the text until a collection of garbage
    document = DataFile(name, text, data, root, first_line)
    if twice := _repeated_keys(document, root, (), set()):
        raise DataFileError(name, twice)
    return document


def read_builtin_yaml(name: str, text: str, first_line: int = 1) -> DataFile:
    """Parse a YAML document that ships with the package, and is known to be right, as fast as can be.

    Where somebody has edited it, and it is not YAML any more, it is read and refused as any other.
    """
    loader = _FastLoader(text)
    try:
        root = loader.get_single_node()
        return DataFile(name, text, loader.construct_document(root), root, first_line)
    except yaml.YAMLError:
        return read_yaml(name, text, first_line)
    finally:
        loader.dispose()


def _fault_at(text: str, index: int, message: str, first_line: int) -> Fault:
    starts = line_starts(text)
    line = bisect_right(starts, index) - 1
    return Fault(message, (), line + first_line, index - starts[line] + 1, index, index + 1, "yaml")


def _repeated_keys(document: DataFile, node: yaml.Node | None, path: Path, walked: set[int]) -> list[Fault]:
    """Find keys that stand twice in a mapping; `walked` keeps a node with many aliases from being walked many times."""
    faults: list[Fault] = []
    if node is None or id(node) in walked:
        return faults
    walked.add(id(node))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            mark = key.start_mark
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                where = (mark.line + document.first_line, mark.column + 1, mark.index, key.end_mark.index)
                faults.append(Fault(f"the key `{key.value}` stands here twice", (*path, key.value), *where, "repeated"))
            seen.add(key.value)
            faults += _repeated_keys(document, value, (*path, key.value), walked)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            faults += _repeated_keys(document, item, (*path, index), walked)
    return faults


def validate(schema: type[ModelT], document: DataFile) -> ModelT:
    """Return the document's data as an instance of `schema`; raises `DataFileError` with every fault and its place."""
    try:
        return schema.model_validate(document.data)
    except ValidationError as error:
        raise DataFileError(document.name, [_pydantic_fault(document, e) for e in error.errors()]) from error


def validate_part(adapter: TypeAdapter[PartT], document: DataFile, path: Path, value: Any) -> PartT:
    """Return `value`, which stands at `path` in the document, as the adapter's type.

    Raises `DataFileError` with every fault and its place.
    """
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        faults = [_pydantic_fault(document, details, path) for details in error.errors()]
        raise DataFileError(document.name, faults) from error


_MESSAGES = {
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "dict_type": "expected keys and values",
    "extra_forbidden": "unknown key",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "list_type": "expected a list",
    "model_type": "expected keys and values",
    "string_type": "expected a text",
    "tuple_type": "expected a list",
}


def _pydantic_fault(document: DataFile, details: Any, within: Path = ()) -> Fault:
    path: Path = (*within, *details["loc"])
    kind = details["type"]
    message = _MESSAGES.get(kind) or details["msg"].removeprefix("Value error, ")
    if kind == "missing":
        message = f"the key `{path[-1]}` is missing"
        path = path[:-1]
    return document.fault(message, path, kind, at_key=kind == "extra_forbidden")
