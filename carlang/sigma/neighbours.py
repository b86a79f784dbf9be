"""What other files have to do with one of rules: a class by itself, so that asking for it loads nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from carlang.source import Source


@dataclass(frozen=True)
class Neighbours:
    """What other files have to do with one.

    `files` are those whose rules its correlations refer to, and what these refer to in turn: the program of a
    correlation is made of its own file and these, and of nothing else. `referred` are the ids and names of rules of
    which correlations of other files are made, and which therefore have no output of their own.
    """

    files: tuple[Source, ...] = ()
    referred: frozenset[str] = frozenset()
