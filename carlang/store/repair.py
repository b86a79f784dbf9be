"""Bring back what can be: first the log, then, if it is asked for, give up what is lost for good.

An entry of the log that is gone or was cut is put back from its copy or, where that is gone too, made again from the
footers of the files that it named. Nothing else brings a file back: one that a commit removed stays out, and so does
one that no commit named. What nothing brings back is given up only on request, and all of it: the events of each source
that lost any are taken out of all files, in one commit, and the source counts as never ingested. To read it again adds
each of its events once.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from os import PathLike
from pathlib import Path
from typing import Any

from carlang.errors import StoreError
from carlang.store.check import Fault, Finding, StoreCheck, check_store
from carlang.store.commits import actions, added_files, added_rows
from carlang.store.copies import LOG_FOLDER, copy_entries, entry_path, write_whole
from carlang.store.forget import Forgotten, forget, forgotten_by
from carlang.store.history import History, read_history
from carlang.store.locks import alone
from carlang.store.rebuild import Rebuilt, empty_entry, rebuilt_entry, sources_left
from carlang.store.storage import not_written

SET_ASIDE_FOLDER = "_set_aside"
"""Where a repair puts what it replaces."""


class Remedy(Enum):
    """What a repair does."""

    COPY = "put the entry back from its copy"
    REBUILD = "make the entry again from the files that it named"
    GIVE_UP_ENTRY = "give the entry up"
    GIVE_UP_FILES = "give up what is lost"
    NONE = "nothing brings it back"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a repair: what is done about which file, with how many rows of which sources."""

    remedy: Remedy
    path: Path
    reason: str
    rows: int | None = None
    sources: Mapping[str, int] = field(default_factory=dict)
    content: bytes | None = field(default=None, repr=False)
    copy: Path | None = None
    """The copy that is given up with the entry."""

    def to_json(self) -> dict[str, Any]:
        """Return the step as plain data."""
        sources = [{"source": name, "rows": rows} for name, rows in self.sources.items()]
        said = {"remedy": self.remedy.value, "path": str(self.path), "reason": self.reason}
        return {**said, "rows": self.rows, "sources": sources}


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair does or would do, and the check of the store behind it; before it, where nothing was applied."""

    steps: tuple[Step, ...]
    applied: bool
    check: StoreCheck

    def to_json(self) -> dict[str, Any]:
        """Return the repair as plain data."""
        steps = [step.to_json() for step in self.steps]
        return {"applied": self.applied, "steps": steps, "check": self.check.to_json()}


def repair_store(store: str | PathLike[str], *, apply: bool = False, give_up: bool = False) -> Repair:
    """Say what can be brought back of a store and, if told to `apply` it, do so.

    With `give_up` also what is lost for good is dealt with: the sources that lost events are taken out, so that an
    ingest reads them again.

    Raises `StoreError` where the folder is no store, where somebody writes to it, or where it cannot be written.
    """
    path = Path(store)
    if not (path / LOG_FOLDER).is_dir():
        raise StoreError(
            f"{path} has no log: it is no store that carlang wrote, and there is nothing to repair it from"
        )
    if not apply:
        before = check_store(path)
        history = read_history(path)
        steps = [*_entry_steps(history, give_up=give_up), *_file_steps(history, before.findings, give_up=give_up)]
        return Repair(tuple(steps), applied=False, check=before)
    with alone(path, "repair"):
        history = read_history(path)
        steps = list(_entry_steps(history, give_up=give_up))
        for step in steps:
            _put_entry(path, step)
        copy_entries(path)
        if not any(step.remedy is Remedy.NONE for step in steps):
            # Files can be judged only now that the log names them.
            findings = check_store(path).findings
            lost = _file_steps(read_history(path), findings, give_up=give_up)
            if lost and give_up:
                _give_up(path, [step.path for step in lost])
            steps += lost
        return Repair(tuple(steps), applied=True, check=check_store(path))


def _entry_steps(history: History, *, give_up: bool) -> list[Step]:
    return [_entry_step(history, version, give_up=give_up) for version in sorted({*history.lost, *history.broken})]


def _entry_step(history: History, version: int, *, give_up: bool) -> Step:
    path = entry_path(history.store, version)
    if copy := history.lost.get(version):
        content = copy.content() or b""
        if actions(history.log.get(version, b"")) - actions(content):
            reason = "another entry stands in its place, which something else than carlang wrote"
            rows, sources = added_rows(content), history.rows_of(added_files(content))
            if give_up:
                return Step(Remedy.GIVE_UP_ENTRY, path, reason, rows, sources, copy=copy.path)
            return Step(Remedy.NONE, path, reason, rows, sources)
        reason = f"{copy.path.name} is whole"
        sources = history.rows_of(added_files(content))
        return Step(Remedy.COPY, path, reason, added_rows(content), sources, content)
    rebuilt = rebuilt_entry(history, version)
    match rebuilt:
        case Rebuilt():
            rows = sum(file.rows for file in rebuilt.files)
            return Step(Remedy.REBUILD, path, f"{len(rebuilt.files)} files are there", rows, {}, rebuilt.content)
        case str() if give_up and version > 0:
            reason = f"{rebuilt}; its sources count as never ingested"
            return Step(
                Remedy.GIVE_UP_ENTRY, path, reason, content=empty_entry(uuid.uuid4().hex, sources_left(history))
            )
        case str():
            return Step(Remedy.NONE, path, rebuilt)


def _file_steps(history: History, findings: Iterable[Finding], *, give_up: bool) -> list[Step]:
    lost = [each for each in findings if each.fault in (Fault.FILE_MISSING, Fault.FILE_DAMAGED)]
    remedy = Remedy.GIVE_UP_FILES if give_up else Remedy.NONE
    return [Step(remedy, each.path, _lost_reason(history, each), each.rows, each.sources) for each in lost]


def _lost_reason(history: History, lost: Finding) -> str:
    match forgotten_by(history, [lost.path]):
        case Forgotten() as forgotten:
            again = f"{len(forgotten.digests)} sources have to be ingested again"
            return f"{lost.reason}; {again}" if forgotten.digests else lost.reason
        case str() as unknown:
            return f"{lost.reason}; {unknown}"


def _give_up(path: Path, lost: Sequence[Path]) -> None:
    forgotten = forgotten_by(read_history(path), lost)
    if isinstance(forgotten, str):
        raise StoreError(f"{path}: what is lost cannot be given up: {forgotten}")
    forget(path, lost, forgotten)


def _put_entry(store: Path, step: Step) -> None:
    """Put an entry of the log in its place; what stood there, or the copy that is given up, is set aside."""
    try:
        if step.copy:
            _set_aside(store, step.copy)
            step.copy.unlink()
        if step.content is not None:
            if step.path.exists():
                _set_aside(store, step.path)
            write_whole(step.path, step.content)
    except OSError as error:
        raise not_written(step.path, error) from error


def _set_aside(store: Path, path: Path) -> None:
    folder = store / SET_ASIDE_FOLDER
    folder.mkdir(exist_ok=True)
    write_whole(folder / f"{path.name}.{uuid.uuid4().hex[:8]}", path.read_bytes())
