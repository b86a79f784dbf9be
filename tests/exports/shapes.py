"""The exports that are written of recordings, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.exports import elastic, sentinel, splunk, windows_files
from tests.exports.records import Record


@dataclass(frozen=True)
class Shape:
    """An export: how it is written, how its files end, and of which recordings it is made.

    Some tools read the log's file alone; others show the message, which only recordings of NXLog kept; fields of an
    add-on have no place for data that are `unnamed` in the log.
    """

    write: Callable[[Iterable[Record]], bytes]
    ending: str
    of: tuple[str, ...] = ("evtx", "unnamed", "nxlog")


SHAPES: Mapping[str, Shape] = {
    "evtxecmd_json": Shape(windows_files.evtxecmd_json, ".json", of=("evtx", "unnamed")),
    "evtxecmd_csv": Shape(windows_files.evtxecmd_csv, ".csv", of=("evtx", "unnamed")),
    "getwinevent_51": Shape(windows_files.getwinevent_51, ".json", of=("evtx", "unnamed")),
    "getwinevent_7": Shape(windows_files.getwinevent_7, ".json", of=("evtx", "unnamed")),
    "getwinevent_selected": Shape(windows_files.getwinevent_selected, ".json", of=("nxlog",)),
    "velociraptor": Shape(windows_files.velociraptor, ".json", of=("evtx", "unnamed")),
    "velociraptor_artifact": Shape(windows_files.velociraptor_artifact, ".json", of=("evtx", "unnamed")),
    "winlogbeat": Shape(elastic.winlogbeat, ".ndjson"),
    "ecs": Shape(elastic.ecs, ".ndjson"),
    "ecs_hits": Shape(elastic.ecs_hits, ".json"),
    "kibana_dotted": Shape(elastic.kibana_dotted, ".ndjson"),
    "splunk_xml": Shape(splunk.xml_results, ".json"),
    "splunk_xml_csv": Shape(splunk.xml_csv_results, ".csv"),
    "splunk_ta": Shape(splunk.ta_results, ".json", of=("evtx", "nxlog")),
    "splunk_classic": Shape(splunk.classic_results, ".json", of=("nxlog",)),
    "sentinel": Shape(sentinel.tables, ".json"),
    "sentinel_windows_event": Shape(sentinel.windows_event, ".json"),
}


def write(shape: str, recordings: Iterable[Sequence[Record]], folder: Path) -> list[Path]:
    """Write an export of each recording into a folder, and return its files."""
    folder.mkdir(parents=True)
    paths = []
    for number, records in enumerate(recordings):
        paths.append(folder / f"{number}{SHAPES[shape].ending}")
        paths[-1].write_bytes(SHAPES[shape].write(records))
    return paths
