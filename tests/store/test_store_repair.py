"""What a check of a store finds, and what a repair brings back: nothing twice, and nothing that was not committed."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from carlang.errors import StoreError
from carlang.loading import Status
from carlang.store import Fault, Remedy, Store, StoreCheck, check_store, compact, open_store, repair_store
from carlang.store.locks import writing
from tests.ingesting import load, sysmon_create, write_lines
from tests.store.conftest import add_events, write_events

_SOURCES = 4


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of four sources, each of a commit of its own, and the sources."""
    folder = tmp_path_factory.mktemp("sound")
    for number in range(_SOURCES):
        data = [sysmon_create(number * 10 + n, ProcessId=str(number * 10 + n)) for n in range(3)]
        other = {"Channel": "Other", "EventID": 1, "RecordNumber": 100 + number}
        load(folder / "store", write_lines(folder / f"{number}.json", [*data, other]))
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """A copy of that folder. The names of the sources are those of the original."""
    shutil.copytree(sound, tmp_path / "copy")
    return tmp_path / "copy"


def _events(store: Path) -> Counter[str]:
    """Count the ids of all events in the files that the log names, read without any of carlang."""
    files = [uri.removeprefix("file://") for uri in DeltaTable(store).file_uris()]
    rows = duckdb.execute("SELECT record_id FROM read_parquet($files, union_by_name = true)", {"files": files})
    return Counter(str(row[0]) for row in rows.fetchall())


_ALL = Counter([str(number * 10 + n) for number in range(_SOURCES) for n in range(3)])
_ALL.update(str(100 + number) for number in range(_SOURCES))


def _faults(check: StoreCheck) -> list[Fault]:
    return [finding.fault for finding in check.findings]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _entry(store: Path, version: int) -> Path:
    return store / "_delta_log" / f"{version:020}.json"


def _file(store: Path, version: int) -> Path:
    """Return the file of processes that a version added."""
    lines = map(json.loads, _entry(store, version).read_text("utf-8").splitlines())
    (name,) = [line["add"]["path"] for line in lines if "add" in line and "object=process" in line["add"]["path"]]
    return store / str(name)


def _flip(path: Path) -> None:
    """Flip a bit in the middle of the first page."""
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)


def _cut_between_lines(path: Path) -> None:
    path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", "utf-8")


def _cut_within(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


_ENTRY_DAMAGES: dict[str, Callable[[Path], None]] = {
    "missing": Path.unlink,
    "cut between lines": _cut_between_lines,
    "cut within a line": _cut_within,
    "empty": lambda path: _write(path, b""),
    "overwritten": lambda path: _write(path, bytes(path.stat().st_size)),
}


def test_each_file_says_of_which_commit_and_of_which_sources_it_is(folder: Path, sound: Path) -> None:
    store = folder / "store"
    record = json.loads(json.loads(_entry(store, 2).read_text("utf-8").splitlines()[0])["commitInfo"]["carlang"])
    digest = _digest(sound / "1.json")
    assert record["sources"] == {digest: str(sound / "1.json")}
    for name, described in record["files"].items():
        path = store / name
        assert described["sha256"] == _digest(path)
        said = json.loads(pq.read_metadata(path).metadata[b"carlang"])
        assert (said["name"], said["commit"], set(said["sources"])) == (path.name, record["commit"], {digest})


def test_a_store_without_copies_and_records_is_read_and_checked_and_then_has_copies(store: Store) -> None:
    # As carlang 0.1 and other programs leave one.
    add_events(store, 0, 5, "one")
    shutil.rmtree(store.path / "_commits")
    lines = [json.loads(line) for line in _entry(store.path, 1).read_text("utf-8").splitlines()]
    for line in lines:
        line.get("commitInfo", {}).pop("carlang", None)
    _entry(store.path, 1).write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    done = check_store(store.path)
    assert (done.findings, done.rows, done.digests) == ((), 5, 0)
    add_events(open_store(store.path), 5, 7, "two")
    assert len(list((store.path / "_commits").iterdir())) == len(list((store.path / "_delta_log").glob("*.json")))
    _entry(store.path, 1).unlink()
    assert repair_store(store.path, apply=True).check.is_whole
    assert open_store(store.path).info().rows == 7


def test_a_whole_store_is_said_to_be_whole(folder: Path) -> None:
    store = folder / "store"
    done = check_store(store)
    assert (done.findings, done.is_whole, done.rows, done.files, done.digests) == ((), True, 16, 8, 8)
    assert repair_store(store).steps == repair_store(store, apply=True, give_up=True).steps == ()
    compact(open_store(store))
    done = check_store(store)
    assert (done.findings, done.rows, done.files, done.digests) == ((), 16, 2, 2)
    assert _events(store) == _ALL


@pytest.mark.parametrize(
    ("damage", "version"), [*((name, 2) for name in _ENTRY_DAMAGES), ("missing", _SOURCES), ("empty", 1)]
)
def test_an_entry_of_the_log_that_is_lost_is_found_refused_and_put_back(
    damage: str, version: int, folder: Path, sound: Path
) -> None:
    store = folder / "store"
    _ENTRY_DAMAGES[damage](_entry(store, version))
    with pytest.raises(StoreError, match="store repair"):
        open_store(store)
    done = check_store(store)
    assert _faults(done) == [Fault.ENTRY_MISSING if damage == "missing" else Fault.ENTRY_CUT]
    (finding,) = done.findings
    assert finding.rows == 4
    assert dict(finding.sources) == {str(sound / f"{version - 1}.json"): 4}
    planned = repair_store(store)
    assert ([step.remedy for step in planned.steps], planned.applied) == ([Remedy.COPY], False)
    assert not check_store(store).is_whole
    assert repair_store(store, apply=True).check.findings == ()
    assert _events(store) == _ALL
    assert all(open_store(store).has_source(_digest(path)) for path in sound.glob("*.json"))


@pytest.mark.parametrize(
    ("damage", "version"),
    [("missing", 1), ("cut between lines", 2), ("cut within a line", 2), ("empty", _SOURCES - 1)],
)
def test_without_a_copy_an_entry_is_made_again_from_the_footers(
    damage: str, version: int, folder: Path, sound: Path
) -> None:
    store = folder / "store"
    _ENTRY_DAMAGES[damage](_entry(store, version))
    shutil.rmtree(store / "_commits")
    # None of these were part of the commit: a copy of a file of it, and one that no commit ever named.
    lost = next(path for path in store.rglob("*.parquet") if path.name not in _live_names(folder))
    shutil.copy(lost, lost.with_name("copy.parquet"))
    write_events(store / "object=process/action=create/never.parquet", 0, 5)
    assert not check_store(store).is_whole
    assert [step.remedy for step in repair_store(store).steps] == [Remedy.REBUILD]
    assert repair_store(store, apply=True).check.is_whole
    assert _faults(check_store(store)) == [Fault.NEVER_NAMED] * 2
    assert _events(store) == _ALL
    assert all(open_store(store).has_source(_digest(path)) for path in sound.glob("*.json"))


def _live_names(folder: Path) -> set[str]:
    """Return the names of the files that the entries that are left name."""
    names = set()
    for entry in (folder / "store" / "_delta_log").glob("*.json"):
        names |= {part.split('"')[0].rsplit("/", 1)[-1] for part in entry.read_text("utf-8").split('"path":"')[1:]}
    return names


@pytest.mark.parametrize("keeps_copies", [True, False])
def test_a_log_that_grew_goes_on_where_it_was_after_a_repair(*, keeps_copies: bool, tmp_path: Path) -> None:
    store = tmp_path / "store"
    log = tmp_path / "log.json"
    for count in (2, 4, 5):
        load(store, write_lines(log, [sysmon_create(number) for number in range(count)]))
    other = write_lines(tmp_path / "other.json", [sysmon_create(77)])
    load(store, other)
    _entry(store, 3).unlink()
    if not keeps_copies:
        shutil.rmtree(store / "_commits")
    assert repair_store(store, apply=True).check.is_whole
    load(store, write_lines(log, [sysmon_create(number) for number in range(7)]), other)
    assert _events(store) == Counter(str(number) for number in (*range(7), 77))


def test_the_entry_of_a_compaction_is_brought_back_with_what_it_removed(folder: Path) -> None:
    store = folder / "store"
    compact(open_store(store))
    for path in (store / "_delta_log").glob("*checkpoint*"):
        path.unlink()
    last = max((store / "_delta_log").glob("*.json"))
    for copies in (True, False):
        _cut_between_lines(last)
        if not copies:
            shutil.rmtree(store / "_commits")
        assert repair_store(store, apply=True).check.is_whole
        assert _events(store) == _ALL


def test_without_a_copy_and_without_its_files_an_entry_is_given_up_on_request_alone(folder: Path, sound: Path) -> None:
    store = folder / "store"
    _file(store, 2).unlink()
    _cut_between_lines(_entry(store, 2))
    shutil.rmtree(store / "_commits")
    (step,) = repair_store(store, apply=True).steps
    assert (step.remedy, step.reason) == (Remedy.NONE, "1 of the 2 files of its commit are there")
    assert not check_store(store).is_whole
    assert repair_store(store, apply=True, give_up=True).check.is_whole
    assert _events(store).total() == _ALL.total() - 4
    load(store, *sorted(sound.glob("*.json")))
    assert _events(store) == _ALL


@pytest.mark.parametrize(
    ("damage", "compacted"),
    [(Path.unlink, False), (Path.unlink, True), (_flip, True), (_cut_within, False)],
    ids=["missing", "missing, compacted", "flipped, compacted", "cut"],
)
def test_what_is_lost_for_good_is_given_up_on_request_alone_and_read_again_once(
    *, damage: Callable[[Path], None], compacted: bool, folder: Path, sound: Path
) -> None:
    store = folder / "store"
    path = _file(store, 2)
    if compacted:
        compact(open_store(store))
        (path,) = (file.path for file in open_store(store).files("process"))
    damage(path)
    done = check_store(store)
    (finding,) = done.findings
    assert (finding.path, finding.rows) == (path, 12 if compacted else 3)
    lost = range(_SOURCES) if compacted else [1]
    assert dict(finding.sources) == {str(sound / f"{number}.json"): 3 for number in lost}
    for applied in (False, True):
        assert [step.remedy for step in repair_store(store, apply=applied).steps] == [Remedy.NONE]
        assert check_store(store).findings == done.findings
    assert repair_store(store, give_up=True).steps[0].remedy is Remedy.GIVE_UP_FILES
    assert check_store(store).findings == done.findings
    assert repair_store(store, apply=True, give_up=True).check.is_whole
    # What was left of the sources, their events of other kinds, is gone with the rest: it would be doubled.
    assert open_store(store).info().rows == 4 * (_SOURCES - len(lost))
    report = load(store, *sorted(sound.glob("*.json")))
    assert [s.status for s in report.sources].count(Status.INGESTED) == len(lost)
    assert _events(store) == _ALL
    assert [s.status for s in load(store, *sorted(sound.glob("*.json"))).sources] == [Status.PRESENT] * _SOURCES
    assert check_store(store).is_whole


def test_a_quick_check_reads_no_data(folder: Path) -> None:
    store = folder / "store"
    _flip(_file(store, 1))
    _file(store, 2).unlink()
    _cut_within(_file(store, 3))
    assert _faults(check_store(store)).count(Fault.FILE_DAMAGED) == 2
    quick = check_store(store, quick=True)
    assert sorted(fault.value for fault in _faults(quick)) == ["file damaged", "file missing"]
    assert quick.digests == 0


@pytest.mark.parametrize(
    ("said", "other", "reason"),
    [
        ('numRecords\\":10', 'numRecords\\":11', "it has 10 rows where the log says 11"),
        ("2020-01-01T00:00:09", "2020-01-01T00:00:08", "its times are not those that the log says"),
        ('exe\\":5', 'exe\\":6', "the numbers of its values are not those that the log says"),
    ],
)
def test_rows_and_statistics_are_compared_with_the_log(said: str, other: str, reason: str, store: Store) -> None:
    add_events(store, 0, 10, "one")
    entry = _entry(store.path, 1)
    text = entry.read_text("utf-8")
    assert said in text
    entry.write_text(text.replace(said, other), "utf-8")
    for quick in (True, False):
        (finding,) = check_store(store.path, quick=quick).findings
        assert (finding.fault, finding.reason) == (Fault.FILE_DAMAGED, reason)


def test_a_file_of_no_commit_is_found_and_never_brought_back(folder: Path) -> None:
    store = folder / "store"
    never = write_events(store / "object=process/action=create/never.parquet", 0, 5)
    copy = Path(shutil.copy(_file(store, 1), store / "object=process/action=create/copy.parquet"))
    done = check_store(store)
    assert {finding.path for finding in done.findings} == {never, copy}
    assert done.is_whole
    assert repair_store(store, apply=True, give_up=True).steps == ()
    assert _events(store) == _ALL


def test_files_that_a_compaction_replaced_are_no_findings_and_stay_out(folder: Path) -> None:
    store = folder / "store"
    compact(open_store(store))
    assert check_store(store).findings == ()
    assert repair_store(store, apply=True, give_up=True).steps == ()
    assert _events(store) == _ALL


def test_a_repair_is_refused_while_somebody_writes(folder: Path) -> None:
    store = folder / "store"
    _entry(store, 2).unlink()
    with writing(store), pytest.raises(StoreError, match=r"repair of .* is refused"):
        repair_store(store, apply=True)
    assert not _entry(store, 2).exists()
    assert repair_store(store, apply=True).check.is_whole


def test_what_a_repair_replaces_is_set_aside(folder: Path) -> None:
    store = folder / "store"
    _cut_within(_entry(store, 2))
    left = _entry(store, 2).read_bytes()
    repair_store(store, apply=True)
    (aside,) = (store / "_set_aside").iterdir()
    assert aside.read_bytes() == left


def test_a_plain_tree_is_checked_as_far_as_it_can_be(tmp_path: Path) -> None:
    path = write_events(tmp_path / "process/create/a.parquet", 0, 5)
    assert check_store(tmp_path).is_whole
    _cut_within(path)
    assert _faults(check_store(tmp_path)) == [Fault.FILE_DAMAGED]
    with pytest.raises(StoreError, match="has no log"):
        repair_store(tmp_path)
