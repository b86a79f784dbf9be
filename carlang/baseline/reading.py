"""Read the file of a baseline: its exclusions with their places, its tests, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter

from carlang.baseline.exclusions import Baseline, BaselineError, Exactly, Exclusion, Value
from carlang.cache import Codec, Kept
from carlang.datafile import DataFileError, read_yaml
from carlang.datafile import Path as DataPath
from carlang.diagnostics import Diagnostic, has_errors
from carlang.diagnostics.codes import BAD_BASELINE, CODES, EXCLUDES_EVERYTHING, UNKNOWN_BASELINE_KEY
from carlang.importers import DataSource, ExclusionCaseEntry, Reader, read_file, read_tests
from carlang.likeness import ANYTHING
from carlang.source import Source, Span

_EXACTLY = "exactly"
_KEYS = frozenset({"made", "exclusions", "tests"})


def _reason(value: Any) -> Any:
    """Let a truth value stand for a reason, as `review: true` is what people write."""
    if isinstance(value, bool):
        return "marked for review" if value else ""
    return value


class ExclusionEntry(BaseModel):
    """An exclusion as it is written."""

    model_config = ConfigDict(frozen=True)

    analytic: str
    output: str | None = None
    fields: dict[str, Any]
    count: int | None = None
    hosts: int | None = None
    first: str | None = None
    last: str | None = None
    note: str = ""
    review: Annotated[str, BeforeValidator(_reason)] = ""


def load_baseline(path: str | Path) -> Baseline:
    """Read a baseline from a file; raises `BaselineError` where it cannot be read, or has errors."""
    text, fault = read_file(Path(path))
    baseline = Baseline(str(path), diagnostics=(fault,)) if fault else _read_once(text, str(path))
    if has_errors(baseline.diagnostics):
        raise BaselineError(baseline.diagnostics)
    return baseline


# YAML with the place of every value takes a millisecond an exclusion: as long as the run that they are for.
_KEPT = Kept(
    "baseline",
    Codec(
        (
            "carlang.baseline.exclusions",
            "carlang.importers.analytic_file",
            "carlang.importers.series",
            "carlang.datafile.document",
            "carlang.diagnostics.diagnostic",
            "carlang.source",
        ),
        CODES,
    ),
)


def _read_once(text: str, name: str) -> Baseline:
    """Return a baseline as an earlier run has read it, or read it."""
    kept = _KEPT.get((name, text), (text,))
    if isinstance(kept, Baseline):
        return kept
    baseline = read_baseline(text, name)
    _KEPT.put((name, text), baseline, (text,))
    return baseline


def read_baseline(text: str, name: str) -> Baseline:
    """Read a baseline from a text; what is wrong with it is in its `diagnostics`, and `name` is what these call it."""
    source = Source.whole(name, text)
    try:
        data = read_yaml(name, text)
    except DataFileError as error:
        faults = (Diagnostic(BAD_BASELINE, f.message, source, Span(f.start, f.end)) for f in error.faults)
        return Baseline(name, diagnostics=tuple(faults), source=source)
    reader = Reader(DataSource(data, source), bad=BAD_BASELINE, unknown=UNKNOWN_BASELINE_KEY)
    if not isinstance(data.data, dict):
        reader.report("expected keys and values, `exclusions` among them", ())
    reader.check_known(reader.mapping, _KEYS, ())
    exclusions = tuple(_exclusions(reader))
    tests = read_tests(reader, ("tests",), reader.mapping.get("tests"), ExclusionCaseEntry)
    made = _made(reader)
    # `--fix` repairs analytics; here a label says what was probably meant.
    diagnostics = tuple(replace(fault, repair=None) for fault in reader.diagnostics)
    return Baseline(name, exclusions, tests, made, diagnostics, source)


def _made(reader: Reader) -> Mapping[str, str | int]:
    value = reader.mapping.get("made")
    if value is None:
        return {}
    return reader.part(TypeAdapter(dict[str, str | int]), value, ("made",)) or {}


def _exclusions(reader: Reader) -> Iterator[Exclusion]:
    """Yield the exclusions that are sound."""
    for path, entry in reader.sound("exclusions", ExclusionEntry):
        fields = {name: _values(reader, value, (*path, "fields", name)) for name, value in entry.fields.items()}
        sound = {name: values for name, values in fields.items() if values is not None}
        if len(sound) < len(fields):
            continue
        if not entry.review and not any(map(_says_something, sound.values())):
            _report_everything(reader, path, entry)
            continue
        spans = {f"fields.{name}": reader.origin.span((*path, "fields", name), at_key=True) for name in sound}
        spans |= {key: reader.origin.span((*path, key)) for key in ("analytic", "output")}
        yield Exclusion(
            entry.analytic,
            entry.output,
            sound,
            entry.count,
            entry.hosts,
            entry.first,
            entry.last,
            entry.note,
            entry.review,
            reader.origin.span(path),
            spans,
        )


def _values(reader: Reader, value: Any, path: DataPath) -> tuple[Value, ...] | None:
    """Return what a field may be; None for what it cannot be, which is reported.

    A list in a list is no value: by aliases a short file could nest lists without an end.
    """
    if value == []:
        reader.report("expected values, as nothing is one of none", path)
        return None
    listed = (
        [((*path, index), item) for index, item in enumerate(value)] if isinstance(value, list) else [(path, value)]
    )
    values = [(where, _value(item)) for where, item in listed]
    for where, each in values:
        if isinstance(each, _NoValue):
            reader.report(f"expected a pattern, a number, true, false, null or `{{{_EXACTLY}: text}}`", where)
    sound = tuple(each for _, each in values if not isinstance(each, _NoValue))
    return sound if len(sound) == len(values) else None


class _NoValue:
    """What a value of YAML comes to that is none of a field."""


def _value(value: Any) -> Value | _NoValue:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case dict() if list(value) == [_EXACTLY] and isinstance(value[_EXACTLY], str):
            return Exactly(value[_EXACTLY])
        case _:
            return _NoValue()


def _says_something(values: tuple[Value, ...]) -> bool:
    """Tell whether a field has to be something: it may not be anything at all, nor do no more than be missing."""
    is_anything = any(isinstance(value, str) and value and not value.strip(ANYTHING) for value in values)
    return not is_anything and any(value is not None for value in values)


def _report_everything(reader: Reader, path: DataPath, entry: ExclusionEntry) -> None:
    what = f"all rows of `{entry.output or entry.analytic}`" if entry.analytic != ANYTHING else "everything"
    span = reader.origin.span((*path, "fields"))
    fault = Diagnostic(EXCLUDES_EVERYTHING, f"the exclusion would hide {what}", reader.origin.source, span)
    reader.diagnostics.append(fault.with_help("name a field and more of its value than `*`"))
