"""A program in the making: its statements and names, and the streams that a correlation is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from carlang.model import builtin_model
from carlang.model.functions import CALL_NAMES
from carlang.sigma.chains import all_of
from carlang.sigma.log_sources import FieldHere, LogSource
from carlang.sigma.programs import NOWHERE, Placed
from carlang.source import Span
from carlang.syntax import ast
from carlang.syntax.dialects import KEYWORDS

_NO_WORD = re.compile(r"[^A-Za-z0-9]+")
_MORE_WORDS = (
    *("any", "as", "asc", "between", "desc", "distinct", "does", "else", "events", "false", "if", "includes", "no"),
    *("now", "null", "of", "on", "process", "then", "true", "with", "children", "descendants", "ancestors"),
)


def name_of(text: str) -> str:
    """Return a text as a name of a program."""
    words = _NO_WORD.sub("_", text).strip("_")
    return words if words and not words[0].isdigit() else f"rule_{words}".rstrip("_")


@dataclass(frozen=True)
class Part:
    """A stream of what a rule finds, as one of a correlation's.

    `field` says what a field of Sigma's is in it, `names` are the fields that it has, for suggestions, `aliases` what
    the correlation calls some of them. `at` is the reference to the rule. The rows of one that `is_alert` are no
    events, but the instants at which a correlation holds; `keys` are those of its columns that are never missing.
    """

    stream: ast.Name
    title: str
    field: Callable[[str], FieldHere | None]
    names: tuple[str, ...]
    at: Span
    aliases: Mapping[str, str]
    is_alert: bool = False
    keys: frozenset[str] = frozenset()


@dataclass
class Draft:
    """A program in the making; `products` are those of the rules that it is made of, in their order."""

    statements: list[Placed] = field(default_factory=list)
    products: dict[str, None] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=lambda: {"hits"})
    _searches: list[tuple[ast.Search, ast.Name]] = field(default_factory=list)

    def name(self, wanted: str, kind: str = "rule") -> ast.Name:
        """Return a name that nothing else in the program has, as much like a text as can be.

        `kind` is added where the text means something else already.
        """
        base = name_of(wanted)
        if base.casefold() in _reserved():
            base = f"{base}_{kind}"
        name, number = base, 2
        # Names of columns are compared without case.
        while name.casefold() in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name.casefold())
        return ast.Name(name, NOWHERE)

    def assign(self, target: ast.Name, value: ast.Value, part: Span) -> ast.Name:
        """Give a value a name."""
        self.statements.append((ast.AssignStmt(target, value, NOWHERE), part))
        return target

    def derive(self, stream: ast.Name, column: ast.Name, value: ast.Expr, part: Span) -> None:
        """Give a stream a field."""
        self.statements.append((ast.FieldStmt(stream, column, value, NOWHERE), part))

    def only(self, stream: ast.Name, conditions: Sequence[ast.Expr], part: Span) -> None:
        """Leave in a stream what all of some conditions hold for."""
        if conditions:
            self.assign(stream, ast.Filter(stream, all_of(conditions), NOWHERE), part)

    def events(self, origin: LogSource, part: Span) -> ast.Name:
        """Return the stream of the events of a log source, which is searched for once."""
        search = ast.Search(origin.classes, origin.narrowed, (), NOWHERE)
        for known, name in self._searches:
            if known == search:
                return name
        name = ast.Name("events" if not self._searches else f"events_{len(self._searches) + 1}", NOWHERE)
        self._searches.append((search, name))
        return self.assign(name, search, part)


def _reserved() -> set[str]:
    """Return the names that mean something else where a name of a stream or a column may stand."""
    model = builtin_model()
    return {*model.field_types, *map(str.casefold, CALL_NAMES), *KEYWORDS, *_MORE_WORDS}
