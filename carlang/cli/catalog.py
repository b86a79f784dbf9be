"""`carlang catalog`: what there is, per ATT&CK technique, and what of it a store can support."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from rich.table import Table
from rich.text import Text

from carlang.analytic import CompiledAnalytic
from carlang.cli import exits
from carlang.cli.catalog_entry import Entry, NowOption, StoreOption, asked_for, judged_entries
from carlang.cli.catalog_export import export
from carlang.cli.catalog_show import show
from carlang.cli.console import piped, put, put_json, put_program, report_console, say, say_diagnostics
from carlang.cli.declared import Argument, Group, Option
from carlang.cli.exits import UsageError
from carlang.cli.options import Targets, check_format, open_project, path_option
from carlang.cli.selection import meant, tactic_id
from carlang.cli.targets import catalogue_analytics, find_analytics, say_shadowing
from carlang.escapes import printable
from carlang.importers.attack import TACTICS, techniques
from carlang.publication import compare
from carlang.report import coverage_layer, share_answered
from carlang.results import State, judgement_json
from carlang.store import Store, open_store

catalog_app = Group("Look at the catalogue of analytics.")

LIST_FORMATS = ("table", "json")
COVERAGE_FORMATS = ("table", "json", "navigator")

Words = Annotated[list[str] | None, Argument(metavar="WORD...", help="Only analytics that have all these words.")]


@catalog_app.verb("list")
@piped
def list_(
    words: Words = None,
    store: StoreOption = None,
    technique: Annotated[
        str | None, Option(metavar="T1053", help="Only analytics of a technique.", complete=techniques)
    ] = None,
    tactic: Annotated[str | None, Option(metavar="TA0002", help="Only analytics of a tactic, by id or name.")] = None,
    now: NowOption = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(LIST_FORMATS))] = "table",
) -> None:
    """List analytics: all, or those with all of some words, of a technique or a tactic."""
    check_format(format_, LIST_FORMATS)
    opened = open_store(store) if store else None
    every = judged_entries(catalogue_analytics(open_project()), opened, now)
    technique = technique and _technique(technique, {t for e in every for t in e.analytic.techniques})
    tactic = tactic and tactic_id(tactic)
    entries = [e for e in every if _wanted(e.analytic, words or [], technique, tactic)]
    if format_ == "json":
        put_json([entry.row(opened) for entry in entries])
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("analytic", "title", "techniques", "tactics", *(("on this store",) if opened else ())):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        data = entry.analytic.data
        tactics = ", ".join(TACTICS.get(t, t) for t in data.tactics)
        cells = [data.id, data.title, ", ".join(data.techniques), tactics]
        cells += [entry.remark] if opened else []
        table.add_row(*(Text(printable(cell)) for cell in cells))
    report_console().print(table)
    say_shadowing([entry.analytic for entry in entries])
    count = f"{len(entries)} analytic" + ("" if len(entries) == 1 else "s")
    say(count + (f", {sum(not e.lacking for e in entries)} of them can run" if opened else ""))


catalog_app.verb("show")(show)
catalog_app.verb("export")(export)


@catalog_app.verb("coverage")
@piped
def coverage(
    store: StoreOption = None,
    now: NowOption = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(COVERAGE_FORMATS))] = "table",
) -> None:
    """Show which techniques the catalogue covers, and with a store, what of that can run there."""
    check_format(format_, COVERAGE_FORMATS)
    opened = open_store(store) if store else None
    by_technique: dict[str, list[Entry]] = {}
    for entry in judged_entries(catalogue_analytics(open_project()), opened, now):
        for technique in entry.analytic.techniques:
            by_technique.setdefault(technique, []).append(entry)
    if format_ == "navigator":
        covered = {t: [(e.analytic.id, e.remark or None) for e in entries] for t, entries in by_technique.items()}
        shares = {t: _share(entries) for t, entries in by_technique.items()} if opened else None
        put_program(coverage_layer(covered, shares))
    elif format_ == "json":
        put_json([_covered(t, e, opened) for t, e in sorted(by_technique.items())])
    else:
        _coverage_table(by_technique, opened)


@catalog_app.verb("references")
@piped
def references_(
    targets: Targets = None,
    *,
    check: Annotated[bool, Option("--check", help="Compare with what the files say; 1 if some differ.")] = False,
    against: Annotated[
        Path | None,
        Option("--against", metavar="PATH", parser=path_option, help="Compare with CAR's YAML as well."),
    ] = None,
) -> int:
    """Show which fields of the data model each program asks for, or check what the files say of that and of CAR."""
    project = open_project()
    analytics = find_analytics(targets, None, project) if targets else catalogue_analytics(project)
    if not check and against is None:
        for analytic in analytics:
            for line in (analytic.id, *(f"  {reference}" for reference in asked_for(analytic))):
                put(line)
        return exits.DONE
    faults = [f"{analytic.file}: {fault}" for analytic in analytics for fault in _reference_faults(analytic)]
    if against is not None:
        comparison = compare(analytics, against)
        if not comparison.compared:
            raise UsageError(f"--against: none of the analytics is published at {against}")
        if comparison.unread:
            say_diagnostics(comparison.unread)
        say(f"{comparison.compared} compared with CAR's")
        faults += comparison.faults
    for fault in faults:
        put(fault)
    return exits.FAULTY if faults else exits.DONE


def _reference_faults(analytic: CompiledAnalytic) -> Iterator[str]:
    said = set(analytic.data.data_model_references)
    if missing := set(asked_for(analytic)) - said:
        yield f"data_model_references lacks {', '.join(sorted(missing))}"
    if unknown := [reference for reference in said if not _is_reference(analytic, reference)]:
        yield f"the data model has no {', '.join(sorted(unknown))}"


def _share(entries: Sequence[Entry]) -> int | None:
    """Return on how many per cent of the hosts the best of some analytics' outputs is answered."""
    judgements = [judgement for entry in entries for judgement in entry.judgements.values()]
    shares = [share_answered(judgement, ran=judgement.state is not State.BLIND) for judgement in judgements]
    return max((share for share in shares if share is not None), default=None)


def _wanted(analytic: CompiledAnalytic, words: Sequence[str], technique: str | None, tactic: str | None) -> bool:
    data = analytic.data
    names = [techniques()[t].name for t in data.techniques if t in techniques()]
    text = " ".join((data.id, data.title, data.description, analytic.program, *data.techniques, *names)).casefold()
    if not all(word.casefold() in text for word in words):
        return False
    of_technique = technique is None or any(t == technique or t.split(".")[0] == technique for t in data.techniques)
    return of_technique and (tactic is None or tactic in data.tactics)


def _is_reference(analytic: CompiledAnalytic, reference: str) -> bool:
    name, action, field = [*reference.split("/"), "", ""][:3]
    owner = analytic.model.object(name)
    known = owner is not None and owner.action(action) is not None
    return known and (not field or (owner is not None and owner.field(field) is not None))


def _covered(technique: str, entries: Sequence[Entry], store: Store | None) -> dict[str, Any]:
    known = techniques().get(technique)
    row: dict[str, Any] = {
        "technique": technique,
        "name": known.name if known else None,
        "tactics": list(known.tactics) if known else [],
        "analytics": [entry.analytic.id for entry in entries],
    }
    if store is None:
        return row
    judgements = {
        e.analytic.id: {name: judgement_json(judgement) for name, judgement in e.judgements.items()} for e in entries
    }
    return row | {"runs": [e.analytic.id for e in entries if e.lacking is None], "judgements": judgements}


def _coverage_table(by_technique: dict[str, list[Entry]], store: Store | None) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("technique", "name", "tactics", "analytics", *(("can run",) if store else ())):
        table.add_column(heading, overflow="fold")
    for technique, entries in sorted(by_technique.items()):
        known = techniques().get(technique)
        tactics = ", ".join(TACTICS.get(t, t) for t in known.tactics) if known else ""
        ids = ", ".join(entry.analytic.id for entry in entries)
        cells = [technique, known.name if known else "", tactics, ids]
        cells += [f"{sum(e.lacking is None for e in entries)} of {len(entries)}"] if store else []
        table.add_row(*(Text(printable(cell)) for cell in cells))
    report_console().print(table)
    say(f"{len(by_technique)} techniques")


def _technique(wanted: str, used: Collection[str]) -> str:
    """Return the technique's id as ATT&CK or an analytic of the catalogue spells it."""
    known = {*techniques(), *used}
    if wanted.upper() in known:
        return wanted.upper()
    raise UsageError(f"--technique: ATT&CK has no technique {wanted!r}" + meant(wanted, known))
