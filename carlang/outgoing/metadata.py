"""What is known of an analytic, by the keys of a Sigma rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid5

from carlang.importers import AnalyticFile
from carlang.importers.attack import TACTICS

_RULES = UUID("5d0f1f4e-6f0b-5b0e-9a53-1f3c0c6b7a11")
"""The namespace of the rules' ids: a rule has the same one whenever it is written."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LONGEST_TITLE = 256
"""How many characters Sigma gives a title."""


def head(known: AnalyticFile, part: str, *, alone: bool) -> dict[str, Any]:
    """Return what stands before a rule's detection; `part` says which rule of the analytic it is."""
    # An id that is one of Sigma's stays the rule's; who has it twice would have two rules for one.
    id_ = known.id.lower() if alone and _UUID.fullmatch(known.id) else str(uuid5(_RULES, f"{known.id}/{part}"))
    title = known.title or known.id
    return {
        "title": (title if alone else f"{title}: {', '.join(part.split('/'))}")[:_LONGEST_TITLE],
        "id": id_,
        "status": known.status or ("test" if known.tests else "experimental"),
        "description": known.description,
        "references": list(known.references),
        "author": known.author or ", ".join(known.contributors),
        "date": known.submission_date and known.submission_date.isoformat(),
        "modified": known.update_date and known.update_date.isoformat(),
        "license": known.license,
        "tags": list(known.tags or _tags(known)),
    }


def tail(known: AnalyticFile, output: str) -> dict[str, Any]:
    """Return what stands behind a rule's detection."""
    level = known.level_of(output)
    return {"falsepositives": list(known.false_positives), "level": level.text if level else None}


def _tags(known: AnalyticFile) -> Iterator[str]:
    """Yield ATT&CK's tactics and techniques as rules have them: `attack.execution`, `attack.t1053.002`."""
    for tactic in known.tactics:
        if name := TACTICS.get(tactic):
            yield f"attack.{name.casefold().replace(' ', '-')}"
    for technique in known.techniques:
        yield f"attack.{technique.casefold()}"
