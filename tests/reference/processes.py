"""Processes by hand: which one a row is of, who is whose parent, and who is related to whom; all by looking at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from carlang.model.types import Column
from tests.reference.order import Row, ascending, in_order, same

_NONE = re.compile("[{}0-]*")
_OF_ROOT = ("root_guid", "root_pid")
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Keys:
    """What says which process a row is of, and when."""

    guid: Any
    host: Any
    pid: Any
    time: datetime | None


def keys(row: Row, guid: str = "guid", pid: str = "pid", host: str = "hostname", time: str = "time") -> Keys:
    """Return what the columns of a row say."""
    written = row.get(guid)
    known = None if written is None or _NONE.fullmatch(written) else same(written)
    at = row.get(time)
    return Keys(known, same(row.get(host)) or None, row.get(pid), at if isinstance(at, datetime) else None)


class Processes:
    """The starts and ends of a store; starts are known by their place in the order of results."""

    def __init__(self, starts: Sequence[Row], ends: Sequence[Row], columns: Iterable[Column]) -> None:
        self.starts = in_order(starts, columns)
        self._keys = [keys(start) for start in self.starts]
        self._till: dict[int, datetime] = {}
        for end in map(keys, ends):
            of = self._begun(end, self._of_guid) if end.time else None
            of = self._begun(end, self._of_pid) if of is None and end.time else of
            if of is not None and end.time is not None:
                self._till[of] = min(self._till.get(of, _LATEST), end.time)

    def _of_guid(self, row: Keys, start: Keys) -> bool:
        return row.guid is not None and row.guid == start.guid

    def _of_pid(self, row: Keys, start: Keys) -> bool:
        known = row.host is not None and row.pid is not None and row.time is not None
        return known and (row.host, row.pid) == (start.host, start.pid)

    def _begun(self, row: Keys, fits: Callable[[Keys, Keys], bool]) -> int | None:
        """Return the last start at or before a row that fits it; by pid, none of another guid."""
        at = row.time or _LATEST
        timed = [(n, s.time) for n, s in enumerate(self._keys) if s.time is not None and s.time <= at and fits(row, s)]
        if not timed:
            return None
        last = max(time for _, time in timed)
        number = next(n for n, time in timed if time == last)
        other = fits == self._of_pid and row.guid is not None and self._keys[number].guid is not None
        return None if other else number

    def _lives(self, number: int | None, row: Keys) -> bool:
        return number is not None and (row.time is None or row.time <= self._till.get(number, _LATEST))

    def behind(self, row: Keys) -> int | None:
        """Return the start of the process behind a row."""
        for fits in (self._of_guid, self._of_pid):
            number = self._begun(row, fits)
            if self._lives(number, row):
                return number
        return None

    def _of_process(self, guid: Any) -> int | None:
        """Return the start that stands for the process of a guid: the latest."""
        known = [n for n, start in enumerate(self._keys) if guid is not None and start.guid == guid]
        oldest = datetime.min.replace(tzinfo=UTC)
        return max(known, key=lambda n: self._keys[n].time or oldest, default=None)

    def process(self, row: Keys) -> int | None:
        """Return the start of the process that a row is of, whenever that was."""
        if (number := self._of_process(row.guid)) is not None:
            return number
        number = self._begun(row, self._of_pid)
        if number is None or not self._lives(number, row):
            return None
        return self.itself(number)

    def itself(self, number: int) -> int:
        """Return the start that stands for the process of a start."""
        of_guid = self._of_process(self._keys[number].guid)
        return number if of_guid is None else of_guid

    def parent(self, number: int) -> int | None:
        """Return the parent of a start's process."""
        found = self.process(self.by_parent(number))
        return None if found == self.itself(number) else found

    def by_parent(self, number: int) -> Keys:
        """Return what a start says of its parent."""
        return keys(self.starts[number], "parent_guid", "ppid")

    def related(self, kin: str, rows: Sequence[tuple[Keys, Row]]) -> list[Row]:
        """Return the relatives of the processes that rows are of; beside its keys each has its root's guid and pid."""
        roots: dict[Any, list[Row]] = {}
        for key, shown in rows:
            number = self.process(key)
            if number is not None or key.guid is not None:
                roots.setdefault(key.guid if number is None else number, []).append(shown)
        found: list[Row] = []
        for root, told_of in roots.items():
            told: dict[str, Any] = {c: min((row.get(c) for row in told_of), key=ascending) for c in _OF_ROOT}
            if isinstance(root, int):
                of_start = {c: self.starts[root].get(c.removeprefix("root_")) for c in _OF_ROOT}
                told = {c: told[c] if value is None else value for c, value in of_start.items()}
            found += [{**self.starts[n], "depth": depth, **told} for n, depth in self._walk(kin, root)]
        return found

    def _walk(self, kin: str, root: Any) -> list[tuple[int, int]]:
        met: dict[Any, int] = {root: 0}
        todo = [root]
        while todo:
            here = todo.pop(0)
            if kin == "children" and met[here]:
                break
            for other in self._next(kin, here):
                if other not in met:
                    met[other] = met[here] + 1
                    todo.append(other)
        return [(number, depth) for number, depth in met.items() if depth]

    def _next(self, kin: str, here: Any) -> list[int]:
        if kin == "ancestors":
            parent = self.parent(here) if isinstance(here, int) else None
            return [] if parent is None else [parent]
        return [n for n in range(len(self.starts)) if self.itself(n) == n and self._is_child(n, here)]

    def _is_child(self, number: int, of: Any) -> bool:
        parent = self.parent(number)
        return parent == of if isinstance(of, int) else parent is None and self.by_parent(number).guid == of
