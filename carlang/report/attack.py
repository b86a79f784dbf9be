"""ATT&CK techniques: which names are technique ids, and where each is described."""

from __future__ import annotations

import re

_TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?")


def is_technique(name: str) -> bool:
    """Tell whether a name is the id of a technique or sub-technique: `T1053`, `T1053.002`."""
    return _TECHNIQUE.fullmatch(name) is not None


def technique_url(technique: str) -> str:
    """Return the address of a technique's page."""
    return f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}/"
