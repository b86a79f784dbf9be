"""Which records of an EVTX file are missing where chunks are damaged, by the numbers of those beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from carlang.readers.evtx_chunks import MOST_RECORDS, Chunk, Damage, FileHeader
from carlang.readers.records import ReadFault

_SHOWN = 10
"""Stretches of missing records that a message names."""


def missing_text(expected: tuple[int, int] | None, ids: Sequence[int]) -> str:
    """Say which records of those from the first to the last are not there; None where nobody knows what should be."""
    if expected is None:
        return "which records are missing is not known"
    first, last = expected
    there = sorted({first - 1, last + 1} | {number for number in ids if first <= number <= last})
    gaps = [(before + 1, after - 1) for before, after in pairwise(there) if after > before + 1]
    if not gaps:
        return "no record is missing"
    stretches = [str(begin) if begin == end else f"{begin} to {end}" for begin, end in gaps]
    shown = ", ".join(stretches[:_SHOWN]) + (f" and {len(stretches) - _SHOWN} more" if len(stretches) > _SHOWN else "")
    return f"records {shown} are missing" if len(gaps) > 1 or gaps[0][0] != gaps[0][1] else f"record {shown} is missing"


@dataclass
class DamagedRun:
    """Damaged chunks that follow one another, and what was read of them."""

    chunks: list[Chunk] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    gaps: int = 0

    def add(self, chunk: Chunk, ids: Sequence[int], faults: Sequence[str], gaps: int) -> None:
        """Add a chunk."""
        self.chunks.append(chunk)
        self.ids += ids
        self.faults += faults
        self.gaps += gaps

    def report(self, before: Chunk | None, after: Chunk) -> Iterator[ReadFault]:
        """Say what is missing between two good chunks."""
        yield self._fault(self._named(), self.between(before, after))

    def report_end(self, before: Chunk | None, header: FileHeader, complete: int) -> Iterator[ReadFault]:
        """Say what is missing at the end of a file, by its header."""
        counted = 0 if header.fault or header.is_dirty else header.chunks
        # Behind the chunks that are counted, zeros are kept for more.
        while self.chunks and self.chunks[-1].damage is Damage.ZEROS and self.chunks[-1].index >= counted:
            self.chunks.pop()
        is_cut = complete < counted or (bool(self.chunks) and self.chunks[-1].damage is Damage.CUT)
        if not self.chunks and not is_cut:
            return
        if header.is_dirty and not self.gaps and not self.faults and len(self.chunks) == 1 and not is_cut:
            return  # the chunk that was being written: its header is as old as the file's
        expected = self._ids_named()
        if expected is None and counted and before is not None and before.ids is not None:
            expected = before.ids[1] + 1, header.next_record - 1
        if is_cut:
            total = counted or len(self.chunks) + (before.index + 1 if before else 0)
            yield self._fault(f"the file is cut off: it holds {complete} of {total} chunks", expected)
        elif expected is None or expected[0] <= expected[1] or any(c.damage is not Damage.ZEROS for c in self.chunks):
            yield self._fault(self._named(), expected)

    def _named(self) -> str:
        first, last = self.chunks[0], self.chunks[-1]
        which = f"chunk {first.index}" if first is last else f"chunks {first.index} to {last.index}"
        reasons = dict.fromkeys(chunk.damage.value for chunk in self.chunks if chunk.damage)
        return f"Failed to parse {which} at byte {first.offset}: {', '.join(reasons)}"

    def _fault(self, what: str, expected: tuple[int, int] | None) -> ReadFault:
        # Numbers that cannot be, as where the oldest chunk of a log that went round follows on the newest.
        chunks = len(self.chunks) or MOST_RECORDS
        if expected is not None and not -1 <= expected[1] - expected[0] < MOST_RECORDS * chunks:
            expected = None
        parts = [what]
        if self.chunks:
            parts.append(f"{len(self.ids)} records of it were read")
        parts.append(missing_text(expected, self.ids))
        if self.faults:
            parts.append(f"{len(self.faults)} could not be: {self.faults[0]}")
        return ReadFault("; ".join(parts), expected[0] if expected else None)

    def _ids_named(self) -> tuple[int, int] | None:
        """Return the ids that the headers of the chunks name themselves, where all do."""
        ids = [chunk.ids for chunk in self.chunks if chunk.ids is not None]
        return (ids[0][0], ids[-1][1]) if ids and len(ids) == len(self.chunks) else None

    def between(self, before: Chunk | None, after: Chunk) -> tuple[int, int] | None:
        """Return the ids that should stand between two good chunks; None where nobody knows or none should."""
        if (named := self._ids_named()) is not None:
            return named
        if after.numbers is None or after.ids is None:
            return None
        if before is None or before.numbers is None or before.ids is None:
            # The first records of a log have small numbers, those of a log that has gone round have not.
            likely = after.numbers[0] <= MOST_RECORDS * len(self.chunks)
            return (after.ids[0] - after.numbers[0] + 1, after.ids[0] - 1) if likely else None
        count = after.numbers[0] - before.numbers[1] - 1
        if count < 0:
            return None
        if count <= len(self.ids):
            return (before.ids[1] + 1, before.ids[1]) if self.chunks else None
        return before.ids[1] + 1, after.ids[0] - 1
