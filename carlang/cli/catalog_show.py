"""`carlang catalog show`: an analytic, what it is about, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from rich.console import Console
from rich.markdown import Markdown
from rich.syntax import Syntax
from rich.text import Text

from carlang.cli.catalog_entry import Entry, NowOption, StoreOption, asked_for, judged_entries
from carlang.cli.console import piped, put_block, put_json, report_console
from carlang.cli.declared import Argument, Option
from carlang.cli.options import FORMATS, catalogue_ids, check_format, open_project
from carlang.cli.targets import find_analytics, say_shadowing
from carlang.escapes import printable
from carlang.importers import AnalyticFile, Implementation, UnitTest, facts
from carlang.importers.attack import TACTICS, techniques
from carlang.results import judgement_json, judgement_text
from carlang.store import open_store


@piped
def show(
    id_: Annotated[str, Argument(metavar="ID", help="The analytic's id, or its file.", complete=catalogue_ids)],
    store: StoreOption = None,
    now: NowOption = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))] = "text",
) -> None:
    """Show an analytic: what it is about, its program, techniques, false positives, references and tests."""
    check_format(format_)
    (analytic,) = find_analytics([id_], None, open_project())[:1]
    (entry,) = judged_entries([analytic], open_store(store) if store else None, now)
    say_shadowing([analytic])
    if format_ == "json":
        judgements = {name: judgement_json(judgement) for name, judgement in entry.judgements.items()}
        said = {"judgements": judgements} if store else {}
        put_json(facts(analytic.data) | {"asks_for": asked_for(analytic)} | said)
        return
    console = report_console()
    _print_head(analytic.data, console)
    console.print()
    _print_description(analytic.data, console)
    _print_programs(analytic.data, console)
    _print_lists(entry, console)


def _print_head(data: AnalyticFile, console: Console) -> None:
    console.print(Text(printable(f"{data.id}  {data.title}"), style="bold"))
    level = data.level.text if data.level else ""
    head = [", ".join(data.platforms), ", ".join(data.analytic_types), level, str(data.submission_date or "")]
    console.print(Text(printable(" · ".join(part for part in head if part))))
    if data.information_domain or data.subtypes:
        console.print(Text(printable(f"{', '.join(data.information_domain)}: {', '.join(data.subtypes)}".strip(": "))))
    for entry in data.coverage:
        named = ", ".join(f"{t} {techniques()[t].name}" if t in techniques() else t for t in entry.techniques)
        tactics = ", ".join(TACTICS.get(t, t) for t in entry.tactics)
        console.print(Text(printable(f"{named} ({tactics}; {entry.level or 'coverage not said'})")))


def _print_description(data: AnalyticFile, console: Console) -> None:
    """Print it; in a pipe Markdown comes as it is written: rich would wrap it and draw frames around headings."""
    description = printable(data.description, keep="\n")
    if console.is_terminal:
        console.print(Markdown(description, hyperlinks=False))
    else:
        put_block(description)


def _print_programs(data: AnalyticFile, console: Console) -> None:
    """Print them, never wrapped: what is copied from the screen is to be a program, and a line of it one line."""
    for program in data.sources:
        console.print()
        text = printable(program.text.strip(), keep="\n\t")
        if console.is_terminal:
            painted = Syntax(text, "python", theme="ansi_dark").highlight(text)
            console.print(painted, soft_wrap=True, end="")
        else:
            put_block(text)


def _print_lists(entry: Entry, console: Console) -> None:
    data = entry.analytic.data
    lists: dict[str, Iterable[str]] = {
        "on this store": [f"{name}: {judgement_text(judgement)}" for name, judgement in entry.judgements.items()],
        "levels of outputs": [f"{name}: {level.text}" for name, level in data.levels.items()],
        "author": [data.author] if data.author else [],
        "license": [data.license] if data.license else [],
        "status": [data.status] if data.status else [],
        "related": [" ".join(part for part in (each.type, each.id) if part) for each in data.related],
        "tags": data.tags,
        "known to match without being an attack": data.false_positives,
        "asks for": asked_for(entry.analytic),
        "D3FEND": [f"{mapping.id} {mapping.label}" for mapping in data.d3fend_mappings],
        "references": data.references,
        "other than CAR has it": [f"{key}: {reason}" for key, reason in data.changes.items()],
        "CAR has it also for": [_by_name(each) for each in data.implementations],
        "published true positives": [f"{each.source}: {each.full_event}" for each in data.true_positives],
        "unit tests": [_unit_test(each) for each in data.unit_tests],
        "tests": [case.name for case in data.tests],
        "file": [data.file],
    }
    for heading, items in lists.items():
        lines = [Text(f"  {printable(item)}") for item in items]
        if lines:
            console.print()
            console.print(Text(heading, style="bold"))
            for line in lines:
                console.print(line, soft_wrap=True)


def _by_name(implementation: Implementation) -> str:
    remarks = [part for part in (implementation.name, implementation.data_model) if part]
    return implementation.type + (f" ({', '.join(remarks)})" if remarks else "")


def _unit_test(test: UnitTest) -> str:
    return test.description + (f" [{'; '.join(test.tests)}]" if test.tests else "")
