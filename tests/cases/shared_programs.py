"""What `../shared/cases/programs.yaml` says of each of its programs, and whether carlang makes just that of it.

The form of an entry stands at the head of that file. A program is checked, repaired as far as repairs are certain, and
run on the sample store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

import carlang
from carlang import analytic
from carlang.diagnostics import Diagnostic, Severity
from carlang.errors import CompileError
from carlang.repair import repair_analytic

Entry = Mapping[str, Any]


def entries(folder: Path) -> list[Entry]:
    """Return the programs of a folder of cases; none where it is missing."""
    path = folder / "programs.yaml"
    return yaml.safe_load(path.read_text("utf-8")) if path.is_file() else []


def objections(entry: Entry) -> list[str]:
    """Return in what carlang makes of a program other than its entry says; nothing where all of it holds."""
    loaded = analytic.load_text(entry["program"])
    return [*_about_checks(entry, loaded.diagnostics), *_about_rows(entry), *_about_fix(entry, loaded)]


def _about_checks(entry: Entry, diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    wanted = entry.get("check", [])
    said = [f"{d.location.line}: {d.code.name} {d.message}" for d in diagnostics]
    if wanted == "none" and any(d.severity is not Severity.HINT for d in diagnostics):
        yield f"something is said: {said}"
    for each in [] if wanted == "none" else wanted:
        if not any(_fulfils(diagnostic, each) for diagnostic in diagnostics):
            yield f"nothing is {each}: {said}"
    for text in entry.get("never", ()):
        if any(text in part for diagnostic in diagnostics for part in _texts(diagnostic)):
            yield f"said: {text!r}"


def _fulfils(diagnostic: Diagnostic, wanted: Mapping[str, Any]) -> bool:
    words = wanted.get("word", "")
    alternatives = words if isinstance(words, list) else [words]
    return (
        diagnostic.location.line == wanted.get("line", diagnostic.location.line)
        and diagnostic.code.name == wanted.get("code", diagnostic.code.name)
        and any(word in text for word in alternatives for text in _texts(diagnostic))
    )


def _texts(diagnostic: Diagnostic) -> list[str]:
    edits = diagnostic.repair.edits if diagnostic.repair else ()
    return [diagnostic.message, diagnostic.label, diagnostic.help or "", *diagnostic.notes, *(e.text for e in edits)]


def _about_rows(entry: Entry) -> Iterator[str]:
    if "rows" not in entry:
        return
    try:
        result = carlang.run(entry["program"], store=carlang.open_store())
    except CompileError as error:
        yield f"it does not compile: {[d.message for d in error.diagnostics]}"
        return
    name = list(result)[-1]
    if reasons := [each.reason for each in result.not_run if each.output in (name, None)]:
        yield f"it does not run: {reasons}"
    elif result[name].total != entry["rows"]:
        yield f"{result[name].total} rows are not {entry['rows']}"


def _about_fix(entry: Entry, loaded: analytic.CompiledAnalytic) -> Iterator[str]:
    if not {"fix", "fix_without"} & entry.keys():
        return
    (repaired,) = repair_analytic(loaded)
    wanted = entry.get("fix")
    alternatives = wanted if isinstance(wanted, list) else [wanted]
    if wanted is not None and not any(_is_repair(each, entry["program"], repaired.text) for each in alternatives):
        yield f"repaired to {repaired.text!r}"
    for text in entry.get("fix_without", ()):
        if text in repaired.text:
            yield f"{text!r} stands in what is repaired: {repaired.text!r}"


def _is_repair(wanted: Any, program: str, text: str) -> bool:
    return text.strip() == (program if wanted == "none" else wanted).strip()
