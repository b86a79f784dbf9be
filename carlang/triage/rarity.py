"""How rare the values of hits are in the store that they were found in: one query a class of events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from carlang.results import Term, shortened
from carlang.store import Lookup, Question, Spread, Values, class_spread, value_spreads
from carlang.triage.reading import Habit
from carlang.triage.weight import rarity_terms

_SHOWN = 60
"""How many characters of the values a term shows."""

_ONCE = Spread(1, 1, 1)
"""How common at least is what was found."""


@dataclass(frozen=True)
class Rarity:
    """The spread of classes and of values in a store."""

    classes: dict[tuple[str, str], Spread]
    values: dict[Habit, Spread]

    @classmethod
    def asked(cls, habits: Collection[Habit], lookup: Lookup) -> Rarity:
        """Ask a store how common the habits of hits are."""
        by_class: dict[tuple[str, str], dict[tuple[str, ...], set[Values]]] = defaultdict(lambda: defaultdict(set))
        for habit in habits:
            if habit.columns:
                by_class[habit.event_class][habit.columns].add(habit.values)
        classes, spreads = {}, {}
        for name, by_columns in sorted(by_class.items()):
            classes[name] = class_spread(lookup.store, name)
            questions = [
                Question(columns, tuple(sorted(values, key=lambda each: [text or "" for text in each])))
                for columns, values in sorted(by_columns.items())
            ]
            for question, answer in zip(questions, value_spreads(lookup, name, questions), strict=True):
                for values, spread in answer.items():
                    spreads[Habit(name, question.columns, values)] = spread
        return cls(classes, spreads)

    def terms(self, habits: Sequence[Habit]) -> tuple[Term, ...]:
        """Return the terms of the rarest of some habits; none where there are none."""
        every = [self._terms(habit) for habit in habits if habit.columns and habit.event_class in self.classes]
        return max(every, key=lambda terms: (sum(term.points for term in terms), terms[0].text), default=())

    def _terms(self, habit: Habit) -> tuple[Term, ...]:
        named = (f"{column} {text}" for column, text in zip(habit.columns, habit.values, strict=True) if text)
        what = ", ".join(named) or f"{'/'.join(habit.event_class)} without {', '.join(habit.columns)}"
        return rarity_terms(shortened(what, _SHOWN), self.values.get(habit, _ONCE), self.classes[habit.event_class])
