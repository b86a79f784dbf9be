"""What tests of several rooms share."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings

from tests.seeds import VARIABLE, run_seed

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"

# How long it takes to draw an example and to try it says more of the machine than of us. Where Hypothesis sees a CI it
# would draw the same examples every time; here the seed of the run decides.
settings.register_profile("carlang", deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("carlang")

# These are about signals, pseudo-terminals and links, or start commands through a POSIX shell. Windows has none of the
# former, and links only for administrators.
NOT_ON_WINDOWS = [
    "cli/test_cli_process.py",
    "database/test_locked_connection.py",
    "docs/test_example_runner.py",
    "docs/test_examples.py",
    "loading/test_kill.py",
]
collect_ignore = NOT_ON_WINDOWS if os.name == "nt" else []

PATIENCE = 300
"""Seconds after which a process that a test waits for is taken to hang.

None takes more than ten by itself, but a machine that does much else may take twenty times as long.
"""

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals, pseudo-terminals and modes of files")
"""Marks a test that needs what Windows has not."""

ELSEWHERE = "America/St_Johns"
"""A zone whose clocks differ from UTC by a broken number of hours, and by another one in summer."""


def _folder_beside(name: str) -> Path:
    """Return a folder of facts beside the repository; without it a test is skipped, and in CI it fails."""
    folder = SHARED / name
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"../shared/{name} is missing")
        pytest.skip(f"../shared/{name} is not there")
    return folder


@pytest.fixture(scope="session")
def real_corpus() -> Path:
    """The folder of CAR's published analytics and data model."""
    return _folder_beside("corpus")


@pytest.fixture(scope="session")
def real_logs() -> Path:
    """The folder of logs recorded on real machines."""
    return _folder_beside("data")


@pytest.fixture(scope="session")
def real_rules() -> Path:
    """The folder of SigmaHQ's rules and recordings."""
    return _folder_beside("sigma")


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """The folder of small logs, each with what has to become of it."""
    return _folder_beside("cases")


LONG = (
    "test_catalogue_real_logs.py",
    "test_catalogue_analytics.py",
    "test_kill.py",
    "test_same_rows.py",
    "test_store_repair.py",
    "test_textual_agreement.py",
    "test_wheel.py",
    "test_shared_cases.py",
    "test_growth.py",
    "test_examples.py",
    "test_explain_equals_ingest.py",
    "test_reference_agreement.py",
    "test_format_laws.py",
    "test_once.py",
    "test_large_programs.py",
    "test_layout.py",
    "test_split.py",
    "test_fuzz.py",
    "test_catalogue_independent.py",
    "test_store_interrupts.py",
    "test_one_judgement.py",
    "test_cli_process.py",
    "test_catalogue_spellings.py",
    "test_equivalent_mutants.py",
    "test_reference_ties.py",
)
"""Files that take more than ten seconds, or as long with few tests, the longest first.

A file is one worker's, and with one of these at the end the others would have nothing to do.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first; the others stay in their order."""
    order = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


def pytest_collection_finish() -> None:
    """Keep the garbage collector from what lives as long as the process: modules, and ten thousand tests.

    Each of its full passes would go through all of it, hundreds of thousands of objects, and the tests make many.
    """
    gc.collect()
    gc.freeze()
    # Not as often among young objects either: 700 of them, as Python has it, are a few lines of a report.
    gc.set_threshold(20_000)


UNMEASURED = frozenset(
    {
        "boundaries",
        "browser",
        "cases",
        "catalogue/test_catalogue_analytics.py",
        "catalogue/test_catalogue_independent.py",
        "catalogue/test_catalogue_real_logs.py",
        "catalogue/test_catalogue_spellings.py",
        "catalogue/test_equivalent_mutants.py",
        "cli/test_cli_process.py",
        "corpus",
        "docs/test_contributing.py",
        "docs/test_mentions.py",
        "engine/test_address_comparison.py",
        "engine/test_plain_trees.py",
        "engine/test_text_comparison.py",
        "engine/test_two_valued_logic.py",
        "exports",
        "loading/test_kill.py",
        "loading/test_layout.py",
        "loading/test_once.py",
        "loading/test_real_logs.py",
        "loading/test_split.py",
        "readers/test_fuzz.py",
        "reference/test_reference_agreement.py",
        "reference/test_reference_laws.py",
        "reference/test_reference_ties.py",
        "report/test_hostile_values.py",
        "report/test_same_bytes.py",
        "syntax/test_format_laws.py",
        "syntax/test_large_programs.py",
        "syntax/test_parse_properties.py",
        "test_layers.py",
        "test_seeds.py",
        "test_start.py",
        "test_wheel.py",
        "textual",
        "typing",
    }
)
"""Folders and files that do not count for coverage.

To be measured doubles the time that a test takes. These hold carlang as a whole to something outside of it, start it as
a process, read its source, have tables of values or draw programs by the hundred, and reach no line, or next to none,
that others do not reach: all of them together 0.4 % of lines and branches. Whether a file may join them is what
`coverage report` says with and without it.
"""


def _counts(item: pytest.Item) -> bool:
    folder, _, file = item.nodeid.partition("::")[0].removeprefix("tests/").partition("/")
    return UNMEASURED.isdisjoint((folder, f"{folder}/{file}"))


@contextmanager
def without_coverage() -> Iterator[None]:
    """Measure neither this process nor those that are started from it, until the block ends."""
    # A worker has three, its own as a subprocess and two of pytest-cov: where one stops, the one below goes on.
    stopped = []
    while measuring := Coverage.current():
        measuring.stop()
        stopped.append(measuring)
    of_subprocesses = os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    try:
        yield
    finally:
        if of_subprocesses is not None:
            os.environ["COVERAGE_PROCESS_CONFIG"] = of_subprocesses
        for measuring in reversed(stopped):
            measuring.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure the tests that count for coverage, and no others."""
    if _counts(item) or Coverage.current() is None:
        return (yield)
    with without_coverage():
        return (yield)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write expected files anew; refused in CI")


@pytest.hookimpl(tryfirst=True)  # before Hypothesis' own, which reads its seed there
def pytest_configure(config: pytest.Config) -> None:
    if config.option.hypothesis_seed is None:
        try:
            config.option.hypothesis_seed = str(run_seed())
        except ValueError as error:
            raise pytest.UsageError(str(error)) from error
    # Workers of pytest-xdist inherit both, also over midnight.
    os.environ[VARIABLE] = str(run_seed())
    os.environ.setdefault("TZ", ELSEWHERE)
    # Workers of pytest-xdist are told the width of its terminal, and commands would write for that into pipes as well.
    os.environ.pop("COLUMNS", None)
    # Not the user's own: what a test finds there must have been put there by a test.
    os.environ["CARLANG_CACHE"] = str(REPOSITORY / ".pytest_cache" / "carlang")
    if hasattr(time, "tzset"):
        time.tzset()
    if config.getoption("--update-goldens") and os.environ.get("CI"):
        raise pytest.UsageError("--update-goldens is for people: in CI, expected files are only compared")


def _repeat() -> str:
    return f"{VARIABLE}={os.environ[VARIABLE]}"


def pytest_report_header() -> str:
    return f"seed: {_repeat()} draws these cases again; time zone: TZ={os.environ['TZ']}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the seed also where `-q` leaves out the header."""
    if config.option.verbose < 0:
        terminalreporter.write_line(pytest_report_header())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Name the seed beside every failure, where it is read when the header has scrolled away."""
    report = yield
    if report.failed:
        report.sections.append(("Seed of the run", f"{_repeat()} pytest '{report.nodeid}'"))
    return report


Golden = Callable[[Path, str], None]
"""Compares a text with an expected file, or writes it there."""


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Golden:
    """Compare a text with the file that holds what is expected; `--update-goldens` writes it there instead."""

    def compare(path: Path, text: str) -> None:
        if pytestconfig.getoption("--update-goldens"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"{path.name} is missing; `pytest --update-goldens` writes it"
        assert text == path.read_text(encoding="utf-8")

    return compare
