"""Read the entries of lists: CAR's own, of D3FEND, tests in words, true positives and other programs; and mutants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, model_validator

from carlang.diagnostics import nearest
from carlang.importers.analytic_file import (
    Case,
    D3fendMapping,
    EquivalentMutant,
    Implementation,
    Related,
    TruePositive,
    UnitTest,
)
from carlang.importers.markdown import PROGRAM
from carlang.importers.metadata import CHANGES, COMPARED, Reader, Sentence, Texts, pattern

LANGUAGES = ("DNIF", "EQL", "Elastic", "LogPoint", "Sigma", "Splunk")
"""The languages of CAR's other implementations, as their makers spell them; CAR has `splunk` as well."""


class D3fendEntry(BaseModel):
    """A technique of D3FEND in `d3fend_mappings`; its label is its name in D3FEND's ontology with blanks in it."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[str, pattern(r"D3-[A-Z0-9]+", "D3-PSA")]
    iri: Annotated[str, pattern(r"d3f:[\w-]+", "d3f:ProcessSpawnAnalysis")]
    label: str

    @model_validator(mode="after")
    def _one_technique(self) -> D3fendEntry:
        if self.label.replace(" ", "").casefold() != self.iri.removeprefix("d3f:").casefold():
            raise ValueError(f"`{self.label}` is not the label of `{self.iri}`")
        return self


class RelatedEntry(BaseModel):
    """Another analytic in `related`."""

    model_config = ConfigDict(frozen=True)

    id: str
    type: str = ""


class UnitTestEntry(BaseModel):
    """A test in words in `unit_tests`."""

    model_config = ConfigDict(frozen=True)

    description: str = ""
    configurations: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    tests: Texts = ()


class TruePositiveEntry(BaseModel):
    """A published record in `true_positives`."""

    model_config = ConfigDict(frozen=True)

    source: str
    description: str = ""
    event_snippet: str = ""
    full_event: str = ""


class ImplementationEntry(BaseModel):
    """A program in any language in `implementations`; code and prose stay where they are published."""

    model_config = ConfigDict(frozen=True)

    type: str = ""
    name: str = ""
    data_model: str = ""
    description: str = ""
    code: str = ""


class EquivalentMutantEntry(BaseModel):
    """A change of the program that means the same in `equivalent_mutants`."""

    model_config = ConfigDict(frozen=True)

    part: str
    change: str
    reason: Sentence


def d3fend_mappings(reader: Reader) -> tuple[D3fendMapping, ...]:
    """Return the sound entries of `d3fend_mappings`."""
    return tuple(D3fendMapping(e.id, e.iri, e.label) for _, e in reader.sound("d3fend_mappings", D3fendEntry))


def related(reader: Reader) -> tuple[Related, ...]:
    """Return the other analytics that the reader's document names."""
    return tuple(Related(entry.id, entry.type) for _, entry in reader.sound("related", RelatedEntry))


def unit_tests(reader: Reader, cases: Sequence[Case]) -> tuple[UnitTest, ...]:
    """Return the sound entries of `unit_tests`; what they name as the analytic's own tests has to be among `cases`."""
    names = [case.name for case in cases]
    read = []
    for path, entry in reader.sound("unit_tests", UnitTestEntry):
        for index, name in enumerate(entry.tests):
            if name not in names:
                meant = nearest(name, names)
                hint = f"; did you mean `{meant}`?" if meant else ""
                reader.report(f"the analytic has no test `{name}`{hint}", (*path, "tests", index))
        read.append(UnitTest(entry.description, entry.configurations, entry.commands, entry.tests))
    return tuple(read)


def true_positives(reader: Reader) -> tuple[TruePositive, ...]:
    """Return the sound entries of `true_positives`."""
    return tuple(
        TruePositive(e.source, e.description, e.event_snippet, e.full_event)
        for _, e in reader.sound("true_positives", TruePositiveEntry)
    )


def equivalent_mutants(reader: Reader) -> tuple[EquivalentMutant, ...]:
    """Return the sound entries of `equivalent_mutants`."""
    return tuple(
        EquivalentMutant(entry.part, entry.change, entry.reason, reader.origin.span(path))
        for path, entry in reader.sound("equivalent_mutants", EquivalentMutantEntry)
    )


def changes(reader: Reader) -> Mapping[str, str]:
    """Return why the analytic differs from CAR's publication of it, by the key that does."""
    reasons = reader.get(CHANGES, {})
    reader.check_known(reasons, frozenset(COMPARED), (CHANGES.name,))
    return reasons


def other_implementations(reader: Reader) -> tuple[Implementation, ...]:
    """Return the entries of `implementations` in other languages than CAR's pseudocode."""
    return tuple(
        Implementation(_language(entry.type), entry.name, entry.data_model)
        for _, entry in reader.sound("implementations", ImplementationEntry)
        if entry.type.strip() and not PROGRAM.fullmatch(entry.type.strip())
    )


def _language(type_: str) -> str:
    known = {language.casefold(): language for language in LANGUAGES}
    return known.get(type_.strip().casefold(), type_.strip())
