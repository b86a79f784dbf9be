# ruff: noqa: INP001  # a folder of commands, not a package
"""Measure `carlang ingest` against what its parts can do alone, and its memory.

    python bench/ingest.py [--data ../shared/data] [--size 300] [--large 2000] [--rounds 3]
    python bench/ingest.py --sweep CHUNK=1,7,28 [--unit 1048576] [--size 60] [--rounds 3]

- JSON lines: against DuckDB alone, which reads the same file with all columns given as texts and writes zstd Parquet.
- EVTX: against the `evtx` package alone, which parses the same file to JSON in one thread.
- Memory: the peak of a process that ingests a large file.
- A sweep: processor time and peak of a process that ingests both inputs, at each of some values of a size in
  `carlang/readers/tuning.py`.

Inputs are made by repetition of real logs. Each pair is measured in turn, several rounds of it, and the best of each
counts; what was run is printed. Sizes are in megabytes. The ratio of processor time is the one to go by on a machine
that others use too: with DuckDB 2.0.1 on two busy processors it was 0.21 to 0.23 for 150 MB of JSON lines and 0.05 for
150 MB of EVTX. A machine at rest gives more, so that numbers of two versions have to come from one hour.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import duckdb
from evtx import PyEvtxParser

from carlang.loading import ingest
from carlang.model import builtin_model
from carlang.readers import tuning

_RECORDING = "covenant_dcom_iertutil_dll_hijack.zip"
_MB = 1_000_000
_CHUNK = 65536
_HEADER = 4096
_CHUNK_COUNT = struct.Struct("<H")
_CHUNK_COUNT_AT = 42
_MOST_CHUNKS = 65535
_UINT32 = struct.Struct("<I")
_FLAGS_AT, _CHECKSUM_AT = 120, 124
_DIRTY = 1
_HEADER_OF_CHUNK = 512
_TABLES_AT = 128
_NUMBERS = struct.Struct("<QQ")
_NUMBERS_AT = 8
_RENUMBERED_BY = 1_000_000


def make_lines(data: Path, target: Path, size: int) -> Path:
    """Write a file of JSON lines of about this size: one real recording over and over."""
    with zipfile.ZipFile(data / "otrf" / _RECORDING) as archive:
        text = archive.read(archive.namelist()[0])
    with target.open("wb") as file:
        while file.tell() < size:
            file.write(text if text.endswith(b"\n") else text + b"\n")
    return target


def make_evtx(data: Path, target: Path, size: int) -> Path:
    """Write an EVTX file of about this size: the chunks of all real ones over and over."""
    files = sorted((data / "evtx").rglob("*.evtx"), key=lambda path: path.stat().st_size, reverse=True)
    chunks = [chunk for path in files for chunk in _chunks(path)]
    count = min(max(size // _CHUNK, 1), _MOST_CHUNKS)
    header = bytearray(files[0].read_bytes()[:_HEADER])
    _CHUNK_COUNT.pack_into(header, _CHUNK_COUNT_AT, count)
    # As of a file that is being written: the numbers of its records are those of many files.
    _UINT32.pack_into(header, _FLAGS_AT, _DIRTY)
    _UINT32.pack_into(header, _CHECKSUM_AT, zlib.crc32(header[:_FLAGS_AT]))
    with target.open("wb") as file:
        file.write(header)
        for number in range(count):
            file.write(_renumbered(chunks[number % len(chunks)], number // len(chunks)))
    return target


def _renumbered(chunk: bytes, times: int) -> bytes:
    """Return a chunk with other numbers each time: what stands in a file twice is left out.

    They are lower each time, as a gap between two chunks would be of records that are missing.
    """
    head = bytearray(chunk[:_HEADER_OF_CHUNK])
    numbers = _NUMBERS.unpack_from(head, _NUMBERS_AT)
    _NUMBERS.pack_into(head, _NUMBERS_AT, *(number + (_MOST_CHUNKS - times) * _RENUMBERED_BY for number in numbers))
    _UINT32.pack_into(head, _CHECKSUM_AT, zlib.crc32(head[_TABLES_AT:], zlib.crc32(head[:_FLAGS_AT])))
    return bytes(head) + chunk[_HEADER_OF_CHUNK:]


def _chunks(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    for begin in range(_HEADER, len(content) - _CHUNK + 1, _CHUNK):
        chunk = content[begin : begin + _CHUNK]
        if chunk.startswith(b"ElfChnk"):
            yield chunk


def columns_of(lines: Path) -> str:
    """Return all columns of JSON lines as texts, as DuckDB wants them."""
    names: dict[str, str] = {}
    with lines.open("rb") as file:
        for _, line in zip(range(50_000), file, strict=False):
            for name in json.loads(line):
                names.setdefault(name.casefold(), name)  # DuckDB's columns have no case
    return ", ".join(f"'{name}': 'VARCHAR'" for name in names.values())


def duckdb_alone(lines: Path, columns: str, target: Path) -> None:
    """Read JSON lines with explicit text columns and write zstd Parquet."""
    rows = f"read_json('{lines}', format = 'newline_delimited', columns = {{{columns}}})"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM {rows}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


def evtx_alone(log: Path) -> None:
    """Parse all records of an EVTX file to JSON, in one thread."""
    for _ in PyEvtxParser(str(log), 1).records_json():
        pass


def carlang_ingest(source: Path, store: Path) -> None:
    """Ingest into a new store."""
    report = ingest([source], store, model=builtin_model())
    if report.rejected:
        raise SystemExit(f"{report.rejected} rejected: {report.rejections[:1]}")


def seconds(run: Callable[[], None], made: Path) -> tuple[float, float]:
    """Return how long a run takes, on the clock and of the processors, and remove what it made."""
    begun = (time.perf_counter(), time.process_time())
    run()
    taken = (time.perf_counter() - begun[0], time.process_time() - begun[1])
    shutil.rmtree(made, ignore_errors=True)
    made.unlink(missing_ok=True)
    return taken


def compare(
    name: str, unit: str, amount: float, alone: Callable[[], None], ours: Callable[[], None], made: Path
) -> None:
    """Run both in turn and print what they reach; the best round of each counts."""
    taken: list[list[tuple[float, float]]] = [[], []]
    for _ in range(_ROUNDS):
        for place, run in enumerate((alone, ours)):
            taken[place].append(seconds(run, made))
    clock = [min(clock for clock, _ in each) for each in taken]
    work = [min(work for _, work in each) for each in taken]
    rates = f"alone {amount / clock[0]:,.0f} {unit}/s, carlang {amount / clock[1]:,.0f} {unit}/s"
    print(f"{name}: {rates}, ratio {clock[0] / clock[1]:.2f}; ratio of processor time {work[0] / work[1]:.2f}")


def peak() -> int:
    """Return the most memory that this process has had, in KiB; what the system counts begins with its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def sweep(sources: list[Path], store: Path, name: str, values: list[int]) -> None:
    """Print the least processor time, and the least peak, of an ingest of each source at each value of a size."""
    for source in sources:
        for value in values:
            measured = []
            for _ in range(_ROUNDS):
                command = [sys.executable, __file__, "--set", f"{name}={value}", "--child", str(source), str(store)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                measured.append([float(number) for number in done.stdout.split()])
                shutil.rmtree(store)
            memory, work = (min(each) for each in zip(*measured, strict=True))
            print(
                f"{source.suffix[1:]:5} {name}={value:<10} {work:6.2f} s of processors, peak {memory / 1024:,.0f} MiB"
            )


def peak_memory(source: Path, store: Path) -> None:
    """Print the peak memory of a process that ingests a file."""
    command = [sys.executable, __file__, "--child", str(source), str(store)]
    begun = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    taken = time.perf_counter() - begun
    size = source.stat().st_size
    highest = int(done.stdout.split()[0]) / 1024
    print(f"memory: peak {highest:,.0f} MiB for {size / _MB:,.0f} MB, {size / _MB / taken:,.0f} MB/s")


_ROUNDS = 3


def main() -> None:
    """Make the inputs, measure and print."""
    parser = argparse.ArgumentParser(description="Measure the speed and the memory of ingests.")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--size", type=int, default=300, help="of the inputs that are timed, in MB")
    parser.add_argument(
        "--large", type=int, default=2000, help="of the input whose memory is measured, in MB; 0 for none"
    )
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--sweep", metavar="NAME=VALUE,...", help="of a size in carlang/readers/tuning.py")
    parser.add_argument("--unit", type=int, default=1, help="what the values of a sweep are multiplied by")
    parser.add_argument("--set", metavar="NAME=VALUE", help=argparse.SUPPRESS)
    parser.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.set:
        name, _, value = options.set.partition("=")
        setattr(tuning, name, type(getattr(tuning, name))(value))
    if options.child:
        carlang_ingest(*options.child)
        print(peak(), time.process_time())
        return
    globals()["_ROUNDS"] = options.rounds
    print(f"{os.cpu_count()} processors, DuckDB {duckdb.__version__}, best of {options.rounds} rounds")
    with tempfile.TemporaryDirectory(prefix="carlang-") as name:
        folder = Path(name)
        if options.sweep:
            size, _, values = options.sweep.partition("=")
            sources = [
                make_lines(options.data, folder / "log.json", options.size * _MB),
                make_evtx(options.data, folder / "log.evtx", options.size * _MB),
            ]
            sweep(sources, folder / "made", size, [int(value) * options.unit for value in values.split(",")])
            return
        lines = make_lines(options.data, folder / "lines.json", options.size * _MB)
        made, size = folder / "made", lines.stat().st_size / _MB
        print(f"JSON lines: {_RECORDING} over and over, {size:,.0f} MB")
        columns = columns_of(lines)
        alone = partial(duckdb_alone, lines, columns, made)
        compare("JSON lines", "MB", size, alone, lambda: carlang_ingest(lines, made), made)
        lines.unlink()
        log = make_evtx(options.data, folder / "log.evtx", options.size * _MB)
        count = sum(1 for _ in PyEvtxParser(str(log), 1).records_json())
        print(
            f"EVTX: the chunks of all recordings over and over, {log.stat().st_size / _MB:,.0f} MB, {count:,} records"
        )
        compare("EVTX", "records", count, lambda: evtx_alone(log), lambda: carlang_ingest(log, made), made)
        log.unlink()
        if options.large:
            peak_memory(make_lines(options.data, folder / "large.json", options.large * _MB), made)


if __name__ == "__main__":
    main()
