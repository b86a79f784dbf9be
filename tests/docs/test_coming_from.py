"""The page for people from other languages: our half of each row runs, and what is likely is what `check` offers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from carlang import load_text, run_all
from carlang.analytic import load_text as compiled
from carlang.diagnostics import has_errors
from carlang.foreign.conversions import filled
from carlang.foreign.tables import forms, functions
from carlang.repair import LIKELY, repair_analytic
from carlang.source import Source
from carlang.syntax.format import format_program
from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "coming-from.md"
LANGUAGES = ("SPL", "KQL", "EQL", "SQL", "Sigma")
STREAMS = """\
p = search Process:Create
a = filter p where (exe == "at.exe")
b = search Process:Terminate
c = search User_Session:Login
"""
"""What `p`, `a`, `b` and `c` are in the tables, and more than one program needs."""

_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"``? ?(.+?) ?``?(?=<br>|$)")
_WRITTEN = {"likely", "the same", ""}


@dataclass(frozen=True)
class Row:
    """A row of a language's table: how it is written there, how here, and who writes it."""

    language: str
    there: str
    here: str
    written: str

    @property
    def kind(self) -> str:
        """What stands there and here: a stage of a chain, a condition, statements, or a program of its own."""
        if self.here.startswith("|"):
            return "stage"
        if self.here.startswith("search"):
            return "program"
        is_bound = re.match(r"\w+(\.\w+)? = |input |(children|descendants|ancestors) of ", self.here)
        return "statements" if is_bound else "condition"

    def program(self, half: str) -> str:
        """Return a program that has one half of the row in it."""
        match self.kind:
            case "stage":
                return f"search Process:Create {half}\n"
            case "condition" if "src_ip" in half:
                return f"{STREAMS}f = filter c where ({half})\noutput f\n"
            case "condition":
                return f"{STREAMS}f = filter p where ({half})\noutput f\n"
            case "statements":
                name = re.match(r"(?:let )?(\w+)(?:\.\w+)? = ", half.rsplit("\n", 1)[-1])
                return f"{STREAMS}{half}\noutput {name[1] if name else 'p'}\n"
            case _:
                return f"{half}\n"


def _rows() -> Iterator[Row]:
    language = ""
    for line in PAGE.read_text(encoding="utf-8").split("\n"):
        if line.startswith("## "):
            language = line.removeprefix("## ")
        cells = [cell.strip().replace("\\|", "|") for cell in _CELL.split(line)[1:-1]]
        if language in LANGUAGES and len(cells) == 3 and cells[0] not in (language, "---"):
            there, here = (_CODE.findall(cell) for cell in cells[:2])
            leads_on = "](" in cells[1]
            yield Row(language, "\n".join(there) or cells[0], cells[1] if leads_on else "\n".join(here), cells[2])


ROWS = list(_rows())
OURS = [row for row in ROWS if "](" not in row.here]
"""The rows that show a form; the others lead to a section of the reference."""


def _formatted(program: str) -> str | None:
    return format_program(Source.whole("x.car", program))


def _repaired(program: str) -> str | None:
    (repaired,) = repair_analytic(compiled(program, "x.car"), LIKELY)
    return _formatted(repaired.text)


def test_each_language_has_a_table() -> None:
    counted = {language: sum(row.language == language for row in ROWS) for language in LANGUAGES}
    assert min(counted.values()) >= 15, counted
    assert {row.written for row in ROWS} == _WRITTEN


def _programs() -> Iterator[str]:
    """Yield what runs our half of all rows: conditions side by side in one query a stream, the others each once."""
    conditions = dict.fromkeys(row.here for row in OURS if row.kind == "condition")
    for stream in ("p", "c"):
        of_stream = [each for each in conditions if ("src_ip" in each) == (stream == "c")]
        columns = ", ".join(f"({each}) as c{number}" for number, each in enumerate(of_stream))
        yield f"{STREAMS}f = from {stream} select {columns}\noutput f\n"
    yield from dict.fromkeys(row.program(row.here) for row in OURS if row.kind != "condition")


def test_what_is_written_here_has_no_errors() -> None:
    for here, program in {row.here: row.program(row.here) for row in OURS}.items():
        assert not has_errors(compiled(program, "x.car").diagnostics), here


def test_what_is_written_here_runs_on_the_sample_store() -> None:
    analytics = [load_text(program, f"{number}.car") for number, program in enumerate(_programs())]
    report = run_all(analytics, params={"user": "x"}, now="2013-05-13T18:00:00Z")
    assert (report.failed, report.not_run) == ((), ())
    assert {result.analytic for result in report.results} == {str(number) for number in range(len(analytics))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_likely_is_what_check_makes_of_it(language: str) -> None:
    wrong = []
    for row in OURS:
        if row.language != language or row.there.startswith(("until ", "type:", "category:")):
            continue
        there, here = row.program(row.there), _formatted(row.program(row.here))
        is_program = not has_errors(compiled(there, "x.car").diagnostics) and _formatted(there) == here
        written = "the same" if is_program else "likely" if here and _repaired(there) == here else ""
        if written != row.written:
            wrong.append((row.there, row.here, row.written, _repaired(there)))
    assert wrong == []


def _of(entry: str, language: str) -> bool:
    return language in re.findall(r"\w+", entry)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_of_a_language_that_is_known_has_a_row(language: str) -> None:
    halves = [row.program(row.there) for row in ROWS if row.language == language]
    known = [form for form in forms() if _of(form.of, language)]
    assert known
    assert [form.form for form in known if not any(form.regex.search(half.strip()) for half in halves)] == []


def test_the_functions_that_are_known_are_listed() -> None:
    """What the table has to be is shown by the failure, to be copied."""
    lines = ["| function | of | here |", "|---|---|---|"]
    for entry in dict.fromkeys(functions().values()):
        names = ", ".join(f"`{name}`" for name in entry.names)
        lines.append(f"| {names} | {entry.of} | `{_called(entry.here)}` |")
    page = PAGE.read_text(encoding="utf-8")
    table = page[page.index(lines[0]) :].partition("\n\n")[0].rstrip()
    assert table == "\n".join(lines)


def _called(template: str) -> str:
    """Return a template of a call with letters for its arguments: `{0}` is a, `{1+}` is b and what follows."""
    if template == "{0:between}":  # made of all arguments
        return filled(template, {"0": "a", "1": "b", "2": "c"})
    return re.sub(r"\{(\d)(\+)?(?::\w+)?\}", lambda m: "abcdefgh"[int(m[1])] + (", …" if m[2] else ""), template)
