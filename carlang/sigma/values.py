"""A field of a rule compared with one of its values, as a condition of the language."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address

from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)

from carlang.model.types import Kind
from carlang.sigma.chains import all_of, either
from carlang.sigma.hashes import hash_test, some_hash
from carlang.sigma.log_sources import AnyOf, ByAlgorithm, ByValue, FieldHere, Held, ListOf, OneOf
from carlang.sigma.regexes import program_regex
from carlang.sigma.texts import is_plain, text_test, whole_regex
from carlang.sigma.times import time_part_test
from carlang.sigma.unsaid import UnsaidError
from carlang.source import Span
from carlang.syntax import ast

_OPERATORS = {
    CompareOperators.LT: "<",
    CompareOperators.LTE: "<=",
    CompareOperators.GT: ">",
    CompareOperators.GTE: ">=",
    CompareOperators.NEQ: "!=",
}
# What a mapping keeps as a missing value: an empty text, and the dash that sensors write in its place.
_MISSING = ("", "-")
_RUN = SpecialChars.WILDCARD_MULTI
_LARGEST = 2**63 - 1  # of the whole numbers that events have: a greater one equals none of them


def field_test(field: FieldHere, name: str, value: SigmaType, span: Span) -> ast.Expr:
    """Return the condition that a field, called `name` in the rule, has a value; raises `UnsaidError`."""
    if isinstance(value, SigmaExpansion):
        return ast.Or(tuple(field_test(field, name, each, span) for each in value.values), span)
    without_placeholders(value)
    match field:
        case Held():
            match value:
                case SigmaTimestampPart():
                    return time_part_test(field, name, value, "==", span)
                case SigmaCompareExpression(number=SigmaTimestampPart() as part, op=operator):
                    return time_part_test(field, name, part, _OPERATORS[operator], span)
                case _:
                    return _held(field, value, span)
        case ByValue():
            return _by_value(field, name, value, span)
        case ByAlgorithm():
            return _by_algorithm(field, name, value, span)
        case OneOf():
            return _one_of(field, value, span)
        case AnyOf(texts) if isinstance(value, SigmaNull) or (isinstance(value, SigmaExists) and not value.exists):
            return all_of([field_test(each, name, value, span) for each in texts])
        case AnyOf(texts):
            return either([field_test(each, name, value, span) for each in texts], span)
        case ListOf(held):
            return _element(held, value, span)


def _held(field: Held, value: SigmaType, span: Span) -> ast.Expr:  # a case a type
    subject = field.expression
    match value:
        case SigmaNull():
            return ast.Exists(subject, negated=True, span=span)
        case SigmaExists(exists=exists):
            return ast.Exists(subject, negated=not exists, span=span)
        case SigmaBool(boolean=truth):
            if field.type.kind is Kind.BOOLEAN:
                return ast.Comparison((subject, ast.BoolLit(value=truth, span=span)), ("==",), span)
            return _equal(_as_text(field), "true" if truth else "false", span)
        case SigmaNumber(number=number):
            return _number(field, number, span)
        case SigmaCasedString() if is_plain(value) not in _MISSING:
            return text_test(_as_text(field), field.type, value, span, cased=True)
        case SigmaString():
            return _text(field, value, span)
        case SigmaRegularExpression():
            regex = program_regex(value)
            return ast.TextTest("match", _as_text(field), ast.StringLit(regex, span), negated=False, span=span)
        case SigmaCIDRExpression(cidr=block):
            function = ast.Name("cidr_match", span)
            return ast.Call(function, (subject, ast.StringLit(block, span)), distinct=False, span=span)
        case SigmaCompareExpression(number=SigmaNumber(number=number), op=operator):
            numeric = subject if field.type.is_number else _call("to_number", subject, span)
            return ast.Comparison((numeric, number_literal(number, span)), (_OPERATORS[operator],), span)
        case _:
            raise UnsaidError(f"a value of the kind {type(value).__name__.removeprefix('Sigma')} has no form here")


def field_reference(field: FieldHere, other: FieldHere, reference: SigmaFieldReference, span: Span) -> ast.Expr:
    """Return the condition that a field is, begins with, ends with or contains another; raises `UnsaidError`."""
    if not isinstance(field, Held) or not isinstance(other, Held):
        raise UnsaidError("a field is compared with one that is not kept as the sensor writes it")
    left, right = _as_text(field), _as_text(other)
    match reference.starts_with, reference.ends_with:
        case False, False:
            return ast.Comparison((left, right), ("==",), span)
        case True, True:
            return ast.TextTest("contains", left, right, negated=False, span=span)
        case starts, _:
            return ast.TextTest("startswith" if starts else "endswith", left, right, negated=False, span=span)


def number_literal(number: float, span: Span) -> ast.Expr:
    """Return a number as it is written in a program; raises `UnsaidError` for one beyond 64 bits."""
    if abs(number) > _LARGEST:
        raise UnsaidError(f"the number {number} is larger than any can be")
    return ast.NumberLit(number, span)


def _number(field: Held, number: float, span: Span) -> ast.Expr:
    if field.type.is_number:
        return ast.Comparison((field.expression, number_literal(number, span)), ("==",), span)
    return _equal(_as_text(field), str(number), span)


def _text(field: Held, value: SigmaString, span: Span) -> ast.Expr:
    plain = is_plain(value)
    subject = field.expression
    if plain in _MISSING and not field.is_record:
        return ast.Exists(subject, negated=True, span=span)
    if plain is not None:
        if field.type.is_number and re.fullmatch(r"[+-]?\d+|0[xX][0-9A-Fa-f]+", plain):
            number = int(plain, 16 if plain[:2].lower() == "0x" else 10)
            return ast.Comparison((subject, number_literal(number, span)), ("==",), span)
        if field.type.kind is Kind.BOOLEAN and plain.casefold() in ("true", "false"):
            return ast.Comparison((subject, ast.BoolLit(value=plain.casefold() == "true", span=span)), ("==",), span)
        if field.type.kind is Kind.IP and not _is_address(plain):
            return _equal(_call("to_string", subject, span), plain, span)
    return text_test(_as_text(field), field.type, value, span)


def _equal(subject: ast.Expr, text: str, span: Span) -> ast.Expr:
    return ast.Comparison((subject, ast.StringLit(text, span)), ("==",), span)


def _as_text(field: Held) -> ast.Expr:
    """Return what a field holds as a text, which numbers, times and truth values are made."""
    if field.type.is_string:
        return field.expression
    return _call("to_string", field.expression, field.expression.span)


def _call(function: str, argument: ast.Expr, span: Span) -> ast.Call:
    return ast.Call(ast.Name(function, span), (argument,), distinct=False, span=span)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def without_placeholders(value: SigmaType) -> None:
    """Raise `UnsaidError` for a value with a placeholder that no pipeline has filled."""
    text = value.regexp if isinstance(value, SigmaRegularExpression) else value
    if not isinstance(text, SigmaString):
        return
    if open_ := next((part.name for part in text.s if isinstance(part, Placeholder)), None):
        raise UnsaidError(
            f"the placeholder `%{open_}%` has no value", "a pipeline gives it one: `--pipeline values.yml`"
        )


# ---- fields that are kept in another way ----------------------------------------------------------------------------


def _by_value(field: ByValue, name: str, value: SigmaType, span: Span) -> ast.Expr:
    known = ", ".join(f"`{text}`" for text in field.conditions)
    match value:
        case SigmaExists(exists=exists):
            some = either(list(field.conditions.values()), span)
            return some if exists else ast.Not(some, span)
        case SigmaNull():
            return ast.Not(either(list(field.conditions.values()), span), span)
        case SigmaBool() | SigmaNumber():
            wanted = re.compile(re.escape(str(value)), re.IGNORECASE)
        case SigmaString():
            wanted = re.compile(whole_regex(list(value.s), cased=False), re.IGNORECASE)  # type: ignore[arg-type]
        case _:
            raise UnsaidError(f"`{name}` is one of {known} here, and is compared with these alone")
    conditions = [test for text, test in field.conditions.items() if wanted.search(text)]
    if not conditions:
        raise UnsaidError(f"`{name}` is one of {known} here, and never `{value}`")
    return either(conditions, span)


def _element(held: Held, value: SigmaType, span: Span) -> ast.Expr:
    """Return that some element of a list, which is held as JSON, has a value; raises `UnsaidError`."""
    match value:
        case SigmaNull() | SigmaExists():
            return _held(held, value, span)
        case SigmaNumber(number=number):
            return _element(held, SigmaString(str(number)), span)
        case SigmaString() if not any(not isinstance(part, str) for part in value.s[1:-1]):
            has_begin, has_end = (value.s and isinstance(value.s[at], str) for at in (0, -1))
            texts = [json.dumps(part, ensure_ascii=False)[1:-1] for part in value.s if isinstance(part, str)]
            quoted = SigmaString()
            # A number stands there without quotes, a text in them.
            quoted.s = [_RUN, '"' * bool(has_begin) + "".join(texts) + '"' * bool(has_end), _RUN]
            return text_test(_as_text(held), held.type, quoted, span, cased=isinstance(value, SigmaCasedString))
        case _:
            raise UnsaidError("elements of a list are compared with texts that have no wildcards inside")


def _one_of(field: OneOf, value: SigmaType, span: Span) -> ast.Expr:
    shortest, longest = field.texts[0], field.texts[-1]
    match value:
        case SigmaNull() | SigmaExists():
            return _held(shortest, value, span)
        case SigmaString() if is_plain(value) in _MISSING:
            return _held(shortest, value, span)
        # What some text ends with, or contains, so does the longest.
        case SigmaString() if value.startswith(SpecialChars.WILDCARD_MULTI):
            return _held(longest, value, span)
        case _:
            return either([_held(each, value, span) for each in field.texts], span)


def _by_algorithm(field: ByAlgorithm, name: str, value: SigmaType, span: Span) -> ast.Expr:
    match value:
        case SigmaNull() | SigmaExists():
            some = some_hash(field, span)
            return some if isinstance(value, SigmaExists) and value.exists else ast.Not(some, span)
        case SigmaString():
            return hash_test(field, name, value, span)
        case _:
            kind = type(value).__name__.removeprefix("Sigma")
            raise UnsaidError(
                f"of `{name}` single hashes are kept, and a value of the kind {kind} is compared with all"
            )
