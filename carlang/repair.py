"""Programs repaired: the certain repairs of their faults, or the likely ones too, applied until there are none left.

A repair can bring faults to light that the broken text hid; so repairs are applied in rounds, each on the text that the
last one left. A round that would leave more faults than it found is taken back and its repairs are tried one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from carlang.analytic import CompiledAnalytic, checked
from carlang.diagnostics import Applicability, Diagnostic, Severity
from carlang.diagnostics.apply import apply_edits, edits_of, repairs_of
from carlang.diagnostics.codes import BAD_FRONT_MATTER
from carlang.importers import load_text
from carlang.source import Source

ROUNDS = 1000
"""How many rounds of repairs a program gets: more than any text needs whose repairs can be made together. A text whose
repairs have to be tried one by one needs a round for each, and stops here. A judgement, not measured."""

CERTAIN = frozenset({Applicability.CERTAIN})
LIKELY = frozenset({Applicability.CERTAIN, Applicability.LIKELY})

_METADATA = "CL5"
"""How the codes of what stands around programs begin."""

Check = Callable[[str], tuple[Diagnostic, ...]]
"""Gives the diagnostics of a program's text."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """A program's text as it was and with its repairs; `applied` are the faults that were repaired, round by round.

    The spans of `applied` are those of the text of their round.
    """

    source: Source
    text: str
    applied: tuple[Diagnostic, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was repaired."""
        return self.text != self.source.text


def repair_analytic(analytic: CompiledAnalytic, applicable: frozenset[Applicability] = CERTAIN) -> tuple[Repaired, ...]:
    """Return the programs of an analytic repaired, as far as repairs are certain, or with `LIKELY` as far as likely."""
    return tuple(repair_program(source, _checker(analytic, source), applicable) for source in analytic.data.sources)


def repair_metadata(analytic: CompiledAnalytic, applicable: frozenset[Applicability] = CERTAIN) -> Repaired:
    """Return the document of an analytic with what is wrong around its programs repaired: keys, and names in tests."""
    source = Source.whole(analytic.file, analytic.data.sources[0].document if analytic.data.sources else "")

    def check(text: str) -> tuple[Diagnostic, ...]:
        data = load_text(text, analytic.file, analytic.data.form)
        found = checked(replace(analytic, data=data))
        return tuple(d for d in found if d.code.name.startswith(_METADATA) and d.source.name == analytic.file)

    return repair_program(source, check, applicable)


def _checker(analytic: CompiledAnalytic, source: Source) -> Check:
    def check(text: str) -> tuple[Diagnostic, ...]:
        data = replace(analytic.data, sources=(Source.whole(source.name, text),))
        return replace(analytic, data=data).compiled[0].diagnostics

    return check


def repair_program(source: Source, check: Check, applicable: frozenset[Applicability] = CERTAIN) -> Repaired:
    """Return a program repaired; `check` finds the faults of a text."""
    text = source.text
    applied: list[Diagnostic] = []
    seen = {text}
    faults = check(text)
    for _ in range(ROUNDS):
        repaired = _round(text, faults, check, applicable)
        if repaired is None or repaired[0] in seen:
            break
        text, done, faults = repaired
        seen.add(text)
        applied += done
    return Repaired(source, text, tuple(applied))


Round = tuple[str, list[Diagnostic], tuple[Diagnostic, ...]]


def _round(text: str, faults: Sequence[Diagnostic], check: Check, applicable: frozenset[Applicability]) -> Round | None:
    """Return the text after one round, what was repaired in it and what is found then; None where nothing was."""
    repairs = repairs_of(faults, applicable)
    if not repairs:
        return None
    # All at once as a rule: only where two repairs spoil each other does each have to be judged alone.
    if all_at_once := _tried(text, faults, repairs, check):
        return all_at_once
    for repair in repairs:
        if single := _tried(text, faults, [repair], check):
            return single
    return None


def _tried(text: str, faults: Sequence[Diagnostic], repairs: list[Diagnostic], check: Check) -> Round | None:
    """Return the text with repairs applied, unless it has more faults than before."""
    repaired = apply_edits(text, edits_of(repairs))
    after = check(repaired)
    return (repaired, repairs, after) if repaired != text and _weight(after) <= _weight(faults) else None


def _weight(faults: Sequence[Diagnostic]) -> tuple[int, int]:
    """Return how many faults of syntax, YAML's too, which hide others, and how many errors there are."""
    errors = [d for d in faults if d.severity is Severity.ERROR]
    return sum(d.code.name.startswith("CL1") or d.code is BAD_FRONT_MATTER for d in errors), len(errors)
