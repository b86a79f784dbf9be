"""Bytes into records: files and archives are told by their content and read record by record."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.readers.containers import read_log
    from carlang.readers.records import LogFile, ReadFault, Records
else:
    __getattr__ = hand_on(
        __name__,
        {
            "readers.containers": "read_log",
            "readers.records": "LogFile ReadFault Records",
        },
    )

__all__ = ["LogFile", "ReadFault", "Records", "read_log"]
