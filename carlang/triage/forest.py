"""Trees of processes: which process an event is of, by guid, else by pid within its life, and what started it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from carlang.results import ProcessNode
from carlang.store import End, Lookup, Start, process_ends, process_starts
from carlang.triage.fields import is_hub
from carlang.triage.reading import ProcessRef, known_guid

_ROUNDS = 4
"""How many generations above the processes of hits are looked for; each is a query, and few trees are higher."""
_SAME_START = 2_000_000
"""Microseconds within which two sensors tell of one start, as for `process/create` in `model/ties.yaml`."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its key, its host, the start that is known of it, and its program."""

    key: str
    host: str
    start: Start | None
    image: str | None

    @property
    def is_hub(self) -> bool:
        """Whether what it starts has nothing to do with one another.

        A hub is started by a hub. What carries the name of one under a parent that is none, such as explorer.exe under
        a document, or lsass.exe under a shell, is not one, but what its parent made of it.
        """
        parent = self.start.parent_exe if self.start else None
        return is_hub(self.image) and (not parent or is_hub(parent))


class Forest:
    """The starts of processes that a store knows, as far as they are asked for, and what was started by what."""

    def __init__(self) -> None:
        self._by_guid: dict[str, Start] = {}
        self._by_pid: dict[tuple[str, int], list[tuple[int, str, Start]]] = {}
        self._ends: dict[tuple[str, int], list[End]] = {}

    @classmethod
    def grow(cls, refs: Iterable[ProcessRef], lookup: Lookup) -> Forest:
        """Make a forest of the processes that events name, and of those above them in the store."""
        forest = cls()
        wanted = list(refs)
        asked: tuple[set[str], set[tuple[str, int]]] = set(), set()
        for _ in range(_ROUNDS):
            guids = {guid for ref in wanted for guid in (ref.guid, ref.parent_guid) if guid} - asked[0]
            pids = {(ref.host, ref.pid) for ref in wanted if ref.pid is not None and not ref.guid}
            pids |= {(ref.host, ref.ppid) for ref in wanted if ref.ppid is not None and not ref.parent_guid}
            pids -= asked[1]
            if not guids and not pids:
                break
            asked[0].update(guids)
            asked[1].update(pids)
            starts = process_starts(lookup, guids, pids)
            forest.plant(starts)
            forest.fell(process_ends(lookup, pids))
            wanted = [parent_of(start) for start in starts]
        return forest

    def plant(self, starts: Iterable[Start]) -> None:
        """Take starts, in any order; of one guid the latest counts."""
        for start in starts:
            guid = known_guid(start.guid)
            if guid:
                known = self._by_guid.get(guid)
                if known is None or _rank(known) < _rank(start):
                    self._by_guid[guid] = start
            if start.pid is not None and start.time is not None:
                lives = self._by_pid.setdefault((start.host.casefold(), start.pid), [])
                lives.append((start.time, guid or "", start))
        for lives in self._by_pid.values():
            lives.sort(key=lambda life: (life[0], life[1], life[2].exe or "", life[2].command_line or ""))

    def fell(self, ends: Iterable[End]) -> None:
        """Take ends of processes, in any order."""
        for end in ends:
            if end.pid is not None:
                self._ends.setdefault((end.host.casefold(), end.pid), []).append(end)

    def process(self, ref: ProcessRef) -> Process | None:
        """Return the process that an event names; None where it names none."""
        start = self._by_guid.get(ref.guid or "") or self._in_life(ref.host, ref.pid, ref.time)
        if start is not None and not (ref.guid and known_guid(start.guid) not in {None, ref.guid}):
            return Process(_key(start), ref.host, start, start.exe or ref.image)
        if ref.guid:
            return Process(ref.guid, ref.host, None, ref.image)
        if ref.pid is None:
            return None
        own = f"{ref.host} {ref.pid} {ref.time if ref.is_start else '?'}"
        return Process(own, ref.host, None, ref.image)

    def parent(self, process: Process, ref: ProcessRef | None = None) -> Process | None:
        """Return what started a process, by its start, or else by an event that is one."""
        if process.start is not None:
            above = self.process(_parent_ref(process.start))
            image = process.start.parent_exe
        elif ref is not None and ref.is_start:
            above = self.process(ProcessRef(ref.host, ref.parent_guid, ref.ppid, ref.time, ref.parent_image))
            image = ref.parent_image
        else:
            return None
        if above is None or above.key == process.key:
            return None
        return above if above.image else replace(above, image=image)

    def ancestors(self, process: Process, ref: ProcessRef | None = None) -> Iterator[Process]:
        """Yield what started a process, and so on upward, up to the first hub and without it."""
        seen, current, said = {process.key}, process, ref
        while (above := self.parent(current, said)) is not None and not above.is_hub and above.key not in seen:
            seen.add(above.key)
            yield above
            current, said = above, None

    def nodes(self, processes: Iterable[Process]) -> tuple[ProcessNode, ...]:
        """Return processes as reports show them, parents before children, of these the earliest first."""
        by_key = {process.key: process for process in processes}
        nodes = {}
        for key, process in by_key.items():
            above, start = self.parent(process), process.start
            time, pid, line = (start.time, start.pid, start.command_line) if start else (None, None, None)
            nodes[key] = ProcessNode(key, above.key if above else None, process.host, time, pid, process.image, line)
        children: dict[str | None, list[ProcessNode]] = defaultdict(list)
        for node in nodes.values():
            children[node.parent if node.parent in nodes else None].append(node)
        for siblings in children.values():
            siblings.sort(key=lambda node: (node.time is None, node.time or 0, node.key), reverse=True)
        ordered, todo = [], children[None]
        while todo:
            ordered.append(node := todo.pop())
            todo += children.pop(node.key, [])
        return tuple(ordered)

    def _in_life(self, host: str, pid: int | None, time: int | None) -> Start | None:
        """Return the start of the process that had a pid at a time: the latest until then."""
        if pid is None or time is None:
            return None
        lives = self._by_pid.get((host, pid), [])
        place = bisect_right(lives, time, key=lambda life: life[0])
        if not place:
            return None
        begun, own, start = lives[place - 1]
        if self._is_over(host, pid, own, begun, time):
            return None
        # Another sensor may have told of the same start, and the guid that it gives is what other events name.
        for near, guid, other in lives[max(0, place - 2) : place + 1]:
            if (
                guid
                and abs(near - begun) <= _SAME_START
                and (other.exe or "").casefold() == (start.exe or "").casefold()
            ):
                return other
        return start

    def _is_over(self, host: str, pid: int, guid: str, begun: int, time: int) -> bool:
        """Tell whether a life had ended before a time: by an end of its guid, or one that names none."""
        ends = (end for end in self._ends.get((host, pid), ()) if begun <= end.time < time)
        return any(not guid or (known_guid(end.guid) or guid) == guid for end in ends)


def parent_of(start: Start) -> ProcessRef:
    """Return what a start says of its process, whose parent is to be asked for."""
    host = start.host.casefold()
    guid, parent = known_guid(start.guid), known_guid(start.parent_guid)
    return ProcessRef(host, guid, start.pid, start.time, start.exe, parent, start.ppid, start.parent_exe, is_start=True)


def _parent_ref(start: Start) -> ProcessRef:
    host = start.host.casefold()
    return ProcessRef(host, known_guid(start.parent_guid), start.ppid, start.time, start.parent_exe)


def _key(start: Start) -> str:
    guid = known_guid(start.guid)
    return guid or f"{start.host.casefold()} {start.pid} {start.time}"


def _rank(start: Start) -> tuple[int, str, str]:
    """Order starts of one guid: the latest last, of those at one time the first by what they say."""
    return (start.time if start.time is not None else -(2**63), start.exe or "", start.command_line or "")
