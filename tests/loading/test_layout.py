"""What a store holds does not depend on how its events came in."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from carlang.loading import loader
from carlang.readers import tuning
from carlang.store import compact, open_store, write_plain
from tests.ingesting import load, sysmon_create

_EXAMPLES = settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _record(number: int) -> dict[str, Any]:
    """Return one of several kinds of records: mapped, unmapped, of no known shape, without a time."""
    kinds: list[dict[str, Any]] = [
        sysmon_create(number, CommandLine=f"at {number}"),
        sysmon_create(number, UtcTime=None),
        {"Channel": "Security", "EventID": 4624, "RecordNumber": number, "EventTime": "2020-01-01T00:00:00Z"},
        {"Channel": "Unheard of", "EventID": number, "Hostname": "HOST2", "EventTime": "2020-01-01T00:00:00Z"},
        {"anything": number},
        {"object": "file", "action": "create", "time": f"2020-01-01T00:00:{number % 60:02}Z", "file_path": str(number)},
    ]
    return kinds[number % len(kinds)]


_RECORDS = [_record(number) for number in range(60)]


@st.composite
def _layouts(draw: st.DrawFn) -> tuple[list[list[list[int]]], list[bool], int]:
    """Draw records dealt out to files and files to ingests, after which of them the store is compacted, and a chunk."""
    order = draw(st.permutations(range(len(_RECORDS))))
    cuts = sorted(draw(st.sets(st.integers(1, len(order) - 1), max_size=5)))
    files = [list(order[a:b]) for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    ends = sorted(draw(st.sets(st.integers(1, len(files)), max_size=2)) | {len(files)})
    ingests = [files[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    compacted = draw(st.lists(st.booleans(), min_size=len(ingests), max_size=len(ingests)))
    return ingests, compacted, draw(st.sampled_from([1, 3000, 32 << 20]))


def _plain(store: Path, folder: Path) -> dict[str, bytes]:
    """Return the bytes of a plain copy; the file that an event stood in is the same for all."""
    write_plain(open_store(store), folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def _write(folder: Path, name: str, numbers: list[int]) -> str:
    """Write records into a folder of its own, so that all events have the same source by name."""
    path = folder / name / "log.json"
    path.parent.mkdir()
    path.write_text("".join(json.dumps(_RECORDS[number]) + "\n" for number in numbers), "utf-8")
    return str(path)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The plain copy of a store into which all records came at once, in one file."""
    folder = tmp_path_factory.mktemp("expected")
    with pytest.MonkeyPatch.context() as patch:
        _same_source(patch)
        load(folder / "store", _write(folder, "one", list(range(len(_RECORDS)))))
    return _plain(folder / "store", folder / "plain")


def _same_source(patch: pytest.MonkeyPatch) -> None:
    """Make all sources have one name in the events: the name is not what is compared."""
    add = loader.Loader.add
    patch.setattr(loader.Loader, "add", lambda self, _source, item: add(self, "log.json", item))


@_EXAMPLES
@given(layout=_layouts())
def test_files_order_ingests_compaction_and_chunks_make_no_difference(
    layout: tuple[list[list[list[int]]], list[bool], int], expected: dict[str, bytes]
) -> None:
    ingests, compacted, chunk = layout
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        _same_source(patch)
        patch.setattr(tuning, "CHUNK", chunk)
        patch.setattr(tuning, "ROWS_OF_ROUTE", 1 + chunk % 7)
        for turn, (files, compacting) in enumerate(zip(ingests, compacted, strict=True)):
            paths = [_write(folder, f"{turn}-{place}", numbers) for place, numbers in enumerate(files)]
            load(folder / "store", *paths)
            if compacting:
                compact(open_store(folder / "store"), keep_hours=0)
        assert _plain(folder / "store", folder / "plain") == expected
