# ruff: noqa: INP001  # a folder of commands, not a package
"""Judge the ranking: how often is what stands first of a recording of an attack the attack?

    python -m bench.ranking ../shared/data/evtx
    python -m bench.ranking ../shared/data/evtx --events 100_000 --into docs/ranking.md

All recordings stand in one store with made-up events of 5,000 hosts on which nothing is attacked. The catalogue runs
over it once. Of each recording that anything is found in, the first line that is of it is looked at: before, the first
row in the order of analytics' ids; after, the incident that comes first of those with one of its records, by the
title that it is shown under. It is the attack where its analytic covers a technique that the file's name tells of
(`bench/ranking_labels.py`). `--into` puts the tables into a page, in the place of those that stand there.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from bench.events.write import write_store
from bench.ranking_labels import expected
from carlang.analytic import CompiledAnalytic, RunOptions, run_analytics
from carlang.levels import LEVELS
from carlang.loading import ingest
from carlang.model import builtin_model
from carlang.project import shipped_catalogue
from carlang.results import Incident, RunReport, Triage
from carlang.store import open_store
from carlang.triage import rank

NOW = "2024-03-11"
FIRST = (10, 20, 50, 100)
MARKS = ("<!-- ranking: begin -->", "<!-- ranking: end -->")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of what is shown, before or after: what it is titled with, the recordings that it is of, all it names."""

    techniques: frozenset[str]
    recordings: frozenset[str]
    within: frozenset[str]
    level: str = ""


def lines_before(report: RunReport) -> Iterator[Line]:
    """Yield the rows of a run in the order of analytics' ids."""
    for result in sorted(report.results, key=lambda each: each.analytic):
        techniques = _parents(result.techniques)
        for sources in _sources(result.output.rows()):
            yield Line(techniques, sources, techniques)


def lines_after(triage: Triage, report: RunReport) -> Iterator[Line]:
    """Yield the incidents of a run, each under the title of its leading hit."""
    tables = [list(_sources(result.output.rows())) for result in report.results]
    for incident in triage.incidents:
        sources = frozenset(
            source
            for hit in incident.hits
            for occurrence in hit.occurrences
            for at in occurrence.rows
            for source in tables[at.output][at.row]
        )
        title = _parents(_leading_techniques(incident, report))
        yield Line(title, sources, _parents(incident.techniques), incident.level.text)


def _leading_techniques(incident: Incident, report: RunReport) -> Iterable[str]:
    """Return the techniques of the analytic that an incident is titled with, not of others that found the same."""
    leading = incident.leading
    return next(each.techniques for each in report.results if each.analytic == leading.analytic)


def _sources(rows: Iterable[dict[str, object]]) -> Iterator[frozenset[str]]:
    for row in rows:
        yield frozenset(
            PurePath(str(value)).name
            for name, value in row.items()
            if name.rpartition(".")[2] == "source" and expected(PurePath(str(value)).name)
        )


def _parents(techniques: Iterable[str]) -> frozenset[str]:
    return frozenset(technique.partition(".")[0] for technique in techniques)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of how many recordings the first line is the attack, or names it within; how many have one, or a right one."""

    right: int
    within: int
    found: int
    named: int


def judged(lines: Sequence[Line], recordings: Iterable[str]) -> Verdict:
    """Judge lines in their order: `found` are recordings that have one, `named` those in which one is the attack."""
    first: dict[str, Line] = {}
    named: set[str] = set()
    for line in lines:
        for recording in line.recordings:
            first.setdefault(recording, line)
            if line.techniques & expected(recording):
                named.add(recording)
    wanted = [recording for recording in recordings if recording in first]
    right = [recording for recording in wanted if first[recording].techniques & expected(recording)]
    within = [recording for recording in wanted if first[recording].within & expected(recording)]
    return Verdict(len(right), len(within), len(wanted), len(named & set(wanted)))


def ranking_table(before: Sequence[Line], after: Sequence[Line], recordings: Sequence[str]) -> str:
    """Return the verdicts as tables of Markdown."""
    one, other = judged(before, recordings), judged(after, recordings)
    any_line = _row(f"first line is the attack, of {one.found} with any line", one.right, other.right, one.found)
    attack = _row(f"first line is the attack, of {one.named} in which some line is", one.right, other.right, one.named)
    rows = [
        "| of recordings | before, by id | after, by weight |",
        "|---|---|---|",
        any_line,
        attack,
        _row(f"first line names the attack within, of {one.named}", one.within, other.within, one.named),
        f"| lines to read in all | {len(before):,} rows | {len(after):,} incidents |",
        "",
        "| among the first | of a recording: rows before | incidents after | recordings seen: before | after |",
        "|---|---|---|---|---|",
    ]
    for count in FIRST:
        cells = [f"{sum(1 for line in lines[:count] if line.recordings)}" for lines in (before, after)]
        seen = [str(len(set[str]().union(*(line.recordings for line in lines[:count])))) for lines in (before, after)]
        rows.append(f"| {count} | {' | '.join([*cells, *seen])} |")
    levels = ", ".join(f"{sum(1 for line in after if line.level == name):,} {name}" for name in reversed(LEVELS))
    return "\n".join([*rows, "", f"The incidents by level: {levels}."])


def _row(what: str, before: int, after: int, whole: int) -> str:
    return f"| {what} | {_share(before, whole)} | {_share(after, whole)} |"


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.0%})" if whole else "none"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of recordings, .evtx")
    parser.add_argument("--events", type=int, default=100_000, help="made-up ones beside them")
    parser.add_argument("--into", type=Path, metavar="PAGE")
    parser.add_argument("--list", action="store_true", help="name the recordings whose first incident is another thing")
    options = parser.parse_args(arguments)
    recordings = sorted(file.name for file in options.folder.rglob("*.evtx"))
    if not recordings:
        parser.error(f"{options.folder} holds no .evtx files")
    if unlabelled := [name for name in recordings if not expected(name)]:
        parser.error(f"bench/ranking_labels.py says nothing of {', '.join(unlabelled)}")
    with tempfile.TemporaryDirectory(prefix="carlang-ranking-") as folder:
        store = Path(folder, "store")
        write_store(store, options.events, {}, mixed=True)
        ingest([str(options.folder)], store, model=builtin_model())
        opened, model = open_store(store), builtin_model()
        analytics = [CompiledAnalytic(data, model) for data in shipped_catalogue().all()]
        report = run_analytics(analytics, opened, RunOptions.of(now=NOW), {})
        before, after = list(lines_before(report)), list(lines_after(rank(report, opened), report))
    table = ranking_table(before, after, recordings)
    print(table)
    if options.list:
        _list(before, after)
    if options.into:
        begin, end = MARKS
        page = options.into.read_text("utf-8")
        said = f"{len(recordings)} recordings, {options.events:,} made-up events, now {NOW}."
        block = f"{begin}\n{said}\n\n{table}\n{end}"
        options.into.write_text(re.sub(f"{begin}.*?{end}", lambda _: block, page, flags=re.DOTALL), "utf-8")
    return 0


def _list(before: Sequence[Line], after: Sequence[Line]) -> None:
    of_each: dict[str, Line] = {}
    for line in after:
        for recording in line.recordings:
            of_each.setdefault(recording, line)
    named = {r for line in before for r in line.recordings if line.techniques & expected(r)}
    for recording, line in sorted(of_each.items()):
        if not line.techniques & expected(recording):
            known = "found" if recording in named else "not found at all"
            print(f"{recording}: {line.level} {sorted(line.techniques)}, not {sorted(expected(recording))}, {known}")


if __name__ == "__main__":
    sys.exit(main())
