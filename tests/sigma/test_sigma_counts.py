"""Rules find the records that pySigma's queries of them find: some rules of five log sources, on drawn records.

`python -m bench.sigma_counts` compares all of them, on recordings too.
"""

from __future__ import annotations

from pathlib import Path

from bench.sigma_counts import Rule, comparisons, drawn_files, rules_by_source

SOURCES = ("process_creation", "registry_set", "file_event", "image_load", "network_connection")
# Of each source, so that all of them take three seconds.
RULES, RECORDS = 6, 12


def test_rules_of_five_log_sources_find_what_pysigma_finds(real_rules: Path, tmp_path: Path) -> None:
    by_source = {name: _some(tmp_path / name, name, real_rules) for name in SOURCES}
    files = drawn_files(by_source, tmp_path / "drawn", RECORDS, seed=5)
    compared = list(comparisons(by_source, files, tmp_path / "store"))
    assert [line for each in compared if each.differ for line in each.lines()] == []
    assert [each.source for each in compared if sum(found for _, found in each.same) < RULES] == []


def _some(folder: Path, source: str, rules: Path) -> list[Rule]:
    """Return rules of a log source that lie apart in SigmaHQ's folders."""
    files = sorted(rules.glob(f"rules/windows/**/{source}/*.yml"))
    folder.mkdir()
    for file in files[:: max(1, len(files) // RULES)][:RULES]:
        (folder / file.name).write_bytes(file.read_bytes())
    return rules_by_source(folder)[source]
