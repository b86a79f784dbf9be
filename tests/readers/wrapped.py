"""Ways in which a log of lines is written that do not change its records."""

from __future__ import annotations

import gzip

import pytest

WRAPPED = [
    pytest.param(lambda text: text.replace("\n", "\r\n").encode(), id="CRLF"),
    pytest.param(lambda text: text.encode("utf-8-sig"), id="BOM"),
    pytest.param(lambda text: text.encode("utf-16"), id="UTF-16"),
    pytest.param(lambda text: gzip.compress(text.encode()), id="gzip"),
    pytest.param(lambda text: text.rstrip().encode(), id="without the last newline"),
]
