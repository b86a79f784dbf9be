"""A few of the runs of `bench/kill.py`, and what Ctrl-C leaves behind."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from bench import kill
from carlang.loading import Status
from carlang.store import open_store
from tests.conftest import PATIENCE, POSIX, REPOSITORY
from tests.ingesting import load
from tests.seeds import run_seed


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Invented logs."""
    return kill.make_sources(tmp_path_factory.mktemp("sources") / "logs")


@pytest.fixture(scope="module")
def whole(sources: list[Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    """What an undisturbed ingest leaves, and how long it takes."""
    return kill.undisturbed(sources, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("share", [0.15, 0.5, 0.85])
def test_an_ingest_that_is_killed_and_completed_holds_what_an_undisturbed_one_does(
    share: float, sources: list[Path], whole: tuple[dict[str, bytes], float], tmp_path: Path
) -> None:
    expected, seconds = whole
    assert kill.run_once(sources, tmp_path, expected, share * seconds).same


@POSIX
def test_what_is_stopped_at_its_steps_loses_and_doubles_nothing() -> None:
    command = [sys.executable, "bench/kill.py", "--rounds", "4", "--runs", "0", "--seed", str(run_seed())]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 rounds: " in done.stdout
    assert "; 0 with something lost, doubled or unreadable" in done.stdout


@POSIX
def test_defects_that_a_writer_must_not_have_are_noticed() -> None:
    """Four rounds in a process that has no threads: without them nobody knows whether the bench could fail."""
    command = [sys.executable, "bench/kill.py", "--defects"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.partition(": ")[0] for line in done.stdout.splitlines()] == [each.name for each in kill.DEFECTS]
    assert done.stdout.count("a file that the log names is not there") == len(kill.DEFECTS)


def test_the_count_of_a_round_sees_what_is_lost_doubled_or_cut(tmp_path: Path) -> None:
    sources = [tmp_path / "a.json", tmp_path / "b.json"]
    whole = Counter({(path.name, str(number)): 1 for path in sources for number in range(8)})
    assert kill.fault(whole, {"a.json"}, sources, complete=True) is None
    assert (
        kill.fault(whole + Counter([("a.json", "0")]), set(), sources, complete=False) == "doubled: [('a.json', '0')]"
    )
    assert kill.fault(whole - Counter([("a.json", "0")]), set(), sources, complete=False) == "in part: ['a.json']"
    of_one = Counter({key: count for key, count in whole.items() if key[0] == "b.json"})
    assert kill.fault(of_one, {"a.json"}, sources, complete=False) == "lost: ['a.json']"
    assert kill.fault(of_one, set(), sources, complete=True) == "lost: ['a.json']"
    assert kill.fault(of_one, set(), sources, complete=False) is None
    assert kill.fault(None, set(), sources, complete=False)


# Ctrl-C does what it does by itself: whatever a shell began in its background ignores it, and so would its children.
_SLOW = """
import signal
import time
from collections import Counter
from carlang.cli import main
from carlang.loading import run
from carlang.readers import tuning
tuning.CHUNK = tuning.COMMIT = 40_000
commit = run._Run._commit
def slow(self):
    time.sleep(0.3)
    return commit(self)
run._Run._commit = slow
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


def _on_a_terminal(sources: list[Path], store: Path, wanted: str) -> tuple[str, bool, int]:
    """Run an ingest on a terminal and interrupt it after a commit, when the terminal shows what is wanted.

    Returns what it showed, whether it was interrupted, and the status of the process.
    """
    command = [sys.executable, "-c", _SLOW, "ingest", *map(str, sources), "--store", str(store)]
    main, side = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm", "COLUMNS": "160"}
    process = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=environment, start_new_session=True)
    os.close(side)
    shown = b""
    sent = False
    until = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < until:
            ready, _, _ = select.select([main], [], [], 0.2)
            if ready:
                try:
                    piece = os.read(main, 65536)
                except OSError:
                    break
                shown += piece
            committed = (store / "_delta_log" / "00000000000000000001.json").exists()
            if not sent and committed and re.search(wanted, shown.decode("utf-8", "replace")):
                process.send_signal(signal.SIGINT)
                sent = True
    finally:
        process.kill()
        os.close(main)
    return shown.decode("utf-8", "replace"), sent, process.wait()


def test_a_terminal_shows_rate_and_remaining_time_and_ctrl_c_leaves_what_the_next_run_completes(
    sources: list[Path], whole: tuple[dict[str, bytes], float], tmp_path: Path
) -> None:
    store = tmp_path / "store"
    shown, interrupted, status = _on_a_terminal(sources, store, r"\d [kM]?B/s.*\d:(?!00:00)\d\d:\d\d")
    assert interrupted, shown
    assert "Traceback" not in shown
    assert status == 130, shown
    before = open_store(store).info()
    assert len({file.path for file in open_store(store).files()}) == len(list(store.rglob("*.parquet"))) > 0
    report = load(store, *sources)
    assert [s.status for s in report.sources].count(Status.PRESENT) > 0
    assert open_store(store).info().rows > before.rows
    assert kill.plain(store, tmp_path / "plain") == whole[0]
