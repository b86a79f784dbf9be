"""Calls of functions and aggregates whose arguments are resolved, checked against `carlang.model.functions`."""

from __future__ import annotations

from typing import assert_never

from carlang.diagnostics import codes, unmistakable
from carlang.foreign import foreign_function
from carlang.model.functions import AGGREGATES, NUMBERED_TOP, SCALARS, Accepts, Function, aggregate, scalar
from carlang.model.types import Kind, Type
from carlang.resolve.bound import Aggregate, AnyOf, Apply, BoundExpr, Const, InBlock
from carlang.resolve.literals import as_number, block
from carlang.resolve.scope import Context
from carlang.resolve.symbols import SymbolKind
from carlang.source import Span
from carlang.syntax import ast

_FARTHEST = 1_000_000_000
"""The largest position or length that can be asked for: the engine refuses more than 32 bits of a text's."""

_HUNDRED = 100
_BASES = range(2, 37)

_WRITTEN_OUT = {Accepts.POSITION: "a whole number, 0 or more, written out", Accepts.BASE: Accepts.BASE.value}
_NUMBERS = (Accepts.NUMBER, Accepts.ORDERED)
_OF_NUMBERS = ("sum", "avg", "median", "stdev", "percentile", "min", "max")
"""What takes a record's id for the number that it is where it is all digits."""


def is_aggregate_call(call: ast.Call) -> bool:
    """Tell whether a call is one of an aggregate; `min(a, b)` and `max(a, b)` are of the values of one row."""
    name = call.function.ident
    if name.casefold() in ("min", "max") and len(call.arguments) > 1:
        return False
    return aggregate(name) is not None or NUMBERED_TOP.fullmatch(name) is not None


# ---- functions -------------------------------------------------------------------------------------------------------


def apply(ctx: Context, call: ast.Call, arguments: tuple[BoundExpr | None, ...]) -> BoundExpr | None:
    """Return a call of a function with its resolved arguments, or None after reporting what is wrong with it."""
    function = scalar(call.function.ident)
    if function is None:
        _unknown(ctx, call)
        return None
    ctx.symbols.use(ctx.symbols.shared(SymbolKind.FUNCTION, function.name), call.function)
    valid = tuple(argument for argument in arguments if argument is not None)
    # A faulty argument has been reported; the rest cannot be judged without its type.
    if len(valid) < len(arguments) or not _counted(ctx, call, function):
        return None
    valid = _ids_as_numbers(function, valid)
    checks = [_fits(ctx, call, function, index, argument) for index, argument in enumerate(valid)]
    if not all(checks) or not _of_one_type(ctx, call, function, valid):
        return None
    # A number is in no base; only what is written is.
    if function.name == "to_number" and len(valid) > 1 and not valid[0].type.is_string:
        message = f"`to_number` takes a text beside a base, not {valid[0].type.phrase}"
        ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, call.arguments[0].span).with_help("`to_number(text, 16)`"))
        return None
    # A call of it is the same as `ip in block`, so it becomes that, and no dialect needs a function for it.
    if function.name == "cidr_match":
        return _cidr_match(ctx, call, valid)
    result = function.result(tuple(argument.type for argument in valid))
    return Apply(function.name, valid, result, span=call.span) if result else None


def _ids_as_numbers(function: Function, arguments: tuple[BoundExpr, ...]) -> tuple[BoundExpr, ...]:
    """Return arguments with records' ids as numbers where the function takes numbers, or one of them is a number."""
    accepted = [function.parameter(index).accepts for index in range(len(arguments))]
    beside_number = any(argument.type.is_number for argument in arguments)
    return tuple(
        as_number(argument) if accepts in _NUMBERS or (accepts is Accepts.ALIKE and beside_number) else argument
        for argument, accepts in zip(arguments, accepted, strict=True)
    )


def _unknown(ctx: Context, call: ast.Call) -> None:
    name = call.function
    fault = ctx.report(codes.UNKNOWN_FUNCTION, f"there is no function `{name.ident}`", name.span)
    if (foreign := foreign_function(name.ident)) and (here := foreign.call(_written(ctx, call))):
        fault = fault.with_label(f"a function of {foreign.of}").with_help(f"write `{here}`")
        ctx.add(fault.repaired_by(here, _place(ctx, call), certain=False))
        return
    if near := ctx.nearest(name.ident, (*SCALARS, *AGGREGATES)):
        sure = unmistakable(name.ident, (*SCALARS, *AGGREGATES)) == near
        fault = fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=sure)
    ctx.add(fault)


def _place(ctx: Context, call: ast.Call) -> Span:
    """Return where a call stands, without brackets around it."""
    last = max((argument.span.end for argument in call.arguments), default=call.function.span.end)
    closing = ctx.source.text.find(")", last, call.span.end)
    return Span(call.function.span.start, closing + 1) if closing >= 0 else call.span


def _written(ctx: Context, call: ast.Call) -> list[str]:
    """Return the arguments of a call as they stand in the text."""
    return [ctx.source.text[argument.span.start : argument.span.end] for argument in call.arguments]


def _counted(ctx: Context, call: ast.Call, function: Function) -> bool:
    count = len(call.arguments)
    if function.least <= count and (function.most is None or count <= function.most):
        return True
    message = f"`{call.function.ident}` does not take {count} argument{'' if count == 1 else 's'}"
    ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, call.span).with_help(f"`{function.usage[0]}`"))
    return False


def _fits(ctx: Context, call: ast.Call, function: Function, index: int, argument: BoundExpr) -> bool:
    wanted = function.parameter(index).accepts
    span = call.arguments[index].span
    if wanted is Accepts.REGEX:
        return is_regex(ctx, argument, span)
    if _is(wanted, argument):
        return True
    article = "an" if wanted.value[0] in "aeiou" else "a"
    what = f"{article} {wanted.value}"
    if wanted in _WRITTEN_OUT:
        what = _WRITTEN_OUT[wanted]
    message = f"`{call.function.ident}` takes {what} here, not {argument.type.phrase}"
    ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, span).with_help(f"`{function.usage[0]}`"))
    return False


def _is(wanted: Accepts, argument: BoundExpr) -> bool:  # noqa: C901  # a case a kind
    kind = argument.type.kind
    match wanted:
        case Accepts.TEXT:
            return argument.type.is_string
        case Accepts.TEXT_OR_LIST:
            return argument.type.is_string or kind is Kind.LIST
        case Accepts.CONVERTIBLE:
            return argument.type.is_string or argument.type.is_number or kind is Kind.BOOLEAN
        case Accepts.NUMBER:
            return argument.type.is_number
        case Accepts.TIME:
            return kind is Kind.TIME
        case Accepts.POSITION:
            return isinstance(argument, Const) and type(argument.value) is int and 0 <= argument.value <= _FARTHEST
        case Accepts.BASE:
            return isinstance(argument, Const) and type(argument.value) is int and argument.value in _BASES
        case Accepts.ADDRESS:
            return kind in (Kind.IP, Kind.STRING)
        case Accepts.BLOCK | Accepts.REGEX:
            return isinstance(argument, Const) and isinstance(argument.value, str)
        case Accepts.PERCENTAGE:
            return (
                isinstance(argument, Const)
                and isinstance(argument.value, int | float)
                and 0 <= argument.value <= _HUNDRED
            )
        case Accepts.HOW_MANY:
            return isinstance(argument, Const) and type(argument.value) is int and argument.value > 0
        case Accepts.VALUE | Accepts.ALIKE | Accepts.ORDERED:
            return kind not in (Kind.RECORD, Kind.LIST)
        case _:
            assert_never(wanted)


def _of_one_type(ctx: Context, call: ast.Call, function: Function, arguments: tuple[BoundExpr, ...]) -> bool:
    wanted = function.parameters[0].accepts
    if wanted not in (Accepts.ALIKE, Accepts.ORDERED):
        return True
    groups = {_comparable_as(a.type) for a in arguments if a.type.kind is not Kind.NULL}
    # The engine would order texts by their characters; under every operator here case does not count.
    if groups == {"text"} and wanted is Accepts.ORDERED:
        message = f"`{call.function.ident}` of several values takes numbers, times or durations, not texts"
        ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, call.span))
        return False
    if len(groups) <= 1:
        return True
    message = f"the arguments of `{call.function.ident}` are of different types: {', '.join(sorted(groups))}"
    ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, call.span))
    return False


def _comparable_as(kind: Type) -> str:
    if kind.is_string:
        return "text"
    return "number" if kind.is_number else kind.kind.value


def is_regex(ctx: Context, argument: BoundExpr, span: Span) -> bool:
    """Tell whether an argument is a regular expression that the engine can run; report what is wrong with it."""
    if not isinstance(argument, Const) or not isinstance(argument.value, str):
        ctx.add(ctx.report(codes.BAD_PATTERN, "a regular expression is a text written out in the program", span))
        return False
    fault = ctx.check_pattern(argument.value)
    if fault is None:
        return True
    # RE2's words are `missing ): a(b`: what is wrong, then the piece of the pattern.
    message, _, piece = fault.partition(": ")
    report = ctx.report(codes.BAD_PATTERN, f"not a regular expression in RE2 syntax: {fault}", span)
    at = ctx.source.text.find(piece, span.start, span.end) if piece else -1
    if at >= 0:
        report = ctx.report(codes.BAD_PATTERN, report.message, Span(at, at + len(piece))).with_label(message)
    ctx.add(report.with_help("RE2 has no look-around and no back-references"))
    return False


def _cidr_match(ctx: Context, call: ast.Call, arguments: tuple[BoundExpr, ...]) -> BoundExpr | None:
    address, *blocks = arguments
    tests: list[BoundExpr] = []
    for argument, written in zip(blocks, call.arguments[1:], strict=True):
        bounds = block(str(argument.value)) if isinstance(argument, Const) else None
        if bounds is None:
            ctx.add(ctx.report(codes.BAD_CIDR, "not a block of IP addresses", written.span))
            return None
        tests.append(InBlock(address, *bounds, span=call.span))
    return tests[0] if len(tests) == 1 else AnyOf(tuple(tests), span=call.span)


# ---- aggregates ------------------------------------------------------------------------------------------------------


def aggregate_takes(ctx: Context, call: ast.Call, function: Function) -> bool:
    """Tell whether an aggregate takes as many arguments as a call has; report where it does not."""
    if function.least <= len(call.arguments) <= len(function.parameters):
        return True
    message = f"`{call.function.ident}` does not take {len(call.arguments)} arguments"
    ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, call.span))
    return False


def aggregated(
    ctx: Context, call: ast.Call, function: Function, arguments: tuple[BoundExpr | None, ...]
) -> Aggregate | None:
    """Return a call of an aggregate with its resolved arguments, or None after reporting what is wrong with it."""
    valid = tuple(argument for argument in arguments if argument is not None)
    if len(valid) < len(arguments):
        return None
    # The grammar takes `distinct` in any call, so that this can be said of it.
    if call.distinct and function.name != "count":
        ctx.add(ctx.report(codes.BAD_ARGUMENTS, "`distinct` stands in `count` alone", call.span))
        return None
    if function.name in _OF_NUMBERS:
        valid = (as_number(valid[0]), *valid[1:])
    result = function.result(tuple(argument.type for argument in valid))
    if result is None:
        message = f"`{call.function.ident}` does not take {valid[0].type.phrase}"
        ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, call.span))
        return None
    for parameter, argument in zip(function.parameters[1:], valid[1:], strict=True):
        if not _is(parameter.accepts, argument):
            message = f"`{function.name}` takes {parameter.accepts.value} here"
            ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, call.arguments[-1].span))
            return None
    return Aggregate(function.name, valid, call.distinct, result, span=call.span)
