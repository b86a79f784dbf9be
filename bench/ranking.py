# ruff: noqa: INP001  # a folder of commands, not a package
"""Judge the ranking: how often is what stands first of a recording of an attack the attack?

    python -m bench.ranking ../shared/data/evtx
    python -m bench.ranking ../shared/data/evtx --datasets ../shared/data/otrf --sigma ../shared/sigma

Each set of recordings stands in a store of its own, most beside made-up events of 5,000 hosts on which nothing is
attacked. The catalogue runs over it once. Of each recording that anything is found in, the first line that is of it is
looked at: before, the first row in the order of analytics' ids; after, the incident that comes first of those with one
of its records, by the title that it is shown under. It is the attack where its analytic covers a technique that the
recording is labelled with (`bench/ranking_sets.py`). `--into` puts the tables into a page, in the place of those that
stand there.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.events.write import write_store
from bench.ranking_sets import RecordingSet, attack_samples, security_datasets, sigma_regression
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


@dataclass(frozen=True, slots=True)
class Shown:
    """What was found in a set of recordings, as lines in the order of ids and in that of weights."""

    of: RecordingSet
    before: tuple[Line, ...]
    after: tuple[Line, ...]


def lines_before(report: RunReport, recordings: RecordingSet) -> Iterator[Line]:
    """Yield the rows of a run in the order of analytics' ids."""
    for result in sorted(report.results, key=lambda each: each.analytic):
        techniques = _parents(result.techniques)
        for of_row in _recordings(result.output.rows(), recordings):
            yield Line(techniques, of_row, techniques)


def lines_after(triage: Triage, report: RunReport, recordings: RecordingSet) -> Iterator[Line]:
    """Yield the incidents of a run, each under the title of its leading hit."""
    tables = [list(_recordings(result.output.rows(), recordings)) for result in report.results]
    for incident in triage.incidents:
        of_rows = (
            tables[at.output][at.row]
            for hit in incident.hits
            for occurrence in hit.occurrences
            for at in occurrence.rows
        )
        title = _parents(_leading_techniques(incident, report))
        yield Line(title, frozenset[str]().union(*of_rows), _parents(incident.techniques), incident.level.text)


def _leading_techniques(incident: Incident, report: RunReport) -> Iterable[str]:
    """Return the techniques of the analytic that an incident is titled with, not of others that found the same."""
    leading = incident.leading
    return next(each.techniques for each in report.results if each.analytic == leading.analytic)


def _recordings(rows: Iterable[dict[str, object]], recordings: RecordingSet) -> Iterator[frozenset[str]]:
    for row in rows:
        named = (recordings.recording(value) for name, value in row.items() if name.rpartition(".")[2] == "source")
        yield frozenset(name for name in named if name is not None)


def _parents(techniques: Iterable[str]) -> frozenset[str]:
    return frozenset(technique.partition(".")[0] for technique in techniques)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of how many recordings the first line is the attack, or names it within; how many have any, or one that does."""

    right: int
    within: int
    found: int
    named: int


def judged(lines: Sequence[Line], recordings: RecordingSet, names: Iterable[str]) -> Verdict:
    """Judge lines in their order: `found` are recordings that have one, `named` those in which one names the attack."""
    first: dict[str, Line] = {}
    named: set[str] = set()
    for line in lines:
        for recording in line.recordings:
            first.setdefault(recording, line)
            if line.within & recordings.techniques[recording]:
                named.add(recording)
    wanted = [recording for recording in names if recording in first]
    right = [each for each in wanted if first[each].techniques & recordings.techniques[each]]
    within = [each for each in wanted if first[each].within & recordings.techniques[each]]
    return Verdict(len(right), len(within), len(wanted), len(named & set(wanted)))


def parts_of(recordings: RecordingSet) -> Iterator[tuple[str, list[str]]]:
    """Yield the parts of a set that are judged, with their names: all, and one half and the other."""
    names = sorted(recordings.techniques)
    yield f"{recordings.name}: {len(names)}", names
    yield "· every other one by name", names[::2]
    yield "· the others", names[1::2]


def first_lines_table(sets: Sequence[Shown]) -> str:
    """Return as a table of Markdown how often the first line of a recording is the attack.

    Columns stand in pairs, by id and by weight: of the recordings with any line, of those in which some row is of the
    attack, and for how many the attack is named within the first line.
    """
    head = ("recordings", "with any line", "the attack first", "by weight", "with the attack", "it first", "by weight")
    rows = [f"| {' | '.join([*head, 'named in the first', 'by weight'])} |", f"|{'---|' * 9}"]
    for each in sets:
        for part, names in parts_of(each.of):
            one, other = judged(each.before, each.of, names), judged(each.after, each.of, names)
            any_line = (_share(verdict.right, one.found) for verdict in (one, other))
            attack = (_share(verdict.right, one.named) for verdict in (one, other))
            within = (_share(verdict.within, one.found) for verdict in (one, other))
            cells = [part, str(one.found), *any_line, str(one.named), *attack, *within]
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def reading_table(shown: Shown) -> str:
    """Return as a table of Markdown what stands among the first lines of a set, and how many there are."""
    whats, orders = ("of an attack", "of a recording", "recordings seen"), ("by id", "by weight")
    rows = [
        f"{shown.of.name}: {len(shown.before):,} rows, {len(shown.after):,} incidents.",
        "",
        f"| {' | '.join(['among the first', *(f'{what}, {order}' for what in whats for order in orders)])} |",
        f"|{'---|' * 7}",
    ]
    for count in FIRST:
        parts = [lines[:count] for lines in (shown.before, shown.after)]
        attacks = [sum(1 for line in lines if _is_attack(line, shown.of)) for lines in parts]
        recorded = [sum(1 for line in lines if line.recordings) for lines in parts]
        seen = [len(frozenset[str]().union(*(line.recordings for line in lines))) for lines in parts]
        rows.append(f"| {count} | {' | '.join(map(str, [*attacks, *recorded, *seen]))} |")
    levels = ", ".join(f"{sum(1 for line in shown.after if line.level == name):,} {name}" for name in reversed(LEVELS))
    return "\n".join([*rows, "", f"The incidents by level: {levels}."])


def _is_attack(line: Line, recordings: RecordingSet) -> bool:
    return any(line.techniques & recordings.techniques[recording] for recording in line.recordings)


def _share(part: int, count: int) -> str:
    return f"{part} ({part / count:.0%})" if count else "none"


def shown_of(recordings: RecordingSet) -> Shown:
    """Put a set of recordings into a store, run the catalogue over it, and return the lines of both orders."""
    model = builtin_model()
    with tempfile.TemporaryDirectory(prefix="carlang-ranking-") as folder:
        store = Path(folder, "store")
        if recordings.made_up:
            write_store(store, recordings.made_up, {}, mixed=True)
        ingest([str(recordings.folder)], store, model=model)
        opened = open_store(store)
        analytics = [CompiledAnalytic(data, model) for data in shipped_catalogue().all()]
        report = run_analytics(analytics, opened, RunOptions.of(now=NOW), {})
        after = tuple(lines_after(rank(report, opened), report, recordings))
        return Shown(recordings, tuple(lines_before(report, recordings)), after)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of EVTX-ATTACK-SAMPLES")
    parser.add_argument("--datasets", type=Path, metavar="FOLDER", help="of Security-Datasets")
    parser.add_argument("--sigma", type=Path, metavar="FOLDER", help="of Sigma's rules and regression/")
    parser.add_argument("--events", type=int, default=100_000, help="made-up ones beside recordings that have no other")
    parser.add_argument("--into", type=Path, metavar="PAGE")
    parser.add_argument("--list", action="store_true", help="name the recordings whose first incident is another thing")
    options = parser.parse_args(arguments)
    try:
        sets = [attack_samples(options.folder, options.events)]
        sets += [sigma_regression(options.sigma, options.events)] if options.sigma else []
        sets += [security_datasets(options.datasets)] if options.datasets else []
    except ValueError as error:
        parser.error(str(error))
    shown = [shown_of(each) for each in sets]
    report = "\n\n".join([first_lines_table(shown), *(reading_table(each) for each in shown)])
    print(report)
    if options.list:
        for each in shown:
            _list(each)
    if options.into:
        begin, end = MARKS
        page = options.into.read_text("utf-8")
        block = f"{begin}\n{options.events:,} made-up events, now {NOW}.\n\n{report}\n{end}"
        options.into.write_text(re.sub(f"{begin}.*?{end}", lambda _: block, page, flags=re.DOTALL), "utf-8")
    return 0


def _list(shown: Shown) -> None:
    of_each: dict[str, Line] = {}
    for line in shown.after:
        for recording in line.recordings:
            of_each.setdefault(recording, line)
    techniques = shown.of.techniques
    named = {r for line in shown.before for r in line.recordings if line.techniques & techniques[r]}
    for recording, line in sorted(of_each.items()):
        if not line.techniques & techniques[recording]:
            known = "found" if recording in named else "not found at all"
            print(f"{recording}: {line.level} {sorted(line.techniques)}, not {sorted(techniques[recording])}, {known}")


if __name__ == "__main__":
    sys.exit(main())
