"""AST + model → bound program.

Statements are read from the top. Each binds a name to a stream or a value, adds a field to a stream, declares an input,
or gives outputs; a name means what the nearest binding above says. A statement with errors leaves a name behind that
is known to be broken, so that its uses are not reported again, and the statements below it are still checked.
"""

from __future__ import annotations

from dataclasses import dataclass

from carlang.diagnostics import Diagnostic, codes, has_errors
from carlang.model.schema import Model
from carlang.model.types import BOOLEAN, Column, Kind
from carlang.resolve.bound import BoundOutput, BoundProgram, Derived, NamedStream, streams_below
from carlang.resolve.conditions import condition
from carlang.resolve.inputs import declare
from carlang.resolve.meant import lone_stream
from carlang.resolve.remarks import remarks
from carlang.resolve.row import EMPTY_ROW, Flow
from carlang.resolve.scope import (
    AnalyticFinder,
    BrokenName,
    ConstantName,
    Context,
    PatternCheck,
    ScalarName,
    StreamName,
)
from carlang.resolve.streams import is_stream, stream
from carlang.resolve.values import value, written_out
from carlang.source import Source, Span
from carlang.syntax import ast, parse

DEFAULT_OUTPUT = "result"
"""The name of the output of a program that is one chain without a name."""

_CONDITIONS = ast.Or | ast.And | ast.Not | ast.Comparison | ast.In | ast.TextTest | ast.Exists


@dataclass(frozen=True, slots=True)
class Resolved:
    """A bound program, absent where the program has errors, and everything found on the way."""

    program: BoundProgram | None
    diagnostics: tuple[Diagnostic, ...]


def resolve(
    program: ast.Program,
    source: Source,
    model: Model,
    check_pattern: PatternCheck,
    find_analytic: AnalyticFinder = lambda _: None,
    own_id: str | None = None,
) -> Resolved:
    """Resolve a program; never raises on a bad one.

    Args:
        program: Its syntax tree.
        source: The text that the tree was read from.
        model: The objects, actions and fields that there are.
        check_pattern: What judges regular expressions.
        find_analytic: What gives the programs of other analytics by id.
        own_id: The program's own id, so that a cycle of analytics is seen.
    """
    chain = (own_id,) if own_id else ()
    ctx = Context(source, model, check_pattern, find_analytic, chain=chain, run_analytic=_run_analytic)
    outputs = _Resolution(ctx).run(program)
    ctx.diagnostics += remarks(ctx, program, () if has_errors(ctx.diagnostics) else outputs)
    found = tuple(sorted(ctx.diagnostics, key=lambda d: d.span))
    broken = has_errors(found) or any(isinstance(s, ast.FaultyStmt) for s in program.statements)
    inputs = tuple(use.bound() for use in ctx.inputs.values())
    return Resolved(None if broken else BoundProgram(outputs, tuple(ctx.named), inputs), found)


class _Resolution:
    """The statements of one program, read from the top."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.outputs: list[BoundOutput] = []
        self.flows: list[Flow] = []
        self.last: Flow | None = None
        self.last_name: ast.Name | None = None
        self.previous: ast.Statement | None = None
        self.said_output = False
        self.broken = False

    def run(self, program: ast.Program) -> tuple[BoundOutput, ...]:
        """Resolve all statements and settle the outputs."""
        for statement in program.statements:
            self._take(statement, alone=len(program.statements) == 1)
            self.previous = statement
        if not program.statements:
            return ()
        if not self.said_output and not self.broken:
            self._implicit_output()
        if not self.broken and not has_errors(self.ctx.diagnostics):
            self._unused()
        return tuple(self.outputs)

    def _take(self, statement: ast.Statement, *, alone: bool) -> None:
        match statement:
            case ast.AssignStmt(target, written):
                if is_stream(self.ctx, written):
                    self._bind(target, stream(self.ctx, written, target.ident))
                else:
                    self._bind_value(target, written)  # type: ignore[arg-type]  # streams have been taken before
            case ast.FieldStmt(name, field, written):
                self._derive(name, field, written, statement.span)
            case ast.InputStmt():
                declare(self.ctx, statement)
            case ast.OutputStmt(items):
                self.said_output = True
                for item in items:
                    self._output(item, alone=len(items) == 1)
            case ast.BareStmt(written):
                self._bare(written, alone=alone)
            case ast.FaultyStmt(maybe):
                self.broken = True
                if maybe:
                    self.ctx.names[maybe.ident] = BrokenName(maybe.span)

    def _bind(self, target: ast.Name, flow: Flow | None) -> None:
        if flow is None:
            self.broken = True
            self.ctx.names[target.ident] = BrokenName(target.span)
            return
        named = NamedStream(self.ctx.fresh_key(target.ident), target.ident, flow.stream, target.span)
        self.ctx.named.append(named)
        bound = Flow(named, flow.owners, flow.origin)
        self.ctx.names[target.ident] = StreamName(named, bound)
        self.last, self.last_name = bound, target

    def _bind_value(self, target: ast.Name, written: ast.Expr) -> None:
        """Bind a constant, which takes the type of what it stands beside, or a computed value."""
        before = len(self.ctx.diagnostics)
        expanded = written_out(self.ctx, EMPTY_ROW, written)
        if isinstance(expanded, ast.ListLit):
            items = tuple(written_out(self.ctx, EMPTY_ROW, item) for item in expanded.items)
            expanded = ast.ListLit(items, expanded.span)
            for item in items:
                value(self.ctx, EMPTY_ROW, item)
            meaning: ConstantName | ScalarName | None = ConstantName(expanded, target.span)
        elif isinstance(expanded, ast.Literal):
            meaning = ConstantName(expanded, target.span)
        else:
            computed = (condition if isinstance(expanded, _CONDITIONS) else value)(self.ctx, EMPTY_ROW, expanded)
            meaning = ScalarName(computed, target.span) if computed else None
        faulty = meaning is None or has_errors(self.ctx.diagnostics[before:])
        self.ctx.names[target.ident] = BrokenName(target.span) if faulty or meaning is None else meaning

    def _derive(self, name: ast.Name, field: ast.Name, written: ast.Expr, span: Span) -> None:
        flow = stream(self.ctx, name)
        if flow is None:
            return
        row = flow.row()
        written = written_out(self.ctx, row, written)
        bound = (condition if isinstance(written, _CONDITIONS) else value)(self.ctx, row, written)
        if bound is None:
            return
        if bound.type.kind in (Kind.NULL, Kind.LIST):
            self.ctx.add(self.ctx.report(codes.BAD_OPERAND, f"a field cannot be {bound.type.phrase}", span))
            return
        kind = BOOLEAN if isinstance(written, _CONDITIONS) else bound.type
        column = Column(row.exact(field.ident) or field.ident, kind)
        columns = (*(c for c in flow.stream.columns if c.name != column.name), column)
        self._bind(name, Flow(Derived(flow.stream, column, bound, columns), flow.owners, flow.origin))

    def _output(self, item: ast.Stream, *, alone: bool) -> None:
        before = len(self.ctx.diagnostics)
        flow = stream(self.ctx, item)
        if flow is None:
            self.broken = True
            if alone and isinstance(item, ast.Name) and len(self.ctx.diagnostics) > before:
                self._lone_output(item)
            return
        name = item.ident if isinstance(item, ast.Name) else DEFAULT_OUTPUT
        self._add_output(name, flow, item.span)

    def _lone_output(self, name: ast.Name) -> None:
        """Repair the output of an unknown name where one stream is left that it can mean."""
        fault = self.ctx.diagnostics[-1]
        meant = lone_stream(self.ctx, name, output=True)
        if fault.code is codes.UNKNOWN_STREAM and fault.repair is None and meant:
            label = f"`{meant}` is the one stream that nothing uses"
            self.ctx.diagnostics[-1] = fault.with_label(label).repaired_by(meant)

    def _add_output(self, name: str, flow: Flow, place: Span) -> None:
        if any(output.name == name for output in self.outputs):
            self.ctx.add(self.ctx.report(codes.DUPLICATE_OUTPUT, f"`{name}` is given as an output twice", place))
            return
        self.flows.append(flow)
        self.outputs.append(BoundOutput(name, flow.stream))

    def _bare(self, written: ast.Value, *, alone: bool) -> None:
        if isinstance(written, ast.StreamForm) or (not alone and is_stream(self.ctx, written)):
            self.last, self.last_name = stream(self.ctx, written), None
            self.broken = self.broken or self.last is None
            if alone and self.last:
                self.said_output = True
                self._add_output(DEFAULT_OUTPUT, self.last, written.span)
        elif isinstance(written, ast.Name) and written.ident.casefold() in ("output", "return"):
            fault = self.ctx.report(codes.SYNTAX, f"`{written.ident}` of what?", written.span)
            self.ctx.add(fault.with_label("the name of a stream is expected after this"))
        elif alone:
            self._bare_condition(written)
        elif isinstance(self.previous, ast.BareStmt):
            fault = self.ctx.report(codes.SYNTAX, "`and` or `or` is missing before this line", written.span)
            fault = fault.with_label("this belongs to the condition above it")
            self.ctx.add(fault.pointing_to(self.previous.span, "the condition"))
        else:
            fault = self.ctx.report(codes.SYNTAX, "a condition alone is no statement", written.span)
            fault = fault.with_note("an operator may be missing at the end of the line before or after it")
            self.ctx.add(fault.with_help("filter a stream with it: `name = filter stream where (…)`"))

    def _bare_condition(self, written: ast.Expr) -> None:
        name = ast.Name("Event", written.span)
        search = ast.Search((ast.EventClass(name, (), written.span),), None, (), written.span)
        flow = stream(self.ctx, ast.Filter(search, written, written.span))
        fault = self.ctx.report(codes.BARE_CONDITION, "the program is a condition without a search", written.span)
        fault = fault.with_label("filters `Event:*`, the raw log records")
        self.ctx.add(fault.with_help("say which events are meant: `search Event:Log | filter …`"))
        self.said_output = True
        if flow:
            self._add_output(DEFAULT_OUTPUT, flow, written.span)

    def _implicit_output(self) -> None:
        end = len(self.ctx.source.text.rstrip())
        if self.last is None:
            if not has_errors(self.ctx.diagnostics):
                place = Span(max(end - 1, 0), end)
                fault = self.ctx.report(codes.NO_OUTPUT, "the program has no stream to output", place)
                self.ctx.add(fault.with_help("a program has a search at least: `search Process:Create`"))
            return
        name = self.last_name.ident if self.last_name else DEFAULT_OUTPUT
        if self.last_name:
            fault = self.ctx.report(codes.IMPLICIT_OUTPUT, "the program has no output statement", self.last_name.span)
            fault = fault.with_label("its last stream is its output")
            self.ctx.add(fault.with_help(f"`output {name}`").repaired_by(f"\noutput {name}", Span(end, end)))
        self._add_output(name, self.last, Span(end, end))

    def _unused(self) -> None:
        reached = {id(node) for output in self.outputs for node in streams_below(output.stream)}
        for named in self.ctx.named:
            if id(named) not in reached and named.key not in self.ctx.used:
                fault = self.ctx.report(codes.UNUSED_STREAM, f"`{named.name}` is never used", named.span)
                self.ctx.add(fault.with_label("no output depends on it"))


def _run_analytic(ctx: Context, written: ast.RunAnalytic) -> Flow | None:
    """Resolve another analytic inside this one: the stream of its first output."""
    wanted = written.id.ident
    if written.kind.ident.casefold() != "analytic":
        fault = ctx.report(codes.SYNTAX, f"`{written.kind.ident}` cannot be run", written.kind.span)
        ctx.add(fault.with_help(f"`run Analytic:{wanted}`").repaired_by("Analytic"))
        return None
    if any(wanted.casefold() == other.casefold() for other in ctx.chain):
        way = " → ".join((*ctx.chain, wanted))
        ctx.add(ctx.report(codes.ANALYTIC_CYCLE, f"the analytics run one another: {way}", written.span))
        return None
    source = ctx.find_analytic(wanted)
    if source is None:
        fault = ctx.report(codes.UNKNOWN_ANALYTIC, f"there is no analytic `{wanted}`", written.id.span)
        ctx.add(fault.with_help("it is looked for beside the file, on the search path and in the catalogue"))
        return None
    return _inner(ctx, source, wanted, written)


def _inner(ctx: Context, source: Source, wanted: str, written: ast.RunAnalytic) -> Flow | None:
    parsed = parse(source)
    inner = Context(
        source,
        ctx.model,
        ctx.check_pattern,
        ctx.find_analytic,
        named=ctx.named,
        inputs=ctx.inputs,
        used=ctx.used,
        keys=ctx.keys,
        chain=(*ctx.chain, wanted),
        inner=True,
        run_analytic=_run_analytic,
    )
    resolution = _Resolution(inner)
    outputs = resolution.run(parsed.program)
    found = [*parsed.diagnostics, *inner.diagnostics]
    ctx.used.update(named.key for named in ctx.named)
    if has_errors(found) or not outputs:
        first = next((d for d in found if d.severity.value == "error"), None)
        fault = ctx.report(codes.UNKNOWN_ANALYTIC, f"`{wanted}` has errors and cannot be run", written.id.span)
        if first:
            place = first.location
            fault = fault.with_note(f"{place.file}:{place.line}:{place.column}: {first.code.name}: {first.message}")
        ctx.add(fault)
        return None
    flow = resolution.flows[0]
    return Flow(flow.stream, flow.owners, written.span)
