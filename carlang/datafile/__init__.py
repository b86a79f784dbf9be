"""YAML files of data: read with the place of every value, validated against pydantic models, faults named by place.

Plain scalars are read by YAML 1.2's core schema, cut down to what cannot surprise: `no` and `10:00` are texts, `0644`
is the number 644, and an instant or a hexadecimal number stays the text that was written, as CAR's addresses and
access rights are texts.
"""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.datafile.document import DataFile
    from carlang.datafile.reading import composed, read_builtin_yaml, read_yaml, read_yaml_file
    from carlang.datafile.validation import validate, validate_part
    from carlang.errors import DataFileError, Fault, Path
else:
    __getattr__ = hand_on(
        __name__,
        {
            "datafile.document": "DataFile",
            "datafile.reading": "composed read_builtin_yaml read_yaml read_yaml_file",
            "datafile.validation": "validate validate_part",
            "errors": "DataFileError Fault Path",
        },
    )

__all__ = [
    "DataFile",
    "DataFileError",
    "Fault",
    "Path",
    "composed",
    "read_builtin_yaml",
    "read_yaml",
    "read_yaml_file",
    "validate",
    "validate_part",
]
