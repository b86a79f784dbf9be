"""JSON values as text that survives strict parsers, line readers and terminals."""

from __future__ import annotations

import json
import re
from typing import Any

_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False)
_COMPACT = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))

# What JSON lets stand bare although a terminal obeys it (C1 controls), a reader of lines breaks at it (U+2028), or an
# eye is deceived by it (marks that turn the direction of writing).
_BARE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def json_text(value: Any, *, compact: bool = False) -> str:
    """Return a value as JSON on one line.

    Letters of all scripts stand as they are, control characters as escapes. A lone surrogate, which UTF-8 cannot hold
    and strict parsers refuse, becomes the six letters of its escape as text.
    """
    text = (_COMPACT if compact else _ENCODER).encode(value)
    if text.isascii() and "\x7f" not in text:
        return text
    text = _BARE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return _SURROGATE.sub(lambda found: f"\\\\u{ord(found[0]):04x}", text)
