"""Bytes into records: files and archives are told by their content and read record by record."""

from carlang.readers.containers import read_member
from carlang.readers.records import Fault, Member, Records

__all__ = ["Fault", "Member", "Records", "read_member"]
