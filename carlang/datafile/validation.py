"""Data of YAML files as what a schema says it is, faults named by place."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from carlang.datafile.document import DataFile
from carlang.errors import DataFileError, Fault, Path

ModelT = TypeVar("ModelT", bound=BaseModel)
PartT = TypeVar("PartT")


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
