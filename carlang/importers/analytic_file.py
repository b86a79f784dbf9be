"""What an analytic is once its file has been read: metadata, programs, tests, and what is wrong with the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from carlang.datafile import DataFile, Fault
from carlang.datafile import Path as DataPath
from carlang.diagnostics import Diagnostic
from carlang.importers.series import Place
from carlang.levels import Level
from carlang.source import Source, Span

CAR_ID = re.compile(r"CAR-\d{4}-\d{2}-\d{3}")
"""The form of the ids that CAR gives."""


class Form(Enum):
    """The form of an analytic file."""

    CAR = "car"
    MARKDOWN = "markdown"
    YAML = "yaml"
    SIGMA = "sigma"


@dataclass(frozen=True, slots=True)
class Coverage:
    """A technique of ATT&CK that the analytic covers, its tactics, and how well: `Low`, `Moderate`, `High`."""

    technique: str
    subtechniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    level: str = ""

    @property
    def techniques(self) -> tuple[str, ...]:
        """The subtechniques where there are any, else the technique."""
        return self.subtechniques or (self.technique,)


@dataclass(frozen=True, slots=True)
class D3fendMapping:
    """A technique of D3FEND that the analytic is an instance of: `D3-PSA`, `d3f:ProcessSpawnAnalysis`, its name."""

    id: str
    iri: str
    label: str


@dataclass(frozen=True, slots=True)
class UnitTest:
    """A test that CAR describes in words, and the names of the analytic's own tests that stand for it here."""

    description: str = ""
    configurations: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TruePositive:
    """A record that CAR publishes as one that must be found: where it comes from, and the names of its files."""

    source: str
    description: str = ""
    event_snippet: str = ""
    full_event: str = ""


@dataclass(frozen=True, slots=True)
class Implementation:
    """The same analytic in another language, by name: its `type` (`Splunk`), its name, the data model it is for."""

    type: str
    name: str = ""
    data_model: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """Another analytic that has to do with this one: its id, and how, such as `derived` or `obsolete`."""

    id: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class EquivalentMutant:
    """A change of the program that means the same, as the analytic names it: `change` within `part` of its text."""

    part: str
    change: str
    reason: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class DataSource:
    """A YAML document within a file: what its values are and where they stand.

    `source` spans the whole file, and the document begins at its offset `start`.
    """

    data: DataFile
    source: Source
    start: int = 0

    def span(self, path: DataPath, *, at_key: bool = False) -> Span:
        """Return the place of the value at `path`, or of its key, in `source`."""
        return self.fault_span(self.data.fault("", path, at_key=at_key))

    def fault_span(self, fault: Fault) -> Span:
        """Return the place of a fault in `source`."""
        return Span(fault.start + self.start, fault.end + self.start)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """What a test expects of an output of which it says no more than how many rows it has: these, or more."""

    rows: int


Expected = int | AtLeast | tuple[Mapping[str, Any], ...]
"""What a test expects of an output: how many rows, or the rows, each with the fields that matter."""


@dataclass(frozen=True)
class Case:
    """A test that an analytic carries, as data: events or a log file, and what the program must make of them.

    `events` are mappings of field to value that name their `object` and `action`; `log` is a raw log, its path
    relative to the file that names it. `expect` says what each output has to give. `params` and `now` are those of the
    run. Values are as written, instants as text. `analytic` is what a test of exclusions runs, which stands in no file
    of an analytic.
    """

    name: str
    events: tuple[Mapping[str, Any], ...] = ()
    log: str | None = None
    expect: Mapping[str, Expected] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    now: str | None = None
    description: str = ""
    analytic: str = ""
    origin: DataSource | None = field(default=None, compare=False, repr=False)
    path: DataPath = field(default=(), compare=False, repr=False)
    places: tuple[Place, ...] = field(default=(), compare=False, repr=False)
    row_places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict, compare=False, repr=False)

    def rows(self, output: str) -> int:
        """Return how many rows a test expects of an output, at the least."""
        match self.expect.get(output, ()):
            case AtLeast(rows) | int(rows):
                return rows
            case rows_expected:
                return len(rows_expected)

    def span(self, *path: str | int, at_key: bool = False) -> Span | None:
        """Return the place in `origin.source` of a part of the test: `span("events", 0, "exe")`; alone, of the test."""
        match path:
            case "events", int(index), *rest if index < len(self.places):
                way = self.places[index].way(rest, at_key=at_key)
            case "expect", str(output), int(index), *rest if index < len(self.row_places.get(output, ())):
                way = self.row_places[output][index].way(rest, at_key=at_key)
            case _:
                way = (*self.path, *path)
        return self.origin.span(way, at_key=at_key) if self.origin else None


@dataclass(frozen=True)
class AnalyticFile:
    """An analytic as its file gives it.

    `sources` holds its programs, one as a rule, and `labels` a name for each, empty where the file has none.
    `diagnostics` tells of faults in the file around the programs, not in them. `false_positives` names what is known
    to match and is benign, each with its reason; `level` is how much a hit matters, `levels` are those of outputs that
    differ from it. `changes` says of what differs from CAR's publication why it does, by key. `equivalent_mutants`
    are changes of the program that no test can notice. `rules` are the analytics of a file of several Sigma rules, each
    by itself; none where all of its rules are parts of correlations in other files, None for a file of one analytic.
    """

    id: str
    file: str
    form: Form
    title: str = ""
    description: str = ""
    submission_date: date | None = None
    platforms: tuple[str, ...] = ()
    analytic_types: tuple[str, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    contributors: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    update_date: date | None = None
    information_domain: tuple[str, ...] = ()
    subtypes: tuple[str, ...] = ()
    data_model_references: tuple[str, ...] = ()
    d3fend_mappings: tuple[D3fendMapping, ...] = ()
    unit_tests: tuple[UnitTest, ...] = ()
    true_positives: tuple[TruePositive, ...] = ()
    implementations: tuple[Implementation, ...] = ()
    false_positives: tuple[str, ...] = ()
    level: Level | None = None
    levels: Mapping[str, Level] = field(default_factory=dict)
    level_places: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)
    author: str = ""
    status: str = ""
    license: str = ""
    tags: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    equivalent_mutants: tuple[EquivalentMutant, ...] = ()
    changes: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    labels: tuple[str, ...] = ()
    tests: tuple[Case, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    rules: tuple[AnalyticFile, ...] | None = field(default=None, repr=False)

    @property
    def each(self) -> tuple[AnalyticFile, ...]:
        """The analytics of the file: itself, or the rules of a file of several."""
        return (self,) if self.rules is None else self.rules

    @property
    def techniques(self) -> tuple[str, ...]:
        """The ids of the techniques covered, subtechniques in place of their technique where the file names them."""
        return tuple(dict.fromkeys(t for entry in self.coverage for t in entry.techniques))

    def level_of(self, output: str) -> Level | None:
        """Return the level of an output: its own, else the analytic's, None where the file names neither."""
        return self.levels.get(output, self.level)

    @property
    def tactics(self) -> tuple[str, ...]:
        """The ids of the tactics covered."""
        return tuple(dict.fromkeys(t for entry in self.coverage for t in entry.tactics))
