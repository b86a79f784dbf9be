r"""Bytes that a log writes as hexadecimal digits, as in `\xNN`, read back: macros for the engines of readers."""

from __future__ import annotations


def bytes_decoded(name: str, unreadable: str) -> str:
    """Return the SQL that makes a macro of the text whose bytes are written in hexadecimal digits, upper case.

    Args:
        name: What the macro is called; its argument is `digits`.
        unreadable: The SQL of what stands for a byte that is no UTF-8, whose digits are `t`.
    """
    # One character after the other, so that bytes that are no UTF-8 cost themselves alone.
    return rf"""
    CREATE TEMP MACRO {name}(digits) AS coalesce(TRY(decode(unhex(digits))), array_to_string(list_transform(
      regexp_extract_all(digits,
        '[0-7].|(?:C[2-9A-F]|D.)[89AB].|E.[89AB].[89AB].|F[0-4][89AB].[89AB].[89AB].|..'),
      lambda t: coalesce(TRY(decode(unhex(t))), {unreadable})), ''))"""


BYTES_DECODED = bytes_decoded("bytes_decoded", unreadable=r"'\x' || lower(t)")
"""`bytes_decoded(digits)`, in which bytes that are no UTF-8 stay as they were written."""
