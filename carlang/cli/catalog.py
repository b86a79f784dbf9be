"""`carlang catalog`: what there is, per ATT&CK technique, and what of it a store can support."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from rich.console import Console
from rich.markdown import Markdown
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from carlang.analytic import CompiledAnalytic, Judged, RunOptions, judge_analytics
from carlang.cli import exits
from carlang.cli.catalog_export import export
from carlang.cli.console import listing_console, piped, put, put_block, put_json, put_program, say, say_diagnostics
from carlang.cli.declared import Argument, Group, Option
from carlang.cli.exits import UsageError
from carlang.cli.options import Targets, catalogue_ids, open_project, path_option, say_counted
from carlang.cli.selection import meant, tactic_id
from carlang.cli.targets import catalogue_analytics, find_analytics, say_shadowing
from carlang.diagnostics import has_errors
from carlang.escapes import printable
from carlang.importers import Implementation, UnitTest, facts
from carlang.importers.attack import TACTICS, techniques
from carlang.publication import compare
from carlang.report import coverage_layer, share_answered
from carlang.resolve.lineage import references
from carlang.results import Judgement, State, judgement_json, judgement_text, reasons_text
from carlang.store import Store, open_store

catalog_app = Group("Look at the catalogue of analytics.")

LIST_FORMATS = ("table", "json")
SHOW_FORMATS = ("text", "json")
COVERAGE_FORMATS = ("table", "json", "navigator")

Words = Annotated[list[str] | None, Argument(metavar="WORD...", help="Only analytics that have all these words.")]
StoreOption = Annotated[
    Path | None, Option("--store", metavar="PATH", parser=path_option, help="Say what can run on this store.")
]


NowOption = Annotated[
    str | None, Option("--now", metavar="T", help="The instant that programs call now, as the store is judged.")
]


@dataclass(frozen=True)
class Entry:
    """An analytic of the catalogue, and where a store was named, what that can say of each of its outputs."""

    analytic: CompiledAnalytic
    judged: Judged | None

    @property
    def lacking(self) -> str | None:
        """Why it cannot run on the store; where one of its outputs can, it can."""
        if has_errors(self.analytic.diagnostics):
            return "it has errors"
        if self.judged is None or not self.judged.blind:
            return None
        return reasons_text(self.judged.outputs[0][1].reasons)

    @property
    def remark(self) -> str:
        """What to say of it beside its name: that it runs, what it does not see, why it cannot run."""
        if self.lacking is not None or self.judged is None:
            return self.lacking or ""
        if all(judgement.state is State.ANSWERED for judgement in self.judgements.values()):
            return "runs"
        texts = {name: judgement_text(judgement) for name, judgement in self.judgements.items()}
        if len(set(texts.values())) == 1:
            return f"runs; {next(iter(texts.values()))}"
        return "runs; " + "; ".join(f"{name}: {text}" for name, text in texts.items())

    @property
    def judgements(self) -> dict[str, Judgement]:
        """What the store can say of its outputs, by name."""
        return {output.name: judgement for output, judgement in self.judged.outputs} if self.judged else {}

    def row(self, store: Store | None) -> dict[str, Any]:
        """Return what a listing shows."""
        data = self.analytic.data
        row: dict[str, Any] = {
            "analytic": data.id,
            "title": data.title,
            "level": data.level.text if data.level else None,
            "techniques": list(data.techniques),
            "tactics": list(data.tactics),
            "platforms": list(data.platforms),
            "tests": len(data.tests),
            "events": sorted({"/".join(r.split("/")[:2]) for r in _references(self.analytic)}),
            "file": data.file,
        }
        if store is None:
            return row
        judgements = {name: judgement_json(judgement) for name, judgement in self.judgements.items()}
        return row | {"runs": self.lacking is None, "reason": self.lacking, "judgements": judgements}


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
    _known_format(format_, LIST_FORMATS)
    opened = open_store(store) if store else None
    every = _judged(catalogue_analytics(open_project()), opened, now)
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
    listing_console().print(table)
    say_shadowing([entry.analytic for entry in entries])
    count = f"{len(entries)} analytic" + ("" if len(entries) == 1 else "s")
    say(count + (f", {sum(not e.lacking for e in entries)} of them can run" if opened else ""))


@catalog_app.verb("show")
@piped
def show(
    id_: Annotated[str, Argument(metavar="ID", help="The analytic's id, or its file.", complete=catalogue_ids)],
    store: StoreOption = None,
    now: NowOption = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(SHOW_FORMATS))] = "text",
) -> None:
    """Show an analytic: what it is about, its program, techniques, false positives, references and tests."""
    _known_format(format_, SHOW_FORMATS)
    (analytic,) = find_analytics([id_], None, open_project())[:1]
    (judged,) = _judged([analytic], open_store(store) if store else None, now)
    data = analytic.data
    say_shadowing([analytic])
    if format_ == "json":
        judgements = {name: judgement_json(judgement) for name, judgement in judged.judgements.items()}
        put_json(facts(data) | {"asks_for": _references(analytic)} | ({"judgements": judgements} if store else {}))
        return
    console = listing_console()
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
    console.print()
    # In a pipe Markdown and programs come as they are written: rich would wrap them and draw frames around headings.
    description = printable(data.description, keep="\n")
    if console.is_terminal:
        console.print(Markdown(description, hyperlinks=False))
    else:
        put_block(description)
    for program in data.sources:
        console.print()
        text = printable(program.text.strip(), keep="\n\t")
        if console.is_terminal:
            # Never wrapped: what is copied from the screen is to be a program, and a line of it one line.
            painted = Syntax(text, "python", theme="ansi_dark").highlight(text)
            console.print(painted, soft_wrap=True, end="")
        else:
            put_block(text)
    lines = [f"{name}: {judgement_text(judgement)}" for name, judgement in judged.judgements.items()]
    _list(console, "on this store", lines)
    _list(console, "levels of outputs", [f"{name}: {level.text}" for name, level in data.levels.items()])
    _list(console, "author", [data.author] if data.author else [])
    _list(console, "tags", data.tags)
    _list(console, "known to match without being an attack", data.false_positives)
    _list(console, "asks for", _references(analytic))
    _list(console, "D3FEND", [f"{mapping.id} {mapping.label}" for mapping in data.d3fend_mappings])
    _list(console, "references", data.references)
    _list(console, "other than CAR has it", [f"{key}: {reason}" for key, reason in data.changes.items()])
    _list(console, "CAR has it also for", [_by_name(each) for each in data.implementations])
    _list(console, "published true positives", [f"{each.source}: {each.full_event}" for each in data.true_positives])
    _list(console, "unit tests", [_unit_test(each) for each in data.unit_tests])
    _list(console, "tests", [case.name for case in data.tests])
    _list(console, "file", [data.file])


catalog_app.verb("export")(export)


@catalog_app.verb("coverage")
@piped
def coverage(
    store: StoreOption = None,
    now: NowOption = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(COVERAGE_FORMATS))] = "table",
) -> None:
    """Show which techniques the catalogue covers, and with a store, what of that can run there."""
    _known_format(format_, COVERAGE_FORMATS)
    opened = open_store(store) if store else None
    by_technique: dict[str, list[Entry]] = {}
    for entry in _judged(catalogue_analytics(open_project()), opened, now):
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
            for line in (analytic.id, *(f"  {reference}" for reference in _references(analytic))):
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
    if missing := set(_references(analytic)) - said:
        yield f"data_model_references lacks {', '.join(sorted(missing))}"
    if unknown := [reference for reference in said if not _is_reference(analytic, reference)]:
        yield f"the data model has no {', '.join(sorted(unknown))}"


def _judged(analytics: list[CompiledAnalytic], store: Store | None, now: str | None) -> list[Entry]:
    options = RunOptions.of(now=now, command=True)
    if store is None:
        return [Entry(analytic, None) for analytic in analytics]
    say_counted(store.silent_files())
    return [Entry(each.analytic, each) for each in judge_analytics(analytics, store, options, {})]


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


def _references(analytic: CompiledAnalytic) -> list[str]:
    if has_errors(analytic.diagnostics):
        return []
    return sorted({r for program in analytic.compiled for r in references(program.require())})


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
    listing_console().print(table)
    say(f"{len(by_technique)} techniques")


def _list(console: Console, heading: str, items: Iterable[str]) -> None:
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


def _technique(wanted: str, used: Collection[str]) -> str:
    """Return the technique's id as ATT&CK or an analytic of the catalogue spells it."""
    known = {*techniques(), *used}
    if wanted.upper() in known:
        return wanted.upper()
    raise UsageError(f"--technique: ATT&CK has no technique {wanted!r}" + meant(wanted, known))


def _known_format(format_: str, formats: Sequence[str]) -> None:
    if format_ not in formats:
        raise UsageError(f"--format: there is no format {format_!r}; choose one of {', '.join(formats)}")
