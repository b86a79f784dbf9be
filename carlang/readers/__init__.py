"""Bytes into records: files and archives are told by their content and read record by record."""

from carlang.readers.containers import read_log
from carlang.readers.records import LogFile, ReadFault, Records

__all__ = ["LogFile", "ReadFault", "Records", "read_log"]
