# ruff: noqa: INP001  # a folder of commands, not a package
"""Stop what writes to a store at random moments and right before and after its steps, and count what is left.

    python bench/kill.py [--rounds 300] [--runs 100] [--seed 0] [--defects]

A round starts an ingest, a compaction or a vacuum, which deletes all that it may, on a store that other rounds have
left, and sends it SIGKILL, SIGTERM or SIGINT: at a random moment, or right before or after a commit, the move of a file
to its place, or the deletion of one. Then the log and the files that it names are read by code that shares nothing with
carlang. Each source has to be there with all its records, each once, or not at all, and none that was there before may
be missing. Every few rounds the ingest is completed, all sources have to be there, and a new store is begun.

A run starts an ingest of other sources, kills it with SIGKILL at a moment drawn from the time that an undisturbed one
takes once it has begun to write, and runs it again to the end. The events of both stores have to be the same, byte by
byte, in a plain copy. Batches are made small, so that an ingest has many commits.

With `--defects` nothing of this: the writers get defects that they must not have, one after the other, some rounds stop
them where it matters, and what the count of the rounds says of it is printed. Status 1 says that one was not noticed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import deltalake
import deltalake.transaction
import pyarrow.parquet as pq

from carlang.cli import main as carlang
from carlang.errors import StoreError
from carlang.loading import Status, ingest
from carlang.model import builtin_model
from carlang.readers import tuning
from carlang.store import Store, StoreFile, open_store, write_plain

_CHUNK = 40_000
_COMMAND = f"""
from carlang.cli import main
from carlang.readers import tuning

tuning.CHUNK = tuning.COMMIT = {_CHUNK}
main()
"""
# Rounds: sources that each store gets, the records of each, and the rounds after which a new store is begun.
_SOURCES = 6
_RECORDS = 8
_ROUNDS_OF_STORE = 12
_COMMANDS = ("ingest", "ingest", "compact", "vacuum")
_SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
_STEPS = {"ingest": ("commit", "move"), "compact": ("commit", "move"), "vacuum": ("delete",)}
_INTERRUPTED = 130
_FILES = 24
_LINES = 120
_LONGEST = 300.0


@dataclass(frozen=True)
class Outcome:
    """One run: how long the command was let live, whether it was done before, and what the store held then."""

    seconds: float
    finished: bool
    held: int
    same: bool


def make_sources(folder: Path) -> list[Path]:
    """Write invented logs of several kinds, some of them with lines that are no records."""
    folder.mkdir()
    return [_write(folder / f"{number:02}.json", number) for number in range(_FILES)]


def _write(path: Path, number: int) -> Path:
    lines = [json.dumps(_record(number, line)) for line in range(_LINES)]
    if number % 5 == 0:
        lines.insert(number, '{"cut": ')
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def _record(file: int, line: int) -> dict[str, Any]:
    head = {
        "RecordNumber": file * _LINES + line,
        "Hostname": "HOST1",
        "UtcTime": f"2020-01-01 00:{file:02}:00.{line:03}",
    }
    if line % 4 == 0:
        return {"Channel": "Security", "EventID": 4624 + line, "EventTime": "2020-01-01T00:00:00Z", **head}
    data = {
        "Image": f"C:\\{line}.exe",
        "CommandLine": "x" * 100,
        "ProcessId": str(line),
        "TargetFilename": f"C:\\{line}",
    }
    sysmon = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": (1, 5, 11)[line % 3]}
    return {**sysmon, **data, **head}


def run_once(sources: list[Path], folder: Path, expected: dict[str, bytes], seconds: float) -> Outcome:
    """Kill an ingest after some seconds of writing, complete it and compare."""
    store = folder / "store"
    process = _start(sources, store)
    _wait_for_writing(process, store)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    held = _held(store)
    report = ingest([*map(str, sources)], store, model=builtin_model())
    known = all(source.status in (Status.INGESTED, Status.PRESENT) for source in report.sources)
    return Outcome(seconds, process.returncode >= 0, held, known and plain(store, folder / "plain") == expected)


def plain(store: Path, folder: Path) -> dict[str, bytes]:
    """Return the bytes of a store's plain copy by file."""
    write_plain(open_store(store), folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def undisturbed(sources: list[Path], folder: Path) -> tuple[dict[str, bytes], float]:
    """Return what the store holds after an ingest that is let be, and how many seconds it writes."""
    process = _start(sources, folder / "store")
    _wait_for_writing(process, folder / "store")
    begun = time.monotonic()
    process.wait(_LONGEST)
    return plain(folder / "store", folder / "plain"), time.monotonic() - begun


def _start(sources: list[Path], store: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _COMMAND, "ingest", *map(str, sources), "--store", str(store)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))


def _wait_for_writing(process: subprocess.Popen[bytes], store: Path) -> None:
    while process.poll() is None and not (store / "_delta_log").exists():
        time.sleep(0.002)


def _held(store: Path) -> int:
    try:
        return open_store(store).info().rows
    except StoreError:
        return 0  # killed before the first commit of the log was there


@dataclass(frozen=True)
class Stop:
    """When a command is stopped, and by what: after some seconds, or right before or after the nth time of a step."""

    signal: signal.Signals
    seconds: float | None
    step: str = ""
    moment: str = ""
    turn: int = 0

    def __str__(self) -> str:
        when = f"after {self.seconds:.3f} s" if self.seconds is not None else f"{self.moment} {self.step} {self.turn}"
        return f"{self.signal.name} {when}"


_NEVER = Stop(signal.SIGTERM, None, "commit", "after", 1_000_000)
Round = tuple[str, Stop]
"""A command and when it is stopped."""


def _delete_inputs_first() -> None:
    swap = Store.replace

    def replacing(store: Store, files: Sequence[StoreFile], path: Path) -> bool:
        for file in files:
            os.remove(file.path)  # noqa: PTH107  # as the steps of commands are those of Path
        return swap(store, files, path)

    Store.replace = replacing  # type: ignore[assignment, method-assign]


def _commit_first() -> None:
    commit = deltalake.DeltaTable.create_write_transaction

    def committing(table: Any, actions: Any, *arguments: Any, **options: Any) -> Any:
        root = Path(str(table.table_uri).removeprefix("file://"))
        late = [root / action.path for action in actions if isinstance(action, deltalake.transaction.AddAction)]
        for path in late:
            os.rename(path, f"{path}.late")  # noqa: PTH104  # as above
        done = commit(table, actions, *arguments, **options)
        for path in late:
            os.rename(f"{path}.late", path)  # noqa: PTH104
        return done

    deltalake.DeltaTable.create_write_transaction = committing  # type: ignore[assignment, method-assign]


@dataclass(frozen=True)
class Defect:
    """Something that a writer must not do: how it is made to, and the rounds in which that does harm."""

    name: str
    make: Callable[[], None]
    rounds: tuple[Round, ...]


DEFECTS = (
    Defect(
        "a compaction that deletes its inputs before its commit",
        _delete_inputs_first,
        (("ingest", _NEVER), ("ingest", _NEVER), ("compact", Stop(signal.SIGKILL, None, "commit", "before", 1))),
    ),
    Defect(
        "an ingest that moves its files to their places after its commit",
        _commit_first,
        (("ingest", Stop(signal.SIGKILL, None, "commit", "after", 1)),),
    ),
)


def drawn_stop(command: str, drawn: random.Random, longest: float) -> Stop:
    """Draw a moment of a command, which takes some seconds at most, and a signal."""
    sent = drawn.choice(_SIGNALS)
    if drawn.random() < 1 / 3:
        return Stop(sent, drawn.uniform(0, longest))
    return Stop(sent, None, drawn.choice(_STEPS[command]), drawn.choice(("before", "after")), drawn.randint(1, 2))


def _forked(task: Callable[[], object]) -> int:
    """Begin a task in a child process, which has all modules loaded and is silent; returns its id."""
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        task()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except KeyboardInterrupt:  # before the command has begun, or when it has ended, as in any process of Python
        status = _INTERRUPTED
    finally:
        os._exit(status)


def _status(child: int) -> int:
    """Wait for a child; returns its status, the negative number of the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _command(arguments: list[str], stop: Stop | None, defect: Defect | None) -> None:
    """Run a command of carlang, which stops itself at a step. Nothing in the package knows of it."""
    tuning.COMMIT = 1
    # Python ignores it in processes that a shell starts in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if stop and stop.step:
        owner, name = {
            "commit": (deltalake.DeltaTable, "create_write_transaction"),
            "move": (Path, "replace"),
            "delete": (Path, "unlink"),
        }[stop.step]
        _stop_at(owner, name, stop)
    if defect:
        defect.make()
    carlang(arguments)


def _stop_at(owner: Any, name: str, stop: Stop) -> None:
    step = getattr(owner, name)
    turns = 0

    def stopping(*arguments: Any, **options: Any) -> Any:
        nonlocal turns
        if stop.step != "commit" and not str(arguments[0]).endswith(".parquet"):
            return step(*arguments, **options)
        turns += 1
        if turns == stop.turn and stop.moment == "before":
            os.kill(os.getpid(), stop.signal)
        result = step(*arguments, **options)
        if turns == stop.turn and stop.moment == "after":
            os.kill(os.getpid(), stop.signal)
        return result

    setattr(owner, name, stopping)


def run_command(arguments: list[str], stop: Stop | None = None, defect: Defect | None = None) -> int:
    """Run a command in a child process and stop it; returns its status."""
    child = _forked(lambda: _command(arguments, stop, defect))
    if stop and stop.seconds is not None:
        time.sleep(stop.seconds)
        os.kill(child, stop.signal)  # it is not waited for yet, so that its id is still its own
    return _status(child)


def counted(store: Path) -> Counter[tuple[str, str]]:
    """Count the events in the files that a store's log names, by source and number, without any of carlang."""
    log = store / "_delta_log"
    names: set[str] = set()
    last = -1
    for checkpoint in sorted(log.glob("*.checkpoint.parquet"))[-1:]:
        last = int(checkpoint.name.split(".")[0])
        added = pq.read_table(checkpoint, columns=["add"])["add"].to_pylist()
        names = {str(each["path"]) for each in added if each and each["path"]}
    for version in range(last + 1, max((int(entry.stem) for entry in log.glob("*.json")), default=-1) + 1):
        for line in (log / f"{version:020}.json").read_text("utf-8").splitlines():
            action = json.loads(line)
            names -= {action["remove"]["path"]} if "remove" in action else set()
            names |= {action["add"]["path"]} if "add" in action else set()
    events: Counter[tuple[str, str]] = Counter()
    for name in names:
        rows = pq.ParquetFile(store / name).read(columns=["source", "record_id"]).to_pylist()
        events.update((Path(row["source"]).name, str(row["record_id"])) for row in rows)
    return events


def _counted_apart(store: Path, result: Path) -> Counter[tuple[str, str]] | None:
    """Count in a child: threads of Arrow in this process would not survive the next fork; None where it cannot."""
    if not (store / "_delta_log").exists():
        return Counter()
    child = _forked(lambda: result.write_text(json.dumps([[*key, n] for key, n in counted(store).items()]), "utf-8"))
    if _status(child):
        return None
    return Counter({(source, number): n for source, number, n in json.loads(result.read_text("utf-8"))})


def fault(
    events: Counter[tuple[str, str]] | None, before: set[str], sources: list[Path], *, complete: bool
) -> str | None:
    """Say what is lost or doubled; sources that were there `before` have to be there, and all where `complete`."""
    if events is None:
        return "a file that the log names is not there, or cannot be read"
    doubled = [key for key, count in events.items() if count > 1]
    per_source = Counter(source for source, _ in events)
    halves = [source for source, count in per_source.items() if count != _RECORDS]
    lost = ({path.name for path in sources} if complete else before) - per_source.keys()
    said = {"doubled": doubled, "in part": halves, "lost": sorted(lost)}
    return "; ".join(f"{what}: {which}" for what, which in said.items() if which) or None


def _drawn_rounds(folder: Path, drawn: random.Random) -> Iterator[Round]:
    """Draw rounds without end, in moments as long as an ingest takes here."""
    sources = [str(_small(folder / f"{number}.json", number)) for number in range(3)]
    begun = time.monotonic()
    run_command(["ingest", *sources, "--store", str(folder / "timed")])
    longest = time.monotonic() - begun
    while True:
        name = drawn.choice(_COMMANDS)
        yield name, drawn_stop(name, drawn, longest * (1.0 if name == "ingest" else 0.5))


def rounds(
    folder: Path, plan: Iterable[Round], count: int, defect: Defect | None = None
) -> tuple[Counter[str], list[str]]:
    """Run rounds; returns what happened by kind, and the faults."""
    happened: Counter[str] = Counter()
    faults: list[str] = []
    store, sources, before, wrong = folder, list[Path](), set[str](), None
    for number, (planned, stop_of_it) in zip(range(count), plan, strict=False):
        if number % _ROUNDS_OF_STORE == 0 or wrong:
            home = folder / str(number)
            home.mkdir()
            store, sources, before = home / "store", [], set()
        if len(sources) < _SOURCES * _ROUNDS_OF_STORE // 4:
            sources += [_small(store.parent / f"{len(sources) + n}.json", len(sources) + n) for n in range(3)]
        ingest = ["ingest", *map(str, sources), "--store", str(store)]
        name = planned if before else "ingest"
        stop = stop_of_it if name == planned else replace(stop_of_it, step=stop_of_it.step and _STEPS[name][0])
        others = {
            "compact": ["store", "compact", str(store)],
            "vacuum": ["store", "vacuum", str(store), "--older-than", "0"],
        }
        status = run_command(others.get(name, ingest), stop, defect)
        last = number % _ROUNDS_OF_STORE == _ROUNDS_OF_STORE - 1 or number == count - 1
        if last:
            status_of_last = run_command(ingest)
            happened["completed" if status_of_last == 0 else "NOT COMPLETED"] += 1
        events = _counted_apart(store, folder / "counted.json")
        wrong = fault(events, before, sources, complete=last)
        # What is stopped ends by the signal, or as a command that was interrupted; any other status is a failure.
        if not wrong and status not in (0, -stop.signal, 128 + stop.signal, _INTERRUPTED):
            wrong = f"status {status}"
        if wrong or (last and run_command(["store", "check", str(store)])):
            wrong = wrong or "the check finds the store damaged"
            faults.append(f"round {number}: {name}, {stop}: {wrong}")
        before = {source for source, _ in events or ()}
        happened[f"{name} stopped" if status else f"{name} done before"] += 1
    return happened, faults


def _small(path: Path, number: int) -> Path:
    path.write_text("".join(json.dumps(_record(number, line)) + "\n" for line in range(_RECORDS)), "utf-8")
    return path


def main() -> int:
    """Run, and print the counts."""
    parser = argparse.ArgumentParser(description="Stop what writes to a store, and compare what it leaves.")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--defects", action="store_true")
    options = parser.parse_args()
    if options.defects:
        return _defects()
    drawn = random.Random(options.seed)  # noqa: S311  # moments to kill at, no secrets
    with tempfile.TemporaryDirectory(prefix="carlang-") as name:
        folder = Path(name)
        # Before anything else: what is forked must have no threads.
        (folder / "rounds").mkdir()
        plan = _drawn_rounds(folder, drawn)
        happened, faults = rounds(folder / "rounds", plan, options.rounds)
        print(f"seed {options.seed}, {options.rounds} rounds: ", end="")
        print(", ".join(f"{count} {what}" for what, count in sorted(happened.items())), end="")
        print(f"; {len(faults)} with something lost, doubled or unreadable", *faults, sep="\n")
        if options.runs:
            faults += _runs(folder, options.runs, options.seed, drawn)
    return 1 if faults or happened["NOT COMPLETED"] else 0


def _defects() -> int:
    """Have the writers make mistakes, and print what the rounds say of them."""
    missed = 0
    for defect in DEFECTS:
        with tempfile.TemporaryDirectory(prefix="carlang-") as name:
            _, faults = rounds(Path(name), defect.rounds, len(defect.rounds), defect)
        print(f"{defect.name}: {'; '.join(faults) or 'NOT NOTICED'}")
        missed += not faults
    return 1 if missed else 0


def _runs(folder: Path, count: int, seed: int, drawn: random.Random) -> list[str]:
    """Kill and complete ingests, and print the counts; returns what was different."""
    sources = make_sources(folder / "sources")
    (folder / "whole").mkdir()
    expected, seconds = undisturbed(sources, folder / "whole")
    rows = open_store(folder / "whole" / "store").info().rows
    print(f"seed {seed}, {len(sources)} sources, {rows} events, {seconds:.2f} s of writing undisturbed")
    counts: Counter[str] = Counter()
    different: list[str] = []
    for number in range(count):
        with tempfile.TemporaryDirectory(prefix="carlang-", dir=folder) as home:
            outcome = run_once(sources, Path(home), expected, drawn.uniform(0, seconds))
        counts["killed" if not outcome.finished else "done before it was killed"] += 1
        counts[
            "with nothing committed" if not outcome.held else "with a part" if outcome.held < rows else "with all"
        ] += 1
        counts["same" if outcome.same else "DIFFERENT"] += 1
        if not outcome.same:
            different.append(f"run {number}: killed after {outcome.seconds:.3f} s, other events than undisturbed")
            print(different[-1])
    print(", ".join(f"{number} {what}" for what, number in counts.items()))
    return different


if __name__ == "__main__":
    sys.exit(main())
