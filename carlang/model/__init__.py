"""CAR's data model: objects, actions, typed fields."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.model.assemble import assembled
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
else:
    __getattr__ = hand_on(
        __name__,
        {
            "model.assemble": "assembled",
            "model.load": "builtin_model load_model",
            "model.schema": "Action Class Field Model Object Tie",
            "model.types": "BOOLEAN DURATION FLOAT INTEGER NULL NUMBER_KINDS STRING STRING_KINDS TIME Column Kind Type",
        },
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
    "assembled",
    "builtin_model",
    "load_model",
]
