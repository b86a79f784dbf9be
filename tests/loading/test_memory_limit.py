"""A limit of memory is one budget for all that an ingest has on its way, and what does not fit is named."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

import carlang
from carlang.loading import LEAST_MEMORY
from carlang.mapping.mapper import Mapped, Mapper, Routed
from carlang.mapping.router import Route
from carlang.readers import budget, tuning
from carlang.readers.compression import zstd
from tests.ingesting import query, sysmon_create, write_lines

LEAST = "128MB"
REMEDY = "; give it more with --memory-limit"
MEGABYTE = 1 << 20
LONG = "x" * (5 * MEGABYTE)
RECORD = json.dumps(sysmon_create()).encode()


def test_sizes_shrink_with_the_budget_and_never_grow(tmp_path: Path) -> None:
    def sizes() -> tuple[int, ...]:
        return budget.within(tuning.CHUNK), budget.longest(tuning.LONGEST_LINE), budget.threads()

    usual = sizes()
    assert usual == (tuning.CHUNK, tuning.LONGEST_LINE, tuning.THREADS)
    with budget.limit_memory(1 << 40, tmp_path):
        assert sizes() == usual
    with budget.limit_memory(tuning.MEMORY // 4, tmp_path):
        assert sizes() == (tuning.CHUNK // 4, tuning.MEMORY // 4 // tuning.COPIES, 1)
        assert (budget.within(1), budget.engine_memory("1GB", 2)) == (1, f"{tuning.MEMORY * 3 // 32 >> 10}KiB")
    assert sizes() == usual


def test_what_is_on_its_way_shrinks_with_the_budget_and_the_store_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write_lines(tmp_path / "log.json", [sysmon_create(n, CommandLine=f"{n} " * 400) for n in range(1000)])
    carlang.ingest(log, tmp_path / "usual")
    # As if the least were a twentieth of what an ingest usually takes: two megabytes are a large input then.
    monkeypatch.setattr(tuning, "MEMORY", LEAST_MEMORY * 20)
    monkeypatch.setattr(tuning, "PIECE", 64 << 10)
    sizes: dict[str, list[int]] = {"route": [], "map": []}
    route, map_ = Mapper.route, Mapper.map

    def routing(mapper: Mapper, chunk: pa.Table, begin: int) -> Routed:
        sizes["route"].append(chunk.nbytes)
        return route(mapper, chunk, begin)

    def mapping(mapper: Mapper, of: Route, rows: pa.Table) -> Mapped:
        sizes["map"].append(rows.nbytes)
        return map_(mapper, of, rows)

    monkeypatch.setattr(Mapper, "route", routing)
    monkeypatch.setattr(Mapper, "map", mapping)
    report = carlang.ingest(log, tmp_path / "small", memory_limit=LEAST)
    assert (report.events, report.rejected) == ({("process", "create"): 1000}, 0)
    # What completes a chunk, or a run of a route, is a block or a chunk more than it needed.
    chunk = (tuning.CHUNK + tuning.BLOCK) // 20 + tuning.PIECE
    assert sum(sizes["route"]) > log.stat().st_size
    assert max(sizes["route"]) <= chunk
    assert max(sizes["map"]) <= tuning.BYTES_OF_ROUTE // 20 + chunk
    same = "SELECT * EXCLUDE (source) FROM events ORDER BY CAST(record_id AS BIGINT)"
    assert query(tmp_path / "small", same) == query(tmp_path / "usual", same)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("a record of more than 3 MB", f'{{"a": "{LONG}"}}\n{{"a": 1}}\n'),
        ("a record of more than 3 MB", f'[\n{{"b": "x",\n"a": "{LONG}"}},\n{{"a": 1}}]\n'),
        (
            "a record of more than 3 MB",
            f"<Events><Event><EventData><D>{LONG}</D></EventData></Event>\n<Event><System><EventID>1</EventID></System></Event></Events>",
        ),
        ("it cannot be written as JSON: Out of Memory", f"a,b\n1,2\n{LONG},3\n"),
        ("a line of more than 3 MB", f'{{"a": "{LONG}{LONG}"}}\n{{"a": 1}}\n'),
    ],
    ids=["line", "document", "event", "row", "line over blocks"],
)
def test_one_thing_that_does_not_fit_is_named_with_the_remedy(
    said: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "line" in said:
        monkeypatch.setattr(tuning, "PIECE", MEGABYTE)
    else:  # it comes at once, and is as long as it is before anybody looks
        monkeypatch.setattr(tuning, "PIECE", 32 * MEGABYTE)
    log = tmp_path / "log"
    log.write_text(text)
    report = carlang.ingest(log, tmp_path / "store", memory_limit=LEAST)
    assert said in str(report.sources[0].reason)
    assert str(report.sources[0].reason).endswith(REMEDY)
    assert (report.rejected, report.sources[0].unmapped) == (1, 1)


def _zstd(data: bytes) -> bytes:
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("pack", [_zstd, lambda data: lzma.compress(data, preset=9)], ids=["zstd --long", "xz -9"])
def test_a_window_that_does_not_fit_is_named_with_the_remedy(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(pack(RECORD))
    refused = carlang.ingest(log, tmp_path / "store", memory_limit=LEAST)
    assert str(refused.sources[0].reason).endswith(REMEDY)
    assert carlang.ingest(log, tmp_path / "store", memory_limit="600MB").events == {("process", "create"): 1}


@pytest.mark.parametrize("limit", ["1KB", "127MB", "0.0001%"])
def test_less_than_the_least_is_refused_with_the_least_before_anything_is_made(limit: str, tmp_path: Path) -> None:
    with pytest.raises(carlang.OptionError, match=f"memory_limit: '{limit}' is too little; 128 MB are the least"):
        carlang.ingest(tmp_path, tmp_path / "store", memory_limit=limit)
    assert not (tmp_path / "store").exists()


def test_a_mapping_that_takes_too_much_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "engine_memory", lambda *_: "1MB")
    log = write_lines(tmp_path / "log.json", [sysmon_create(n, CommandLine="x" * 1000) for n in range(3000)])
    report = carlang.ingest(log, tmp_path / "store", memory_limit=LEAST)
    assert "its records cannot be mapped: Out of Memory" in str(report.sources[0].reason)
    assert str(report.sources[0].reason).endswith(REMEDY)
