"""A session over a store, whose outputs are planned together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from carlang import sql
from carlang.database import Limits, limit_memory
from carlang.engine.duckdb_engine import DuckDBEngine
from carlang.engine.planned import Asked, Decision, ObjectEvents, Planned
from carlang.engine.protocol import Answer
from carlang.engine.query_session import QuerySession, objects_of
from carlang.engine.selections import Request, Selections
from carlang.engine.tied import pairing, shared_classes, wider
from carlang.errors import EngineError
from carlang.model.schema import Class, Model
from carlang.plan import EventFile, can_pay, demands
from carlang.resolve import Given
from carlang.resolve.bound import BoundOutput
from carlang.sql import (
    EventFiles,
    Window,
    lower_table,
    shown_columns,
    tied_objects,
)
from carlang.store import Store, StoreFile, told_once

if TYPE_CHECKING:
    from carlang.sql import Selection, Source


class Session(QuerySession):
    """A session over the files that a store has when the session begins, and over events in a window of time."""

    def __init__(
        self,
        store: Store,
        model: Model,
        limits: Limits | None = None,
        window: Window | None = None,
        *,
        records_apart: bool = False,
    ) -> None:
        engine = DuckDBEngine(store.path, limits or Limits())
        super().__init__(engine, model, records_apart=records_apart)
        self._store = store
        self._memory = (limits or Limits()).for_engine().memory
        self._window = window or Window()
        self._tables: set[str] = set()
        self._first_files: dict[str, int] = {}
        self._numbered_files = 0
        self._classes: frozenset[Class] | None = None
        self._untied: dict[str, bool] = {}
        self._planned = Planned(self._engine, limits or Limits(), self._window)
        self._selections = Selections(engine, engine.spool)
        self._asked: Sequence[tuple[BoundOutput, Given]] = ()
        self._shown: dict[str, int] = {}
        """The objects whose tables show the events of a leaf, and of which."""

    def prepare(self, asked: Sequence[tuple[BoundOutput, Given]], alone: Collection[int] = ()) -> Sequence[Decision]:
        """Plan outputs together: those that search for few of an object's events have these kept, read once.

        What was planned before is let go.
        """
        wanted: dict[str, list[Asked]] = {}
        for output, given in asked:
            for demand in demands(output, given):
                wanted.setdefault(demand.object, []).append(Asked(output, given, demand))
        with self._lock:
            try:
                self._ties.clear()
                # Before anything is kept: with a record its partner is.
                self._ties = {id(output): self._tied(output) for output, _ in asked}
                self._asked = asked  # what is known by identity has to live as long
            except EngineError as error:
                self._planned.failures["records of two sensors"] = str(error)
                return ()
            for name in list(self._shown):
                self._show_all(name)
            self._planned.let_go()
            self._selections.expect((each for each in asked if id(each[0]) not in alone), self._source)
            for name, of_object in sorted(wanted.items()):
                try:
                    self._prepare_object(name, of_object)
                except EngineError as error:
                    self._planned.failures[name] = str(error)
            return tuple(self._planned.decisions)

    @property
    def unplanned(self) -> tuple[str, ...]:
        """Why outputs of which objects could not be planned together, where that failed."""
        return tuple(f"{name}: {reason}" for name, reason in self._planned.failures.items())

    def _prepare_object(self, name: str, asked: Sequence[Asked]) -> None:
        groups = self._files(name, wider(self._window))
        if not groups or not self._planned.has_room:
            return
        rows = sum(file.rows for file in self._store.files(name))
        if can_pay(len(asked), rows):
            self._provide_numbered(name)
        paths = [(path, group.action) for group in groups for path in group.paths]
        first = self._first_files.get(name, 0)
        files = [EventFile(Path(path), action, first + index) for index, (path, action) in enumerate(paths)]
        columns = {column: type_ for group in groups for column, type_ in group.columns.items()}
        events = ObjectEvents(self._model.objects[name], files, columns, rows)
        self._planned.keep(events, asked, self._selections.expected, tied=name in self._occurrences)

    def _source(self, output: BoundOutput, selection: Selection) -> Source:
        tied = self._tied(output)
        dialect, owner = self._engine.dialect, self._model.objects[selection.object]
        columns, shown = selection.events.columns, shown_columns(output, tied)
        return sql.Source(dialect, owner, columns, shown, self._window, tied=bool(tied_objects(output, tied)))

    def _answered(self, output: BoundOutput, given: Given | None, request: Request) -> Answer | None:
        return self._selections.answer(output, given, request, self._planned, self._show_numbered)

    def _show_numbered(self, name: str) -> None:
        """Have the table of an object's numbered events show all of them."""
        if name in self._shown:
            self._show_all(name)
        self._provide_numbered(name)

    def _finds_nothing(self, output: BoundOutput, given: Given | None) -> bool:
        return self._planned.finds_nothing(output, given)

    def _show(self, output: BoundOutput, given: Given | None) -> None:
        for name in objects_of(output):
            leaf = self._planned.kept_leaf_of(output, given, name)
            if leaf == self._shown.get(name):
                continue
            if leaf is None:
                self._show_all(name)
            else:
                self._planned.show(self._model.objects[name], leaf)
                self._shown[name] = leaf

    def _show_all(self, name: str) -> None:
        """Have an object's tables show all events again."""
        del self._shown[name]
        self._tables.discard(name)
        self._provide(name)
        if name in self._occurrences:
            self._provide_numbered(name)

    def _provide(self, name: str) -> None:
        if name in self._tables:
            return
        dialect = self._engine.dialect
        owner, files = self._model.objects[name], self._files(name, self._window)
        self._engine.execute(dialect.text_of(lower_table, dialect, owner, files, self._window))
        self._tables.add(name)

    def _provide_numbered(self, name: str) -> None:
        dialect, files = self._engine.dialect, self._files(name, wider(self._window))
        if name not in self._first_files:
            self._first_files[name] = self._numbered_files
            self._numbered_files += sum(len(group.paths) for group in files)
        # All rows of the files: whether a record is in the window is known when its occurrence is.
        first = self._first_files[name]
        owner = self._model.objects[name]
        self._engine.execute(dialect.text_of(lower_table, dialect, owner, files, Window(), numbered_from=first))

    def _is_untied(self, name: str) -> bool:
        """Tell whether no records of an object are tied, by what this run found out, or an earlier one.

        To make the tables of occurrences takes a short run a tenth of its time, and every event of the object is read.
        """
        if name not in self._untied:
            owner, ties = self._model.objects[name], self._ties_of(name)
            all_have_ids = self._all_have_ids(name)
            question = pairing(self._engine.dialect, owner, ties, self._window, all_have_ids=all_have_ids)
            self._untied[name] = told_once(self._store.files(name), question, lambda: self._finds_untied(name))
        return self._untied[name]

    def _finds_untied(self, name: str) -> bool:
        self._provide_occurrences(name)
        return not self._occurrences[name]

    def _all_have_ids(self, name: str) -> bool:
        return all(file.filled.get("record_id", 0) >= file.rows for file in self._store.files(name))

    def _shared_classes(self) -> frozenset[Class]:
        if self._classes is None:
            with limit_memory(self._memory):
                seen = self._store.inventory(classes=(), fields=())
            self._classes = shared_classes(seen, self._model)
        return self._classes

    def _files(self, name: str, window: Window) -> list[EventFiles]:
        types = self._store.columns(name)
        by_action: dict[str, list[StoreFile]] = {}
        for file in self._store.files(name):
            if file.rows and _in_window(file, window):  # a file left out here costs nothing; the view is exact anyhow
                by_action.setdefault(file.action, []).append(file)
        return [self._event_files(action, files, types) for action, files in sorted(by_action.items())]

    def _event_files(self, action: str, files: Sequence[StoreFile], types: Mapping[str, str]) -> EventFiles:
        # A column that no file of the action has filled is not read.
        columns = {c: type_ for c, type_ in types.items() if any(c in file.filled for file in files)}
        # A table of a log has one type for a column; files of a plain tree, whoever wrote them, need not.
        alike = self._store.writable and all(columns.keys() <= file.filled.keys() for file in files)
        return EventFiles(action, [str(file.path.resolve()) for file in files], columns, alike)


def _in_window(file: StoreFile, window: Window) -> bool:
    """Tell whether a file may hold events of a window, by the times that its statistics name."""
    # Events without a time lie in every window, and statistics do not see them.
    if file.first_time is None or file.last_time is None or file.filled.get("time", 0) < file.rows:
        return True
    since, until = window.since, window.until
    return (since is None or file.last_time >= since) and (until is None or file.first_time < until)
