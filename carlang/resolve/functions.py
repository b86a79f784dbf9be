"""The signatures of the language's functions, and calls checked against them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from carlang.diagnostics import codes, unmistakable
from carlang.model.types import BOOLEAN, FLOAT, INTEGER, STRING, Kind, Type
from carlang.resolve.bound import AnyOf, Apply, BoundExpr, Const, InBlock
from carlang.resolve.literals import block
from carlang.resolve.scope import Context
from carlang.source import Span
from carlang.syntax import FUNCTIONS, ast

_FARTHEST = 1_000_000_000
"""The largest position in a text that can be asked for."""

ResultType = Callable[[tuple[BoundExpr, ...]], Type]


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives: kinds of parameters, how many must be there, whether the last repeats."""

    parameters: tuple[str, ...]
    required: int
    result: ResultType
    repeats: bool = False
    usage: str = ""


def _gives(result: Type) -> ResultType:
    return lambda _: result


def _first(arguments: tuple[BoundExpr, ...]) -> Type:
    return next((a.type for a in arguments if a.type.kind is not Kind.NULL), arguments[0].type)


def _widest(arguments: tuple[BoundExpr, ...]) -> Type:
    return FLOAT if any(a.type.kind is Kind.FLOAT for a in arguments) else _first(arguments)


_TEXT = _gives(STRING)
_SIGNATURES: dict[str, Signature] = {
    "lower": Signature(("text",), 1, _TEXT, usage="lower(text)"),
    "upper": Signature(("text",), 1, _TEXT, usage="upper(text)"),
    "trim": Signature(("text",), 1, _TEXT, usage="trim(text)"),
    "length": Signature(("text or list",), 1, _gives(INTEGER), usage="length(text)"),
    "concat": Signature(("value",), 1, _TEXT, repeats=True, usage="concat(value, value, …)"),
    "substring": Signature(("text", "position", "position"), 2, _TEXT, usage="substring(text, start from 0, length)"),
    "replace": Signature(("text", "text", "text"), 3, _TEXT, usage="replace(text, old, new)"),
    "split": Signature(("text", "text"), 2, _gives(Type(Kind.LIST, item=STRING)), usage="split(text, separator)"),
    "basename": Signature(("text",), 1, _gives(Type(Kind.NAME)), usage="basename(path)"),
    "dirname": Signature(("text",), 1, _gives(Type(Kind.PATH)), usage="dirname(path)"),
    "extension": Signature(("text",), 1, _TEXT, usage="extension(path)"),
    "regex_extract": Signature(("text", "regex"), 2, _TEXT, usage='regex_extract(text, "re")'),
    "cidr_match": Signature(("address", "block"), 2, _gives(BOOLEAN), repeats=True, usage="cidr_match(ip, block, …)"),
    "abs": Signature(("number",), 1, _first, usage="abs(number)"),
    "round": Signature(("number", "position"), 1, _gives(FLOAT), usage="round(number, digits)"),
    "min": Signature(("same",), 2, _widest, repeats=True, usage="min(a, b, …)"),
    "max": Signature(("same",), 2, _widest, repeats=True, usage="max(a, b, …)"),
    "coalesce": Signature(("same",), 1, _widest, repeats=True, usage="coalesce(a, b, …)"),
    "to_int": Signature(("text, number or truth value",), 1, _gives(INTEGER), usage="to_int(text)"),
    "to_string": Signature(("value",), 1, _TEXT, usage="to_string(value)"),
    "year": Signature(("time",), 1, _gives(INTEGER), usage="year(time)"),
    "hour": Signature(("time",), 1, _gives(INTEGER), usage="hour(time)"),
    "day_of_week": Signature(("time",), 1, _gives(INTEGER), usage="day_of_week(time), Monday is 1"),
}


def apply(ctx: Context, call: ast.Call, arguments: tuple[BoundExpr | None, ...]) -> BoundExpr | None:
    """Return a call of a function with its resolved arguments, or None after reporting what is wrong with it."""
    name = call.function.ident.casefold()
    signature = _SIGNATURES.get(name)
    if signature is None:
        _unknown(ctx, call.function)
        return None
    given = tuple(a for a in arguments if a is not None)
    if len(given) < len(arguments) or not _counted(ctx, call, signature):
        return None
    checks = [_fits(ctx, call, signature, index, argument) for index, argument in enumerate(given)]
    if not all(checks) or ("same" in signature.parameters and not _same(ctx, call, given)):
        return None
    if name == "cidr_match":
        return _cidr_match(ctx, call, given)
    return Apply(name, given, signature.result(given))


def _unknown(ctx: Context, function: ast.Name) -> None:
    fault = ctx.report(codes.UNKNOWN_FUNCTION, f"there is no function `{function.ident}`", function.span)
    if near := ctx.nearest(function.ident, FUNCTIONS):
        sure = unmistakable(function.ident, FUNCTIONS) == near
        fault = fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=sure)
    ctx.add(fault)


def _counted(ctx: Context, call: ast.Call, signature: Signature) -> bool:
    count = len(call.arguments)
    if signature.required <= count and (signature.repeats or count <= len(signature.parameters)):
        return True
    message = f"`{call.function.ident}` does not take {count} argument{'' if count == 1 else 's'}"
    ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, call.span).with_help(f"`{signature.usage}`"))
    return False


def _fits(ctx: Context, call: ast.Call, signature: Signature, index: int, argument: BoundExpr) -> bool:
    wanted = signature.parameters[min(index, len(signature.parameters) - 1)]
    span = call.arguments[index].span
    if wanted == "regex":
        return is_regex(ctx, argument, span)
    if _is(wanted, argument):
        return True
    article = "an" if wanted[0] in "aeiou" else "a"
    what = "a whole number, 0 or more, written out" if wanted == "position" else f"{article} {wanted}"
    message = f"`{call.function.ident}` takes {what} here, not {argument.type.phrase}"
    ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, span).with_help(f"`{signature.usage}`"))
    return False


def _is(wanted: str, argument: BoundExpr) -> bool:
    kind = argument.type.kind
    match wanted:
        case "text":
            return argument.type.is_string
        case "text or list":
            return argument.type.is_string or kind is Kind.LIST
        case "text, number or truth value":
            return argument.type.is_string or argument.type.is_number or kind is Kind.BOOLEAN
        case "number":
            return argument.type.is_number
        case "time":
            return kind is Kind.TIME
        case "position":
            return isinstance(argument, Const) and type(argument.value) is int and 0 <= argument.value <= _FARTHEST
        case "address":
            return kind in (Kind.IP, Kind.STRING)
        case "block":
            return isinstance(argument, Const) and isinstance(argument.value, str)
        case _:
            return kind not in (Kind.RECORD, Kind.LIST)


def _same(ctx: Context, call: ast.Call, arguments: tuple[BoundExpr, ...]) -> bool:
    groups = {_group(a.type) for a in arguments if a.type.kind is not Kind.NULL}
    if groups == {"text"} and call.function.ident.casefold() in ("min", "max"):
        message = f"`{call.function.ident}` of several values takes numbers, times or durations, not texts"
        ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, call.span))
        return False
    if len(groups) <= 1:
        return True
    message = f"the arguments of `{call.function.ident}` are of different types: {', '.join(sorted(groups))}"
    ctx.add(ctx.report(codes.BAD_ARGUMENTS, message, call.span))
    return False


def _group(kind: Type) -> str:
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
        tests.append(InBlock(address, *bounds))
    return tests[0] if len(tests) == 1 else AnyOf(tuple(tests))
