"""What other languages and sensors call things, and what they are called here: tables of data, no code a language.

`names.yaml` and `sensor_names.yaml` have names of fields, `classes.yaml` kinds of events, `forms.yaml` forms of
statements, stages and conditions, `functions.yaml` functions, `texts.yaml` wildcards in texts. The next language or
sensor is more lines in these.
"""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.foreign.names import (
        classes_elsewhere,
        event_class,
        foreign_fields,
        is_foreign_field,
        names_elsewhere,
        objects_that_call,
    )
    from carlang.foreign.tables import Form, foreign_function, foreign_wildcards, forms
else:
    __getattr__ = hand_on(
        __name__,
        {
            "foreign.names": (
                "classes_elsewhere() event_class() foreign_fields() is_foreign_field() names_elsewhere() "
                "objects_that_call()"
            ),
            "foreign.tables": "Form foreign_function() foreign_wildcards() forms()",
        },
    )

__all__ = [
    "Form",
    "classes_elsewhere",
    "event_class",
    "foreign_fields",
    "foreign_function",
    "foreign_wildcards",
    "forms",
    "is_foreign_field",
    "names_elsewhere",
    "objects_that_call",
]
