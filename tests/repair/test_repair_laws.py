from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from carlang.analytic import CompiledAnalytic, load, load_text
from carlang.diagnostics import Diagnostic, Severity
from carlang.repair import Repaired, repair_analytic
from carlang.source import Source

COMPILE_AS_PUBLISHED = 60
COMPILE_REPAIRED = 83


def errors(found: Sequence[Diagnostic]) -> int:
    return sum(d.severity is Severity.ERROR for d in found)


def weight(found: Sequence[Diagnostic]) -> tuple[int, int]:
    """Return the number of faults of syntax, which hide others, and of all errors."""
    return sum(d.severity is Severity.ERROR and d.code.name.startswith("CL1") for d in found), errors(found)


def published(corpus: Path) -> Iterator[tuple[CompiledAnalytic, Repaired]]:
    for file in sorted((corpus / "car" / "analytics").glob("*.yaml")):
        analytic = load(file)
        for number, found in enumerate(repair_analytic(analytic)):
            yield replace(analytic, data=replace(analytic.data, sources=(analytic.data.sources[number],))), found


def with_text(analytic: CompiledAnalytic, text: str) -> CompiledAnalytic:
    return replace(analytic, data=replace(analytic.data, sources=(Source.whole("p", text),)))


def test_published_programs_compile_as_often_as_they_can(real_corpus: Path) -> None:
    sound = repaired = 0
    for analytic, found in published(real_corpus):
        after = with_text(analytic, found.text)
        sound += analytic.compiled[0].valid
        repaired += after.compiled[0].valid
        assert after.compiled[0].valid >= analytic.compiled[0].valid, analytic.id
        assert errors(after.diagnostics) <= errors(analytic.diagnostics), analytic.id
        assert not repair_analytic(after)[0].changed, analytic.id
    assert sound >= COMPILE_AS_PUBLISHED
    assert repaired >= COMPILE_REPAIRED


PROGRAM = """\
process = search Process:Create
at = filter process where (exe == "at.exe" and (command_line contains ["*a*", "b"] or pid > 4))
g = group at by hostname, user within 5 minutes
j = join (at, process) where (at.pid == process.ppid)
output at, g, j
"""


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_a_program_with_wrong_characters_gets_no_more_faults_and_is_repaired_once(data: st.DataObject) -> None:
    text = PROGRAM
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        text = text[:at] + data.draw(st.sampled_from(["", "", '"', ")", "("])) + text[at + 1 :]
    before = load_text(text)
    for found in repair_analytic(before):
        after = load_text(found.text)
        assert weight(after.diagnostics) <= weight(before.diagnostics)
        assert not any(each.changed for each in repair_analytic(after))
