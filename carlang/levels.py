"""How much a hit matters by what its analytic looks for: five levels, the same as Sigma's."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """A level of severity; they compare in this order. Which one an analytic has is told in docs/ranking.md."""

    # From 1, so that no level is false.
    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def text(self) -> str:
        """The level as files and commands write it: `critical`."""
        return self.name.lower()

    @classmethod
    def of(cls, text: str) -> Level | None:
        """Return the level that a text names, in any case of letters; None where there is none of the name."""
        return cls.__members__.get(text.strip().upper())


LEVELS = tuple(level.text for level in Level)
"""The names of the levels, the least first."""
UNSAID = Level.MEDIUM
"""The level of an analytic that names none: nobody has said that it is noise, nor that it is not."""
