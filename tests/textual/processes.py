"""The lives of processes, written down line by line: which process a row is of, and which ones are its relatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from tests.textual.model_file import columns_of, objects
from tests.textual.occurrences import seen
from tests.textual.values import in_order, told_apart
from tests.textual.views import Row, Term, View

Told = tuple[Any, Any, datetime | None]
"""What a row says of its process: the guid, the host with the pid, the time."""

_NEVER = datetime(9999, 12, 31, tzinfo=UTC)
_BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)


def guid_of(written: Any) -> Any:
    """Return a guid as it is compared, None for one of zeros."""
    return told_apart(written) if written and written.strip("{}0-") else None


def told(row: Row, prefix: str = "", guid: str = "guid", pid: str = "pid") -> Told:
    """Return what a row says of a process by these columns."""
    time = row.get(f"{prefix}time")
    host, number = told_apart(row.get(f"{prefix}hostname")), row.get(f"{prefix}{pid}")
    known = bool(host) and number is not None and time is not None
    return guid_of(row.get(f"{prefix}{guid}")), (host, number) if known else None, time


def teller(columns: Mapping[str, str], prefix: str = "") -> Callable[[Row], Told] | None:
    """Return what reads from rows which process they are of, None where they do not say."""
    guid = next((name for name in ("guid", "src_guid") if columns.get(prefix + name) == "guid"), "")
    pid = next((name for name in ("pid", "src_pid") if columns.get(prefix + name) == "integer"), "")
    if columns.get(f"{prefix}hostname") != "string" or columns.get(f"{prefix}time") != "time":
        pid = ""
    if not guid and not pid:
        return None
    timed = columns.get(f"{prefix}time") == "time"
    return lambda row: told(row if timed else {**row, f"{prefix}time": None}, prefix, guid, pid)


@dataclass
class Lives:
    """The processes of a store."""

    events: Sequence[Row]

    @cached_property
    def starts(self) -> list[Row]:
        """All starts, in the order of results."""
        columns = columns_of([objects()["process"]])
        return in_order(self._of_action("create"), columns)

    def _of_action(self, action: str) -> list[Row]:
        return [row for row in seen(self.events)[0] if (row["object"], row["action"]) == ("process", action)]

    @cached_property
    def _lines(self) -> tuple[dict[Any, list[int]], dict[Any, list[int]]]:
        """The starts with a time of each guid, and of each host and pid."""
        by_guid: dict[Any, list[int]] = {}
        by_pid: dict[Any, list[int]] = {}
        for number, start in enumerate(self.starts):
            guid, place, time = told(start)
            if time is not None:
                by_guid.setdefault(guid, []).append(number)
                by_pid.setdefault(place, []).append(number)
        by_guid.pop(None, None)
        by_pid.pop(None, None)
        return by_guid, by_pid

    def _latest(self, line: Sequence[int], at: datetime) -> int | None:
        """Return the last start of a line by a time; of several at once the first."""
        found: int | None = None
        for number in line:
            time = self.starts[number]["time"]
            if time <= at and (found is None or time > self.starts[found]["time"]):
                found = number
        return found

    def _candidates(self, row: Told) -> list[int]:
        guid, place, time = row
        at = time or _NEVER
        by_guid, by_pid = self._lines
        of_guid = self._latest(by_guid.get(guid, ()), at)
        of_pid = self._latest(by_pid.get(place, ()), at)
        if of_pid is not None and guid is not None and guid_of(self.starts[of_pid].get("guid")) is not None:
            of_pid = None
        return [number for number in (of_guid, of_pid) if number is not None]

    @cached_property
    def _ends(self) -> dict[int, datetime]:
        ends: dict[int, datetime] = {}
        for row in self._of_action("terminate"):
            if row.get("time") is None:
                continue
            for number in self._candidates(told(row))[:1]:
                ends[number] = min(ends.get(number, _NEVER), row["time"])
        return ends

    def behind(self, row: Told) -> int | None:
        """Return the start of the process behind a row."""
        time = row[2]
        alive = [n for n in self._candidates(row) if time is None or time <= self._ends.get(n, _NEVER)]
        return alive[0] if alive else None

    def _represented(self, guid: Any) -> int | None:
        best: int | None = None
        for number, start in enumerate(self.starts):
            if guid is not None and guid_of(start.get("guid")) == guid:
                time = start.get("time") or _BEFORE_ALL
                if best is None or time > (self.starts[best].get("time") or _BEFORE_ALL):
                    best = number
        return best

    def itself(self, number: int) -> int:
        """Return the start that stands for a start's process."""
        best = self._represented(guid_of(self.starts[number].get("guid")))
        return number if best is None else best

    def process(self, row: Told) -> int | None:
        """Return the process that a row is of, by its guid whenever it lived."""
        guid, place, time = row
        if (known := self._represented(guid)) is not None:
            return known
        number = self.behind((None, place, time)) if place else None
        if number is None or (guid is not None and guid_of(self.starts[number].get("guid")) is not None):
            return None
        return self.itself(number)

    @cached_property
    def _parents(self) -> list[int | None]:
        """By start, the parent; a process that names itself has none."""
        found = [self.process(told(start, "", "parent_guid", "ppid")) for start in self.starts]
        return [None if parent == self.itself(number) else parent for number, parent in enumerate(found)]

    def field(self, tell: Callable[[Row], Told], generation: int, name: str) -> Callable[[Row], Any]:
        """Return what reads a field of the process behind rows, or of an ancestor of it."""

        def read(row: Row) -> Any:
            number = self.behind(tell(row))
            for _ in range(generation):
                number = None if number is None else self._parents[number]
            return None if number is None else self.starts[number].get(name)

        return read

    def related(self, kin: str, rows: Sequence[Row], tell: Callable[[Row], Told]) -> list[Row]:
        """Return the relatives of the processes that rows are of."""
        roots: dict[tuple[int | None, Any], list[Row]] = {}
        for row in rows:
            number, guid = self.process(tell(row)), tell(row)[0]
            if number is not None or guid is not None:
                roots.setdefault((number, None if number is not None else guid), []).append(row)
        relatives: list[Row] = []
        for (number, guid), members in roots.items():
            start = self.starts[number] if number is not None else {}
            shown = {
                "root_guid": _first(start.get("guid"), members, ("guid", "src_guid")),
                "root_pid": _first(start.get("pid"), members, ("pid", "src_pid")),
            }
            own = [n for n in range(len(self.starts)) if self.itself(n) == n]
            for other in own:
                way = self._up(number, None) if kin == "ancestors" and number is not None else self._up(other, number)
                if kin == "ancestors":
                    depth = way.index(other) if number is not None and other in way else 0
                elif number is not None:
                    depth = way.index(number) if number in way else 0
                else:
                    says = guid_of(self.starts[way[-1]].get("parent_guid"))
                    depth = len(way) if self._parents[way[-1]] is None and says == guid else 0
                if depth and (kin != "children" or depth == 1):
                    relatives.append({**self.starts[other], "depth": depth, **shown})
        return relatives

    def _up(self, number: int, until: int | None) -> list[int]:
        """Return a process and its ancestors, as far as one that was met already."""
        way = [number]
        while (parent := self._parents[way[-1]]) is not None and parent not in way and way[-1] != until:
            way.append(parent)
        return way


def _first(of_start: Any, members: Sequence[Row], names: Sequence[str]) -> Any:
    """Return what the start says, else the first of what rows say in the column of theirs that there is."""
    if of_start is not None:
        return of_start
    column = next((name for name in names if any(name in row for row in members)), names[0])
    return min((row[column] for row in members if row.get(column) is not None), default=None)


def process_term(view: View, path: Sequence[str], lives: Lives) -> tuple[str, Term] | None:
    """Return the field of the process behind rows that a path asks for, and the name of its column."""
    words = [word.casefold() for word in path]
    if "process" not in words[:-1]:
        return None
    at = words.index("process")
    prefix = "".join(f"{word}." for word in path[:at])
    if any(word != "parent" for word in words[at + 1 : -1]) or f"{prefix}process." in view.owners:
        return None
    tell = teller(view.columns, prefix)
    entry = objects()["process"]
    name = next((f for f in entry.fields if f.casefold() == words[-1]), entry.aliases.get(words[-1].replace("_", "")))
    if tell is None or name is None:
        return None
    generation = len(words) - at - 2
    read = lives.field(tell, generation, name)
    column = f"{prefix}process." + "parent." * generation + name
    return column, Term(entry.fields[name], lambda place: read(place.row))
