"""Tell files of baselines from those of analytics, without reading them."""

from __future__ import annotations

import re
from pathlib import Path

_AT_MARGIN = re.compile(r"^exclusions[ \t]*:", re.MULTILINE)
_LARGEST = 64 * 2**20
"""As many bytes as the file of an analytic may have."""


def is_baseline(path: Path) -> bool:
    """Tell whether a file is that of a baseline: YAML with `exclusions` at its margin."""
    try:
        if path.suffix.casefold() not in {".yaml", ".yml"} or path.stat().st_size > _LARGEST or not path.is_file():
            return False
        return is_baseline_text(path.read_bytes().decode("utf-8-sig", errors="replace"))
    except OSError:
        return False


def is_baseline_text(text: str) -> bool:
    """Tell whether a text of YAML is that of a baseline."""
    return bool(_AT_MARGIN.search(text))
