# ruff: noqa: INP001  # a script, not a module
"""Write the tables of `docs/sigma.md`: what becomes of SigmaHQ's rules, by log source.

    python docs/generate_sigma.py ../shared/sigma

The folder holds rules in the folders that SigmaHQ has, `rules` and `rules-…`, and in `regression` recordings that are
called by the id of the rule that has to find something in them.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

import carlang
from carlang.analytic import CompiledAnalytic, load
from carlang.diagnostics import Diagnostic, Severity

PAGE = Path(__file__).with_name("sigma.md")
BEGIN = (
    "<!-- Written by docs/generate_sigma.py from here to the end; run it again when rules or the language change. -->"
)


@dataclass(frozen=True)
class Fate:
    """What becomes of a rule: its log source, and what is said of it."""

    analytic: CompiledAnalytic
    source: str
    said: tuple[Diagnostic, ...]

    @property
    def runs(self) -> bool:
        """Whether it is translated and compiles."""
        return not any(each.severity is Severity.ERROR for each in self.said)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is said of it but hints."""
        return all(each.severity is Severity.HINT for each in self.said)


def rules(folder: Path) -> list[Path]:
    """Return the files of rules, in the order of their names."""
    return sorted(file for part in sorted(folder.glob("rules*")) for file in part.rglob("*.yml"))


_LOG_SOURCE = re.compile(r"^logsource:[^\n]*\n(?:[ \t]+[^\n]*\n|\n)*", re.MULTILINE)


def log_source(file: Path) -> str:
    """Return the log source of a rule: its product, then its category or service."""
    (written,) = _LOG_SOURCE.findall(file.read_text(encoding="utf-8"))
    named = yaml.safe_load(written)["logsource"]
    return " ".join(str(named[key]) for key in ("product", "category", "service") if key in named)


def fates(files: Iterable[Path]) -> Iterator[Fate]:
    """Yield what becomes of each rule."""
    for file in files:
        analytic = load(file)
        yield Fate(analytic, log_source(file), analytic.diagnostics)


def source_rows(found: Iterable[Fate]) -> list[str]:
    """Return a row for each log source, those with most rules first: rules, those that run, those that are clean."""
    by_source: dict[str, list[Fate]] = {}
    for fate in found:
        by_source.setdefault(fate.source, []).append(fate)
    ordered = sorted(by_source.items(), key=lambda each: (-len(each[1]), each[0]))
    return [_row(source, of_source) for source, of_source in ordered]


def _row(name: str, found: list[Fate]) -> str:
    run = sum(fate.runs for fate in found)
    clean = sum(fate.is_clean for fate in found)
    return f"| {name} | {len(found)} | {run} | {run - clean} | {len(found) - run} |"


def is_hit(recording: Path, rule: Path) -> bool:
    """Tell whether a rule finds something in a recording."""
    with tempfile.TemporaryDirectory() as store:
        carlang.ingest([recording], store)
        outputs = carlang.load(rule).run(carlang.open_store(store))
        return any(output.total for output in outputs.values())


def recordings(folder: Path, found: Iterable[Fate]) -> dict[str, bool]:
    """Return the ids of rules that have a recording, each with whether it finds something in it."""
    by_id = {fate.analytic.id: Path(fate.analytic.file) for fate in found if fate.runs}
    files = sorted((folder / "regression").glob("*.evtx"))
    return {file.stem: file.stem in by_id and is_hit(file, by_id[file.stem]) for file in files}


def tables(folder: Path) -> str:
    """Return the part of the page that is generated."""
    found = list(fates(rules(folder)))
    windows = [fate for fate in found if fate.source.startswith("windows")]
    hits = recordings(folder, found)
    missed = [id_ for id_, is_found in hits.items() if not is_found]
    clean = sum(fate.is_clean for fate in windows)
    head = (
        f"Of {len(found)} rules {sum(fate.runs for fate in found)} run. Of the {len(windows)} for Windows"
        f" {sum(fate.runs for fate in windows)} do, {clean} ({clean / len(windows):.1%} of all) without a remark."
        f" SigmaHQ has recordings for"
        f" {len(hits)} of these rules: {len(hits) - len(missed)} find something in theirs"
        f"{''.join(f', `{id_}` does not' for id_ in missed)}."
    )
    heading = "| log source | rules | run | with a remark | refused |\n|---|---|---|---|---|"
    parts = [head, "\n".join([heading, _row("all", found), *source_rows(found)]), "## Refused", _refused(found)]
    return "\n\n".join([*parts, "## Remarks", _remarks(found)]) + "\n"


def _refused(found: Iterable[Fate]) -> str:
    counted: Counter[str] = Counter()
    for fate in found:
        if not fate.runs:
            counted[_said(next(each for each in fate.said if each.severity is Severity.ERROR))] += 1
    rows = [f"| {number} | {reason} |" for reason, number in sorted(counted.items(), key=lambda e: (-e[1], e[0]))]
    return "\n".join(["| rules | why |", "|---|---|", *rows])


def _remarks(found: Iterable[Fate]) -> str:
    rows = [
        f"| {fate.analytic.title.replace('|', '/')} | {_said(each)} |"
        for fate in found
        if fate.runs
        for each in fate.said
        if each.severity is Severity.WARNING
    ]
    return "\n".join(["| rule | what is said of it |", "|---|---|", *rows])


def _said(fault: Diagnostic) -> str:
    message = re.sub(r"([\\*_<>\[\]])", r"\\\1", fault.message) if "`" not in fault.message else fault.message
    return f"[{fault.code.name}](diagnostics/{fault.code.name}.md) {message}".replace("|", "\\|")


def page(folder: Path) -> str:
    """Return the page as it is, with its tables anew."""
    written, _, _ = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{written}{BEGIN}\n\n{tables(folder)}"


if __name__ == "__main__":
    PAGE.write_text(page(Path(sys.argv[1])), encoding="utf-8")
