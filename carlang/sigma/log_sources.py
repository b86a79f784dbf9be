"""Which events are of a log source of Sigma's, and what fills the fields of its rules: `log_sources.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from carlang.datafile import read_builtin_yaml, validate
from carlang.foreign import foreign_fields
from carlang.model import builtin_model
from carlang.model.types import STRING, Type
from carlang.source import Source, Span
from carlang.syntax import ast, parse, rewrite

_NOWHERE = Span(0, 0)


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    values: Mapping[str, str]


class _Hashes(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    hashes: Mapping[str, str]


class _Either(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    either: tuple[str, ...]


class _Part(BaseModel):
    """A column that is a part of a member: how rules that are written of programs ask for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["base_name", "extension", "number"]
    member: str
    when: Mapping[str, str] = {}


class _Elements(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    elements: str


class _Any(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    any: tuple[str, ...]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    category: str | None = None
    service: str | tuple[str, ...] | None = None
    product: str | tuple[str, ...] | None = None
    search: str = "Event:Log"
    where: str | None = None
    of_product: Mapping[str, str] = {}
    channels: tuple[str, ...] = ()
    event_ids: Mapping[str, str] = {}
    unfilled: tuple[str, ...] = ()
    records: bool = False
    fields: Mapping[str, str | _Values | _Hashes | _Either | _Elements | _Any | None] = {}
    sensor: str = "sysmon"
    shared: bool = False
    parts: Mapping[str, _Part] = {}

    @property
    def products(self) -> tuple[str, ...]:
        """The products whose events it has; none is any."""
        return (self.product,) if isinstance(self.product, str) else self.product or ()

    @property
    def services(self) -> tuple[str | None, ...]:
        """The services of the rules that it is for; one that has none has None."""
        return self.service if isinstance(self.service, tuple) else (self.service,)

    def fits(self, category: str | None, product: str | None, service: str | None) -> bool:
        """Tell whether a rule's log source is this one; a rule that names no product is for all."""
        is_of_product = not self.products or product in self.products or (product is None and category is not None)
        return self.category == category and service in self.services and is_of_product


class _Table(BaseModel):
    # What else stands at the margin is what entries refer to.
    model_config = ConfigDict(extra="ignore", frozen=True)

    sources: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A field that an expression holds as the sensor wrote it. `is_record` says that the whole record is kept."""

    expression: ast.Expr
    type: Type
    is_record: bool = False


@dataclass(frozen=True, slots=True)
class ByValue:
    """A field of few values, each of which is a condition here."""

    conditions: Mapping[str, ast.Expr]


@dataclass(frozen=True, slots=True)
class ByAlgorithm:
    """A list of hashes, `MD5=…,SHA256=…`, each of which has a field here."""

    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Texts each of which rules mean by one name, the shortest first; each is the end of the next."""

    texts: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of texts, held as JSON."""

    list: Held


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Texts of which one has to be what a rule compares the field with."""

    texts: tuple[Held, ...]


FieldHere = Held | ByValue | ByAlgorithm | OneOf | ListOf | AnyOf


@dataclass(frozen=True, eq=False)
class LogSource:
    """A log source: the classes of its events, what narrows them down, and its fields; equal to itself alone."""

    entry: _Entry
    product: str | None = None
    service: str | None = None

    @cached_property
    def classes(self) -> tuple[ast.EventClass, ...]:
        """The classes to search."""
        match _value(f"search {self.entry.search}"):
            case ast.Search(classes):
                return tuple(map(_without_places, classes))
            case other:
                raise TypeError(other)

    @property
    def channels(self) -> tuple[str, ...]:
        """The logs that its records are kept of, by their names; none where it is of a class, or of all logs."""
        return tuple(channel.replace("{service}", self.service or "") for channel in self.entry.channels)

    @cached_property
    def narrowed(self) -> ast.Expr | None:
        """The condition that leaves out what is of other sources, None where nothing is."""
        if self.channels:
            literals = tuple(ast.StringLit(channel, _NOWHERE) for channel in self.channels)
            log = ast.Name("log_name", _NOWHERE)
            if len(literals) == 1:
                return ast.Comparison((log, literals[0]), ("==",), _NOWHERE)
            return ast.In(log, ast.ListLit(literals, _NOWHERE), negated=False, span=_NOWHERE)
        conditions = [self.entry.where, self.entry.of_product.get(self.product or "")]
        texts = [f"({text})" for text in conditions if text]
        return condition(" and ".join(texts)) if texts else None

    @cached_property
    def object(self) -> str:
        """The object that its events are of."""
        return self.classes[0].object.ident.casefold()

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """The actions of its events; all of the object's where none is named."""
        searched = builtin_model().object(self.object)
        known = tuple(action.name for action in searched.actions) if searched else ()
        return tuple(action.ident.casefold() for action in self.classes[0].actions) or known

    @property
    def is_class(self) -> bool:
        """Whether it is all events of one object and some actions, whoever tells of them."""
        return len(self.classes) == 1 and self.narrowed is None and self.entry.category is not None

    @property
    def is_unnamed(self) -> bool:
        """Whether it has neither category nor service: all that a product logs."""
        return self.entry.category is None and self.entry.service is None

    def field(self, name: str) -> FieldHere | None:
        """Return what a rule's field is here, or None where nothing holds it."""
        if name in self.entry.fields:
            named = self.entry.fields[name]
            match named:
                case str():
                    return self._held(named)
                case _Values(values=values):
                    return ByValue({value: condition(text) for value, text in values.items()})
                case _Hashes(hashes=hashes):
                    return ByAlgorithm(hashes)
                case _Either(either=texts):
                    return OneOf(tuple(map(self._held, texts)))
                case _Any(any=texts):
                    return AnyOf(tuple(map(self._held, texts)))
                case _Elements(elements=text):
                    return ListOf(self._held(text))
                case None:
                    return None
        if self.entry.records:
            return Held(_member("event_data", name), STRING, is_record=True)
        if name in self.entry.unfilled:
            return Held(_member("extra", name), STRING)
        if name in ("EventID", "EventId") and self.entry.event_ids:
            return self._held(_by_sensor(self.entry.event_ids))
        known = self._fields
        field = next((f for f in foreign_fields((self.object,), name) if f in known), name.casefold())
        return self._held(field) if field in known else None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names that rules may have for its fields, for suggestions."""
        named = [name for name, field in self.entry.fields.items() if field is not None]
        return (*named, *(name.title().replace("_", "") for name in self._fields))

    @cached_property
    def _fields(self) -> Mapping[str, Type]:
        searched = builtin_model().object(self.object)
        return {name: field.type for name, field in searched.fields.items()} if searched else {}

    def _held(self, text: str) -> Held:
        expression = _expression(text)
        match expression:
            case ast.Name(name):
                return Held(expression, self._fields.get(name, STRING))
            case ast.Member(_, ast.Name(name)):  # of the process behind the event
                return Held(expression, builtin_model().field_types.get(name, STRING))
            case _:
                return Held(expression, STRING)


def log_source(category: str | None, product: str | None, service: str | None) -> LogSource | None:
    """Return the log source of a rule, or None where nothing here is of it."""
    fitting = (number for number, entry in enumerate(_entries()) if entry.fits(category, product, service))
    number = next(fitting, None)
    return None if number is None else _source(number, product, service)


@cache
def log_sources() -> tuple[LogSource, ...]:
    """Return all log sources, in the order of the table; behind each, those of its products that narrow it down."""
    variants = (
        _source(number, product, service)
        for number, entry in enumerate(_entries())
        for service in entry.services
        for product in (None, *(product for product in entry.products if product in entry.of_product))
    )
    return tuple(variants)


@cache
def _source(number: int, product: str | None, service: str | None) -> LogSource:
    """Return the log source of an entry, by its number; what it works out once is for all rules of its kind."""
    return LogSource(_entries()[number], product, service)


@cache
def _entries() -> tuple[_Entry, ...]:
    text = files("carlang.sigma").joinpath("log_sources.yaml").read_text(encoding="utf-8")
    return validate(_Table, read_builtin_yaml("log_sources.yaml", text)).sources


def _member(record: str, name: str) -> ast.Member:
    return ast.Member(ast.Name(record, _NOWHERE), ast.Name(name, _NOWHERE), _NOWHERE)


def _by_sensor(texts: Mapping[str, str]) -> str:
    """Return the expression that is another text for each sensor."""
    return "".join(f'if (sensor == "{sensor}") then "{text}" else ' for sensor, text in texts.items()) + "null"


@cache
def condition(text: str) -> ast.Expr:
    """Return the condition that a text of the table is."""
    match _value(f"filter events where ({text})"):
        case ast.Filter(_, expression):
            return _without_places(expression)
        case other:
            raise TypeError(other)


@cache
def _expression(text: str) -> ast.Expr:
    match condition(f"({text}) exists"):
        case ast.Exists(expression):
            return expression
        case other:
            raise TypeError(other)


N = TypeVar("N", bound=ast.Node)


def _without_places(part: N) -> N:
    """Return a part of the table whose names and texts stand nowhere: they get the places of the rule's."""

    def nowhere(node: ast.Node) -> ast.Node:
        return replace(node, span=_NOWHERE) if isinstance(node, ast.Name | ast.StringLit) else node

    return rewrite(part, nowhere)  # type: ignore[return-value]  # of each node nothing but its place is changed


def _value(text: str) -> ast.Value:
    """Return what a piece of program is; the table ships with the package, and is known to be right."""
    (statement,) = parse(Source.whole("log_sources.yaml", f"events = {text}")).program.statements
    match statement:
        case ast.AssignStmt(_, value):
            return value
        case other:
            raise TypeError(other)
