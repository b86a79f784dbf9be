"""However records are split into files, damaged ones among them, they are the same but for where they stood."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bench import split
from carlang.loading import ingest
from carlang.model import builtin_model
from tests.readers.damage import read_records
from tests.seeds import run_seed

_WRITTEN = st.sampled_from([split.json_line, split.event_xml, split.audit_line, split.syslog_line, split.access_line])


@st.composite
def _lines(draw: st.DrawFn) -> list[str]:
    """Draw lines of several kinds, about half of them damaged."""
    kinds = draw(st.lists(_WRITTEN, min_size=2, max_size=8))
    lines = [kind(number) for number, kind in enumerate(kinds, start=1)]
    return [split.damaged(line, draw(st.randoms())) if draw(st.booleans()) else line for line in lines]


def _files(lines: Sequence[str], cuts: Sequence[int]) -> list[bytes]:
    ends = [0, *sorted(cuts), len(lines)]
    return ["".join(f"{line}\n" for line in lines[begin:end]).encode() for begin, end in pairwise(ends)]


@settings(max_examples=40, deadline=None)
@given(_lines(), st.lists(st.integers(0, 8), max_size=3))
def test_records_are_the_same_however_they_are_split(lines: list[str], cuts: list[int]) -> None:
    cuts = [min(cut, len(lines)) for cut in cuts]
    assert read_records(_files(lines, cuts)) == read_records(_files(lines, []))


def test_stores_are_the_same_however_records_are_split(tmp_path: Path) -> None:
    lines = split.records(400, seed=run_seed())
    outcomes = []
    for files in (1, 5):
        paths = split.write_split(lines, files, tmp_path / str(files), seed=1)
        report = ingest(paths, tmp_path / f"{files} store", model=builtin_model())
        outcomes.append((report.records, report.rejected, split.digest(tmp_path / f"{files} store")))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][1] > 0
