# ruff: noqa: INP001  # a folder of commands, not a package
"""The sets of labelled recordings that the ranking is judged on: whose they are, and which techniques each shows.

`attack_samples` is the one that numbers of the formula may be chosen by, on one half of it. Nothing was chosen by the
others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from bench.ranking_labels import DATASETS, SAMPLES, labelled

Techniques = frozenset[str]


@dataclass(frozen=True, slots=True)
class RecordingSet:
    """Recordings of attacks in a folder: the techniques of each by its file's name, and events made up beside them."""

    name: str
    folder: Path
    techniques: Mapping[str, Techniques]
    made_up: int

    def recording(self, source: object) -> str | None:
        """Return the name of the recording that an event's source is of: that of the archive for what stands in one."""
        name = PurePath(str(source).partition("!")[0]).name
        return name if name in self.techniques else None


def attack_samples(folder: Path, made_up: int) -> RecordingSet:
    """Return EVTX-ATTACK-SAMPLES, labelled by the names of files."""
    return _by_names("EVTX-ATTACK-SAMPLES", folder, "*.evtx", SAMPLES, made_up)


def security_datasets(folder: Path) -> RecordingSet:
    """Return OTRF's Security-Datasets, labelled by the names of files; hosts do ordinary work in them, too."""
    return _by_names("Security-Datasets", folder, "*.*", DATASETS, 0)


def sigma_regression(folder: Path, made_up: int) -> RecordingSet:
    """Return the recordings of Sigma's regression tests, labelled by the tags of the rules that they are for.

    Those of rules without a technique are not among them.
    """
    tags = {}
    for file in sorted(folder.glob("rules*/**/*.yml")):
        text = file.read_text("utf-8")
        if named := re.search(r"^id: (\S+)", text, re.MULTILINE):
            tags[named[1]] = frozenset(each.upper() for each in re.findall(r"\battack\.(t\d+)", text))
    recordings = sorted((folder / "regression").glob("*.evtx"))
    techniques = {file.name: tags[file.stem] for file in recordings if tags.get(file.stem)}
    return RecordingSet("Sigma's regression tests", folder / "regression", techniques, made_up)


def _by_names(name: str, folder: Path, pattern: str, labels: tuple[tuple[str, str], ...], made_up: int) -> RecordingSet:
    files = sorted(file.name for file in folder.rglob(pattern))
    if not files:
        raise ValueError(f"{folder} holds no recordings")
    if unlabelled := [file for file in files if not labelled(labels, file)]:
        raise ValueError(f"bench/ranking_labels.py says nothing of {', '.join(unlabelled)}")
    return RecordingSet(name, folder, {file: labelled(labels, file) for file in files}, made_up)
