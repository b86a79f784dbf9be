"""YAML files of data: read with the place of every value, validated against pydantic models, faults named by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from carlang.errors import CarlangError

Path = tuple[str | int, ...]
"""The way to a value: keys of mappings and indices of sequences, from the outermost."""

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a value of a data file; line and column count from 1, offsets are into its text."""

    message: str
    path: Path
    line: int
    column: int
    start: int
    end: int
    kind: str = ""


class DataFileError(CarlangError):
    """A data file cannot be read or breaks its schema; `faults` holds everything found, in the file's order."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        self.name = name
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{name}:{f.line}:{f.column}: {_described(f)}" for f in faults))


def _described(fault: Fault) -> str:
    way = ".".join(str(part) for part in fault.path)
    return f"`{way}`: {fault.message}" if way else fault.message


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
        start, end = node.start_mark, node.end_mark
        return Fault(message, path, start.line + self.first_line, start.column + 1, start.index, end.index, kind)


def _child(node: yaml.Node | None, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value  # type: ignore[no-any-return]  # the stubs leave a mapping's pairs untyped
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]  # type: ignore[no-any-return]  # the stubs leave a sequence's items untyped
    return None


def read_yaml(name: str, text: str, first_line: int = 1) -> DataFile:
    """Parse a YAML document; `first_line` is the line of the surrounding file on which `text` begins.

    Raises `DataFileError` where the text is not YAML or a mapping has a key twice.
    """
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        data = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column, index = (mark.line, mark.column, mark.index) if mark else (0, 0, 0)
        message = f"not YAML: {error.problem or error.context or 'unreadable'}"
        raise DataFileError(name, [Fault(message, (), line + first_line, column + 1, index, index, "yaml")]) from error
    except yaml.YAMLError as error:
        raise DataFileError(name, [Fault(f"not YAML: {error}", (), first_line, 1, 0, 0, "yaml")]) from error
    finally:
        loader.dispose()
    document = DataFile(name, text, data, root, first_line)
    if twice := _repeated_keys(document, root, ()):
        raise DataFileError(name, twice)
    return document


def _repeated_keys(document: DataFile, node: yaml.Node | None, path: Path) -> list[Fault]:
    faults: list[Fault] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            mark = key.start_mark
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                where = (mark.line + document.first_line, mark.column + 1, mark.index, key.end_mark.index)
                faults.append(Fault(f"the key `{key.value}` stands here twice", (*path, key.value), *where, "repeated"))
            seen.add(key.value)
            faults += _repeated_keys(document, value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            faults += _repeated_keys(document, item, (*path, index))
    return faults


def validate(schema: type[ModelT], document: DataFile) -> ModelT:
    """Return the document's data as an instance of `schema`; raises `DataFileError` with every fault and its place."""
    try:
        return schema.model_validate(document.data)
    except ValidationError as error:
        faults = [_pydantic_fault(document, details) for details in error.errors()]
        raise DataFileError(document.name, sorted(faults, key=lambda f: (f.line, f.column))) from error


def _pydantic_fault(document: DataFile, details: Any) -> Fault:
    path: Path = tuple(details["loc"])
    kind = details["type"]
    message = details["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        message = "unknown key"
    elif kind == "missing":
        message = f"the key `{path[-1]}` is missing"
        path = path[:-1]
    return document.fault(message, path, kind, at_key=kind == "extra_forbidden")
