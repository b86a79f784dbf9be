"""The tests that an analytic carries, read against the data model and the program: what is known here, and what is not.

An event names its object, an action and fields of it, with values of their types; a row that is expected has columns of
an output; parameters are inputs of the program. `check` tells what is none of these, and `testing` runs no such test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from carlang import importers
from carlang.analytic.compiled import CompiledAnalytic
from carlang.diagnostics import Diagnostic, has_errors, nearest
from carlang.diagnostics.codes import MISFIT_IN_TEST, UNKNOWN_IN_TEST, UNKNOWN_KEY, Code
from carlang.foreign import foreign_fields
from carlang.importers import Case
from carlang.model import Kind, Model, Object, Type
from carlang.resolve import MissingParameterError, WrongParameterError, given_values
from carlang.resolve.bound import BoundOutput
from carlang.resolve.instants import time_value
from carlang.source import Source, Span
from carlang.sql import shown_columns


class CaseError(Exception):
    """A part of a test that is not known, or does not fit; `path` leads to it from the test.

    `meant` is what was probably meant. Where it is `at_key`, it is the key at the end of the path that is wrong.
    """

    def __init__(
        self,
        message: str,
        *path: str | int,
        code: Code = UNKNOWN_IN_TEST,
        meant: str | None = None,
        at_key: bool = False,
    ) -> None:
        super().__init__(message + (f"; did you mean `{meant}`?" if meant else ""))
        self.message = message
        self.path = path
        self.code = code
        self.meant = meant
        self.at_key = at_key


Report = Callable[[CaseError], None]
"""Takes what is wrong with a test, so that the rest of it is looked at, or raises it."""

Row = dict[str, Any]


def checked(analytic: CompiledAnalytic) -> tuple[Diagnostic, ...]:
    """Return everything found in an analytic's file and programs, and in the tests that it carries.

    What is wrong with a test stops no run of the analytic, and so is not among its own diagnostics.
    """
    faults = {
        (d.source.name, d.span, d.message): d for case in analytic.data.tests for d in case_faults(case, analytic)
    }
    places = {(name, span) for name, span, _ in faults}
    # In a test an unknown key is an error, and told as such: what it should have said is not tested.
    others = (d for d in analytic.diagnostics if d.code is not UNKNOWN_KEY or (d.source.name, d.span) not in places)
    return (*others, *sorted(faults.values(), key=lambda d: (d.source.name, d.span)))


def case_faults(case: Case, analytic: CompiledAnalytic) -> list[Diagnostic]:
    """Return what is wrong with a test, each at its place, the same once."""
    errors: list[CaseError] = []
    _read_keys(case, errors.append)
    for index, event in enumerate(case.events):
        read_event(event, index, analytic.model, errors.append)
    _read_frame(case, errors.append)
    if not has_errors(analytic.diagnostics) and analytic.compiled:
        _read_params(case, analytic, errors.append)
        _read_expected(case, analytic.outputs(), analytic.model, errors.append)
    faults = {(d.span, d.message): d for d in (_diagnostic(case, error) for error in errors)}
    return [faults[place] for place in sorted(faults)]


def _diagnostic(case: Case, error: CaseError) -> Diagnostic:
    if case.origin is None:  # a test that was made by a program, and stands nowhere
        return Diagnostic(error.code, error.message, Source.whole(case.name, ""), Span(0, 0))
    span = case.span(*error.path, at_key=error.at_key) or Span(0, 0)
    fault = Diagnostic(error.code, error.message, case.origin.source, span)
    return (
        fault.with_label(f"did you mean `{error.meant}`?").repaired_by(error.meant, certain=False)
        if error.meant
        else fault
    )


# ---- keys, parameters, the instant -----------------------------------------------------------------------------------


def _read_keys(case: Case, report: Report) -> None:
    if case.origin is None:  # a test that was made by a program has no keys
        return
    written: Any = case.origin.data.data
    for part in case.path:
        written = written[part]
    for key in written:
        if key not in importers.CASE_KEYS and not (key == "analytic" and case.analytic):
            report(
                CaseError(
                    f"a test has no key `{key}`",
                    key,
                    meant=_unsaid(str(key), importers.CASE_KEYS, written),
                    at_key=True,
                )
            )


def _read_frame(case: Case, report: Report) -> None:
    """Report an instant that is none, and a log that is not there."""
    if case.now is not None and case_instant(case.now) is None:
        report(CaseError(f"{case.now!r} is not a time", "now", code=MISFIT_IN_TEST))
    if case.log is not None and case.origin and Path(case.origin.source.name).is_file():
        log = Path(case.origin.source.name).parent / case.log
        if not log.exists():
            report(CaseError(f"there is no file `{log}`", "log"))


def _read_params(case: Case, analytic: CompiledAnalytic, report: Report) -> None:
    inputs = {each.name: each for each in analytic.inputs}
    for name in case.params:
        if name not in inputs:
            message = f"the program has no input `{name}`"
            report(CaseError(message, "params", name, meant=_unsaid(name, inputs, case.params), at_key=True))
    for each in inputs.values():
        try:
            given_values((each,), case.params)
        except WrongParameterError as error:
            report(CaseError(f"{error.value!r} is not {error.expected}", "params", each.name, code=MISFIT_IN_TEST))
        except MissingParameterError:
            report(CaseError(f"the program needs a value for `{each.name}`", *(("params",) if case.params else ())))


# ---- events ----------------------------------------------------------------------------------------------------------


def read_event(event: Mapping[str, Any], index: int, model: Model, report: Report) -> tuple[Object, Row] | None:
    """Return an event's object and its values by column, those that are sound; None where its class is not known."""
    owner = _object(event, index, model, report)
    if owner is None:
        return None
    action = owner.action(str(event.get("action")))
    if action is None:
        names = [each.name for each in owner.actions]
        message = f"{owner.title} has no action `{event.get('action')}`; its actions are {', '.join(names)}"
        there = "action" in event
        meant = nearest(str(event.get("action")), names) if there else None
        report(CaseError(message, "events", index, *(("action",) if there else ()), meant=meant))
        return None
    row: Row = {"object": owner.name, "action": action.name}
    for key, value in event.items():
        if key in row:
            continue
        field = owner.field(str(key))
        if field is None:
            message = f"{owner.title} has no field `{key}`"
            report(CaseError(message, "events", index, key, meant=_nearest_field(str(key), owner, event), at_key=True))
            continue
        try:
            row[field.name] = field_value(value, field.type)
        except ValueError as error:
            report(CaseError(str(error), "events", index, key, code=MISFIT_IN_TEST))
    return owner, row


def _object(event: Mapping[str, Any], index: int, model: Model, report: Report) -> Object | None:
    named = event.get("object")
    owner = model.object(str(named)) if named else None
    if owner is None:
        message = f"the data model has no object `{named}`" if named else "an event names its `object`"
        meant = nearest(str(named), model.objects) if named else None
        report(CaseError(message, "events", index, *(("object",) if named else ()), meant=meant))
    return owner


def _nearest_field(name: str, owner: Object, event: Mapping[str, Any]) -> str | None:
    """Return the field that was probably meant: what others call by the name, else one that is like it."""
    if (field := owner.field_by_alias(name)) and field.name not in event:
        return field.name
    elsewhere = (each for each in foreign_fields([owner.name], name) if owner.field(each) and each not in event)
    return next(elsewhere, None) or _unsaid(name, owner.fields, event)


def _unsaid(name: str, known: Collection[str], written: Collection[str]) -> str | None:
    """Return the key that a name was probably meant to be, of those that do not stand beside it already."""
    return nearest(name, [key for key in known if key not in written])


def field_value(value: Any, kind: Type) -> Any:
    """Return a value as the field's type has it; raises `ValueError` where it is none of that type."""
    if value is None:
        return None
    converted: Any = None
    match kind.kind:
        case Kind.TIME:
            converted = case_instant(value)
        case Kind.INTEGER | Kind.PORT:
            converted = value if isinstance(value, int) and not isinstance(value, bool) else None
        case Kind.FLOAT:
            converted = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        case Kind.BOOLEAN:
            converted = value if isinstance(value, bool) else None
        case Kind.RECORD:
            converted = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else None
        case _:
            converted = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    if converted is None:
        raise ValueError(_misfit(value, kind))
    return converted


def _misfit(value: Any, kind: Type) -> str:
    shown = str(value).lower() if isinstance(value, bool) else repr(value)
    return f"{shown} is not {kind.phrase}"


def case_instant(value: Any) -> datetime | None:
    """Return the UTC time that a value of a test names, or None."""
    if isinstance(value, str):
        return time_value(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


# ---- expected rows ---------------------------------------------------------------------------------------------------


def _read_expected(case: Case, outputs: Iterable[BoundOutput], model: Model, report: Report) -> None:
    tied = {tie.event_class for tie in model.ties}  # such rows have the ids of all their records
    columns = {output.name: {c.name: c.type for c in shown_columns(output, tied)} for output in outputs}
    for name, rows in case.expect.items():
        if name not in columns:
            message = f"the program has no output `{name}`"
            report(CaseError(message, "expect", name, meant=_unsaid(name, columns, case.expect), at_key=True))
            continue
        for index, row in enumerate(rows if isinstance(rows, tuple) else ()):
            _read_row(row, columns[name], ("expect", name, index), report)


def _read_row(row: Mapping[str, Any], columns: Mapping[str, Type], path: tuple[str | int, ...], report: Report) -> None:
    for key, value in row.items():
        kind = columns.get(key)
        if kind is None:
            message = f"the output has no column `{key}`"
            report(CaseError(message, *path, key, meant=_unsaid(str(key), columns, row), at_key=True))
        elif value is not None and not _fits(value, kind):
            report(CaseError(_misfit(value, kind), *path, key, code=MISFIT_IN_TEST))


def _fits(value: Any, kind: Type) -> bool:
    """Tell whether a row could have a value in a column of a type."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind.kind:
        case Kind.TIME:
            return case_instant(value) is not None
        case Kind.INTEGER | Kind.PORT | Kind.FLOAT | Kind.DURATION:  # a duration is written in seconds
            return is_number
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.LIST:
            return isinstance(value, list)
        case Kind.RECORD | Kind.NULL:
            return True
        case _:
            return is_number or isinstance(value, str)
