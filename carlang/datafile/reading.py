"""Read YAML: what is known to be right as fast as can be, anything else with every fault at its place."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from yaml.reader import Reader

from carlang.datafile.document import DataFile
from carlang.errors import DataFileError, Fault, Path
from carlang.source import line_starts

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
    document = DataFile.with_root(name, text, data, first_line, root)
    if twice := _repeated_keys(document, root, (), set()):
        raise DataFileError(name, twice)
    return document


def read_builtin_yaml(name: str, text: str, first_line: int = 1) -> DataFile:
    """Parse a YAML document that ships with the package, and is known to be right, as fast as can be.

    Where somebody has edited it, and it is not YAML any more, it is read and refused as any other.
    """
    if _FastLoader is _CoreSchemaLoader:
        return read_yaml(name, text, first_line)
    loader = _FastLoader(text)
    try:
        return DataFile(name, text, _Plain(loader).document(), first_line, builtin=True)
    except (yaml.YAMLError, _NotPlainError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return read_yaml(name, text, first_line)
    finally:
        loader.dispose()


def composed(document: DataFile) -> yaml.Node | None:
    """Return the syntax tree of a document that has been read before."""
    loader = (_FastLoader if document.builtin else _CoreSchemaLoader)(document.text)
    try:
        root = loader.get_single_node()
        if root is not None:
            loader.construct_document(root)  # which puts merged keys into the nodes of their mappings
        return root
    finally:
        loader.dispose()


class _NotPlainError(Exception):
    """A document has something that stands for no plain value by itself: a tag, a merge of a list."""


_VALUES: Mapping[str, Callable[[str], Any]] = {
    "bool": lambda text: text.casefold() == "true",
    "int": int,
    "float": float,
    "null": lambda _: None,
}


class _Plain:
    """Makes the data of a document from libyaml's events, without a node and two marks for each value.

    Composed and constructed, the catalogue's front matter takes 230 ms, half of it in collections of garbage that look
    through the nodes; so it takes 54.
    """

    def __init__(self, loader: yaml.SafeLoader | yaml.CSafeLoader) -> None:
        self._next: Callable[[], Any] = loader.get_event
        self._resolvers: Mapping[str, Any] = loader.yaml_implicit_resolvers
        self._anchors: dict[str, Any] = {}

    def document(self) -> Any:
        self._pass(StreamStartEvent)
        self._pass(DocumentStartEvent)
        data = self._value(self._next())
        self._pass(DocumentEndEvent)
        self._pass(StreamEndEvent)
        return data

    def _pass(self, kind: type) -> None:
        if type(self._next()) is not kind:
            raise _NotPlainError  # no document, or more than one

    def _value(self, event: Any) -> Any:
        kind = type(event)
        if kind is AliasEvent:
            return self._anchors[event.anchor]
        value: Any
        if kind is ScalarEvent:
            value = self._scalar(event)
        elif event.tag is not None:
            raise _NotPlainError
        elif kind is MappingStartEvent:
            value = self._mapping()
        else:
            value = []
            while type(item := self._next()) is not SequenceEndEvent:
                value.append(self._value(item))
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _mapping(self) -> dict[Any, Any]:
        own: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        while type(key := self._next()) is not MappingEndEvent:
            if type(key) is ScalarEvent and key.value == "<<" and key.implicit[0]:
                other = self._value(self._next())
                if type(other) is not dict:
                    raise _NotPlainError
                merged.update(other)
            else:
                own[self._value(key)] = self._value(self._next())
        return {**merged, **own} if merged else own

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.tag is not None:
            raise _NotPlainError
        if event.implicit[0]:  # without quotes
            for tag, pattern in self._resolvers.get(text[:1], ()):
                if pattern.match(text):
                    read = _VALUES.get(tag.rpartition(":")[2])
                    if read is None:
                        raise _NotPlainError
                    return read(text)
        return text


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
