"""The parts of a correlation: a stream for each rule that it refers to, with keys of one name in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from carlang.datafile import Path as DataPath
from carlang.diagnostics import Diagnostic, nearest
from carlang.diagnostics.codes import SIGMA_FIELD, SIGMA_REFERENCE, SIGMA_UNSAID, Code
from carlang.model import Kind as TypeKind
from carlang.model.types import STRING
from carlang.sigma.collection import Collection, KnownRule, ReferenceLostError
from carlang.sigma.correlations import Correlation, Kind, read_correlation
from carlang.sigma.log_sources import Held
from carlang.sigma.overlaps import Search, apart
from carlang.sigma.programs import NOWHERE
from carlang.sigma.references import references
from carlang.sigma.rules import Detected, RefusedError
from carlang.sigma.streams import Draft, Part
from carlang.sigma.unsaid import UnsaidError
from carlang.source import Span
from carlang.syntax import ast, rewrite


@dataclass(frozen=True)
class Reached:
    """A correlation that is come to, from the one whose program is made.

    `through` is the reference to it in the own file where it stands in another one, `way` are those that lead to it.
    """

    known: KnownRule
    correlation: Correlation
    through: Span | None = None
    way: tuple[KnownRule, ...] = ()

    def span(self, path: DataPath = (), *, at_key: bool = False) -> Span:
        """Return the place of a value of it in the own file."""
        return self.through or self.known.document.span(path, at_key=at_key)

    def aliases(self, known: KnownRule, reference: str) -> dict[str, str]:
        """Return the fields of a rule by their aliases, which name it as the correlation does, or by its name or id."""
        mapping = known.document.mapping
        names = {reference, mapping.get("name"), str(mapping.get("id"))}
        every = self.correlation.aliases.items()
        return {alias: name for alias, fields in every for rule, name in fields.items() if rule in names}


@dataclass(frozen=True)
class Parts:
    """Makes the parts of correlations, as statements of a draft."""

    collection: Collection
    draft: Draft = field(default_factory=Draft)

    # ---- rules that are referred to ---------------------------------------------------------------------------------

    def reach(self, known: KnownRule, through: Span | None = None, way: tuple[KnownRule, ...] = ()) -> Reached:
        """Return a correlation that is come to; raises `RefusedError`."""
        referred = {}
        for reference in references(known.document) if known.file.pipeline else ():
            try:
                rule = self.collection.find(reference, known.file)
                referred[reference] = rule.file.detected(rule.document).rule
            except (ReferenceLostError, RefusedError):
                continue  # is said where its stream is made
        reached = Reached(known, read_correlation(known.file, known.document, referred), through, (*way, known))
        self._check_aliases(reached)
        return reached

    def _check_aliases(self, reached: Reached) -> None:
        """Raise `RefusedError` for an alias of a rule that the correlation does not refer to."""
        correlation = reached.correlation
        if not correlation.aliases:
            return
        names: set[object] = set(correlation.rules)
        for index in range(len(correlation.rules)):
            mapping = self.referred(reached, index)[0].document.mapping
            names |= {mapping.get("name"), mapping.get("id")}
        for alias, fields in correlation.aliases.items():
            for rule in fields:
                if rule not in names:
                    at = reached.span(("correlation", "aliases", alias, rule), at_key=True)
                    raise self.refused(SIGMA_REFERENCE, f"the correlation does not refer to a rule `{rule}`", at)

    def referred(self, reached: Reached, index: int) -> tuple[KnownRule, Span]:
        """Return the rule of one reference, and where the reference stands; raises `RefusedError`."""
        reference, at = reached.correlation.rules[index], reached.span(reached.correlation.paths[index])
        try:
            known = self.collection.find(reference, reached.known.file)
        except ReferenceLostError as error:
            raise self.refused(SIGMA_REFERENCE, str(error), at, error.help) from None
        if known in reached.way:
            titles = [each.title for each in (*reached.way[reached.way.index(known) :], known)]
            circle = " → ".join(f"`{title}`" for title in titles)
            raise self.refused(SIGMA_REFERENCE, f"these refer to one another in a circle: {circle}", at)
        return known, at

    def detected(self, known: KnownRule, reference: str, at: Span) -> Detected:
        """Return what a rule detects to which a correlation refers; raises `RefusedError` at the reference."""
        try:
            detected = known.file.detected(known.document)
        except RefusedError as error:
            fault = error.diagnostics[0]
            location = fault.location
            message = f"`{reference}` is refused itself: {fault.message} ({location.file}:{location.line})"
            raise self.refused(SIGMA_REFERENCE, message, at, fault.help) from None
        if product := detected.rule.logsource.product:
            self.draft.products[product] = None
        return detected

    def is_own(self, reached: Reached, known: KnownRule) -> bool:
        """Tell whether the values of a rule stand in the file whose program is made."""
        return reached.through is None and known.file is self.collection.translated

    # ---- streams ----------------------------------------------------------------------------------------------------

    def events(self, reached: Reached, search: Search, known: KnownRule, at: Span) -> Part:
        """Return the stream of what a rule, or several of one log source, find."""
        is_own = self.is_own(reached, known)
        begins = known.document.span(("detection",), at_key=True) if is_own else at
        events = self.draft.events(search.origin, begins)
        stream = self.draft.name("_or_".join(search.titles) if len(search.titles) < _MANY else "matches")
        condition = search.condition if is_own else _moved(search.condition, at)
        self.draft.assign(stream, ast.Filter(events, condition, NOWHERE), begins)
        return Part(stream, search.titles[0], search.origin.field, search.origin.names, at, search.aliases)

    def search(self, reached: Reached, index: int) -> Search:
        """Return what a rule of a correlation searches for; raises `RefusedError`."""
        reference = reached.correlation.rules[index]
        known, at = self.referred(reached, index)
        detected = self.detected(known, reference, at)
        return Search((known.title,), detected.origin, (detected.condition,), reached.aliases(known, reference))

    def events_apart(self, reached: Reached) -> list[Part]:
        """Return streams of what the rules of a correlation find, no two of which have an event in common."""
        count = len(reached.correlation.rules)
        searches = [self.search(reached, index) for index in range(count)]
        known = [self.referred(reached, index) for index in range(count)]
        try:
            joined = apart(searches)
        except UnsaidError as error:
            if reached.correlation.kind is Kind.VALUE_COUNT:  # a value counts once, however often it comes
                return [self.events(reached, each, *of) for each, of in zip(searches, known, strict=True)]
            raise self.refused(SIGMA_UNSAID, str(error), reached.span(("correlation", "rules"))) from None
        of_title = {search.titles: each for search, each in zip(searches, known, strict=True)}
        return [self.events(reached, search, *of_title[search.titles[:1]]) for search in joined]

    # ---- fields -----------------------------------------------------------------------------------------------------

    def keys(self, reached: Reached, parts: Sequence[Part]) -> tuple[ast.Name, ...]:
        """Return the fields of `group-by` under one name each, and leave out of the parts what lacks one of them."""
        columns = []
        for index, name in enumerate(reached.correlation.keys):
            place = reached.span(_key_path(reached, index))
            held = [self.held(part, name, place) for part in parts]
            columns.append(self.column(parts, held, name, place, "key"))
        for part in parts:
            # The rows of a correlation have its own keys.
            asked = [key for key in columns if key.ident not in part.keys]
            self.draft.only(part.stream, [ast.Exists(key, negated=False, span=key.span) for key in asked], part.at)
        return tuple(columns)

    def held(self, part: Part, name: str, place: Span) -> Held:
        """Return what a field of Sigma's is in a part; raises `RefusedError` where it is no single value there."""
        meant = part.aliases.get(name, name)
        here = part.field(meant)
        if isinstance(here, Held):
            return here
        if here is None:
            near = nearest(meant, part.names)
            message = f"`{meant}` is no field of the events of `{part.title}` here"
            raise self.refused(SIGMA_FIELD, message, place, f"did you mean `{near}`?" if near else None)
        message = f"`{meant}` is kept in another way here, and is no single value to compare or to count"
        raise self.refused(SIGMA_UNSAID, message, place)

    def column(self, parts: Sequence[Part], held: Sequence[Held], wanted: str, place: Span, kind: str) -> ast.Name:
        """Return the name under which all parts have a value; one is made where they do not share it."""
        held = self._of_one_type(held, wanted, place)
        first = held[0].expression
        # What is selected beside an instant cannot be called `time` as well.
        if isinstance(first, ast.Name) and first != _TIME and all(each.expression == first for each in held):
            return ast.Name(first.ident, place)
        made = {each.expression for each, part in zip(held, parts, strict=True) if part.is_alert}
        known = next(iter(made)) if len(made) == 1 else None
        column = known if isinstance(known, ast.Name) else self.draft.name(wanted, kind)
        for part, each in zip(parts, held, strict=True):
            if each.expression != column:
                self.draft.derive(part.stream, ast.Name(column.ident, place), _moved(each.expression, place), part.at)
        return ast.Name(column.ident, place)

    def _of_one_type(self, held: Sequence[Held], name: str, place: Span) -> Sequence[Held]:
        """Return values that can be compared: where some are kept as texts, numbers are taken as theirs, too."""
        if len({each.type.is_string for each in held}) == 1:
            return held
        texts = []
        for each in held:
            if each.type.is_string:
                texts.append(each)
            elif each.type.is_number or each.type.kind is TypeKind.BOOLEAN:
                call = ast.Call(ast.Name("to_string", NOWHERE), (each.expression,), distinct=False, span=NOWHERE)
                texts.append(Held(call, STRING))
            else:
                message = f"`{name}` is a text in the events of one rule and {each.type.phrase} in those of another"
                raise self.refused(SIGMA_UNSAID, message, place)
        return texts

    def refused(self, code: Code, message: str, at: Span, help_: str | None = None) -> RefusedError:
        """Return that a correlation has no program, for one reason."""
        fault = Diagnostic(code, message, self.collection.translated.source, at)
        return RefusedError(fault.with_help(help_) if help_ else fault)


_TIME = ast.Name("time", NOWHERE)
_MANY = 4
"""From how many rules on the name of their stream does not have all of their names."""


def _key_path(reached: Reached, index: int) -> DataPath:
    written = reached.known.document.mapping["correlation"].get("group-by")
    path: DataPath = ("correlation", "group-by")
    # A pipeline may have put several fields in the place of one.
    return (*path, index) if isinstance(written, list) and len(written) == len(reached.correlation.keys) else path


def _moved(expression: ast.Expr, to: Span) -> ast.Expr:
    """Return an expression whose names and values all stand at one place."""

    def at_place(node: ast.Node) -> ast.Node:
        match node:
            case ast.Name(ident):
                return ast.Name(ident, to)
            case ast.StringLit(text):
                return ast.StringLit(text, to)
            case ast.NumberLit(number):
                return ast.NumberLit(number, to)
            case ast.BoolLit(value):
                return ast.BoolLit(value, to)
            case _:
                return node

    return rewrite(expression, at_place)  # type: ignore[return-value]  # nothing but places is changed
