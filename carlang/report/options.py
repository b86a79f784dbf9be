"""How a report is to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Options:
    """How a report is to be written: what a format has no use for, it passes over.

    `width` and `colour` are the table's; None asks the stream and the environment. `techniques` holds, by analytic,
    the techniques of those that did not run or failed: only results carry their own.
    """

    width: int | None = None
    colour: bool | None = None
    techniques: Mapping[str, Sequence[str]] = field(default_factory=dict)
