"""AST + model → bound program.

Statements are read from the top. Each binds a name to a stream or a constant, adds a field to a stream, or gives
outputs; a name means what the nearest binding above says. A statement with errors leaves a name behind that is known
to be broken, so that its uses are not reported again, and the statements below it are still checked.
"""

from __future__ import annotations

from dataclasses import dataclass

from carlang.diagnostics import Diagnostic, codes, has_errors
from carlang.model.schema import Model
from carlang.model.types import Column, Kind
from carlang.resolve.bound import BoundOutput, BoundProgram, Derived, Named, streams_below
from carlang.resolve.conditions import condition
from carlang.resolve.scope import EMPTY_ROW, BrokenName, ConstantName, Context, PatternCheck, StreamName
from carlang.resolve.streams import Flow, stream
from carlang.resolve.values import value, written_out
from carlang.source import Source, Span
from carlang.syntax import ast

DEFAULT_OUTPUT = "result"
"""The name of the output of a program that is one chain without a name."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A bound program, absent where the program has errors, and everything found on the way."""

    program: BoundProgram | None
    diagnostics: tuple[Diagnostic, ...]


def resolve(program: ast.Program, source: Source, model: Model, check_pattern: PatternCheck) -> Resolved:
    """Resolve a program; never raises on a bad one."""
    work = _Resolution(Context(source, model, check_pattern))
    for statement in program.statements:
        work.take(statement, alone=len(program.statements) == 1)
    outputs = work.finish()
    found = tuple(sorted(work.ctx.diagnostics, key=lambda d: d.span))
    broken = has_errors(found) or any(isinstance(s, ast.FaultyStmt) for s in program.statements)
    return Resolved(None if broken else BoundProgram(outputs, tuple(work.ctx.named)), found)


class _Resolution:
    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.outputs: list[BoundOutput] = []
        self.last: Flow | None = None
        self.last_name: ast.Name | None = None
        self.said_output = False
        self.broken = False

    def take(self, statement: ast.Statement, *, alone: bool) -> None:
        """Resolve one statement."""
        match statement:
            case ast.AssignStmt(target, written):
                self._assign(target, written)
            case ast.FieldStmt(name, field, written):
                self._derive(name, field, written, statement.span)
            case ast.OutputStmt(items):
                self.said_output = True
                for item in items:
                    self._output(item)
            case ast.BareStmt(written):
                self._bare(written, alone=alone)
            case ast.FaultyStmt(maybe):
                self.broken = True
                if maybe:
                    self.ctx.names[maybe.ident] = BrokenName(maybe.span)

    def _assign(self, target: ast.Name, written: ast.Value) -> None:
        if isinstance(written, ast.Search | ast.Filter | ast.Pipe) or self._is_stream(written):
            flow = stream(self.ctx, written, target.ident)  # type: ignore[arg-type]  # a name, or one of the three
            self._bind(target, flow)
        else:
            self._constant(target, written)

    def _is_stream(self, written: ast.Value) -> bool:
        if not isinstance(written, ast.Name):
            return False
        meaning = self.ctx.names.get(written.ident)
        return not isinstance(meaning, ConstantName)

    def _bind(self, target: ast.Name, flow: Flow | None) -> None:
        if flow is None:
            self.broken = True
            self.ctx.names[target.ident] = BrokenName(target.span)
            return
        named = Named(self.ctx.fresh_key(target.ident), target.ident, flow.stream, target.span)
        self.ctx.named.append(named)
        self.ctx.names[target.ident] = StreamName(named, flow.objects, flow.origin)
        self.last, self.last_name = Flow(named, flow.objects, flow.origin), target

    def _constant(self, target: ast.Name, written: ast.Value) -> None:
        before = len(self.ctx.diagnostics)
        expanded = _expanded(self.ctx, written)  # type: ignore[arg-type]  # streams have been taken before
        items = expanded.items if isinstance(expanded, ast.ListLit) else (expanded,)
        for item in items:
            value(self.ctx, EMPTY_ROW, item)
        if has_errors(self.ctx.diagnostics[before:]):
            self.ctx.names[target.ident] = BrokenName(target.span)
        else:
            self.ctx.names[target.ident] = ConstantName(expanded, target.span)

    def _derive(self, name: ast.Name, field: ast.Name, written: ast.Expr, span: Span) -> None:
        flow = stream(self.ctx, name)
        if flow is None:
            return
        row = flow.row(frozenset({name.ident}))
        written = written_out(self.ctx, row, written)
        if isinstance(written, ast.Or | ast.And | ast.Not | ast.Comparison | ast.In | ast.TextTest | ast.Exists):
            bound = condition(self.ctx, row, written)
        else:
            bound = value(self.ctx, row, written)
        if bound is None:
            return
        if bound.type.kind in (Kind.NULL, Kind.LIST):
            fault = self.ctx.report(codes.BAD_OPERAND, f"a field cannot be {bound.type.phrase}", span)
            self.ctx.add(fault)
            return
        column = Column(row.column(field.ident) or field.ident, bound.type)
        columns = (*(c for c in flow.stream.columns if c.name != column.name), column)
        self._bind(name, Flow(Derived(flow.stream, column, bound, columns), flow.objects, flow.origin))

    def _output(self, item: ast.Stream) -> None:
        flow = stream(self.ctx, item)
        if flow is None:
            self.broken = True
            return
        name = item.ident if isinstance(item, ast.Name) else DEFAULT_OUTPUT
        if any(output.name == name for output in self.outputs):
            fault = self.ctx.report(codes.DUPLICATE_OUTPUT, f"`{name}` is given as an output twice", item.span)
            self.ctx.add(fault)
            return
        self.outputs.append(BoundOutput(name, flow.stream))

    def _bare(self, written: ast.Value, *, alone: bool) -> None:
        if isinstance(written, ast.Search | ast.Filter | ast.Pipe):
            self.last, self.last_name = stream(self.ctx, written), None
            self.broken = self.broken or self.last is None
            if alone and self.last:
                self.outputs.append(BoundOutput(DEFAULT_OUTPUT, self.last.stream))
                self.said_output = True
            return
        if alone:
            self._bare_condition(written)
            return
        fault = self.ctx.report(codes.SYNTAX, "a condition alone is no statement", written.span)
        self.ctx.add(fault.with_help("filter a stream with it: `name = filter stream where (…)`"))

    def _bare_condition(self, written: ast.Expr) -> None:
        events = ast.Name("Event", written.span)
        search = ast.Search((ast.EventClass(events, (), written.span),), None, (), written.span)
        flow = stream(self.ctx, ast.Filter(search, written, written.span))
        fault = self.ctx.report(codes.BARE_CONDITION, "the program is a condition without a search", written.span)
        fault = fault.with_label("filters `Event:*`, the raw log records")
        self.ctx.add(fault.with_help("say which events are meant: `search Event:Log | filter …`"))
        self.said_output = True
        if flow:
            self.outputs.append(BoundOutput(DEFAULT_OUTPUT, flow.stream))

    def finish(self) -> tuple[BoundOutput, ...]:
        """Settle what is output where the program does not say, and remark on streams that nothing uses."""
        if not self.said_output and not self.broken:
            self._implicit_output()
        if not self.broken and not has_errors(self.ctx.diagnostics):
            self._unused()
        return tuple(self.outputs)

    def _implicit_output(self) -> None:
        if self.last is None:
            if not has_errors(self.ctx.diagnostics):
                length = len(self.ctx.source.text.rstrip())
                last = Span(max(length - 1, 0), length)
                fault = self.ctx.report(codes.NO_OUTPUT, "the program has no stream to output", last)
                self.ctx.add(fault.with_help("a program has a search at least: `search Process:Create`"))
            return
        name = self.last_name.ident if self.last_name else DEFAULT_OUTPUT
        place = self.last_name.span if self.last_name else Span(0, 1)
        if self.last_name:
            end = len(self.ctx.source.text.rstrip())
            fault = self.ctx.report(codes.IMPLICIT_OUTPUT, "the program has no output statement", place)
            fault = fault.with_label("its last stream is its output")
            self.ctx.add(fault.with_help(f"`output {name}`").repaired_by(f"\noutput {name}", Span(end, end)))
        if isinstance(self.last.stream, Named):
            self.ctx.used.add(self.last.stream.key)
        self.outputs.append(BoundOutput(name, self.last.stream))

    def _unused(self) -> None:
        reached = {id(node) for output in self.outputs for node in streams_below(output.stream)}
        for named in self.ctx.named:
            if id(named) not in reached and named.key not in self.ctx.used:
                fault = self.ctx.report(codes.UNUSED_STREAM, f"`{named.name}` is never used", named.span)
                self.ctx.add(fault.with_label("no output depends on it"))


def _expanded(ctx: Context, written: ast.Expr) -> ast.Expr:
    """Return a constant's value with the constants it names written out, so that later bindings do not change it."""
    if isinstance(written, ast.ListLit):
        return ast.ListLit(tuple(written_out(ctx, EMPTY_ROW, item) for item in written.items), written.span)
    return written_out(ctx, EMPTY_ROW, written)
