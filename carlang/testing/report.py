"""Results of tests as text and as JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from carlang.diagnostics import render_all
from carlang.escapes import json_escaped, printable
from carlang.results import instant_text
from carlang.testing.events import seconds
from carlang.testing.expectations import Mismatch
from carlang.testing.run import AnalyticResult, CaseResult

_SHOWN = 10


def render_result(result: AnalyticResult) -> str:
    """Return what is wrong with an analytic's tests as text; empty where nothing is."""
    return "\n".join(_lines(result))


def _lines(result: AnalyticResult) -> Iterator[str]:
    if result.passed:
        return
    yield printable(f"{result.analytic} ({result.file})")
    errors = [d for d in result.diagnostics if d.severity.value == "error"]
    if errors:
        yield from ("  " + line for line in render_all(errors).rstrip().split("\n"))
    elif not result.cases:
        yield "  it carries no tests"
    for case in result.cases:
        if not case.passed:
            yield f"  FAILED {printable(case.name)}"
            yield from ("    " + line for line in _case_lines(case))
    for survivor in result.survivors:
        location = survivor.source.location(survivor.span)
        where = printable(f"{location.file}:{location.line}:{location.column}")
        yield f"  SURVIVED {where}: {survivor.change}, and no test fails:"
        yield f"    {printable(survivor.text)}"
    for _, fault in result.in_vain:
        yield f"  NAMED IN VAIN in equivalent_mutants: {printable(fault)}"


def _case_lines(case: CaseResult) -> Iterator[str]:
    if case.error:
        yield from printable(case.error, keep="\n").split("\n")
    for mismatch in case.mismatches:
        found = "in another order" if mismatch.reordered else f"{mismatch.found} found"
        wanted = f"{'at least ' if mismatch.or_more else ''}{mismatch.wanted}"
        yield f"output {printable(mismatch.output)}: {wanted} rows expected, {found}"
        yield from _difference(mismatch)


def _difference(mismatch: Mismatch) -> Iterator[str]:
    """Show what is missing and what is too many; of the latter the fields that the missing rows name come first."""
    named = list(dict.fromkeys(key for row in mismatch.missing for key in row))
    for row in mismatch.missing[:_SHOWN]:
        yield f"  - {_row(row)}"
    for row in mismatch.unexpected[:_SHOWN]:
        ordered = {**{key: row[key] for key in named if key in row}, **row}
        yield f"  + {_row({k: v for k, v in ordered.items() if v is not None or k in named})}"
    more = max(len(mismatch.missing) - _SHOWN, 0) + max(len(mismatch.unexpected) - _SHOWN, 0)
    if more:
        yield f"  … {more} more"


def _row(row: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{printable(key)}: {_value(value)}" for key, value in row.items()) + "}"


def _value(value: Any) -> str:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, timedelta):
        return f"{seconds(value):g} s"
    return json_escaped(json.dumps(value, ensure_ascii=False, default=str))


def junit(results: Iterable[AnalyticResult]) -> str:
    """Return results as JUnit XML: a suite an analytic, a case a test, and one for its mutants."""
    root = ET.Element("testsuites")
    for result in results:
        cases = [*_junit_cases(result), *_in_vain(result)]
        failures = sum(case.find("failure") is not None for case in cases)
        counts = {"tests": str(len(cases)), "failures": str(failures)}
        suite = ET.SubElement(root, "testsuite", attrib=counts, name=_printable(result.analytic))
        suite.set("time", f"{sum(c.seconds for c in result.cases):.3f}")
        suite.extend(cases)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _junit_cases(result: AnalyticResult) -> Iterator[ET.Element]:
    for case in result.cases:
        yield _junit_case(result, case.name, None if case.passed else "\n".join(_case_lines(case)), case.seconds)
    errors = [d for d in result.diagnostics if d.severity.value == "error"]
    if errors:
        yield _junit_case(result, "compiles", render_all(errors))
    elif not result.cases:
        yield _junit_case(result, "has tests", "it carries no tests")
    for survivor in result.survivors:
        location = survivor.source.location(survivor.span)
        name = f"line {location.line}, column {location.column}: {survivor.change}"
        yield _junit_case(result, name, f"no test fails when this is {survivor.change}: {survivor.text}")


def _in_vain(result: AnalyticResult) -> Iterator[ET.Element]:
    for entry, fault in result.in_vain:
        yield _junit_case(result, f"equivalent mutant: {entry.change}", fault)


def _junit_case(result: AnalyticResult, name: str, failure: str | None, taken: float = 0.0) -> ET.Element:
    element = ET.Element("testcase", classname=_printable(result.analytic), name=_printable(name), time=f"{taken:.3f}")
    if failure is not None:
        first, _, _ = failure.partition("\n")
        ET.SubElement(element, "failure", message=_printable(first)).text = _printable(failure)
    return element


def _printable(text: str) -> str:
    """XML 1.0 has no way to write most control characters; the others would steer a terminal."""
    return printable(text, keep="\n\t")
