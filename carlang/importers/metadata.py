"""Read an analytic's metadata, key by key: a bad value costs its own key, never the analytic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, TypeAdapter

from carlang.datafile import DataFileError, validate_part
from carlang.datafile import Path as DataPath
from carlang.diagnostics import Diagnostic, nearest
from carlang.diagnostics.codes import BAD_METADATA, UNKNOWN_KEY, Code
from carlang.importers.analytic_file import Coverage, DataSource
from carlang.levels import LEVELS, Level
from carlang.source import Span

T = TypeVar("T")
D = TypeVar("D")
M = TypeVar("M", bound=BaseModel)

_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_LEVELS = ("Low", "Moderate", "Medium", "High")
_DOMAINS = ("Analytic", "External", "Host", "Network")

COMPARED = (
    "title",
    "submission_date",
    "update_date",
    "information_domain",
    "subtypes",
    "platforms",
    "analytic_types",
    "contributors",
    "coverage",
    "d3fend_mappings",
    "implementations",
    "references",
    "true_positives",
    "unit_tests",
)
"""The keys that an analytic shares with CAR's publication of it, and whose `changes` it may explain."""


def pattern(form: str, example: str) -> AfterValidator:
    """Return the check that a text is all of a regular expression's form."""

    def check(value: str) -> str:
        if not re.fullmatch(form, value):
            raise ValueError(f"`{value}` is not of the form {example}")
        return value

    return AfterValidator(check)


def _day(value: Any) -> Any:
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError("a date is written 2013-05-13")
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError as error:
        raise ValueError(f"there is no such day: {error}") from None


def _listed(value: Any) -> Any:
    """Let one text stand for a list, as CAR's older files have it: `platforms: Windows, Linux`."""
    if value is None:
        return []
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _level(value: str) -> str:
    for level in _LEVELS:
        if value.casefold() == level.casefold():
            return level
    raise ValueError(f"there is no coverage `{value}`; it is Low, Moderate or High")


def _domain(value: str) -> str:
    for domain in _DOMAINS:
        if value.casefold() == domain.casefold():
            return domain
    raise ValueError(f"there is no information domain `{value}`; it is {', '.join(_DOMAINS[:-1])} or {_DOMAINS[-1]}")


def _sentence(value: str) -> str:
    if not value.strip():
        raise ValueError("expected a text that says why")
    return value.strip()


Day = Annotated[date, BeforeValidator(_day)]
Technique = Annotated[str, pattern(r"T\d{4}(\.\d{3})?", "T1053 or T1053.002")]
Subtechnique = Annotated[str, pattern(r"T\d{4}\.\d{3}", "T1053.002")]
Tactic = Annotated[str, pattern(r"TA\d{4}", "TA0002")]
Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Domains = Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], BeforeValidator(_listed)]
ModelReference = Annotated[str, pattern(r"\w+(/\w+){0,2}", "process/create/exe")]
Sentence = Annotated[str, AfterValidator(_sentence)]
AnalyticId = Annotated[str, pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*", "CAR-2013-05-004, without blanks")]


class CoverageEntry(BaseModel):
    """A technique of ATT&CK in `coverage`; a sub-technique in its place stands for the technique and itself."""

    model_config = ConfigDict(frozen=True)

    technique: Technique
    subtechniques: tuple[Subtechnique, ...] = ()
    tactics: tuple[Tactic, ...] = ()
    coverage: Annotated[str, AfterValidator(_level)] = ""

    @property
    def parent(self) -> str:
        """The technique itself, also where one of its sub-techniques is written in its place."""
        return self.technique.partition(".")[0]

    def is_its_own(self, subtechnique: str) -> bool:
        """Tell whether a sub-technique is one of the entry's technique."""
        return subtechnique.startswith(f"{self.parent}.")

    def covered(self) -> Coverage:
        """Return the entry as the analytic holds it, without the sub-techniques of other techniques."""
        named = (self.technique, *self.subtechniques)
        subtechniques = tuple(dict.fromkeys(each for each in named if self.is_its_own(each)))
        return Coverage(self.parent, subtechniques, self.tactics, self.coverage)


@dataclass(frozen=True)
class Key(Generic[T]):
    """A key of the front matter that carlang reads, and the type of its value."""

    name: str
    adapter: TypeAdapter[T]


ID = Key("id", TypeAdapter[str](AnalyticId))
TITLE = Key("title", TypeAdapter(str))
DESCRIPTION = Key("description", TypeAdapter(str))
SUBMISSION_DATE = Key("submission_date", TypeAdapter[date](Day))
PLATFORMS = Key("platforms", TypeAdapter[tuple[str, ...]](Texts))
ANALYTIC_TYPES = Key("analytic_types", TypeAdapter[tuple[str, ...]](Texts))
ANALYTIC_TYPE = Key("analytic_type", TypeAdapter[tuple[str, ...]](Texts))
CONTRIBUTORS = Key("contributors", TypeAdapter[tuple[str, ...]](Texts))
REFERENCES = Key("references", TypeAdapter(tuple[str, ...]))

UPDATE_DATE = Key("update_date", TypeAdapter[date](Day))
INFORMATION_DOMAIN = Key("information_domain", TypeAdapter[tuple[str, ...]](Domains))
SUBTYPES = Key("subtypes", TypeAdapter[tuple[str, ...]](Texts))
DATA_MODEL_REFERENCES = Key("data_model_references", TypeAdapter(tuple[ModelReference, ...]))
AUTHOR = Key("author", TypeAdapter(str))
STATUS = Key("status", TypeAdapter(str))
LICENSE = Key("license", TypeAdapter(str))
TAGS = Key("tags", TypeAdapter[tuple[str, ...]](Texts))
FALSE_POSITIVES = Key("false_positives", TypeAdapter(tuple[Sentence, ...]))
CHANGES = Key("changes", TypeAdapter[Mapping[str, str]](dict[str, Sentence]))

LEVEL, LEVELS_BY_OUTPUT = "level", "levels"
"""Keys whose values are levels: the analytic's, and those of outputs that differ from it."""

CARRIED = ("layout",)
"""Keys of CAR's own files that are carried along unread."""

LISTS = (
    "coverage",
    "tests",
    "implementations",
    "d3fend_mappings",
    "unit_tests",
    "true_positives",
    "equivalent_mutants",
    "related",
)
"""Keys whose values are lists of mappings, which are read entry by entry."""

KNOWN_KEYS = frozenset(
    {key.name for key in list(globals().values()) if isinstance(key, Key)}
    | {LEVEL, LEVELS_BY_OUTPUT}
    | set(CARRIED)
    | set(LISTS)
)


@dataclass
class Reader:
    """The reading of one YAML document; `diagnostics` grows as its keys are asked for.

    `bad` and `unknown` are the codes of values that cannot be, and of keys that mean nothing.
    """

    origin: DataSource
    diagnostics: list[Diagnostic] = field(default_factory=list)
    bad: Code = BAD_METADATA
    unknown: Code = UNKNOWN_KEY

    @property
    def mapping(self) -> Mapping[str, Any]:
        """The document's keys and values; empty where it is not a mapping."""
        data = self.origin.data.data
        return data if isinstance(data, dict) else {}

    def check_keys(self) -> None:
        """Warn of keys that mean nothing here."""
        data = self.origin.data.data
        if data is not None and not isinstance(data, dict):
            self.report("expected keys and values", ())
        self.check_known(self.mapping, KNOWN_KEYS, ())

    def check_known(self, data: Mapping[str, Any], known: frozenset[str], path: DataPath) -> None:
        """Warn of keys of a mapping that are none of `known`."""
        for key in data:
            if key in known:
                continue
            meant = nearest(str(key), [each for each in known if each not in data])
            span = self.origin.span((*path, key), at_key=True)
            fault = Diagnostic(self.unknown, f"unknown key `{key}`", self.origin.source, span)
            if meant:
                fault = fault.with_label(f"did you mean `{meant}`?").repaired_by(meant, certain=False)
            self.diagnostics.append(fault)

    def get(self, key: Key[T], default: D) -> T | D:
        """Return the value of a key, or `default` where it is absent or bad."""
        if self.mapping.get(key.name) is None:
            return default
        value = self.part(key.adapter, self.mapping[key.name], (key.name,))
        return default if value is None else value

    def part(self, adapter: TypeAdapter[T], value: Any, path: DataPath) -> T | None:
        """Return a part of the document as the adapter's type, or None where it is bad."""
        try:
            return validate_part(adapter, self.origin.data, path, value)
        except DataFileError as error:
            for fault in error.faults:
                span = self.origin.fault_span(fault)
                self.diagnostics.append(Diagnostic(self.bad, fault.message, self.origin.source, span))
            return None

    def items(self, value: Any, entry: type[BaseModel], path: DataPath) -> Iterator[tuple[DataPath, dict[str, Any]]]:
        """Yield the mappings of a list with their paths, without their unknown keys; what is none is reported."""
        if value is not None and not isinstance(value, list):
            self.report("expected a list", path)
            return
        known = frozenset(entry.model_fields)
        for index, item in enumerate(value or []):
            item_path = (*path, index)
            if isinstance(item, dict):
                self.check_known(item, known, item_path)
                yield item_path, {key: part for key, part in item.items() if key in known}
            else:
                self.report("expected keys and values", item_path)

    def sound(self, key: str, entry: type[M]) -> Iterator[tuple[DataPath, M]]:
        """Yield the entries of a list of mappings that are sound, with their paths."""
        adapter = TypeAdapter(entry)
        for path, item in self.items(self.mapping.get(key), entry, (key,)):
            if read := self.part(adapter, item, path):
                yield path, read

    def level(self) -> Level | None:
        """Return the analytic's level, None where it names none or a bad one."""
        value = self.mapping.get(LEVEL)
        return None if value is None else self._level(value, (LEVEL,))

    def levels(self) -> dict[str, Level]:
        """Return the levels of outputs that have one of their own, by the outputs' names."""
        value = self.mapping.get(LEVELS_BY_OUTPUT)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.report("expected outputs and their levels", (LEVELS_BY_OUTPUT,))
            return {}
        read = {str(output): self._level(text, (LEVELS_BY_OUTPUT, output)) for output, text in value.items()}
        return {output: level for output, level in read.items() if level is not None}

    def level_places(self) -> dict[str, Span]:
        """Return where the outputs stand that have a level of their own."""
        value = self.mapping.get(LEVELS_BY_OUTPUT)
        names = value if isinstance(value, dict) else {}
        return {str(name): self.origin.span((LEVELS_BY_OUTPUT, name), at_key=True) for name in names}

    def _level(self, value: Any, path: DataPath) -> Level | None:
        """Return the level that a value names; one that is none is reported, with the level that comes nearest."""
        level = Level.of(value) if isinstance(value, str) else None
        if level is None:
            named = f"{', '.join(LEVELS[:-1])} or {LEVELS[-1]}"
            fault = Diagnostic(
                BAD_METADATA, f"there is no level `{value}`; it is {named}", self.origin.source, self.origin.span(path)
            )
            if meant := nearest(str(value), LEVELS):
                fault = fault.with_label(f"did you mean `{meant}`?").repaired_by(meant, certain=False)
            self.diagnostics.append(fault)
        return level

    def coverage(self) -> tuple[Coverage, ...]:
        """Return the entries of `coverage` that are sound; a sub-technique of another technique is reported."""
        entries = list(self.sound("coverage", CoverageEntry))
        for path, entry in entries:
            for index, subtechnique in enumerate(entry.subtechniques):
                if not entry.is_its_own(subtechnique):
                    self._misplaced(path, entry, index)
        return tuple(entry.covered() for _, entry in entries)

    def _misplaced(self, path: DataPath, entry: CoverageEntry, index: int) -> None:
        """Report a sub-technique of another technique than the one that it stands under."""
        subtechnique = entry.subtechniques[index]
        other = subtechnique.partition(".")[0]
        message = f"`{subtechnique}` is a sub-technique of `{other}`, not of `{entry.parent}`"
        span = self.origin.span((*path, "subtechniques", index))
        fault = Diagnostic(BAD_METADATA, message, self.origin.source, span)
        fault = fault.pointing_to(self.origin.span((*path, "technique")), "listed under this technique")
        # Where all of the list are of one technique, it is the one name above them that is wrong.
        if all(each.startswith(f"{other}.") for each in entry.subtechniques):
            fault = fault.repaired_by(other, self.origin.span((*path, "technique")), certain=False)
            fault = fault.with_help(f"the technique of all that is listed here is `{other}`")
        else:
            entry_of_its_own = f"- {{technique: {other}, subtechniques: [{subtechnique}]}}"
            fault = fault.with_help(f"give it an entry of its own: `{entry_of_its_own}`")
        self.diagnostics.append(fault)

    def report(self, message: str, path: DataPath) -> None:
        """Note a bad value."""
        span = self.origin.span(path)
        self.diagnostics.append(Diagnostic(self.bad, message, self.origin.source, span))
