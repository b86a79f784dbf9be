"""Lark's parse tree of one statement → its AST. A method has the name of the grammar rule that it lowers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from lark import Token
from lark.visitors import Transformer_NonRecursive

from carlang.diagnostics import Diagnostic, codes
from carlang.model.functions import regex_parameters
from carlang.source import Source, Span
from carlang.syntax import ast
from carlang.syntax.literal import duration_value, number_value, regex_value, string_literal, string_value

Child = Any  # an AST node, a Lark token, or an intermediate list; the grammar says which

_NEGATED = re.compile(r"(does\s+)?not\s+", re.IGNORECASE)
_TESTS = {"contains": "contains", "contain": "contains", "includes": "contains", "startswith": "startswith"}
_TESTS |= {"endswith": "endswith", "match": "match", "matches": "match"}
_CONDITIONS = ast.Or | ast.And | ast.Not | ast.Comparison | ast.In | ast.TextTest | ast.Exists
_PERIODS = {"WITHIN": "within", "WHERE": "within", "WITHIN_ANY": "within any", "EVERY": "every"}
_SAME_OPERATOR = {"=": "==", "<>": "!="}


class Builder(Transformer_NonRecursive[Token, Any]):
    """Builds AST nodes bottom-up, without recursion, and collects remarks on how literals are written."""

    def __init__(self, source: Source) -> None:
        super().__init__(visit_tokens=False)  # rules turn their own tokens into nodes
        self._source = source
        self.diagnostics: list[Diagnostic] = []

    # ---- statements

    def assign_stmt(self, parts: list[Child]) -> ast.AssignStmt:
        """`p = search Process:Create`."""
        target, _, value = parts
        return ast.AssignStmt(target, value, _over(parts))

    def field_stmt(self, parts: list[Child]) -> ast.FieldStmt | ast.BareStmt:
        """`s.f = e`; with a longer path on the left it is a comparison, since a derived field has one name."""
        stream, _, field, _, value = parts
        if isinstance(stream, ast.Name):
            return ast.FieldStmt(stream, field, value, _over(parts))
        left = ast.Member(stream, field, _over([stream, field]))
        return ast.BareStmt(ast.Comparison((left, value), ("==",), _over(parts)), _over(parts))

    def input_stmt(self, parts: list[Child]) -> ast.InputStmt:
        """`input since: time = now - 1 day`."""
        words = [_name(part) for part in parts[1:] if isinstance(part, Token) and part.type == "NAME"]
        default = next(_nodes(parts), None)
        return ast.InputStmt(words[0], words[1] if len(words) > 1 else None, default, _over(parts))

    def output_stmt(self, parts: list[Child]) -> ast.OutputStmt:
        """`output a, b`."""
        return ast.OutputStmt(tuple(_nodes(parts)), _over(parts))

    def bare_stmt(self, parts: list[Child]) -> ast.BareStmt:
        """`search Process:Create | filter exe == "at.exe"`."""
        return ast.BareStmt(parts[0], parts[0].span)

    # ---- streams

    def pipe(self, parts: list[Child]) -> ast.Pipe:
        """`p | filter c`."""
        head, *stages = _nodes(parts)
        return ast.Pipe(head, tuple(stages), _over(parts))

    def search(self, parts: list[Child]) -> ast.Search:
        """`search File:Create or File:Modify where (c)`."""
        classes = tuple(p for p in parts if isinstance(p, ast.EventClass))
        ands = tuple(_token_span(p) for p in parts if isinstance(p, Token) and p.type == "AND")
        condition = parts[-1] if not isinstance(parts[-1], Token | ast.EventClass) else None
        return ast.Search(classes, condition, ands, _over(parts))

    def event_class(self, parts: list[Child]) -> ast.EventClass:
        """`Process:Create`, `user session`."""
        colon = next((i for i, p in enumerate(parts) if p.type == "COLON"), len(parts))
        words, actions = parts[:colon], parts[colon + 1 :]
        name = ast.Name(" ".join(words), _over(words))
        every = any(p.type == "STAR" for p in actions)
        return ast.EventClass(name, () if every else tuple(map(_name, actions)), _over(parts))

    def filter(self, parts: list[Child]) -> ast.Filter:
        """`filter p where (c)`."""
        nodes = list(_nodes(parts))
        source, condition = (nodes[0], nodes[1]) if len(nodes) > 1 else (None, nodes[0])
        return ast.Filter(source, condition, _over(parts))

    def join(self, parts: list[Child]) -> ast.Join:
        """`join (a, b optional) where (c)`."""
        where = _index_of(parts, "WHERE")
        condition = parts[where + 1] if where < len(parts) else None
        inputs: list[Child] = []
        optional: set[int] = set()
        for part in parts[:where]:
            if not isinstance(part, Token):
                inputs.append(part)
            elif part.type == "OPTIONAL":
                optional.add(len(inputs) - 1)
        return ast.Join(tuple(inputs), condition, _over(parts), frozenset(optional))

    join_stage = join

    def group(self, parts: list[Child]) -> ast.Group:
        """`group a, b by f1, f2 having (c) within any 10 minutes`."""
        by, having = _index_of(parts, "BY"), _index_of(parts, "HAVING")
        period = next((i for i, part in enumerate(parts) if isinstance(part, ast.Period)), len(parts))
        keys = tuple(_nodes(parts[by + 1 : min(having, period)]))
        inputs = tuple(_nodes(parts[: min(by, having, period)]))
        condition = parts[having + 1] if having < len(parts) else None
        return ast.Group(inputs, keys, condition, next(iter(parts[period:]), None), _over(parts))

    group_stage = group

    def period(self, parts: list[Child]) -> ast.Period:
        """`within any 10 minutes`; CAR's prose for a gap is `within` as well."""
        word = _PERIODS[parts[0].type]
        return ast.Period(word, next(_nodes(parts)), _over(parts))

    def select(self, parts: list[Child]) -> ast.Select:
        """`from g select e1 as n1, e2`."""
        source, *items = _nodes(parts)
        return ast.Select(source, tuple(items), _over(parts))

    def select_stage(self, parts: list[Child]) -> ast.Select:
        """`select e1 as n1, e2`."""
        return ast.Select(None, tuple(_nodes(parts)), _over(parts))

    def select_item(self, parts: list[Child]) -> ast.SelectItem:
        """`count(user) as users`."""
        nodes = list(_nodes(parts))
        return ast.SelectItem(nodes[0], nodes[1] if len(nodes) > 1 else None, _over(parts))

    def by(self, parts: list[Child]) -> ast.By | ast.Unique:
        """`a - b by f`."""
        value, *rest = parts
        keys, every = _keys_and_span(rest, "EVERY")
        # `unique (p) by f` begins as the call `unique(p.f)` does.
        if isinstance(value, ast.Call) and value.function.ident.casefold() == "unique" and every is None:
            match value.arguments:
                case (ast.Name() as stream,):
                    return ast.Unique(stream, keys, _over(parts))
        return ast.By(value, keys, every, _over(parts))

    def by_stage(self, parts: list[Child]) -> ast.By:
        """`count by f`."""
        keys, every = _keys_and_span(parts, "EVERY")
        return ast.By(None, keys, every, _over(parts))

    def sequence(self, parts: list[Child]) -> ast.Sequence:
        """`sequence (a, no b, c * 3) by hostname within 5 minutes until d`."""
        steps = tuple(part for part in parts if isinstance(part, ast.Step))
        rest = parts[max(i for i, part in enumerate(parts) if isinstance(part, ast.Step)) + 1 :]
        until = _index_of(rest, "UNTIL")
        keys, within = _keys_and_span(rest[:until], "WITHIN")
        barrier = rest[until + 1] if until < len(rest) else None
        return ast.Sequence(steps, keys, within, barrier, _over(parts))

    def step(self, parts: list[Child]) -> ast.Step:
        """`no b where (c)`, `c * 3`; in parentheses, `no (b where (c))`."""
        absent = isinstance(parts[0], Token) and parts[0].type == "NO"
        times = next((self.number([p]) for p in parts if isinstance(p, Token) and p.type == "NUMBER"), None)
        nodes = list(_nodes(parts))
        inner = nodes[0]
        if isinstance(inner, ast.Step):
            if (absent and inner.absent) or (times and inner.times):
                again = "`no`" if absent and inner.absent else "a number of times"
                fault = Diagnostic(codes.SYNTAX, f"a step has {again} once", self._source, _over(parts))
                self.diagnostics.append(fault.with_label(f"{again} stands inside the parentheses, too"))
            return replace(inner, absent=absent or inner.absent, times=times or inner.times, span=_over(parts))
        condition = nodes[1] if len(nodes) > 1 else None
        # `c where (c.user == a.user) * 3`: a condition is no number, so the step is meant.
        match condition:
            case ast.Arithmetic("*", test, ast.NumberLit() as number) if isinstance(test, _CONDITIONS) and not times:
                condition, times = test, number
        return ast.Step(inner, absent, times, condition, _over(parts))

    def first_source(self, parts: list[Child]) -> ast.Name:
        """A word as the name of a sequence's first step."""
        return parts[0] if isinstance(parts[0], ast.Name) else _name(parts[0])

    def sort(self, parts: list[Child]) -> ast.Sort:
        """`sort p by time desc, exe`."""
        by = _index_of(parts, "BY")
        return ast.Sort(next(_nodes(parts[:by]), None), tuple(_nodes(parts[by:])), _over(parts))

    sort_stage = sort

    def sort_key(self, parts: list[Child]) -> ast.SortKey:
        """`time desc`."""
        return ast.SortKey(parts[0], _index_of(parts, "DESC") < len(parts), _over(parts))

    def head(self, parts: list[Child]) -> ast.Head:
        """`head 10 of p`."""
        count, *source = _nodes(parts)
        return ast.Head(count, next(iter(source), None), _over(parts))

    head_stage = head

    def tail(self, parts: list[Child]) -> ast.Tail:
        """`tail 10 of p`."""
        count, *source = _nodes(parts)
        return ast.Tail(count, next(iter(source), None), _over(parts))

    tail_stage = tail

    def unique(self, parts: list[Child]) -> ast.Unique:
        """`unique p by user, exe`."""
        by = _index_of(parts, "BY")
        return ast.Unique(next(_nodes(parts[:by]), None), tuple(_nodes(parts[by:])), _over(parts))

    unique_stage = unique

    def together(self, parts: list[Child]) -> ast.Together:
        """`together (a, b) by hostname within 10 minutes`."""
        end = _index_of(parts, "RPAR")
        *keys, within = _nodes(parts[end + 1 :])
        return ast.Together(tuple(_nodes(parts[:end])), tuple(keys), within, _over(parts))

    def tree(self, parts: list[Child]) -> ast.Tree:
        """`children of p`; as a stage of a pipe, `children`."""
        kin = parts[0].split()[0].casefold()
        return ast.Tree(kin, next(_nodes(parts), None), _over(parts))

    tree_stage = tree

    def run_analytic(self, parts: list[Child]) -> ast.RunAnalytic:
        """`run Analytic:CAR-2013-05-003`."""
        return ast.RunAnalytic(_name(parts[1]), _name(parts[3]), _over(parts))

    def inner(self, parts: list[Child]) -> Child:
        """`(a)`: what is inside, its place with the parentheses."""
        return replace(parts[1], span=_over(parts))

    # ---- conditions

    def or_test(self, parts: list[Child]) -> ast.Or:
        """`a or b`."""
        return ast.Or(tuple(_nodes(parts)), _over(parts))

    def and_test(self, parts: list[Child]) -> ast.And:
        """`a and b`."""
        return ast.And(tuple(_nodes(parts)), _over(parts))

    def not_test(self, parts: list[Child]) -> ast.Not:
        """`not a`."""
        return ast.Not(parts[1], _over(parts))

    def comparison(self, parts: list[Child]) -> ast.Comparison:
        """`a < b <= c`."""
        operands = tuple(_field(operand) for operand in parts[::2])
        operators = tuple(_SAME_OPERATOR.get(str(token), str(token)) for token in parts[1::2])
        return ast.Comparison(operands, operators, _over(parts))

    def between(self, parts: list[Child]) -> ast.Between:
        """`a not between b and c`."""
        subject, operator, low, _, high = parts
        return ast.Between(_field(subject), low, high, operator.type == "NOT_BETWEEN", _over(parts))

    def in_test(self, parts: list[Child]) -> ast.In:
        """`a not in b`."""
        item, operator, container = parts
        return ast.In(_field(item), container, operator.type == "NOT_IN", _over(parts))

    def text_test(self, parts: list[Child]) -> ast.TextTest:
        """`a does not contain b`."""
        subject, operator, pattern = parts
        word = _NEGATED.sub("", operator).split()[0].casefold()
        test = _TESTS[word]
        pattern = _as_regex(pattern) if test == "match" else pattern
        return ast.TextTest(test, _field(subject), pattern, operator.type == "NOT_TEXT_TEST", _over(parts))

    def exists_test(self, parts: list[Child]) -> ast.Exists:
        """`a exists`."""
        operand, operator = parts
        return ast.Exists(_field(operand), operator.type == "NOT_EXISTS", _over(parts))

    # ---- values

    def addition(self, parts: list[Child]) -> ast.Arithmetic:
        """`a + b - c`, from the left."""
        left = parts[0]
        for operator, right in zip(parts[1::2], parts[2::2], strict=True):
            left = ast.Arithmetic(str(operator), left, right, _over([left, right]))
        return left  # type: ignore[no-any-return]  # a sum has two operands at least

    multiplication = addition

    def negative(self, parts: list[Child]) -> ast.Expr:
        """`-a`; of a number, that number."""
        value = parts[1]
        if isinstance(value, ast.NumberLit):
            return ast.NumberLit(-value.value, _over(parts))
        return ast.Negative(value, _over(parts))

    def element(self, parts: list[Child]) -> ast.Element:
        """`xs[-1]`."""
        written = "".join(parts[1][1:-1].split())
        value = number_value(written.removeprefix("-"))
        if value is None:
            self._too_large(parts[1:], "number")
        return ast.Element(parts[0], int(value or 0) * (-1 if written.startswith("-") else 1), _over(parts))

    def key(self, parts: list[Child]) -> ast.Member:
        """`event_data["Source Name"]`: the same as `event_data.x`, of a name that is no word."""
        base, token = parts
        written = token[1:-1].strip()
        return ast.Member(base, ast.Name(string_value(written), _token_span(token)), _over(parts))

    def if_else(self, parts: list[Child]) -> ast.IfElse:
        """`if (c) then e else f`."""
        condition, then, otherwise = _nodes(parts)
        return ast.IfElse(condition, then, otherwise, _over(parts))

    def pattern(self, parts: list[Child]) -> ast.StringLit:
        """`*transfer*`, without quotes."""
        text = str(parts[0])
        quoted = string_literal(text)
        fault = Diagnostic(codes.UNQUOTED_PATTERN, "a pattern belongs in quotes", self._source, _over(parts))
        self.diagnostics.append(fault.with_label(f"read as {quoted}").repaired_by(quoted))
        return ast.StringLit(text, _over(parts))

    def tuple_lit(self, parts: list[Child]) -> ast.ListLit:
        """`("a", "b")`, where a list may stand."""
        return self.list_lit(parts)

    def list_lit(self, parts: list[Child]) -> ast.ListLit:
        """`["a", "b"]`."""
        return ast.ListLit(tuple(_nodes(parts)), _over(parts))

    def member(self, parts: list[Child]) -> ast.Member:
        """`s.exe`."""
        return ast.Member(parts[0], parts[2], _over(parts))

    def method(self, parts: list[Child]) -> ast.TextTest | ast.Call:
        """`command_line.matches("re")`: a test of text, or a function of what stands before the point."""
        subject, _, name, _, *rest = parts
        arguments = tuple(_nodes(rest))
        test = _TESTS.get(name.ident.casefold())
        if test and len(arguments) == 1:
            pattern = _as_regex(arguments[0]) if test == "match" else arguments[0]
            return ast.TextTest(test, subject, pattern, negated=False, span=_over(parts))
        return ast.Call(name, _with_regexes(name, (subject, *arguments)), distinct=False, span=_over(parts))

    def call(self, parts: list[Child]) -> ast.Call:
        """`lower(exe)`."""
        return self._call(parts, distinct=False)

    def distinct_call(self, parts: list[Child]) -> ast.Call:
        """`count(distinct user)`."""
        return self._call(parts, distinct=True)

    @staticmethod
    def _call(parts: list[Child], *, distinct: bool) -> ast.Call:
        # `max(` comes as a FUNCTION token, a name that is no function's as a Name: resolving it reports it.
        name = _name(parts[0]) if isinstance(parts[0], Token) else parts[0]
        return ast.Call(name, _with_regexes(name, tuple(_nodes(parts[1:]))), distinct, _over(parts))

    def name(self, parts: list[Child]) -> ast.Name:
        """`exe`."""
        return parts[0]  # type: ignore[no-any-return]  # field_name has made it a Name

    def field_name(self, parts: list[Child]) -> ast.Name:
        """A word as a name."""
        return _name(parts[0])

    head_name = field_name
    word_name = field_name
    plain_name = field_name
    stream_name = field_name
    target = field_name

    # ---- literals

    def string(self, parts: list[Child]) -> ast.StringLit:
        """`"at.exe"`."""
        value, pattern = string_value(parts[0]), regex_value(parts[0])
        return ast.StringLit(value, _over(parts), pattern if pattern != value else None)

    def typographic_string(self, parts: list[Child]) -> ast.StringLit:
        """`“at.exe”`."""
        value = str(parts[0])[1:-1]
        quoted = string_literal(value)
        fault = Diagnostic(codes.TYPOGRAPHIC_QUOTES, "typographic quotes around a string", self._source, _over(parts))
        self.diagnostics.append(fault.with_label(f"read as {quoted}").repaired_by(quoted))
        return ast.StringLit(value, _over(parts))

    def number(self, parts: list[Child]) -> ast.NumberLit:
        """`445`."""
        value = number_value(parts[0])
        if value is None:
            self._too_large(parts, "number")
        return ast.NumberLit(value or 0, _over(parts))

    def duration(self, parts: list[Child]) -> ast.DurationLit:
        """`30 minutes`."""
        value = duration_value(parts[0])
        if value is None:
            self._too_large(parts, "duration")
        return ast.DurationLit(value or 0, _over(parts))

    def _too_large(self, parts: list[Child], what: str) -> None:
        fault = Diagnostic(codes.BAD_LITERAL, f"the {what} is larger than any can be", self._source, _over(parts))
        self.diagnostics.append(fault.with_label("more than 64 bits"))

    def address(self, parts: list[Child]) -> ast.AddressLit:
        """`10.0.0.0/8`."""
        return ast.AddressLit(str(parts[0]), _over(parts))

    def true(self, parts: list[Child]) -> ast.BoolLit:
        """`true`."""
        return ast.BoolLit(value=True, span=_over(parts))

    def false(self, parts: list[Child]) -> ast.BoolLit:
        """`false`."""
        return ast.BoolLit(value=False, span=_over(parts))

    def null(self, parts: list[Child]) -> ast.NullLit:
        """`null`."""
        return ast.NullLit(_over(parts))

    def now(self, parts: list[Child]) -> ast.NowLit:
        """`now`."""
        return ast.NowLit(_over(parts))


def _token_span(token: Token) -> Span:
    return Span(token.start_pos or 0, token.end_pos or 0)


def _over(parts: Iterable[Child]) -> Span:
    spans = [_token_span(part) if isinstance(part, Token) else part.span for part in parts]
    return Span(spans[0].start, spans[-1].end)


def _nodes(parts: Iterable[Child]) -> Iterator[Child]:
    return (part for part in parts if not isinstance(part, Token))


def _name(token: Token) -> ast.Name:
    return ast.Name(str(token), _token_span(token))


def _index_of(parts: list[Child], terminal: str) -> int:
    return next((i for i, p in enumerate(parts) if isinstance(p, Token) and p.type == terminal), len(parts))


def _keys_and_span(parts: list[Child], *marks: str) -> tuple[tuple[Child, ...], Child | None]:
    """Split what stands behind `by` into the keys and the span of time behind one of the marks."""
    mark = min(_index_of(parts, terminal) for terminal in marks)
    return tuple(_nodes(parts[:mark])), next(_nodes(parts[mark:]), None)


def _as_regex(written: Child) -> Child:
    """Return what is written behind `match`: a text, or a list of texts, as regular expressions."""
    match written:
        case ast.StringLit(_, span, str(pattern)):
            return ast.StringLit(pattern, span)
        case ast.ListLit(items):
            return replace(written, items=tuple(_as_regex(item) for item in items))
        case _:
            return written


def _with_regexes(name: ast.Name, arguments: tuple[Child, ...]) -> tuple[Child, ...]:
    """Return the arguments of a call, those that are regular expressions read as such."""
    places = regex_parameters(name.ident)
    return tuple(_as_regex(each) if index in places else each for index, each in enumerate(arguments))


def _field(operand: Child) -> Child:
    """`[field]` beside an operator is the field, not a list."""
    if isinstance(operand, ast.ListLit) and len(operand.items) == 1 and isinstance(operand.items[0], ast.Name):
        return replace(operand.items[0], span=operand.span)
    return operand
