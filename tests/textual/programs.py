"""A second reference: programs read from their text and run over events, in Python alone.

It starts from the syntax tree, which is what was written. What it means it takes from docs/language.md and the model's
YAML files; it shares nothing with the rooms that resolve a program, write it as SQL and run it, nor with the other
reference, which starts from the resolved program and so believes what that says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from carlang.source import Source, Span
from carlang.syntax import ast, parse
from tests.textual.expressions import CONDITION, Reader, UnreadableError
from tests.textual.functions import AGGREGATES, spellings
from tests.textual.in_time import Borders, bursts, by_the_clock, meetings, sessions
from tests.textual.joins import joined
from tests.textual.model_file import TEXTS, columns_of, objects, plain
from tests.textual.occurrences import NUMBER, seen
from tests.textual.ordering import RANK, ends, first_of_each, ordered, sorted_by
from tests.textual.processes import Lives, teller
from tests.textual.sequences import Asked, Runs, Step
from tests.textual.values import in_order, told_apart, typed
from tests.textual.views import Computed, Constant, Place, Row, Stream, Term, View, path_of

_SINGLE_OUT = ("time", "record_id", "source")
_MICROSECOND = timedelta(microseconds=1)

Length = ast.DurationLit | ast.Name


@dataclass(frozen=True)
class Table:
    """The rows of an output in their order, and the types of its columns."""

    columns: Mapping[str, str]
    rows: Sequence[Row]


def run(
    text: str,
    events: Sequence[Row],
    now: datetime,
    params: Mapping[str, Any] | None = None,
    programs: Mapping[str, str] | None = None,
) -> dict[str, Table]:
    """Return the outputs of a program without errors.

    Events are rows with `object` and `action`, `programs` the texts of other analytics by their ids.
    """
    running = _Run(events, params or {}, programs or {}, Reader(now, lives=Lives(events)))
    return {name: _table(stream) for name, stream in running.outputs(_tree(text)).items()}


def _tree(text: str) -> ast.Program:
    return parse(Source.whole("program.car", text)).program


@dataclass
class _Run:
    events: Sequence[Row]
    params: Mapping[str, Any]
    programs: Mapping[str, str]
    reader: Reader

    def outputs(self, program: ast.Program) -> dict[str, Stream]:
        chosen: dict[str, Stream] = {}
        last: tuple[str, Stream] | None = None
        for statement in program.statements:
            match statement:
                case ast.OutputStmt(items):
                    chosen |= {i.ident if isinstance(i, ast.Name) else "result": self.stream(i) for i in items}
                case ast.BareStmt(value):
                    last = ("result", self._bare(value))
                case _:
                    last = self._bound(statement) or last
        if not chosen and last:
            chosen = dict([last])
        return chosen

    def _bare(self, value: ast.Value) -> Stream:
        if isinstance(value, CONDITION | ast.IfElse):  # filters the raw log records
            return self._filtered(self._searched(ast.EventClass(ast.Name("event", value.span), (), value.span)), value)
        return self.stream(value)

    def _bound(self, statement: ast.Statement) -> tuple[str, Stream] | None:
        names = self.reader.names
        match statement:
            case ast.AssignStmt(target, value):
                if self._is_stream(value):
                    names[target.ident] = stream = self.stream(value, target.ident)
                    return target.ident, stream
                if isinstance(value, ast.Call | ast.Arithmetic):
                    names[target.ident] = Computed(self.reader.value(View(), value))
                elif not isinstance(value, _STREAM_FORMS):
                    names[target.ident] = Constant(self.reader.substituted(View(), value))
            case ast.FieldStmt(stream_name, field, value):
                stream = self.stream(stream_name)
                derived = self._derived(stream, stream_name.ident, field.ident, value)
                names[stream_name.ident] = derived
                return stream_name.ident, derived
            case ast.InputStmt(name, kind, default):
                names[name.ident] = Computed(self._input(name.ident, kind, default))
        return None

    def _input(self, name: str, kind: ast.Name | None, default: ast.Expr | None) -> Term:
        read = self.reader.value(View(), default) if default is not None else None
        word = kind.ident.casefold() if kind else read.type if read else "string"
        wanted = {"text": "string", "int": "integer", "number": "float", "bool": "boolean"}.get(word, word)
        default_value = read.at(Place({})) if read else None
        value = typed(self.params[name], wanted) if name in self.params else default_value
        if isinstance(value, str) and wanted != "string":
            value = typed(value, wanted)
        return Term(wanted, lambda _: value)

    # ---- streams

    def _is_stream(self, value: ast.Value) -> bool:
        match value:
            case ast.Name(ident):
                return isinstance(self.reader.names.get(ident), Stream)
            case ast.Arithmetic(operator, left, right):
                return operator in "+-" and self._is_stream(left) and self._is_stream(right)
            case ast.Call(function):
                return function.ident.casefold() == "unique"
        return isinstance(value, _STREAM_FORMS)

    def stream(self, written: ast.Value, target: str | None = None) -> Stream:  # noqa: C901, PLR0911, PLR0912  # a case a form
        match written:
            case ast.Name(ident):
                meaning = self.reader.names.get(ident)
                if not isinstance(meaning, Stream):
                    raise UnreadableError(ident)
                return meaning
            case ast.Search(classes, condition):
                found = self._searched(*classes)
                return found if condition is None else self._filtered(found, condition, target)
            case ast.Filter(source, condition):
                name = source.ident if isinstance(source, ast.Name) else target
                stream = self.stream(source) if source is not None else self.stream(ast.Name(str(target), written.span))
                return self._filtered(stream, condition, name, target)
            case ast.Join(inputs, condition):
                parts = {str(_name(each)): self.stream(each) for each in inputs}
                optional = frozenset(str(_name(inputs[index])) for index in written.optional)
                return self._joined(parts, condition, target, optional)
            case ast.Sort(source) | ast.Head(_, source) | ast.Tail(_, source) | ast.Unique(source) if (
                source is not None
            ):
                return self._ordered(self.stream(source), written, _name(source))
            case ast.Group(inputs):
                return self._groups([self.stream(each) for each in inputs], written, target, *map(_name, inputs))
            case ast.Select(source, items) if source is not None:
                return self._selected(self.stream(source), items, _name(source), target)
            case ast.By(ast.Call() as call, keys):
                return self._counted_stream(call, keys, written.every)
            case ast.By(ast.Arithmetic(_, left, right), keys):
                return self._difference(self.stream(left), self.stream(right), keys)
            case ast.Arithmetic("+", left, right):
                return _union([self.stream(left), self.stream(right)])
            case ast.Arithmetic("-", left, right):
                return self._difference(self.stream(left), self.stream(right), ())
            case ast.Call(_, (argument,)):
                return self._unique(argument)
            case ast.Sequence():
                return self._sequence(written)
            case ast.Together():
                return self._together(written)
            case ast.Tree(kin, source) if source is not None:
                return self._related(kin, self.stream(source))
            case ast.RunAnalytic(_, other):
                inner = replace(self, reader=Reader(self.reader.now, lives=self.reader.lives))
                return next(iter(inner.outputs(_tree(self.programs[other.ident])).values()))
            case ast.Pipe(head, stages):
                stream, name = self.stream(head), _name(head)
                for stage in stages:
                    stream, name = self._stage(stream, stage, name, target), None
                return stream
        raise UnreadableError(written)

    def _stage(self, stream: Stream, stage: ast.Stage, name: str | None, target: str | None) -> Stream:
        match stage:
            case ast.Filter(_, condition):
                return self._filtered(stream, condition, name, target)
            case ast.Select(_, items):
                return self._selected(stream, items, name, target)
            case ast.Group():
                return self._groups([stream], stage, target, name)
            case ast.By(_, keys):
                return self._count_by(stream, keys, stage.every, None, name)
            case ast.Join(inputs, condition):
                others = {str(_name(each)): self.stream(each) for each in inputs}
                optional = frozenset(str(_name(inputs[index])) for index in stage.optional)
                return self._joined({str(name): stream, **others}, condition, target, optional)
            case ast.Sort() | ast.Head() | ast.Tail() | ast.Unique():
                return self._ordered(stream, stage, name)
            case ast.Tree(kin):
                return self._related(kin, stream)
        raise UnreadableError(stage)

    def _searched(self, *classes: ast.EventClass) -> Stream:
        wanted: set[tuple[str, str]] = set()
        entries = {}
        for each in classes:
            entry = objects()[plain(each.object.ident)]
            entries[entry.name] = entry
            named = [action for written in each.actions for action in entry.actions[plain(written.ident)]]
            wanted |= {(entry.name, action) for action in named or entry.every_action}
        owners = tuple(entries.values())
        columns = columns_of(owners)
        occurrences, records, tied = seen(self.events)
        rows, alone = (
            [
                {c: event.get(c) for c in (*columns, NUMBER)}
                for event in events
                if (event["object"], event["action"]) in wanted
            ]
            for events in (occurrences, records)
        )
        return Stream(columns, rows, {"": owners}, records=alone if tied & wanted else None)

    def _filtered(self, stream: Stream, condition: ast.Expr, *names: str | None) -> Stream:
        test = self.reader.condition(View.of(stream, *names), condition)
        if stream.records is not None:
            records = [row for row in stream.records if test(Place(row))]
            numbers = {row[NUMBER] for row in records}
            return replace(stream, rows=[row for row in stream.rows if row[NUMBER] in numbers], records=records)
        kept = [(n, place.row) for n, place in enumerate(stream.places) if test(place)]
        groups = None if stream.groups is None else [stream.groups[n] for n, _ in kept]
        return replace(stream, rows=[row for _, row in kept], groups=groups)

    def _derived(self, stream: Stream, name: str, field: str, written: ast.Expr) -> Stream:
        term = self.reader.value(View.of(stream, name), written)
        column = next((c for c in stream.columns if c.casefold() == field.casefold()), field)
        rows = [{**place.row, column: term.at(place)} for place in stream.places]
        records = stream.records and [{**row, column: term.at(Place(row))} for row in stream.records]
        others = {name: kind for name, kind in stream.columns.items() if name != column}
        return Stream({**others, column: term.type}, rows, stream.owners, records=records, ranked=stream.ranked)

    def _ordered(
        self, stream: Stream, written: ast.Sort | ast.Head | ast.Tail | ast.Unique, name: str | None
    ) -> Stream:
        view, columns = View.of(replace(stream, groups=None), name), stream.columns
        match written:
            case ast.Sort(_, keys):
                return sorted_by(stream, [(self.reader.value(view, key.field), key.descending) for key in keys])
            case ast.Unique(_, fields):
                for field in fields:
                    stream = self._seeing(stream, path_of(field) or [], name)
                view = View.of(replace(stream, groups=None), name)
                return replace(first_of_each(stream, self._keys(view, fields)), columns=columns)
            case ast.Head(count) | ast.Tail(count):
                asked = self.reader.value(View(), count).at(Place({}))
                return ends(stream, asked, last=isinstance(written, ast.Tail))

    def _joined(
        self,
        parts: Mapping[str, Stream],
        condition: ast.Expr | None,
        target: str | None,
        optional: frozenset[str] = frozenset(),
    ) -> Stream:
        columns = {f"{part}.{c}": kind for part, stream in parts.items() for c, kind in stream.columns.items()}
        owners = {f"{part}.{prefix}": entries for part, s in parts.items() for prefix, entries in s.owners.items()}
        sides = {
            part: [{f"{part}.{c}": v for c, v in row.items()} for row in stream.rows] for part, stream in parts.items()
        }
        view = View(columns, owners, frozenset({target} if target else ()))
        return Stream(columns, joined(sides, optional, condition, view, self.reader.condition), owners)

    def _related(self, kin: str, stream: Stream) -> Stream:
        tell = teller(stream.columns)
        if tell is None:
            raise UnreadableError(kin)
        owner = objects()["process"]
        more = {"depth": "integer", "root_guid": "guid", "root_pid": "integer"}
        columns = {**columns_of([owner]), **more}
        return Stream(columns, self.reader.lives.related(kin, stream.rows, tell), {"": (owner,)})

    # ---- groups

    def _groups(self, streams: Sequence[Stream], written: ast.Group, *names: str | None) -> Stream:
        """Read a group with its condition, which is one on windows where there are any."""
        condition = written.having
        if written.period is None or written.period.word != "within any":
            grouped = self._grouped(streams, written.keys, written.period, *names)
            return grouped if condition is None else self._filtered(grouped, condition, *names)
        whole = self._grouped(streams, written.keys, None, *names)
        length = self.reader.value(View(), written.period.length).at(Place({}))
        test = None if condition is None else self.reader.condition(View.of(whole, *names), condition)

        def counts(members: Sequence[Row]) -> bool:
            return test is None or test(Place(_group_row(members, whole.keys, whole.columns), members))

        groups = [burst for members in whole.groups or () for burst in bursts(members, length, counts)]
        return replace(whole, rows=[_group_row(m, whole.keys, whole.columns) for m in groups], groups=groups)

    def _grouped(
        self,
        streams: Sequence[Stream],
        written: Sequence[ast.Expr],
        in_time: ast.Period | None,
        *names: str | None,
    ) -> Stream:
        for path in filter(None, map(path_of, written)):
            streams = [self._seeing(stream, path, *names) for stream in streams]
        whole = _union(streams)
        keys = self._keys(View(whole.columns, streams[0].owners, frozenset(n for n in names if n)), written)
        timed = whole.columns.get("time") == "time"
        own = {"count": "integer", **({"first_time": "time", "last_time": "time"} if timed else {})}
        if in_time is not None and in_time.word == "every":
            own = {"start": "time", "end": "time", **own}
        columns = {**{key: whole.columns[key] for key in keys}, **{c: k for c, k in own.items() if c not in keys}}
        by_key: dict[Any, list[Row]] = {}
        for row in in_order(list(whole.rows), whole.columns):
            by_key.setdefault(tuple(told_apart(row.get(key)) for key in keys), []).append(row)
        length = None if in_time is None else self.reader.value(View(), in_time.length).at(Place({}))
        groups: list[list[Row]] = []
        rows: list[Row] = []
        for members in by_key.values():
            for piece, borders in _pieces(members, in_time.word if in_time else None, length):
                groups.append(piece)
                rows.append(_group_row(piece, keys, columns, borders))
        shown = [*keys, *(["start"] if "start" in own and "start" not in keys else [])]
        return Stream(columns, rows, streams[0].owners, groups, whole.columns, tuple(shown))

    def _seeing(self, stream: Stream, path: Sequence[str], *names: str | None) -> Stream:
        """Return a stream with the field of the process behind its rows that a key asks for as a column."""
        view = View.of(stream, *names)
        made = None if view.column(path) else self.reader.of_process(view, path)
        if made is None:
            return stream
        column, term = made
        rows = [{**place.row, column: term.at(place)} for place in stream.places]
        return replace(stream, columns={**stream.columns, column: term.type}, rows=rows)

    def _keys(self, view: View, written: Sequence[ast.Expr]) -> list[str]:
        found = [view.column(path_of(key) or []) for key in written]
        if not all(found):
            raise UnreadableError(written)
        return list(dict.fromkeys(str(key) for key in found))

    def _counted_stream(self, call: ast.Call, keys: Sequence[ast.Expr], every: Length | None) -> Stream:
        """Read `count(s) by f` and `max(s.pid) by f`."""
        path = path_of(call.arguments[0]) or []
        stream = self.stream(ast.Name(path[0], call.span))
        return self._count_by(stream, keys, every, call, path[0])

    def _count_by(
        self,
        stream: Stream,
        keys: Sequence[ast.Expr],
        every: Length | None,
        call: ast.Call | None,
        name: str | None,
    ) -> Stream:
        in_time = None if every is None else ast.Period("every", every, every.span)
        grouped = self._grouped([stream], keys, in_time, name)
        nowhere = Span(0, 0)
        whole = ast.Call(ast.Name("count", nowhere), (), distinct=False, span=nowhere)
        written = whole if call is None or len(path_of(call.arguments[0]) or ()) == 1 else call
        term = self.reader.value(View.of(grouped, name), written)
        column = "count" if call is None else call.function.ident.casefold()
        rows = [{**{n: place.row[n] for n in grouped.keys}, column: term.at(place)} for place in grouped.places]
        return Stream({**{n: grouped.columns[n] for n in grouped.keys}, column: term.type}, rows, grouped.owners)

    def _selected(self, stream: Stream, items: Sequence[ast.SelectItem], *names: str | None) -> Stream:
        if stream.groups is None and any(self._runs_over_rows(View.of(stream, *names), item.value) for item in items):
            members = in_order(list(stream.rows), stream.columns)
            groups = [members] if members else []
            own_row = {"count": "integer"}
            rows = [_group_row(group, [], own_row) for group in groups]
            stream = Stream(own_row, rows, stream.owners, groups, stream.columns)
        view = View.of(stream, *names)
        terms = {self._column_name(item, view): self.reader.value(view, item.value) for item in items}
        asked = {view.column(path_of(item.value) or ["?"]) for item in items}
        first = [key for key in stream.keys if key not in terms and key not in asked]
        columns = {**{key: stream.columns[key] for key in first}, **{n: term.type for n, term in terms.items()}}

        def selected(place: Place) -> Row:
            hidden = {name: place.row[name] for name in (NUMBER, RANK) if name in place.row}
            values = {name: term.at(place) for name, term in terms.items()}
            return {**{key: place.row[key] for key in first}, **values, **hidden}

        records = stream.records if stream.records is None else [selected(Place(row)) for row in stream.records]
        rows = [selected(place) for place in stream.places]
        return Stream(columns, rows, stream.owners, records=records, ranked=stream.ranked)

    def _column_name(self, item: ast.SelectItem, view: View) -> str:
        if item.alias is not None:
            return item.alias.ident
        path = path_of(item.value) or ["?"]
        if column := view.column(path):
            return column
        if found := self.reader.of_process(view, path):
            return found[0]
        if isinstance(item.value, ast.Call):
            return item.value.function.ident.casefold()
        return item.value.name.ident if isinstance(item.value, ast.Member) else "value"

    def _runs_over_rows(self, view: View, written: Any) -> bool:
        """Tell whether an expression has an aggregate in it that runs over the rows of the stream."""
        if isinstance(written, ast.Call):
            name = written.function.ident.casefold()
            several = name in ("min", "max") and len(written.arguments) > 1
            numbered = name.startswith("top") and name[3:].isdigit()
            if (name in AGGREGATES or numbered) and not (several or self.reader.is_element(view, written)):
                return True
        inner = [getattr(written, name) for name in getattr(written, "__slots__", ())]
        pieces = [piece for each in inner for piece in (each if isinstance(each, tuple) else (each,))]
        return any(self._runs_over_rows(view, piece) for piece in pieces if hasattr(piece, "span"))

    # ---- sets

    def _difference(self, left: Stream, right: Stream, written: Sequence[ast.Expr]) -> Stream:
        if written:
            keys = self._keys(View.of(left), written)
        else:
            keys = [c for c, kind in left.columns.items() if c in right.columns and not _singles_out(c, kind)]
        there = {tuple(told_apart(row.get(key)) for key in keys) for row in right.rows}
        rows = [row for row in left.rows if tuple(told_apart(row.get(key)) for key in keys) not in there]
        return Stream(left.columns, rows, left.owners)

    def _unique(self, argument: ast.Expr) -> Stream:
        path = path_of(argument) or []
        stream = self.stream(ast.Name(path[0], argument.span))
        column = View.of(stream, path[0]).column(path)
        if column is None:
            raise UnreadableError(argument)
        values = [row[column] for row in stream.rows if row.get(column) is not None]
        return Stream({column: stream.columns[column]}, [{column: alike[0]} for alike in spellings(values).values()])

    # ---- sequences

    def _sequence(self, written: ast.Sequence) -> Stream:
        streams = [self.stream(step.stream) for step in written.steps]
        shown = [(_plain_step(step), stream) for step, stream in zip(written.steps, streams, strict=True)]
        for each in written.steps:
            for path in _paths(each.condition) if each.condition is not None else ():
                self._see_processes(path, str(_name(each.stream)), shown, streams)
        asked: list[Asked] = []
        for index in range(len(streams)):
            step, streams[index] = self._step(written.steps, streams, index)
            asked.append(step)
        within = None if written.within is None else self.reader.value(View(), written.within).at(Place({}))
        parts: list[tuple[int | None, Stream, str | None]] = [
            (number, stream, step.name) for number, (step, stream) in enumerate(zip(asked, streams, strict=True))
        ]
        if written.until is not None:
            parts.append((None, self.stream(written.until), _name(written.until)))
        by_key: dict[Any, list[Step]] = {}
        for number, stream, name in parts:
            keys = self._keys(View.of(stream, name), written.keys)
            for place, row in enumerate(in_order(list(stream.rows), stream.columns)):
                if row.get("time") is not None:
                    key = tuple(told_apart(row.get(column)) for column in keys)
                    by_key.setdefault(key, []).append(Step(number, row["time"], place, row))
        longest = None if within is None else within * _MICROSECOND
        view = _steps_view([(step, stream) for step, stream in shown if not step.absent])
        alone = frozenset(c for c, kind in view.columns.items() if kind == "record" or kind.startswith("list"))
        machine = Runs(asked, longest, alone)
        return Stream(view.columns, [row for events in by_key.values() for row in machine.over(events)], view.owners)

    def _together(self, written: ast.Together) -> Stream:
        parts = {str(_name(part)): self.stream(part) for part in written.parts}
        length = self.reader.value(View(), written.within).at(Place({}))
        by_key: dict[Any, list[Step]] = {}
        for number, (name, stream) in enumerate(parts.items()):
            keys = self._keys(View.of(stream, name), written.keys)
            for place, row in enumerate(in_order(list(stream.rows), stream.columns)):
                if row.get("time") is not None:
                    key = tuple(told_apart(row.get(column)) for column in keys)
                    by_key.setdefault(key, []).append(Step(number, row["time"], place, row))
        met = [rows for steps in by_key.values() for rows in meetings(steps, len(parts), length)]
        columns = {f"{name}.{c}": kind for name, stream in parts.items() for c, kind in stream.columns.items()}
        owners = {f"{name}.{prefix}": e for name, stream in parts.items() for prefix, e in stream.owners.items()}
        return Stream(columns, _side_by_side(list(parts), met), owners)

    def _see_processes(
        self, path: list[str], own: str, steps: Sequence[tuple[Asked, Stream]], streams: list[Stream]
    ) -> None:
        """Give the streams of steps what a path asks of the processes behind their rows, as columns."""
        for number, (step, _) in enumerate(steps):
            if path[0] == step.name:
                streams[number] = self._seeing(streams[number], path, step.name)
            elif path[0].casefold() == "process" and step.name == own:
                streams[number] = self._seeing(streams[number], [own, *path], step.name)

    def _step(self, steps: Sequence[ast.Step], streams: Sequence[Stream], index: int) -> tuple[Asked, Stream]:
        """Read a step with its condition; one that asks for the step's own event alone filters its stream."""
        written, stream = steps[index], streams[index]
        step = _plain_step(written)
        if written.condition is None:
            return step, stream
        all_steps = [(_plain_step(each), other) for each, other in zip(steps, streams, strict=True)]
        others = [pair for pair in all_steps[:index] if not pair[0].absent]
        if not others and step.absent:
            others = [pair for pair in all_steps if not pair[0].absent][:1]
        view = replace(_steps_view([*others, (step, stream)]), own=f"{step.name}.")
        paths = list(_paths(written.condition))
        names = {name for path in paths if (name := _column_of(view, path))}
        names |= {name for path in paths for name in view.texts_of_any(path) or ()}
        first = f"{step.name}.first_time" if step.times is not None else ""
        asked = frozenset(name for name in names if not name.startswith(f"{step.name}.") or name == first)
        if not asked:
            return step, self._filtered(stream, written.condition, step.name)
        test = self.reader.condition(view, written.condition)
        return replace(step, test=lambda row: test(Place(row)), names=asked), stream


_STREAM_FORMS = ast.StreamForm


def _side_by_side(names: Sequence[str], several: Sequence[Sequence[Row]]) -> list[Row]:
    return [
        {f"{name}.{c}": v for name, row in zip(names, rows, strict=True) for c, v in row.items()} for rows in several
    ]


def _plain_step(written: ast.Step) -> Asked:
    times = None if written.times is None or written.absent else int(written.times.value)
    return Asked(str(_name(written.stream)), absent=written.absent, times=times)


def _steps_view(steps: Sequence[tuple[Asked, Stream]]) -> View:
    """Return the view of a row of steps."""
    columns: dict[str, str] = {}
    for step, stream in steps:
        columns |= {f"{step.name}.{c}": kind for c, kind in stream.columns.items()}
        if step.times is not None:
            columns |= {f"{step.name}.first_time": "time"}
    owners = {f"{step.name}.{prefix}": entries for step, s in steps for prefix, entries in s.owners.items()}
    return View(columns, owners)


def _paths(written: Any) -> Iterator[list[str]]:
    """Yield the paths of words that an expression is made of, whole ones."""
    if path := path_of(written):
        yield path
        return
    for name in getattr(written, "__slots__", ()):
        value = getattr(written, name)
        for piece in value if isinstance(value, tuple) else (value,):
            if hasattr(piece, "span"):
                yield from _paths(piece)


def _column_of(view: View, path: Sequence[str]) -> str | None:
    """Return the column that a path means, or the one that it is a member of."""
    shorter = (path[:end] for end in range(len(path), 0, -1))
    return next((column for each in shorter if (column := view.column(each))), None)


def _name(written: ast.Value) -> str | None:
    return written.ident if isinstance(written, ast.Name) else None


def _table(stream: Stream) -> Table:
    rows = [{c: row.get(c) for c in stream.columns} for row in ordered(stream)]
    return Table(stream.columns, rows)


def _union(streams: Sequence[Stream]) -> Stream:
    if len(streams) == 1:
        return Stream(streams[0].columns, streams[0].rows, streams[0].owners)
    columns: dict[str, str] = {}
    owners: dict[str, tuple[Any, ...]] = {}
    for stream in streams:
        columns |= {c: kind for c, kind in stream.columns.items() if c not in columns}
        for prefix, entries in stream.owners.items():
            owners[prefix] = tuple(dict.fromkeys((*owners.get(prefix, ()), *entries)))
    return Stream(columns, [{c: row.get(c) for c in columns} for stream in streams for row in stream.rows], owners)


def _pieces(members: list[Row], word: str | None, length: int | None) -> list[tuple[list[Row], Borders]]:
    """Cut the rows of one key, which are in order of time; intervals come with where they begin and end."""
    if word == "every":
        return by_the_clock(members, length)
    return [(piece, (None, None)) for piece in (sessions(members, length) if word else [members])]


def _group_row(
    members: Sequence[Row], keys: Sequence[str], columns: Mapping[str, str], borders: Borders = (None, None)
) -> Row:
    times = [row["time"] for row in members if row.get("time") is not None]
    own = {"count": len(members), "first_time": min(times, default=None), "last_time": max(times, default=None)}
    own |= {"start": borders[0], "end": borders[1]}
    spelt = {key: min((row[key] for row in members if row.get(key) is not None), default=None) for key in keys}
    return {column: spelt[column] if column in spelt else own[column] for column in columns}


def _singles_out(column: str, kind: str) -> bool:
    """Tell whether a column tells one event from others like it, or cannot be compared."""
    name = column.rpartition(".")[2]
    numbers = kind not in TEXTS and (name.endswith(("pid", "tid")))
    return name in _SINGLE_OUT or kind in ("guid", "record") or kind.startswith("list") or numbers
