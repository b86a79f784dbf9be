"""An analytic with its programs compiled: what commands, tests of analytics and the library work on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from carlang import importers
from carlang.diagnostics import Diagnostic, has_errors, nearest
from carlang.diagnostics.codes import BAD_METADATA
from carlang.errors import CompileError
from carlang.importers import AnalyticFile
from carlang.model import Kind, Model, builtin_model
from carlang.program import CompiledProgram, compile_program
from carlang.project import Catalogue, shadowing, shipped_catalogue
from carlang.resolve import Given, given_values
from carlang.resolve.bound import BoundExpr, BoundInput, BoundOutput
from carlang.source import Source

PROGRAM = "<program>"
"""What a program that came as text is called in diagnostics."""


@dataclass(frozen=True)
class CompiledAnalytic:
    """An analytic file with its programs compiled against a model.

    A file can hold several programs; their outputs come one after another, a name that occurs again with a number
    behind it. `catalogue` is where the analytics are looked for that its programs run.
    """

    data: AnalyticFile
    model: Model
    catalogue: Catalogue = field(default_factory=shipped_catalogue, repr=False)

    @property
    def id(self) -> str:
        """The analytic's id, such as `CAR-2013-05-004`."""
        return self.data.id

    @property
    def title(self) -> str:
        """The analytic's title."""
        return self.data.title

    @property
    def techniques(self) -> tuple[str, ...]:
        """The ATT&CK techniques it covers, subtechniques in place of their technique where they are named."""
        return self.data.techniques

    @property
    def file(self) -> str:
        """The file it was read from."""
        return self.data.file

    @property
    def program(self) -> str:
        """The text of its program; of several, one after another."""
        return "\n".join(source.text for source in self.data.sources)

    @cached_property
    def compiled(self) -> tuple[CompiledProgram, ...]:
        """Its programs, parsed and resolved."""
        return tuple(compile_program(source, self.model, self.program_of, self.data.id) for source in self.data.sources)

    def program_of(self, id_: str) -> Source | None:
        """Return the program of another analytic: beside this one's file, on the search path, or in the catalogue."""
        file = Path(self.data.file)
        beside = Catalogue([file.parent], shipped=False).find(id_) if file.is_file() else None
        other = beside or self.catalogue.find(id_)
        if beside is not None and (hidden := self.catalogue.file_of(id_)) and not _same(hidden, beside.file):
            fault = shadowing(beside, hidden).diagnostics[-1]
            # What is kept of a program is asked for again, to see whether it is still the same.
            if fault not in self._shadowing:
                self._shadowing.append(fault)
        return other.sources[0] if other and other.sources else None

    @cached_property
    def _shadowing(self) -> list[Diagnostic]:
        """Warnings of analytics beside this one that it runs in the place of those that the catalogue has."""
        return []

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything found in its file and programs."""
        diagnostics = tuple(d for program in self.compiled for d in program.diagnostics)
        return (*self.data.diagnostics, *self._shadowing, *diagnostics, *self._levels_of_nothing())

    def _levels_of_nothing(self) -> Iterator[Diagnostic]:
        """Yield the faults of levels of outputs that no program has; where one has errors, nobody knows which."""
        if not self.data.levels or any(has_errors(program.diagnostics) for program in self.compiled):
            return
        names = [output.name for program in self.compiled for output in program.require().outputs]
        document = Source.whole(self.data.file, self.data.sources[0].document if self.data.sources else "")
        for name, place in self.data.level_places.items():
            if name not in names:
                fault = Diagnostic(BAD_METADATA, f"there is no output `{name}` to give a level", document, place)
                if meant := nearest(name, names):
                    fault = fault.with_label(f"did you mean `{meant}`?").repaired_by(meant, certain=False)
                yield fault

    @cached_property
    def inputs(self) -> tuple[BoundInput, ...]:
        """Its parameters; raises `CompileError` where it has errors."""
        by_name = {each.name: each for program in self.compiled for each in program.require().inputs}
        return tuple(by_name.values())

    def given(self, params: Mapping[str, Any]) -> Given:
        """Return the values of its inputs in a run; raises `ParameterError` where one lacks its value."""
        values: dict[tuple[str, Kind], BoundExpr] = {}
        for program in self.compiled:
            values.update(given_values(program.require().inputs, params))
        return values

    def outputs(self) -> list[BoundOutput]:
        """Return its outputs under the names they have in results; raises `CompileError` where it has errors."""
        if has_errors(self.diagnostics) or not self.compiled:
            raise CompileError(self.diagnostics)
        outputs: dict[str, BoundOutput] = {}
        for program in self.compiled:
            for output in program.require().outputs:
                name, number = output.name, 2
                while name in outputs:
                    name, number = f"{output.name}_{number}", number + 1
                outputs[name] = BoundOutput(name, output.stream)
        return list(outputs.values())

    def sql(
        self, dialect: str = "duckdb", now: datetime | None = None, params: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        """Return the SQL of each output by name; `now`, UTC, is the clock's where None.

        Raises `CompileError` where it has errors, `ParameterError` where an input lacks its value.
        """
        moment = now or datetime.now(UTC)
        texts = [text for program in self.compiled for text in program.sql(moment, dialect, params).values()]
        return dict(zip((output.name for output in self.outputs()), texts, strict=True))


def _same(file: Path | Traversable, name: str) -> bool:
    return os.path.realpath(str(file)) == os.path.realpath(name)


def load(path: str | Path, model: Model | None = None) -> CompiledAnalytic:
    """Load an analytic file, or the analytic of an id that ships with the package; never raises on a bad file."""
    shipped = shipped_catalogue().find(path) if isinstance(path, str) and not Path(path).exists() else None
    return CompiledAnalytic(shipped or importers.load_file(Path(path)), model or builtin_model())


def load_text(text: str, name: str = PROGRAM, model: Model | None = None) -> CompiledAnalytic:
    """Load an analytic from text; `name` is what diagnostics call it."""
    return CompiledAnalytic(importers.load_text(text, name), model or builtin_model())
