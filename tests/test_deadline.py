"""A limit of time holds for compiling as for running, wherever it is given."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

import carlang
from carlang.cache import VARIABLE
from carlang.deadline import TimeUpError, check_time, limit_time, placed, task
from carlang.program import _kept
from carlang.source import Span
from carlang.store.counting import class_query
from carlang.store.inventory import Inventory
from tests.cli.commands import carlang as command
from tests.engine.trees import write

SLOW = (
    "p = search Process:Create\nx = filter p where exe in ["
    + ", ".join(f'"{n}"' for n in range(3000))
    + "]\noutput x\n"
)


class Clock:
    """A clock that goes on by a second each time somebody looks at it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture(autouse=True)
def nothing_is_compiled_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what a test before this one, or an earlier run, compiled, of which no time would be taken again."""
    _kept.cache_clear()
    monkeypatch.setenv(VARIABLE, "off")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ticking = Clock()
    monkeypatch.setattr("carlang.deadline.monotonic", ticking)
    return ticking


def test_without_a_limit_there_is_none(clock: Clock) -> None:
    with task():
        check_time()
    assert clock.now == 0


def look(clock: Clock, *, each: bool = False) -> None:
    """Look at the clock a hundred times, each time as a task or not."""
    while clock.now < 100:
        with task() if each else nullcontext():
            check_time()


def test_a_task_ends_when_its_time_is_up(clock: Clock) -> None:
    with limit_time(3), task(), placed(Span(0, 99)), pytest.raises(TimeUpError, match="not compiled within 3 s"):
        look(clock)
    assert clock.now == 5


def test_the_innermost_place_is_named(clock: Clock) -> None:
    def work() -> None:
        with placed(Span(0, 99)), placed(Span(4, 9)):
            look(clock)

    with limit_time(3), task(), pytest.raises(TimeUpError) as raised:
        work()
    assert raised.value.span == Span(4, 9)


def test_a_task_within_another_is_a_part_of_it(clock: Clock) -> None:
    with limit_time(3), task(), pytest.raises(TimeUpError):
        look(clock, each=True)
    assert clock.now == 5


def test_each_task_has_its_own_time(clock: Clock) -> None:
    with limit_time(3):
        for _ in range(10):
            with task():
                check_time()
    assert clock.now == 20


@pytest.mark.parametrize(("moment", "line"), [(1, 1), (3000, 1), (10_500, 2), (13_500, 2)])
def test_every_station_of_a_compilation_looks_at_the_clock(clock: Clock, moment: int, line: int) -> None:
    """While the text is cut, parsed and resolved; what is named is a place in the program, where that is known."""
    with limit_time(moment):
        (fault,) = carlang.check(SLOW)
    assert fault.code.name == "CL113"
    assert moment < clock.now < moment + 10
    assert fault.location.line == line


@pytest.mark.usefixtures("clock")
def test_a_lowering_looks_at_the_clock_as_well() -> None:
    analytic = carlang.load_text(SLOW)
    assert not analytic.check()
    with limit_time(1000), pytest.raises(carlang.EngineError, match="not compiled within 1000 s"):
        analytic.sql()


def test_the_library_takes_the_limit() -> None:
    with pytest.raises(carlang.EngineError, match=r"ran longer than 0\.001 s while it was being compiled"):
        carlang.run(SLOW, timeout="1ms")


@pytest.mark.parametrize("name", ["run", "check", "compile", "test"], ids=str)
def test_commands_take_the_limit(name: str, tmp_path: Path) -> None:
    (tmp_path / "slow.car").write_text(SLOW, encoding="utf-8")
    (tmp_path / "quick.car").write_text("p = search Process:Create\noutput p\n", encoding="utf-8")
    done = command(name, str(tmp_path / "slow.car"), "--timeout", "1ms")
    assert done.status == 1
    assert "not compiled within 0.001 s" in done.out + done.err
    assert command(name, str(tmp_path / "quick.car"), "--timeout", "nonsense").status == 2


@pytest.mark.usefixtures("clock")
def test_one_that_takes_too_long_stops_no_other() -> None:
    texts = {"a": SLOW, "b": "search Process:Create | filter pid == 1"}
    analytics = [carlang.load_text(text, name) for name, text in texts.items()]
    report = carlang.run_all(analytics, timeout=2000)
    assert [failure.diagnostics[0].code.name for failure in report.failed] == ["CL113"]
    assert len(report.results) == 1


def chain(folder: Path, count: int, line: Callable[[int], str]) -> Path:
    """Write analytics each of which runs the one before it, and return the last."""
    (folder / "C-0.car").write_text("p = search Process:Create\noutput p\n", encoding="utf-8")
    for number in range(1, count):
        (folder / f"C-{number}.car").write_text(line(number - 1), encoding="utf-8")
    return folder / f"C-{count - 1}.car"


def test_analytics_that_run_the_next_one_twice_are_compiled_once_each(tmp_path: Path) -> None:
    last = chain(
        tmp_path, 60, lambda n: f"a = run Analytic:C-{n}\nb = run Analytic:C-{n}\nx = a - b by pid\noutput x\n"
    )
    analytic = carlang.load(last)
    assert not analytic.check()
    assert sum(map(len, analytic.sql().values())) < 200_000


def _counted_without_end(name: tuple[str, str], *others: Any) -> str:
    endless = "SELECT sum(hash(a.i + b.i)) FROM range(10_000_000) a(i), range(10_000_000) b(i)"
    return endless if name == ("process", "create") else class_query(name, *others)


def test_the_counting_of_a_store_ends_with_the_time_of_its_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "process/create", [{"hostname": "H"}])
    inventory = Inventory(carlang.open_store(tmp_path).files())
    monkeypatch.setattr("carlang.store.inventory.class_query", _counted_without_end)
    with pytest.raises(TimeUpError), limit_time(0.2), task():
        inventory.table()
    monkeypatch.undo()
    assert inventory.table()["host"].to_pylist() == ["H"]


def test_an_analytic_for_which_there_is_no_time_to_judge_the_store_fails_and_stops_no_other(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "process/create", [{"hostname": "H", "exe": "a.exe"}])
    judge = sys.modules["carlang.judgement.judge"]  # the package has a function of that name
    needed = vars(judge)["_need"]

    def late(asked: Any, *others: Any) -> Any:
        clock.now += 1e9 if asked.output.name == "slow" else 0
        return needed(asked, *others)

    monkeypatch.setattr(judge, "_need", late)
    slow, quick = (carlang.load_text(f"{name} = search Process:Create\noutput {name}") for name in ("slow", "quick"))
    report = carlang.run_all([slow, quick], tmp_path, timeout=1e6)
    (failed,), (answered,) = report.failed, report.results
    assert failed.error == (
        "ran longer than 1e+06 s while it was judged what the store can answer; give it more with --timeout"
    )
    assert (answered.output.name, answered.output.total) == ("quick", 1)
    with pytest.raises(carlang.EngineError, match="while it was judged"):
        slow.run(tmp_path, timeout=1e6)
    assert slow.run(tmp_path)["slow"].total == 1
