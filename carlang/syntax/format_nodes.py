"""AST → documents: each statement in its one form.

Parentheses stand where precedence asks for them, and around an `and` inside an `or`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import assert_never

from carlang.model import functions
from carlang.model.functions import regex_parameters
from carlang.source import Span
from carlang.syntax import ast
from carlang.syntax.format_doc import Doc, Group, Item, flat
from carlang.syntax.literal import canonical_duration, duration_literal, number_literal, regex_literal, string_literal

# How tightly an expression holds together; what stands inside another needs the other's level at least.
OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGNED, ATOM = range(8)

_WORD = re.compile(r"[^\W\d]\w*")
_CALL = re.compile(r"(\w+)\(")
_OTHER_LINE = re.compile(r"[^\S\n]*(?:(?:#|//)[^\n]*)?\n")
_TESTS = {"contains": "does not contain", "match": "does not match"}


class Unclear(Exception):  # noqa: N818  # no error: a statement that is better left as it is written
    """A statement whose layout says more than its tree: a call whose parenthesis opens on another line."""


class Writer:
    """Writes statements as documents.

    `text` is what the tree was read from. It says what the tree does not: `90 minutes` or `1.5 hours`, `output` or
    `return`, `Process` or `Process:*`. Without it a statement is written with the first of these.
    """

    def __init__(self, text: str | None) -> None:
        self._text = text
        self._patterns = False  # whether texts are written as the regular expressions that they are

    def _written(self, node: ast.Statement | ast.EventClass | ast.DurationLit) -> str | None:
        return None if self._text is None else self._text[node.span.start : node.span.end]

    def statement(self, node: ast.Statement) -> Doc:
        """Return a statement."""
        match node:
            case ast.AssignStmt(target, value):
                # Behind `match` a constant stands for its text as it is written, so it is left as it is written.
                self._patterns = isinstance(value, ast.StringLit | ast.ListLit)
                doc = [f"{target.ident} = ", *self._value(value)]
                self._patterns = False
                return doc
            case ast.FieldStmt(stream, field, value):
                level = OR if isinstance(value, ast.IfElse) else SUM
                return [f"{stream.ident}.{field.ident} = ", *self._expression(value, level)]
            case ast.InputStmt(name, kind, default):
                head = f"input {name.ident}" + (f": {kind.ident}" if kind else "")
                return [head, " = ", *self._expression(default, SUM)] if default else [head]
            case ast.OutputStmt(items):
                word = "return" if (self._written(node) or "").casefold().startswith("return") else "output"
                return [f"{word} ", self._outputs(items)]
            case ast.BareStmt(ast.Comparison((left, ast.ListLit((ast.Name(),)) as right), ("==",))):  # `a.b.c = [f]`
                return [*self._expression(left, SUM), " = ", *self._expression(right, SUM)]
            case ast.BareStmt(value):
                return self._value(value)
            case ast.FaultyStmt():
                return [self._written(node) or ""]
            case _:
                assert_never(node)

    def _outputs(self, items: Sequence[ast.Stream]) -> Group:
        # One stream needs no parentheses; between commas it does.
        if len(items) == 1:
            return Group([Item(self._stream(items[0]), items[0].span)])
        return Group([Item(self._input(item), item.span) for item in items])

    # ---- streams

    def _value(self, value: ast.Value) -> Doc:
        return self._stream(value) if isinstance(value, ast.StreamForm) else self._expression(value)

    def _input(self, node: ast.Stream) -> Doc:
        """Return a stream where a name usually stands."""
        return [node.ident] if isinstance(node, ast.Name) else [bracketed(self._stream(node), node.span)]

    def _inputs(self, nodes: Sequence[ast.Stream], *, brackets: bool, optional: frozenset[int] = frozenset()) -> Group:
        items = [
            Item([*self._input(node), *([" optional"] if index in optional else [])], node.span)
            for index, node in enumerate(nodes)
        ]
        return Group(items, "(", ")") if brackets else Group(items)

    def _stream(self, node: ast.Stream) -> Doc:
        match node:
            case ast.Name(ident):
                return [ident]
            case ast.Search():
                return self._search(node)
            case ast.Pipe(head, stages):
                # Without its parentheses `(p | a) | b` is one pipe of two stages.
                first = [bracketed(self._stream(head), head.span)] if isinstance(head, ast.Pipe) else None
                items = [Item(first or self._stream(head), head.span)]
                items += [Item(self._stage(stage), stage.span, "|") for stage in stages]
                return [Group(items)]
            case ast.Filter(stream, test):
                words = ["filter ", *self._input(stream), " where "] if stream else ["filter where "]
                return [*words, self._condition(test)]
            case ast.Join() | ast.Group() | ast.Select() | ast.By():
                return self._combined(node)
            case ast.Sequence(steps, keys, within, until):
                items = [Item(self._step(step), step.span) for step in steps]
                doc: list[str | Group] = ["sequence ", Group(items, "(", ")"), *self._by(keys)]
                doc += [" within ", *self._expression(within)] if within else []
                return [*doc, " until ", *self._input(until)] if until else doc
            case ast.Sort() | ast.Head() | ast.Tail() | ast.Unique():
                return self._ordered(node)
            case ast.Together(parts, keys, within):
                doc = ["together ", self._inputs(parts, brackets=True), *self._by(keys)]
                return [*doc, " within ", *self._expression(within)]
            case ast.Tree(kin, stream):
                return [f"{kin} of ", *self._input(stream)] if stream else [kin]
            case ast.RunAnalytic(kind, id_):
                return [f"run {kind.ident}:{id_.ident}"]
            case _:
                assert_never(node)

    def _combined(self, node: ast.Join | ast.Group | ast.Select | ast.By) -> Doc:
        """Return a join, a group, a selection or a count, whole or as a stage of a pipe."""
        match node:
            case ast.Join(inputs, test, _, optional):
                doc: Doc = ["join ", self._inputs(inputs, brackets=len(inputs) > 1, optional=optional)]
                return [*doc, " where ", self._condition(test)] if test else doc
            case ast.Group(inputs, keys, having, period):
                doc = ["group ", self._inputs(inputs, brackets=False)] if inputs else ["group"]
                doc = [*doc, *self._by(keys)]
                doc += [" having ", self._condition(having)] if having else []
                return [*doc, f" {period.word} ", *self._expression(period.length)] if period else doc
            case ast.Select(stream, columns):
                doc = ["from ", *self._input(stream), " select "] if stream else ["select "]
                return [*doc, Group([self._column(column) for column in columns])]
            case ast.By(value, keys, every):
                doc = [*(self._expression(value, SUM) if value else ["count"]), *self._by(keys)]
                return [*doc, " every ", *self._expression(every)] if every else doc
            case _:
                assert_never(node)

    def _ordered(self, node: ast.Sort | ast.Head | ast.Tail | ast.Unique) -> Doc:
        """Return a stream that is sorted or cut, whole or as a stage of a pipe."""
        source = self._input(node.input) if node.input else []
        match node:
            case ast.Sort(_, keys):
                items = [
                    Item([*self._expression(key.field), *([" desc"] if key.descending else [])], key.span)
                    for key in keys
                ]
                return ["sort", *([" ", *source] if source else []), " by ", Group(items)]
            case ast.Unique(_, keys):
                return ["unique", *([" ", *source] if source else []), *self._by(keys)]
            case ast.Head(count) | ast.Tail(count):
                word = "head" if isinstance(node, ast.Head) else "tail"
                return [f"{word} ", *self._expression(count), *([" of ", *source] if source else [])]
            case _:
                assert_never(node)

    def _column(self, column: ast.SelectItem) -> Item:
        alias = [f" as {column.alias.ident}"] if column.alias else []
        return Item([*self._expression(column.value), *alias], column.span)

    def _by(self, keys: Sequence[ast.Name | ast.Member]) -> Doc:
        return [" by ", Group([Item(self._expression(key), key.span) for key in keys])] if keys else []

    def _step(self, step: ast.Step) -> Doc:
        times = [" * ", self._literal(step.times)] if step.times else []
        doc: Doc = ["no " if step.absent else "", *self._input(step.stream), *times]
        return [*doc, " where ", self._condition(step.condition)] if step.condition else doc

    def _stage(self, node: ast.Stage) -> Doc:
        """Return a stage of a pipe; a filter needs no `where` there.

        But one whose condition begins with a call of no known function does: `filter odd (x)` filters a stream `odd`.
        """
        if isinstance(node, ast.Filter) and node.input is None:
            doc = self._expression(node.condition)
            call = _CALL.match(flat(doc) or "")
            if call is None or functions.scalar(call.group(1)):
                return ["filter ", *doc]
        return self._stream(node)

    def _search(self, node: ast.Search) -> Doc:
        items = []
        for number, each in enumerate(node.classes):
            lead = ""
            if number:
                before = node.classes[number - 1].span.end
                lead = "and" if any(before <= word.start < each.span.start for word in node.conjunctions) else "or"
            items.append(Item([self._event_class(each)], each.span, lead))
        doc: Doc = ["search ", Group(items)]
        return [*doc, " where ", self._condition(node.condition)] if node.condition else doc

    def _event_class(self, node: ast.EventClass) -> str:
        if node.actions:
            return f"{node.object.ident}:{','.join(action.ident for action in node.actions)}"
        return node.object.ident + (":*" if ":" in (self._written(node) or "") else "")

    # ---- expressions

    def _expression(self, node: ast.Expr, least: int = OR) -> Doc:
        """Return an expression, in parentheses where it holds less tightly together than `least`."""
        if isinstance(node, ast.Or | ast.And):
            return [self._chain(node, bracketed=(OR if isinstance(node, ast.Or) else AND) < least)]
        level, doc = self._form(node)
        return ["(", *doc, ")"] if level < least else doc

    def _chain(self, node: ast.Or | ast.And, *, bracketed: bool) -> Group:
        """Return the operands of an `or` or `and` as a group."""
        word = "or" if isinstance(node, ast.Or) else "and"
        items = [Item(self._expression(operand, NOT), operand.span, word) for operand in node.operands]
        items[0].lead = ""
        return Group(items, *("()" if bracketed else ("", "")))

    def _condition(self, node: ast.Expr) -> Group:
        """Return a condition in the parentheses of a `where`."""
        if isinstance(node, ast.Or | ast.And):
            return self._chain(node, bracketed=True)
        return Group([Item(self._expression(node), node.span)], "(", ")")

    def _pattern(self, test: str, written: ast.Expr, least: int = OR) -> Doc:
        """Return what stands behind a test of text: behind `match`, texts as regular expressions."""
        before, self._patterns = self._patterns, test == "match"
        doc = self._expression(_regexes(test, written), least)
        self._patterns = before
        return doc

    def _form(self, node: ast.Expr) -> tuple[int, Doc]:
        """Return an expression other than `and` and `or` with its level."""
        match node:
            case ast.Not(operand):
                return NOT, ["not ", *self._expression(operand, NOT)]
            case ast.Comparison() | ast.In() | ast.TextTest() | ast.Between() | ast.Exists():
                return COMPARISON, self._comparison(node)
            case ast.Arithmetic(operator, left, right):
                level = SUM if operator in "+-" else PRODUCT
                # A sum leans to the left: `a - (b - c)` needs its parentheses, `(a - b) - c` does not.
                return level, [*self._expression(left, level), f" {operator} ", *self._expression(right, level + 1)]
            case ast.Negative(operand):
                return SIGNED, ["-", *self._expression(operand, ATOM)]
            case ast.NumberLit(value) if value < 0:
                return SIGNED, [self._literal(node)]
            case ast.IfElse():
                return OR, [Group(list(self._choices(node)))]
            case ast.Or() | ast.And():  # taken before
                return OR, [self._chain(node, bracketed=True)]
            case _:
                return ATOM, self._atom(node)

    def _choices(self, node: ast.IfElse) -> Iterator[Item]:
        """Yield the parts of an `if`, and of those behind its `else`, each with the word before it."""
        lead, current = "", node
        while True:
            yield Item(["if ", self._condition(current.condition)], current.condition.span, lead)
            # Which `else` is whose is seen at once where an `if` behind `then` has brackets.
            then, otherwise = current.then, current.otherwise
            yield Item(self._expression(then, AND if isinstance(then, ast.IfElse) else OR), then.span, "then")
            if not isinstance(otherwise, ast.IfElse):
                yield Item(self._expression(otherwise), otherwise.span, "else")
                return
            lead, current = "else", otherwise

    def _comparison(self, node: ast.Comparison | ast.In | ast.TextTest | ast.Between | ast.Exists) -> Doc:
        match node:
            case ast.Between(subject, low, high, negated):
                words = " not between " if negated else " between "
                ends = [*self._expression(low, SUM), " and ", *self._expression(high, SUM)]
                return [*self._expression(subject, SUM), words, *ends]
            case ast.Comparison(operands, operators):
                doc = [*self._expression(operands[0], SUM)]
                for operator, operand in zip(operators, operands[1:], strict=True):
                    doc += [f" {operator} ", *self._expression(operand, SUM)]
                return doc
            case ast.In(item, container, negated):
                word = " not in " if negated else " in "
                return [*self._expression(item, SUM), word, *self._expression(container, SUM)]
            case ast.TextTest(test, subject, pattern, negated):
                word = _TESTS.get(test, f"not {test}") if negated else test
                if isinstance(subject, ast.ListLit):  # `[f] match x` would ask for the field f
                    return [*self._expression(subject, ATOM), f".{test}(", *self._pattern(test, pattern), ")"]
                return [*self._expression(subject, SUM), f" {word} ", *self._pattern(test, pattern, SUM)]
            case ast.Exists(operand, negated):
                return [*self._expression(operand, SUM), " does not exist" if negated else " exists"]
            case _:
                assert_never(node)

    def _atom(self, node: ast.Expr) -> Doc:
        match node:
            case ast.Name(ident):
                return [ident]
            case ast.Member(base, name):
                is_word = _WORD.fullmatch(name.ident) is not None
                return [*self._base(base), f".{name.ident}" if is_word else f"[{string_literal(name.ident)}]"]
            case ast.Element(base, index):
                return [*self._base(base), f"[{index}]"]
            case ast.Call(function, arguments, distinct):
                # Resolving tells a call from a condition on the next line by where the parenthesis stands.
                if self._text is not None and _OTHER_LINE.match(self._text, function.span.end):
                    raise Unclear
                word = "distinct " if distinct else ""
                regexes = regex_parameters(function.ident)
                items = [
                    Item([word, *self._pattern("match" if index in regexes else "", a)], a.span)
                    for index, a in enumerate(arguments)
                ]
                return [function.ident, Group(items, "(", ")", packed=True) if items else "()"]
            case ast.ListLit(items):
                members = [Item(self._expression(item), item.span) for item in items]
                return [Group(members, "[", "]", packed=True)] if members else ["[]"]
            case _:
                return [self._literal(node)]

    def _base(self, base: ast.Expr) -> Doc:
        """Return what a member or an element is taken of."""
        # The parser cannot read `10.0.0.1.a`, and people cannot read `1.5.a`.
        number = isinstance(base, ast.NumberLit | ast.DurationLit | ast.AddressLit)
        inner = self._expression(base, ATOM)
        return ["(", *inner, ")"] if number and inner[0] != "(" else inner

    def _literal(self, node: ast.Expr) -> str:
        match node:
            case ast.StringLit(value, _, pattern):
                return regex_literal(pattern) if self._patterns and pattern is not None else string_literal(value)
            case ast.NumberLit(value):
                return number_literal(value)
            case ast.DurationLit(microseconds):
                return canonical_duration(self._written(node) or "") or duration_literal(microseconds)
            case ast.BoolLit(value):
                return "true" if value else "false"
            case ast.NullLit():
                return "null"
            case ast.NowLit():
                return "now"
            case ast.AddressLit(text):
                return text
            case _:
                raise TypeError(node)


def bracketed(doc: Doc, span: Span) -> Group:
    """Return a document in parentheses."""
    return Group([Item(doc, span)], "(", ")")


def _regexes(test: str, written: ast.Expr) -> ast.Expr:
    """Return what stands behind a test of text as it is to be written: behind `match`, as regular expressions."""
    match written:
        case ast.StringLit(value, span):
            return ast.StringLit(value, span, value if test == "match" else None)
        case ast.ListLit(items):
            return replace(written, items=tuple(_regexes(test, item) for item in items))
        case _:
            return written
