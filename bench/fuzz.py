# ruff: noqa: INP001  # a folder of commands, not a package
"""Damage small real files at random, and see that nothing undamaged is lost without a word.

    python -m bench.fuzz [--mutants 5000] [--seed 0] [--data ../shared/data] [--only NAME] [--keep FOLDER] [--read]

Each mutant is a small file of one format with bytes flipped, cut, put in, exchanged, doubled or wiped. It is read
alone, and ingested together with an undamaged neighbour in one call, some at a time. What has to hold:

- nothing is raised, and nothing takes longer than a minute;
- of the neighbour there are all records;
- a line of the mutant that the damage left as it was becomes the record that it was, or a fault is counted for it;
- of formats without lines, as many faults are counted, if any, as make it known that records are missing: one.

Prints the seed of what fails, and ends with status 1. `--keep` writes the mutants that failed to a folder; `--read`
ingests none, which takes most of the time.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.fuzz_files import Base, base_files
from carlang.loading import SourceReport, ingest
from carlang.model import builtin_model
from carlang.readers.containers import read_log
from carlang.readers.records import LogFile, ReadFault

_BATCH = 55
_LONGEST = 60
_WIPED = (16, 512, 4096)
_ODD = (
    *(b"\0", b'"', b"'", b"\n", b"\r", b"[", b"{", b"}", b"]", b"<", b">", b"&", b",", b"\t", b"\x01", b"\xff"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"<Event ", b"</Event>", b"PK\x03\x04", b"**\0\0", b"ElfChnk\0"),
)


def _offset(content: bytes, draw: random.Random) -> int:
    return draw.randrange(len(content) + 1)


def _flipped(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8))):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _overwritten(content: bytes, draw: random.Random) -> bytes:
    offset = _offset(content, draw)
    put = draw.randbytes(draw.choice((1, 4, 64)))
    return content[:offset] + put + content[offset + len(put) :]


def _cut(content: bytes, draw: random.Random) -> bytes:
    return content[: _offset(content, draw)]


def _removed(content: bytes, draw: random.Random) -> bytes:
    offset = _offset(content, draw)
    return content[:offset] + content[offset + draw.choice((1, 3, 100, 512, 5000)) :]


def _inserted(content: bytes, draw: random.Random) -> bytes:
    offset = _offset(content, draw)
    return content[:offset] + draw.choice((*_ODD, draw.randbytes(40), draw.randbytes(700))) + content[offset:]


def _exchanged(content: bytes, draw: random.Random) -> bytes:
    size = draw.choice((16, 512, 4096))
    first, second = sorted((_offset(content, draw), _offset(content, draw)))
    if first + size > second:
        return content
    return (
        b"".join(
            (
                content[:first],
                content[second : second + size],
                content[first + size : second],
                content[first : first + size],
            )
        )
        + content[second + size :]
    )


def _doubled(content: bytes, draw: random.Random) -> bytes:
    offset = _offset(content, draw)
    block = content[offset : offset + draw.choice((16, 512, 4096, 65536))]
    return content[:offset] + block + content[offset:]


def _wiped(content: bytes, draw: random.Random) -> bytes:
    offset = _offset(content, draw)
    size = min(draw.choice(_WIPED), len(content) - offset)
    return content[:offset] + bytes(size) + content[offset + size :]


_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flipped,
    _overwritten,
    _cut,
    _removed,
    _inserted,
    _exchanged,
    _doubled,
    _wiped,
)


@dataclass(frozen=True)
class Mutant:
    """A damaged file: the seed that draws it again, and how it was damaged."""

    base: Base
    seed: str
    change: str
    content: bytes = field(repr=False)


def mutant(base: Base, seed: str) -> Mutant:
    """Draw a mutant; it is never the file itself."""
    draw = random.Random(seed)  # noqa: S311  # chance, no secret
    while True:
        change = draw.choice(_CHANGES)
        content = change(base.content, draw)
        if content != base.content:
            return Mutant(base, seed, change.__name__.strip("_"), content)


class TooLongError(Exception):
    """Something takes longer than it may."""


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    def over(_signal: int, _frame: object) -> None:
        raise TooLongError(f"it takes longer than {seconds} s")

    former = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)


def _texts(content: bytes) -> tuple[list[str], int]:
    """Return the records of a file, and the number of faults."""
    texts: list[str] = []
    faults = 0
    for _, item in read_log(LogFile("mutant", io.BytesIO(content))):
        if isinstance(item, ReadFault):
            faults += 1
            continue
        for text in filter(str.strip, item.lines.to_pylist()):
            # What is no record is found out by those who map it.
            if _is_record(text):
                texts.append(text)
            else:
                faults += 1
    return texts, faults


def _is_record(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def lost_in_reading(drawn: Mutant) -> str | None:
    """Read a mutant alone; say what of it is lost without a word, or None."""
    with _time_limit(_LONGEST):
        texts, faults = _texts(drawn.content)
    return drawn.base.objection(drawn.content, texts, faults)


def lost_in_ingests(drawn: Sequence[Mutant], folder: Path) -> list[str]:
    """Ingest mutants, each with a neighbour of its own behind it, in one call; say what is lost."""
    files: list[Path] = []
    for number, each in enumerate(drawn):
        for name, content in (("mutant", each.content), ("neighbour", each.base.neighbour(number))):
            files.append(folder / f"{number:03} {name}")
            files[-1].write_bytes(content)
    with _time_limit(_LONGEST * 10):
        report = ingest(files, folder / "store", model=builtin_model())
    sources = {source.source: source for source in report.sources}
    objections = []
    for number, each in enumerate(drawn):
        damaged, neighbour = (sources[str(folder / f"{number:03} {name}")] for name in ("mutant", "neighbour"))
        if (neighbour.mapped + neighbour.unmapped, neighbour.rejected) != (each.base.records, 0):
            objections.append(f"{each.seed}: its neighbour has {_counts(neighbour)}, not {each.base.records} records")
        if each.content and damaged.read < each.base.untouched(each.content):
            objections.append(f"{each.seed}: {_counts(damaged)}, of {each.base.untouched(each.content)} whole lines")
    return objections


def _counts(source: SourceReport) -> str:
    return f"{source.mapped} mapped, {source.unmapped} unmapped, {source.rejected} rejected ({source.reason})"


@dataclass
class Tally:
    """What a run came to."""

    mutants: Counter[str] = field(default_factory=Counter)
    objections: list[str] = field(default_factory=list)
    kept: list[Mutant] = field(default_factory=list)


def run(bases: Sequence[Base], count: int, seed: int, *, first: int = 0, ingests: bool = True) -> Tally:
    """Draw mutants of each base in turn, from the first on, and judge them; they are ingested in one call."""
    tally = Tally()
    ingested: list[Mutant] = []
    for number in range(first, first + count):
        base = bases[number % len(bases)]
        drawn = mutant(base, f"{base.name}:{seed}:{number}")
        tally.mutants[base.name] += 1
        try:
            objection = lost_in_reading(drawn)
        except Exception as error:  # noqa: BLE001  # that is what is looked for
            objection = f"{type(error).__name__}: {error}"
        if objection:
            tally.objections.append(f"{drawn.seed} ({drawn.change}): {objection}")
            tally.kept.append(drawn)
        ingested.append(drawn)
    if ingests:
        tally.objections += _ingested(ingested)
    return tally


def _ingested(drawn: Sequence[Mutant]) -> list[str]:
    """Ingest mutants; where that raises, each half of them, to find the one."""
    with tempfile.TemporaryDirectory(prefix="carlang-fuzz-") as name:
        try:
            return lost_in_ingests(drawn, Path(name))
        except Exception as error:  # noqa: BLE001  # as above
            if len(drawn) == 1:
                return [f"{drawn[0].seed} ({drawn[0].change}): {type(error).__name__}: {error}"]
    half = len(drawn) // 2
    return [*_ingested(drawn[:half]), *_ingested(drawn[half:])]


def main() -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="recordings that the files are made of"
    )
    parser.add_argument("--only", default="", help="formats with this text in their name alone")
    parser.add_argument("--keep", type=Path, help="a folder for the mutants that failed")
    parser.add_argument("--read", action="store_true", help="read the mutants and ingest none")
    options = parser.parse_args()
    bases = [base for base in base_files(options.data) if options.only in base.name]
    begun = time.monotonic()
    print(f"seed {options.seed}, {options.mutants} mutants of {', '.join(base.name for base in bases)}", flush=True)
    mutants: Counter[str] = Counter()
    objections = 0
    for first in range(0, options.mutants, _BATCH):
        count = min(_BATCH, options.mutants - first)
        tally = run(bases, count, options.seed, first=first, ingests=not options.read)
        mutants += tally.mutants
        objections += len(tally.objections)
        for objection in tally.objections:
            print(objection)
        if options.keep:
            _keep(tally.kept, options.keep)
        print(f"{mutants.total()} mutants: {objections} objections in {time.monotonic() - begun:.0f} s", flush=True)
    print(", ".join(f"{name} {count}" for name, count in mutants.items()))
    return 1 if objections else 0


def _keep(drawn: Sequence[Mutant], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for each in drawn:
        (folder / each.seed.replace(":", "-")).write_bytes(each.content)


if __name__ == "__main__":
    sys.exit(main())
