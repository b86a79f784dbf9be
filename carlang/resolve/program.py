"""The statements of a program, from the top, and what it gives.

A name means what the nearest binding above says. A statement with errors leaves a name behind that is known to be
broken, so that its uses are not reported again, and the statements below it are still checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import assert_never

from carlang.deadline import check_time, placed
from carlang.diagnostics import Diagnostic, Severity, codes, has_errors
from carlang.model.schema import Model
from carlang.model.types import BOOLEAN, DURATION, FLOAT, INTEGER, STRING, TIME, Column, Kind, Type
from carlang.resolve.analytics import NONE, Analytics
from carlang.resolve.bound import BoundExpr, BoundOutput, BoundProgram, Derived, NamedStream, extent
from carlang.resolve.conditions import condition_or_value
from carlang.resolve.lints import lints, unused_streams
from carlang.resolve.literals import value_as
from carlang.resolve.names import lone_stream, stream_of_values
from carlang.resolve.scope import (
    EMPTY,
    EMPTY_ROW,
    BrokenName,
    ConstantName,
    Context,
    FirstOutput,
    Flow,
    InputName,
    InputUse,
    Meaning,
    PatternCheck,
    ScalarName,
    Scope,
    StreamName,
)
from carlang.resolve.streams import is_stream, stream
from carlang.resolve.symbols import Entry, SymbolKind, Symbols
from carlang.resolve.values import value, written_out
from carlang.source import Source, Span
from carlang.syntax import ast, walk

MOST_STAGES = 64
"""How many stages without names may stand inside one another, such as those of a pipe. Each is a query in a query, and
several frames of Python's stack in the lowering; published programs have six."""

LONGEST_CHAIN = 400
"""How many streams with names may stand behind one another. The engine refuses a thousand, and planning takes time by
the square of their number."""

DEFAULT_OUTPUT = "result"
"""The name of the output of a program that is one chain without a name."""

_TYPES = {
    "string": STRING,
    "text": STRING,
    "integer": INTEGER,
    "int": INTEGER,
    "number": FLOAT,
    "float": FLOAT,
    "boolean": BOOLEAN,
    "bool": BOOLEAN,
    "time": TIME,
    "duration": DURATION,
    "path": Type(Kind.PATH),
    "ip": Type(Kind.IP),
    "port": Type(Kind.PORT),
}


@dataclass(frozen=True, slots=True)
class Resolved:
    """A bound program, absent where the program has errors, and everything found on the way.

    `symbols` are there in any case. `scope` is what is known behind the last statement; names whose statements have
    errors are in it as broken ones, so a shell that wants to forget a faulty line goes on with the scope before it.
    """

    program: BoundProgram | None
    diagnostics: tuple[Diagnostic, ...]
    symbols: Symbols
    scope: Scope


def resolve(  # what a resolution takes
    program: ast.Program,
    source: Source,
    model: Model,
    check_pattern: PatternCheck,
    analytics: Analytics = NONE,
    *,
    scope: Scope = EMPTY,
    complete: bool = True,
) -> Resolved:
    """Resolve a program; never raises on a bad one.

    Args:
        program: Its syntax tree.
        source: The text that the tree was read from.
        model: The objects, actions and fields that there are.
        check_pattern: What judges regular expressions.
        analytics: Those that it runs, as `gather` gives them.
        scope: What is known before it, from the text above or another one.
        complete: Whether it ends here. Else more may follow, so that nothing is said of a missing output and of what
            is not used yet, and its outputs are those that it names, and a chain without a name.
    """
    keys = dict(scope.keys)
    outputs = _first_outputs(analytics, model, check_pattern, keys)
    ctx = Context(source, model, check_pattern, outputs, analytics.cycles, keys)
    ctx.enter(scope)
    alone = complete and scope is EMPTY and len(program.statements) == 1
    statements = _Statements(ctx, alone=alone, fragment=not complete)
    statements.run(program)
    if complete:
        statements.settle()
    bound_outputs = () if has_errors(ctx.diagnostics) else tuple(statements.outputs)
    for remark in lints(ctx, program, bound_outputs):
        ctx.diagnostics.append(remark)
    diagnostics = tuple(sorted(ctx.diagnostics, key=lambda d: d.span))
    broken = has_errors(diagnostics) or any(isinstance(s, ast.FaultyStmt) for s in program.statements)
    inputs = tuple(use.bound() for use in ctx.inputs.values())
    bound = None if broken else BoundProgram(bound_outputs, tuple(ctx.named), inputs)
    return Resolved(bound, diagnostics, ctx.symbols.finished(), ctx.leave())


def _first_outputs(
    analytics: Analytics, model: Model, check_pattern: PatternCheck, keys: dict[str, int]
) -> Mapping[str, FirstOutput]:
    """Resolve the analytics that a program runs; those that one runs itself stand before it."""
    outputs: dict[str, FirstOutput] = {}
    for called in analytics.called:
        ctx = Context(called.source, model, check_pattern, outputs, called.cycles, keys, prefix=f"{called.id}.")
        tree = called.parsed.program
        statements = _Statements(ctx, alone=len(tree.statements) == 1)
        statements.run(tree)
        statements.settle()
        faults = (d for d in (*called.parsed.diagnostics, *ctx.diagnostics) if d.severity is Severity.ERROR)
        fault = next(faults, None)
        flow = statements.flows[0] if statements.flows and fault is None else None
        outputs[called.id.casefold()] = FirstOutput(flow, tuple(ctx.named), ctx.inputs, fault)
    return outputs


class _Statements:
    """The statements of one text, read from the top.

    `alone` says that its one statement is a whole program, `fragment` that more may follow.
    """

    def __init__(self, ctx: Context, *, alone: bool, fragment: bool = False) -> None:
        self.ctx = ctx
        self.alone = alone
        self.fragment = fragment
        self.outputs: list[BoundOutput] = []
        self.flows: list[Flow] = []
        self.last: Flow | None = None
        self.last_name: ast.Name | None = None
        self.previous: ast.Statement | None = None
        self.following: ast.Statement | None = None
        self.said_output = False
        self.broken = False

    def run(self, program: ast.Program) -> None:
        """Resolve all statements."""
        for index, statement in enumerate(program.statements):
            self.following = next(iter(program.statements[index + 1 : index + 2]), None)
            self.ctx.size = self.ctx.named_size = self.ctx.deepest = 0
            try:
                with placed(statement.span) if not self.ctx.prefix else nullcontext():
                    check_time()
                    self._take(statement)
            except RecursionError:
                fault = self.ctx.report(codes.TOO_DEEP, "the statement is nested too deeply", statement.span)
                self.ctx.add(fault.with_help("give parts of it names, or filter in several steps"))
                self.broken = True
            self.previous = statement

    def settle(self) -> None:
        """Take the last stream as output where none is given, and remark on what is not used."""
        if self.previous is None:
            return
        # In a program with a broken stream the last one that is whole is hardly what was meant.
        if not self.said_output and not self.broken:
            self._implicit_output()
        if not self.broken and not has_errors(self.ctx.diagnostics):
            for remark in unused_streams(self.ctx, tuple(self.outputs)):
                self.ctx.add(remark)

    def _take(self, statement: ast.Statement) -> None:
        match statement:
            case ast.AssignStmt(target, written):
                if is_stream(self.ctx, written):
                    symbol = self.ctx.symbols.bound(SymbolKind.STREAM, target)
                    self._bind(target, stream(self.ctx, written, symbol), symbol)
                else:
                    self._bind_value(target, written)  # type: ignore[arg-type]  # streams have been taken before
            case ast.FieldStmt(name, field, written):
                self._derive(name, field, written, statement.span)
            case ast.InputStmt():
                self._declare(statement)
            case ast.OutputStmt(items):
                self.said_output = True
                for item in items:
                    self._output(item, alone=len(items) == 1)
            case ast.BareStmt(written):
                self._bare(written)
            case ast.FaultyStmt():
                self._faulty(statement)
            case _:
                assert_never(statement)

    def _faulty(self, statement: ast.FaultyStmt) -> None:
        """Look at a statement that cannot be read as at what it was probably meant to be, for what else is wrong.

        What is said of a place that had to be mended follows from the mending, and is left out.
        """
        self.broken = True
        likely, before = statement.likely, len(self.ctx.diagnostics)
        # A condition that stands alone is most often the rest of a statement that was cut short.
        alone = isinstance(likely, ast.BareStmt) and not isinstance(likely.value, ast.StreamForm)
        if likely is not None and not alone:
            self._take(likely)
            said = self.ctx.diagnostics[before:]
            self.ctx.diagnostics[before:] = [d for d in said if not any(_touch(d.span, m) for m in statement.mended)]
        elif statement.target:
            symbol = self.ctx.symbols.bound(SymbolKind.STREAM, statement.target)
            self.ctx.names[statement.target.ident] = BrokenName(statement.target.span, symbol)
        elif alone:
            self.said_output = True

    # ---- bindings

    def _bind(self, target: ast.Name, flow: Flow | None, symbol: Entry) -> None:
        if flow is None:
            self.broken = True
            self.ctx.names[target.ident] = BrokenName(target.span, symbol)
            return
        symbol.columns = flow.stream.columns
        level = self._level(flow, target.span)
        if level is None:
            self.broken = True
            self.ctx.names[target.ident] = BrokenName(target.span, symbol)
            return
        named = NamedStream(self.ctx.fresh_key(target.ident), target.ident, flow.stream, target.span, level=level)
        self.ctx.named.append(named)
        self.ctx.bound_here.append(named)
        bound = replace(flow, stream=named, names={})
        self.ctx.names[target.ident] = StreamName(named, bound, symbol)
        self.last, self.last_name = bound, target

    def _level(self, flow: Flow, span: Span) -> int | None:
        """Return how many streams with names stand behind one another up to this one, or None after a report."""
        stages, level = extent(flow.stream)
        message, advice = "", ""
        if stages > MOST_STAGES:
            message, advice = f"more than {MOST_STAGES} stages inside one another", "give streams between them names"
        elif level >= LONGEST_CHAIN:
            message, advice = f"more than {LONGEST_CHAIN} streams behind one another", "join filters with `and`"
        if not message:
            return level + 1
        self.ctx.add(self.ctx.report(codes.TOO_DEEP, message, span).with_help(advice))
        return None

    def _bind_value(self, target: ast.Name, written: ast.Expr) -> None:
        """Bind a constant, which takes the type of what it stands beside, or a computed value."""
        # What is wrong inside breaks the name, though there may be a value to go on with.
        before = len(self.ctx.diagnostics)
        expanded = written_out(self.ctx, EMPTY_ROW, written)
        meaning: Meaning | None = None
        if isinstance(expanded, ast.ListLit):
            items = tuple(written_out(self.ctx, EMPTY_ROW, item) for item in expanded.items)
            expanded = ast.ListLit(items, expanded.span)
            # For their faults and types alone: where the name stands they are resolved again, as what is asked for.
            values = [value(self.ctx, EMPTY_ROW, item) for item in items]
            kinds = {item.type for item in values if item is not None}
            symbol = self.ctx.symbols.bound(SymbolKind.CONSTANT, target)
            symbol.type = Type(Kind.LIST, item=next(iter(kinds)) if len(kinds) == 1 else None)
            meaning = ConstantName(expanded, target.span, symbol)
        elif isinstance(expanded, ast.Literal):
            literal = value(self.ctx, EMPTY_ROW, expanded)
            symbol = self.ctx.symbols.bound(SymbolKind.CONSTANT, target, literal.type if literal else None)
            meaning = ConstantName(expanded, target.span, symbol)
        else:
            computed = condition_or_value(self.ctx, EMPTY_ROW, expanded)
            symbol = self.ctx.symbols.bound(SymbolKind.SCALAR, target, computed.type if computed else None)
            size, depth = self.ctx.size, self.ctx.deepest
            meaning = ScalarName(computed, target.span, symbol, size, depth) if computed else None
        faulty = meaning is None or has_errors(self.ctx.diagnostics[before:])
        self.ctx.names[target.ident] = BrokenName(target.span, symbol) if faulty or meaning is None else meaning

    def _derive(self, name: ast.Name, field: ast.Name, written: ast.Expr, span: Span) -> None:
        flow = stream(self.ctx, name)
        if flow is None:
            return
        row = flow.row()
        bound = condition_or_value(self.ctx, row, written_out(self.ctx, row, written))
        if bound is not None and bound.type.kind in (Kind.NULL, Kind.LIST):
            self.ctx.add(self.ctx.report(codes.BAD_OPERAND, f"a field cannot be {bound.type.phrase}", span))
            bound = None
        if bound is None:
            # The field is known from here on, though not what it holds.
            known = self.ctx.names.get(name.ident)
            if isinstance(known, StreamName):
                broken = known.flow.broken | {field.ident.casefold()}
                self.ctx.names[name.ident] = replace(known, flow=replace(known.flow, broken=broken))
            return
        # It takes the place of a column of its name in any case of letters, and that column's spelling.
        column = Column(row.exact(field.ident) or field.ident, bound.type)
        columns = (*(c for c in flow.stream.columns if c.name != column.name), column)
        symbol = self.ctx.symbols.bound(SymbolKind.COLUMN, field, column.type)
        stream_symbol = self.ctx.symbols.adopted(next(iter(flow.names.values())))
        derived = replace(
            flow,
            stream=Derived(flow.stream, column, bound, columns, span=span),
            entries={**flow.entries, column.name: symbol},
        )
        # The name is the same one still, with a column more: it is no second symbol.
        self._bind(name, derived, stream_symbol)

    # ---- inputs

    def _declare(self, statement: ast.InputStmt) -> None:
        ctx, name = self.ctx, statement.name
        known = ctx.inputs.get(name.ident)
        if known and not known.inherited:
            fault = ctx.report(codes.DUPLICATE_INPUT, f"`{name.ident}` is an input already", name.span)
            meaning = ctx.names.get(name.ident)
            if isinstance(meaning, InputName) and meaning.span:
                fault = fault.pointing_to(known.span, "declared here")
            ctx.add(fault)
            return
        before = len(ctx.diagnostics)
        declared = self._declared_type(statement.type) if statement.type else None
        default = self._default(statement.default, declared) if statement.default else None
        kind = declared or (default.type if default else None)
        symbol = ctx.symbols.bound(SymbolKind.INPUT, name, kind)
        if has_errors(ctx.diagnostics[before:]):
            ctx.names[name.ident] = BrokenName(name.span, symbol)
            return
        # One that an analytic above brought with it is this program's from here on, with this default.
        ctx.inputs[name.ident] = InputUse(name.ident, kind, default, name.span, known.types if known else ())
        ctx.names[name.ident] = InputName(name.ident, kind, name.span, symbol)

    def _declared_type(self, written: ast.Name) -> Type | None:
        kind = _TYPES.get(written.ident.casefold())
        if kind is not None:
            self.ctx.symbols.use(self.ctx.symbols.shared(SymbolKind.TYPE, written.ident.casefold(), kind), written)
            return kind
        fault = self.ctx.report(codes.UNKNOWN_TYPE, f"there is no type `{written.ident}`", written.span)
        if near := self.ctx.nearest(written.ident, _TYPES):
            fault = fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=False)
        self.ctx.add(fault.with_note(f"types are {', '.join(_TYPES)}"))
        return None

    def _default(self, written: ast.Expr, declared: Type | None) -> BoundExpr | None:
        expr = written_out(self.ctx, EMPTY_ROW, written)
        if declared and isinstance(expr, ast.Literal):
            return value_as(self.ctx, expr, declared)
        default = value(self.ctx, EMPTY_ROW, expr)
        if default is None or declared is None:
            return default
        if default.type.kind is not declared.kind and not (default.type.is_string and declared.is_string):
            message = f"the default is {default.type.phrase}, not {declared.phrase}"
            self.ctx.add(self.ctx.report(codes.BAD_LITERAL, message, written.span))
        return default

    # ---- outputs

    def _output(self, item: ast.Stream, *, alone: bool) -> None:
        before = len(self.ctx.diagnostics)
        flow = stream(self.ctx, item)
        if flow is None:
            self.broken = True
            if alone and isinstance(item, ast.Name) and len(self.ctx.diagnostics) > before:
                self._lone_output(item)
            return
        # A stream that is output without a name has the one that a chain alone has.
        name = item.ident if isinstance(item, ast.Name) else DEFAULT_OUTPUT
        self._add_output(name, flow, item.span)

    def _lone_output(self, name: ast.Name) -> None:
        """Repair the output of an unknown name where one stream is left that it can mean."""
        fault = self.ctx.diagnostics[-1]
        # That an object is called so as well is less likely than the one stream that is left.
        by_object = fault.repair is not None and fault.repair.edits[0].text.lstrip("(").startswith("search ")
        if fault.code is not codes.UNKNOWN_STREAM or not (fault.repair is None or by_object):
            return
        if meant := lone_stream(self.ctx, name, output=True):
            label = f"`{meant}` is the one stream that nothing uses"
        elif meant := stream_of_values(self.ctx, name):
            label = f"`{meant}` is the one stream that nothing uses of these values"
        else:
            return
        self.ctx.diagnostics[-1] = replace(fault, repair=None).with_label(label).repaired_by(meant)

    def _add_output(self, name: str, flow: Flow, span: Span) -> None:
        if any(output.name == name for output in self.outputs):
            self.ctx.add(self.ctx.report(codes.DUPLICATE_OUTPUT, f"`{name}` is given as an output twice", span))
            return
        if self._level(flow, span) is None:
            return
        self.flows.append(flow)
        self.outputs.append(BoundOutput(name, flow.stream, span=span))

    def _bare(self, written: ast.Value) -> None:
        if isinstance(written, ast.StreamForm) or (not self.alone and is_stream(self.ctx, written)):
            self.last, self.last_name = stream(self.ctx, written), None
            self.broken = self.broken or self.last is None
            if (self.alone or self.fragment) and self.last:
                self.said_output = True
                name = written.ident if isinstance(written, ast.Name) else DEFAULT_OUTPUT
                self._add_output(name, self.last, written.span)
        # A keyword without its operand is read as a name.
        elif isinstance(written, ast.Name) and written.ident.casefold() in ("output", "return"):
            fault = self.ctx.report(codes.SYNTAX, f"`{written.ident}` of what?", written.span)
            self.ctx.add(fault.with_label("the name of a stream is expected after this"))
        elif self.alone:
            self._bare_condition(written)
        elif isinstance(self.previous, ast.BareStmt):
            self._cut_in_two(self.previous, written)
        elif isinstance(self.following, ast.BareStmt) and not isinstance(self.following.value, ast.StreamForm):
            pass  # reported there, once: what is missing between the two is one word
        else:
            fault = self.ctx.report(codes.SYNTAX, "a condition alone is no statement", written.span)
            fault = fault.with_note("an operator may be missing at the end of the line before or after it")
            self.ctx.add(fault.with_help("filter a stream with it: `name = filter stream where (…)`"))

    def _cut_in_two(self, above: ast.BareStmt, written: ast.Expr) -> None:
        """Report a condition that lacks a connective at the end of a line; what all others are, that one is too."""
        fault = self.ctx.report(codes.SYNTAX, "`and` or `or` is missing before this line", written.span)
        fault = fault.with_label("this belongs to the condition above it").pointing_to(above.span, "the condition")
        used = {type(node) for part in (above, written) for node in walk(part) if isinstance(node, ast.And | ast.Or)}
        if len(used) == 1:
            word = " AND" if used == {ast.And} else " OR"
            text = self.ctx.source.text
            word = word if word.strip() in text else word.lower()
            fault = fault.repaired_by(word, Span(above.span.end, above.span.end))
        self.ctx.add(fault)

    def _bare_condition(self, written: ast.Expr) -> None:
        name = ast.Name("Event", written.span)
        search = ast.Search((ast.EventClass(name, (), written.span),), None, (), written.span)
        # Published programs that are one condition speak of raw log records, which the model has as `event`.
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
                behind = Span(max(end - 1, 0), end)
                fault = self.ctx.report(codes.NO_OUTPUT, "the program has no stream to output", behind)
                self.ctx.add(fault.with_help("a program has a search at least: `search Process:Create`"))
            return
        name = self.last_name.ident if self.last_name else DEFAULT_OUTPUT
        # A chain without a name can only be the output: nothing is said of that.
        if self.last_name:
            fault = self.ctx.report(codes.IMPLICIT_OUTPUT, "the program has no output statement", self.last_name.span)
            fault = fault.with_label("its last stream is its output")
            self.ctx.add(fault.with_help(f"`output {name}`").repaired_by(f"\noutput {name}", Span(end, end)))
        self._add_output(name, self.last, Span(end, end))


def _touch(span: Span, mended: Span) -> bool:
    """Tell whether a diagnostic speaks of a place at which something else is written than what was read."""
    if mended.start == mended.end:
        return False
    return span.start < mended.end and mended.start < span.end
