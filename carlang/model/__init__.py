"""CAR's data model: objects, actions, typed fields."""

from carlang.model.load import builtin_model, load_model
from carlang.model.schema import Action, Class, Field, Model, Object, Tie
from carlang.model.types import (
    BOOLEAN,
    DURATION,
    FLOAT,
    INTEGER,
    NULL,
    NUMBER_KINDS,
    STRING,
    STRING_KINDS,
    TIME,
    Column,
    Kind,
    Type,
)

__all__ = [
    "BOOLEAN",
    "DURATION",
    "FLOAT",
    "INTEGER",
    "NULL",
    "NUMBER_KINDS",
    "STRING",
    "STRING_KINDS",
    "TIME",
    "Action",
    "Class",
    "Column",
    "Field",
    "Kind",
    "Model",
    "Object",
    "Tie",
    "Type",
    "builtin_model",
    "load_model",
]
