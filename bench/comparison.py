# ruff: noqa: INP001  # a folder of commands, not a package
"""Put a hunt beside Zircolite's, on the same recordings of attacks: what it costs, what is found, what stands first.

    python -m bench.comparison ../shared/data/evtx --rules ../shared/sigma/rules/windows \
        --peers peers/bin/python --zircolite ~/Zircolite/zircolite.py --into docs/comparison.md

Four ways: `carlang hunt` with its own catalogue, and with Sigma rules besides; carlang with these rules alone;
Zircolite 2 with the same ones. The peers' interpreter has what Zircolite requires, and pySigma with its backend for
SQLite and its pipelines for Sysmon and Windows. Costs are those of whole processes as a user starts them, the best of
some rounds; what an earlier one keeps in a cache counts as that of a second run, and the first run is told beside it.
The recordings are made lines of JSON by the library and the call that Zircolite has for that, and that counts as its
reading. To make its ruleset, which it ships ready-made, is not counted.

What is right goes by the names of the recordings, which tell of the attack (`bench/ranking_sets.py`): a line is right
where its rule covers a technique of the recording that it is of.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.__main__ import machine
from bench.measure import Cost
from bench.ranking import Line, judged, lines_after
from bench.ranking_sets import RecordingSet, attack_samples
from carlang.analytic import CompiledAnalytic, RunOptions, run_analytics
from carlang.importers import AnalyticFile
from carlang.loading import ingest
from carlang.model import builtin_model
from carlang.project import Project, load_targets, shipped_catalogue
from carlang.results import RunReport, counted
from carlang.store import open_store
from carlang.triage import rank

NOW = "2024-03-11"
FIRST = (10, 25, 50)
MARKS = ("<!-- comparison: begin -->", "<!-- comparison: end -->")
_CARLANG = [sys.executable, "-c", "from carlang.cli import main; main()"]
_PEER_HUNT = str(Path(__file__).with_name("peer_hunt.py"))
_SCREEN = 14
"""Lines of a first screen that the page shows: what a small terminal shows beside the command."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Way:
    """One way of hunting: what was typed, what it cost, what it showed, and its lines in the order of reading."""

    name: str
    commands: Sequence[str]
    rules: int
    answered: str
    first_run: Cost
    later_run: Cost
    rows: int
    lines: Sequence[Line]
    screen: str
    unseen: str


def zircolite_lines(detected: Sequence[Mapping[str, Any]], recordings: RecordingSet) -> list[Line]:
    """Return what Zircolite writes, a line a rule that found something, in the order in which it prints them."""
    lines = []
    for rule in detected:
        tags = (tag.removeprefix("attack.").upper() for tag in rule["tags"])
        techniques = frozenset(tag.partition(".")[0] for tag in tags if re.match(r"T\d{4}", tag))
        files = (str(match.get("OriginalLogfile", "")).removesuffix(".json") for match in rule["matches"])
        named = frozenset(name for file in files if (name := recordings.recording(file)))
        lines.append(Line(techniques, named, techniques, rule["rule_level"]))
    return lines


def comparison(ways: Sequence[Way], recordings: RecordingSet) -> str:
    """Return the ways side by side as a table of Markdown."""
    verdicts = [judged(way.lines, recordings, recordings.techniques) for way in ways]
    total = len(recordings.techniques)
    rows: list[tuple[str, list[str]]] = [
        ("commands", [str(len(way.commands)) for way in ways]),
        ("rules", [f"{way.rules:,}" for way in ways]),
        ("of them said to have been answered", [way.answered for way in ways]),
        ("CPU s, first run", [f"{way.first_run.cpu:.1f}" for way in ways]),
        ("CPU s, later runs", [f"{way.later_run.cpu:.1f}" for way in ways]),
        ("wall s, later runs", [f"{way.later_run.wall:.1f}" for way in ways]),
        ("events found, by rule", [f"{way.rows:,}" for way in ways]),
        ("lines to read", [f"{len(way.lines):,}" for way in ways]),
        (f"recordings with a line, of {total}", [str(verdict.found) for verdict in verdicts]),
        (f"recordings with a right line, of {total}", [str(verdict.named) for verdict in verdicts]),
        ("recordings whose first line is right", [str(verdict.right) for verdict in verdicts]),
    ]
    for count in FIRST:
        told = [set[str]().union(*(line.recordings for line in way.lines[:count])) for way in ways]
        rows.append((f"recordings told of by the first {count} lines", [str(len(names)) for names in told]))
    rows.append(("what could not be seen", [way.unseen for way in ways]))
    head = ["| | " + " | ".join(way.name for way in ways) + " |", "|---" + "|---:" * len(ways) + "|"]
    return "\n".join([*head, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows)])


@dataclass(frozen=True, slots=True)
class Case:
    """What is hunted in, with what, and where the work is done."""

    recordings: RecordingSet
    rules: Path
    peers: str
    zircolite: Path
    folder: Path
    rounds: int

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process: a cache of its own, and a screen of 100 cells."""
        return {**os.environ, "CARLANG_CACHE": str(self.folder / "cache"), "COLUMNS": "100", "NO_COLOR": "1"}

    def cost(self, commands: Callable[[int], Sequence[Sequence[str]]]) -> tuple[Cost, Cost]:
        """Return what the commands of a round take together in the first round, and at best in the later ones.

        The first one finds an empty cache.
        """
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        costs = []
        for number in range(self.rounds + 1):
            each = [self._taken(command) for command in commands(number)]
            costs.append((sum(cpu for cpu, _ in each), sum(wall for _, wall in each)))
        cpu, wall = zip(*costs, strict=True)
        return Cost(cpu[0], wall[0], 0, 0), Cost(min(cpu[1:]), min(wall[1:]), 0, 0)

    def _taken(self, command: Sequence[str]) -> tuple[float, float]:
        """Return the seconds of processors and on the clock that a process takes."""
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, env=self.environment, check=False, capture_output=True, text=True)
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode > 1:  # 1: there are rules that cannot be read, which are among those that were not answered
            raise SystemExit(f"{' '.join(command)}: {done.stderr}")
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall

    def shown(self, command: Sequence[str]) -> str:
        """Return what a command writes on both streams."""
        done = subprocess.run(
            command, env=self.environment, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return done.stdout


def by_hunt(case: Case, *, with_rules: bool) -> Way:
    """Hunt with carlang's own catalogue, and with Sigma rules besides where they are wanted."""
    rules = ["--rules", str(case.rules)] if with_rules else []
    outputs = ["--output", str(case.folder / "report.html"), "--now", NOW]
    command = [*_CARLANG, "hunt", str(case.recordings.folder), *rules, *outputs]
    costs = case.cost(lambda _: [command])
    report, lines = _asked(case, [*shipped_catalogue().all(), *(_sigma_rules(case) if with_rules else ())])
    shown = case.shown(command).splitlines()
    # What is remarked on rules stands above the screen.
    begin = next(number for number, line in enumerate(shown) if re.match(r"\d+ logs: ", line))
    return Way(
        "carlang, its catalogue and Sigma's rules" if with_rules else "carlang, its catalogue",
        [f"carlang hunt LOGS{' --rules RULES' if with_rules else ''} --output report.html"],
        *_answered(report),
        *costs,
        report.found,
        lines,
        "\n".join(shown[begin:][:_SCREEN]),
        "named, rule by rule and host by host",
    )


def by_carlang_with_rules(case: Case) -> Way:
    """Run Sigma rules by carlang over a store of the recordings, with a page of all."""

    def commands(number: int) -> Sequence[Sequence[str]]:
        store = ["--store", str(case.folder / f"store-{number}")]  # one that has the logs already would read nothing
        outputs = ["--output", str(case.folder / "rules.html"), "--now", NOW, "-q"]
        return [
            [*_CARLANG, "ingest", str(case.recordings.folder), *store],
            [*_CARLANG, "run", str(case.rules), *store, *outputs],
        ]

    costs = case.cost(commands)
    report, lines = _asked(case, _sigma_rules(case))
    return Way(
        "carlang, Sigma's rules",
        ["carlang ingest LOGS --store S", "carlang run RULES --store S --output report.html"],
        *_answered(report),
        *costs,
        report.found,
        lines,
        "",
        "named, rule by rule and host by host",
    )


def by_zircolite(case: Case) -> Way:
    """Hunt with Zircolite and the same rules, each of its costs with that of reading."""
    ruleset, lines_of_json, detected = (str(case.folder / name) for name in ("rules.json", "lines", "detected.json"))
    Path(lines_of_json).mkdir()
    subprocess.run([case.peers, _PEER_HUNT, "rules", str(case.rules), ruleset], check=True, capture_output=True)
    read = [case.peers, _PEER_HUNT, "read", str(case.recordings.folder), lines_of_json]
    command = [case.peers, str(case.zircolite), "--evtx", lines_of_json, "--jsonl", "--ruleset", ruleset]
    command += ["--config", str(case.zircolite.parent / "config" / "fieldMappings.json")]
    command += ["--outfile", detected, "--logfile", str(case.folder / "zircolite.log")]
    costs = case.cost(lambda _: [read, command])
    # Its bar is drawn on the same lines.
    printed = _COLOUR.sub("", case.shown(command)).replace("\r", "\n")
    found = re.findall(r"- .*\] : \d+ events", printed)
    rules = json.loads(Path(detected).read_text("utf-8"))
    return Way(
        "Zircolite 2, Sigma's rules",
        ["./zircolite.py --evtx LOGS --ruleset rules.json"],
        len(json.loads(Path(ruleset).read_text("utf-8"))),
        "not said",
        *costs,
        sum(rule["count"] for rule in rules),
        zircolite_lines(rules, case.recordings),
        "\n".join(found[:_SCREEN]),
        "not said",
    )


def _sigma_rules(case: Case) -> Sequence[AnalyticFile]:
    return load_targets(Project(), str(case.rules))


def _asked(case: Case, files: Sequence[AnalyticFile]) -> tuple[RunReport, list[Line]]:
    """Ask analytics of the recordings in this process, for what the lines of a page are of."""
    store, model = case.folder / "judged", builtin_model()
    ingest([str(case.recordings.folder)], store, model=model)
    opened = open_store(store)
    report = run_analytics([CompiledAnalytic(data, model) for data in files], opened, RunOptions.of(now=NOW), {})
    return report, list(lines_after(rank(report, opened), report, case.recordings))


def _answered(report: RunReport) -> tuple[int, str]:
    """Return how many analytics were run, and of how many some host could answer."""
    answered = {each.analytic for each in report.results}
    others = {each.analytic for each in report.not_run} | {each.analytic for each in report.failed}
    return len(answered | others), f"{len(answered):,}"


def page(case: Case, ways: Sequence[Way]) -> str:
    """Return what a page has between its marks."""
    screens = (f"### The first screen: {way.name}\n\n```text\n{way.screen}\n```" for way in ways if way.screen)
    said = f"{machine(case.rounds).strip()} {counted(len(case.recordings.techniques), 'recording')}."
    return "\n\n".join([said, comparison(ways, case.recordings), *screens])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", type=Path, help="a folder of recordings, .evtx")
    parser.add_argument("--rules", type=Path, required=True, help="a folder of Sigma rules")
    parser.add_argument(
        "--peers", required=True, metavar="PYTHON", help="the interpreter that has what Zircolite needs"
    )
    parser.add_argument("--zircolite", type=Path, required=True, metavar="PATH", help="the zircolite.py of a checkout")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--into", type=Path, metavar="PAGE")
    options = parser.parse_args(arguments)
    try:
        recordings = attack_samples(options.logs.absolute(), 0)
    except ValueError as error:
        parser.error(str(error))
    with tempfile.TemporaryDirectory(prefix="carlang-comparison-") as name:
        paths = options.rules.absolute(), options.peers, options.zircolite.absolute(), Path(name)
        case = Case(recordings, *paths, options.rounds)
        hunts = [by_hunt(case, with_rules=with_rules) for with_rules in (False, True)]
        text = page(case, [*hunts, by_carlang_with_rules(case), by_zircolite(case)])
    print(text)
    if options.into:
        begin, end = MARKS
        written = options.into.read_text("utf-8")
        block = f"{begin}\n{text}\n{end}"
        options.into.write_text(re.sub(f"{begin}.*?{end}", lambda _: block, written, flags=re.DOTALL), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
