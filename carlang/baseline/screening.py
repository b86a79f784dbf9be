"""A baseline in a run: which exclusions an output is screened by, what they took away, and which of them are amiss."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from carlang.baseline import condition_of, unusable_field
from carlang.baseline.exclusions import ANY, Baseline, Exactly, Exclusion, Value
from carlang.diagnostics import Diagnostic, nearest
from carlang.diagnostics.codes import UNKNOWN_EXCLUDED, UNKNOWN_EXCLUDED_FIELD
from carlang.model import Column
from carlang.resolve.bound import BoundExpr
from carlang.results import BaselineUse, Excluded, Unmatched
from carlang.source import Source, Span

Columns = Sequence[Column]


@dataclass(frozen=True, slots=True)
class Screen:
    """The exclusions of an output, and each as a condition on its rows."""

    exclusions: tuple[Exclusion, ...] = ()
    conditions: tuple[BoundExpr, ...] = ()


@dataclass
class Screening:
    """The use of a baseline in one run. Exclusions in review are no part of it."""

    baseline: Baseline
    _by_analytic: dict[str, list[Exclusion]] = field(default_factory=lambda: defaultdict(list))
    _taken: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    _outputs: int = 0

    def __post_init__(self) -> None:
        for exclusion in self._active():
            self._by_analytic[exclusion.analytic.casefold()].append(exclusion)

    def _active(self) -> Iterator[Exclusion]:
        return (each for each in self.baseline.exclusions if not each.review)

    def screen(self, analytic: str, output: str, columns: Columns) -> Screen:
        """Return what an output is screened by."""
        listed = [*self._by_analytic.get(analytic.casefold(), ()), *self._by_analytic.get(ANY, ())]
        tests = [(e, condition_of(e, columns)) for e in listed if e.is_for(analytic, output)]
        usable = [(exclusion, test) for exclusion, test in tests if test is not None]
        return Screen(tuple(exclusion for exclusion, _ in usable), tuple(test for _, test in usable))

    def excluded(self, screen: Screen, counts: Sequence[int]) -> tuple[Excluded, ...]:
        """Take note of how many rows of an output each of its exclusions took away, and return those that took any."""
        taken = []
        for exclusion, rows in zip(screen.exclusions, counts, strict=True):
            if rows:
                self._taken[id(exclusion)] += rows
                line = self.baseline.line(exclusion)
                taken.append(Excluded(line, fields_text(exclusion), rows, exclusion.note))
        self._outputs += bool(taken)
        return tuple(taken)

    def use(self, asked: Mapping[str, Mapping[str, Columns]]) -> BaselineUse:
        """Return what the baseline did to a run that asked for the outputs of some analytics."""
        unmatched = tuple(
            Unmatched(self.baseline.line(each), each.analytic, fields_text(each))
            for each in self._active()
            if id(each) not in self._taken and _is_asked(each, asked)
        )
        in_review = sum(1 for each in self.baseline.exclusions if each.review)
        return BaselineUse(
            self.baseline.file,
            len(self.baseline.exclusions),
            in_review,
            len(self._taken),
            self._outputs,
            sum(self._taken.values()),
            unmatched,
        )


def remarks(baseline: Baseline, asked: Mapping[str, Mapping[str, Columns]], known: Collection[str]) -> list[Diagnostic]:
    """Return what is amiss with exclusions: analytics that there are none of, outputs and fields that these lack.

    `asked` are the columns of outputs by analytic, as far as they are known; `known` are the ids of all others.
    """
    names = {each.casefold(): each for each in known} | {each.casefold(): each for each in asked}
    by_name = {each.casefold(): outputs for each, outputs in asked.items()}
    diagnostics: list[Diagnostic] = []
    source = baseline.source
    if source is None:
        return diagnostics
    for exclusion in baseline.exclusions:
        if exclusion.analytic == ANY:
            outputs = {f"{a} {o}": columns for a, listed in asked.items() for o, columns in listed.items()}
        elif exclusion.analytic.casefold() not in names:
            span = exclusion.spans["analytic"]
            diagnostics.append(_unknown(source, span, "analytic", exclusion.analytic, names.values()))
            continue
        else:
            outputs = dict(by_name.get(exclusion.analytic.casefold(), {}))
            if exclusion.output is not None and outputs:
                if exclusion.output not in outputs:
                    what = f"`{exclusion.analytic}` has no output"
                    diagnostics.append(_unknown(source, exclusion.spans["output"], what, exclusion.output, outputs))
                    continue
                outputs = {exclusion.output: outputs[exclusion.output]}
        if outputs:
            diagnostics += _field_remarks(exclusion, outputs, source)
    return diagnostics


def _unknown(source: Source, span: Span, what: str, name: str, known: Collection[str]) -> Diagnostic:
    message = f"there is no analytic `{name}`" if what == "analytic" else f"{what} `{name}`"
    fault = Diagnostic(UNKNOWN_EXCLUDED, message, source, span)
    meant = nearest(name, known)
    return fault.with_help(
        f"did you mean `{meant}`?" if meant else "it takes nothing away; remove it, or mend its name"
    )


def _field_remarks(exclusion: Exclusion, outputs: Mapping[str, Columns], source: Source) -> Iterator[Diagnostic]:
    """Yield what is amiss with fields that none of the outputs has, or not as what they are to be."""
    for name, values in exclusion.fields.items():
        columns = [c for listed in outputs.values() for c in listed if c.name.casefold() == name.casefold()]
        span = exclusion.spans[f"fields.{name}"]
        if not columns:
            fault = Diagnostic(UNKNOWN_EXCLUDED_FIELD, f"no output that it is for has a column `{name}`", source, span)
            meant = nearest(name, {column.name for listed in outputs.values() for column in listed})
            yield fault.with_label(f"did you mean `{meant}`?") if meant else fault
            continue
        reasons = [unusable_field(column, values) for column in columns]
        if all(reasons):
            yield Diagnostic(UNKNOWN_EXCLUDED_FIELD, str(reasons[0]), source, span)


def _is_asked(exclusion: Exclusion, asked: Mapping[str, Mapping[str, Columns]]) -> bool:
    return any(exclusion.is_for(analytic, output) for analytic, outputs in asked.items() for output in outputs)


def fields_text(exclusion: Exclusion) -> str:
    """Return what an exclusion says of fields in a line: `parent_exe cmd.exe, exe at.exe`."""
    return ", ".join(f"{name} {' | '.join(map(_shown, values))}" for name, values in exclusion.fields.items())


def _shown(value: Value) -> str:
    match value:
        case None:
            return "missing"
        case bool():
            return str(value).lower()
        case Exactly(text):
            return f"exactly {text}"
        case _:
            return str(value)
