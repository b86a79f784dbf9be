"""A YAML document that has been read: its data, and the places of its values, which only a fault asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from carlang import datafile
from carlang.errors import Fault, Path

if TYPE_CHECKING:
    import yaml


@dataclass(frozen=True)
class DataFile:
    """A YAML document: its data as plain Python values, and the syntax tree that knows their places.

    A `builtin` one ships with the package, and is known to be right.
    """

    name: str
    text: str
    data: Any
    first_line: int = 1
    builtin: bool = False

    @classmethod
    def with_root(cls, name: str, text: str, data: Any, first_line: int, root: yaml.Node | None) -> DataFile:
        """Return a document whose tree is there already."""
        document = cls(name, text, data, first_line)
        vars(document)["root"] = root
        return document

    @cached_property
    def root(self) -> yaml.Node | None:
        """The syntax tree. To make it takes three times as long as the data alone, and most documents have no fault."""
        return datafile.composed(self)

    def node(self, path: Path) -> Any:
        """Return the syntax node of the value at `path`, or of the nearest value around it."""
        node = self.root
        for part in path:
            inner = _child(node, part)
            if inner is None:
                break
            node = inner
        return node

    def key_node(self, path: Path) -> Any:
        """Return the syntax node of the mapping key that `path` ends in, or None."""
        parent = self.node(path[:-1])
        if path and _kind(parent) == "mapping":
            for key, _ in parent.value:
                if key.value == str(path[-1]):
                    return key
        return None

    def fault(self, message: str, path: Path = (), kind: str = "", *, at_key: bool = False) -> Fault:
        """Describe a fault of the value at `path` (or of its key), with its place."""
        node = (self.key_node(path) if at_key else None) or self.node(path)
        if node is None:
            return Fault(message, path, self.first_line, 1, 0, 0, kind)
        start, end = node.start_mark, node.end_mark.index
        if _kind(node) != "scalar":  # a block's mark stands behind the lines that follow it
            end = start.index + len(self.text[start.index : end].rstrip())
        return Fault(message, path, start.line + self.first_line, start.column + 1, start.index, end, kind)


def _kind(node: Any) -> str:
    """Return the kind of a node, as PyYAML names it: a run that has no fault to place does not load PyYAML."""
    return "" if node is None else str(node.id)


def _child(node: Any, part: str | int) -> Any:
    if _kind(node) == "mapping":
        for key, value in node.value:
            if key.value == str(part):
                return value
    if _kind(node) == "sequence" and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    return None
