"""Read the tests that an analytic carries, or that stand in a file beside it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, model_validator

from carlang.datafile import DataFileError, read_yaml
from carlang.datafile import Path as DataPath
from carlang.diagnostics import Diagnostic
from carlang.importers.analytic_file import AtLeast, Case, DataSource, Expected
from carlang.importers.front_matter import yaml_diagnostics
from carlang.importers.metadata import Reader
from carlang.importers.series import Place, SeriesError, expanded
from carlang.source import Source


def _expected(value: Any) -> Any:
    """Refuse what is neither a count nor a list of rows in one sentence rather than in one for each alternative."""
    if isinstance(value, dict) and list(value) == [AT_LEAST]:
        return _at_least(value[AT_LEAST])
    if isinstance(value, bool) or not isinstance(value, int | list):
        expected = "expected rows, `[{exe: at.exe}]`, their number, or `{at_least: 1}`"
        raise ValueError(expected)  # noqa: TRY004  # pydantic asks for it
    if isinstance(value, int) and value < 0:
        raise ValueError("a number of rows is not negative")
    return value


AT_LEAST = "at_least"
"""The key that stands before the number of rows that an output has at least."""


def _at_least(rows: Any) -> AtLeast:
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise ValueError(
            f"`{AT_LEAST}` is a number of rows, 1 or more: a test for fewer would hold of whatever is found"
        )
    return AtLeast(rows)


class CaseEntry(BaseModel):
    """A test as it is written."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str = ""
    events: tuple[Any, ...] = ()
    log: str | None = None
    params: dict[str, Any] = {}
    now: str | None = None
    expect: dict[str, Annotated[int | AtLeast | tuple[Any, ...], BeforeValidator(_expected)]]

    @model_validator(mode="after")
    def _one_input(self) -> CaseEntry:
        if self.log is not None and self.events:
            raise ValueError("a test has either `events` or a `log`")
        return self


CASE_KEYS = frozenset(CaseEntry.model_fields)
"""The keys that a test may have."""


class ExclusionCaseEntry(CaseEntry):
    """A test of exclusions as it is written: it names the analytic whose rows they take away."""

    analytic: str


def read_tests(reader: Reader, path: DataPath, value: Any, form: type[CaseEntry] = CaseEntry) -> tuple[Case, ...]:
    """Return the sound tests of a list of them at `path` of the reader's document."""
    adapter = TypeAdapter(form)
    cases = []
    for case_path, item in reader.items(value, form, path):
        entry = reader.part(adapter, item, case_path)
        try:
            if entry:
                cases.append(_case(entry, case_path, reader))
        except SeriesError as fault:
            reader.report(str(fault), fault.path)
    return tuple(cases)


def _case(entry: CaseEntry, path: DataPath, reader: Reader) -> Case:
    """Return a test with the events and rows that its own stand for; raises `SeriesError`."""
    events = expanded(entry.events, (*path, "events"), what="expected keys and values")
    expect: dict[str, Expected] = {}
    row_places: dict[str, tuple[Place, ...]] = {}
    for output, rows in entry.expect.items():
        if isinstance(rows, int | AtLeast):
            expect[output] = rows
        else:
            what = "each row is a mapping of fields to values, `{exe: at.exe}`"
            written = expanded(rows, (*path, "expect", output), what=what)
            expect[output] = tuple(row for row, _ in written)
            row_places[output] = tuple(place for _, place in written)
    return Case(
        name=entry.name,
        events=tuple(event for event, _ in events),
        log=entry.log,
        expect=expect,
        params=entry.params,
        now=entry.now,
        description=entry.description,
        origin=reader.origin,
        path=path,
        places=tuple(place for _, place in events),
        row_places=row_places,
        analytic=entry.analytic if isinstance(entry, ExclusionCaseEntry) else "",
    )


def read_tests_beside(source: Source) -> tuple[tuple[Case, ...], tuple[Diagnostic, ...]]:
    """Return the sound tests of a file that holds nothing else, and what is wrong with it."""
    try:
        data = read_yaml(source.name, source.text)
    except DataFileError as error:
        return (), yaml_diagnostics(error, source)
    reader = Reader(DataSource(data, source))
    return _tests_of(reader), tuple(reader.diagnostics)


def _tests_of(reader: Reader) -> tuple[Case, ...]:
    """Return the tests of a file that is a list of them, or has one under the key `tests`."""
    data = reader.origin.data.data
    if isinstance(data, dict):
        reader.check_known(data, frozenset({"tests"}), ())
        return read_tests(reader, ("tests",), data.get("tests"))
    return read_tests(reader, (), data)
