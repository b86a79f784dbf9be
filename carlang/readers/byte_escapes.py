r"""Bytes that a log writes as `\xNN`, read back: macros for the engines of readers."""

from __future__ import annotations

# One character after the other, so that bytes that are no UTF-8 cost themselves alone: they stay as they were written.
BYTES_DECODED = r"""
    CREATE TEMP MACRO bytes_decoded(digits) AS coalesce(TRY(decode(unhex(digits))), array_to_string(list_transform(
      regexp_extract_all(digits,
        '[0-7].|(?:C[2-9A-F]|D.)[89AB].|E.[89AB].[89AB].|F[0-4][89AB].[89AB].[89AB].|..'),
      lambda t: coalesce(TRY(decode(unhex(t))), '\x' || lower(t))), ''))
"""
"""Needs no other: `bytes_decoded(digits)` is the text whose bytes are written in hexadecimal digits, upper case."""
