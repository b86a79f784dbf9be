"""Text → AST. Every statement is parsed for itself, so that a fault in one hides no fault in another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import lark
from lark import Lark, TextSlice, Token, UnexpectedCharacters, UnexpectedToken
from lark.grammar import Rule
from lark.lexer import PatternRE, TerminalDef

from carlang.cache import digest_of, remembered
from carlang.deadline import check_time, placed
from carlang.diagnostics import Diagnostic, codes
from carlang.model.functions import CALL_NAMES, NUMBERED_TOP
from carlang.source import Source, Span
from carlang.syntax import ast
from carlang.syntax.brackets import with_repairs
from carlang.syntax.build import Builder
from carlang.syntax.faults import unexpected_character, unexpected_token
from carlang.syntax.layout import Piece, cut
from carlang.syntax.mend import Attempt, mend

LONGEST = 4_000_000
"""How many characters a program may have. That is a list of some 200,000 file names; compiling it takes 25 seconds and
1 GB, both of which grow with the length."""

_MOST_MENDED = 20_000
"""How many characters of faulty statements are read as they were probably meant: a fault costs some ten parses."""

_TARGET = re.compile(r"([^\W\d]\w*)\s*=(?!=)")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A program's AST and the faults of its text; where a statement is faulty, a `FaultyStmt` stands in its place."""

    program: ast.Program
    diagnostics: tuple[Diagnostic, ...]


@cache
def _parser() -> Lark:
    tables = _shipped_tables() or remembered("parser", _of_tables(), _tables)
    # What Lark's own generated parsers call; `Lark.load` would read a pickle, which executes what is in it.
    callbacks = dict.fromkeys(("NAME", "STRING", "NUMBER"), _in_time)
    load: Callable[..., Lark] = Lark._load_from_dict  # noqa: SLF001
    return load(*_numbered(*tables), lexer_callbacks=callbacks)


def _numbered(data: Any, memo: Any) -> tuple[Any, Any]:
    """Give states and memoized rules their numbers back, which JSON has as texts."""
    table = data["parser"]["parser"]
    table["states"] = {int(number): actions for number, actions in table["states"].items()}
    return data, {int(number): rule for number, rule in memo.items()}


def _shipped_tables() -> Any:
    """Return the tables that `tools/make_tables.py` has made, None where they are of another grammar or version."""
    shipped = files("carlang.grammar").joinpath("tables.json")
    text = shipped.read_text(encoding="utf-8") if shipped.is_file() else ""
    return json.loads(text.partition("\n")[2]) if are_current(text) else None


def are_current(text: str) -> bool:
    """Tell whether tables that were written are of this grammar, these functions and this version of Lark."""
    return text.partition("\n")[0] == digest_of(*_of_tables()).hex()


def _of_tables() -> tuple[str, ...]:
    """Return what the tables of the parser depend on."""
    return lark.__version__, _grammar(), _function_pattern()


def _grammar() -> str:
    return files("carlang.grammar").joinpath("car.lark").read_text(encoding="utf-8")


def written_tables() -> str:
    """Return the tables as a file that ships: what they are of, and they themselves, a line each."""
    return f"{digest_of(*_of_tables()).hex()}\n{json.dumps(_tables(), separators=(',', ':'))}\n"


def _tables() -> tuple[Any, Any]:
    """Make the tables of the parser, which takes some ten times as long as reading them."""
    grammar = _grammar()
    # The contextual lexer lets a keyword be a name wherever the keyword itself cannot stand.
    made = Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        maybe_placeholders=False,
        edit_terminals=_with_functions,
    )
    data, memo = made.memo_serialize([TerminalDef, Rule])
    data["options"]["edit_terminals"] = None  # a function, which has done its work
    return data, memo


def _in_time(token: Token) -> Token:
    """Look at the clock at each token that a long statement is made of."""
    check_time()
    return token


def _with_functions(terminal: TerminalDef) -> TerminalDef:
    """Put the names of the functions into their terminal, in place: Lark takes no notice of what is returned."""
    if terminal.name == "FUNCTION":
        terminal.pattern = PatternRE(_function_pattern())
    return terminal


def _function_pattern() -> str:
    names = "|".join([*sorted(CALL_NAMES), NUMBERED_TOP.pattern])
    return rf"(?ai:{names})(?=\s*\()"


def parse(source: Source) -> Parsed:
    """Parse a program; never raises on a bad one.

    Raises `TimeUpError` where the task at hand has no time left.
    """
    if len(source.text) > LONGEST:
        message = f"the program has {len(source.text):,} characters, more than {LONGEST:,}"
        fault = Diagnostic(codes.TOO_LONG, message, source, Span(LONGEST, LONGEST + 1))
        return Parsed(ast.Program(()), (fault.with_help("split it into several analytics"),))
    pieces, diagnostics = cut(source)
    diagnostics = with_repairs(source.text, [piece.span for piece in pieces], diagnostics, _read)
    builder = Builder(source)
    statements: list[ast.Statement] = []
    faulty = 0
    for piece in pieces:
        statements.append(_statement(source, piece, builder, diagnostics, thoroughly=faulty < _MOST_MENDED))
        if isinstance(statements[-1], ast.FaultyStmt):
            faulty += piece.span.end - piece.span.start
    if not statements:
        end = Span(0, min(len(source.text), 1))
        empty = Diagnostic(codes.EMPTY_PROGRAM, "the program is empty", source, end)
        diagnostics.append(empty.with_help("a program has a search at least: `search Process:Create`"))
    # A remark on how a literal is written may come before a fault that was found earlier, when the text was cut.
    in_order = sorted([*diagnostics, *builder.diagnostics], key=lambda d: d.span)
    return Parsed(ast.Program(tuple(statements)), tuple(in_order))


def _statement(
    source: Source, piece: Piece, builder: Builder, diagnostics: list[Diagnostic], *, thoroughly: bool
) -> ast.Statement:
    span = piece.span
    if not piece.faulty:
        try:
            # A slice, not a copy: the offsets of its tokens are those of the program.
            with placed(span):
                return _built(builder, TextSlice(source.text, span.start, span.end))
        except (UnexpectedToken, UnexpectedCharacters):
            pass  # read again below, where it is mended
        except RecursionError:
            fault = Diagnostic(codes.TOO_DEEP, "the statement is nested too deeply", source, span)
            diagnostics.append(fault.with_help("give parts of it names, or filter in several steps"))
            return ast.FaultyStmt(_target(source, span), span)
    earlier = [d for d in diagnostics if span.start <= d.span.start < span.end] if piece.faulty else []
    with placed(span):
        mended = mend(source, span, earlier, _attempt, thoroughly=thoroughly)
    diagnostics += mended.faults
    builder.diagnostics += mended.remarks
    return ast.FaultyStmt(_target(source, span), span, mended.likely, mended.places)


def _built(builder: Builder, text: str | TextSlice[str]) -> ast.Statement:
    tree = _parser().parse(text)
    check_time()
    return builder.transform(tree)  # type: ignore[no-any-return]  # the start rule gives a statement


def _attempt(statement: Source) -> Attempt:
    """Read a source that is one statement."""
    builder = Builder(statement)
    end = len(statement.text)
    try:
        return Attempt(_built(builder, statement.text), tuple(builder.diagnostics))
    except UnexpectedToken as error:
        at = end if error.token.type == "$END" else error.token.start_pos or 0
        reason = error
        return Attempt(None, (), at, lambda: unexpected_token(statement, Span(0, end), reason))
    except UnexpectedCharacters as error:
        stray = error
        return Attempt(None, (), error.pos_in_stream or 0, lambda: unexpected_character(statement, Span(0, end), stray))


def _read(text: str) -> ast.Statement | None:
    """Return the statement that a text is, or None where it is none."""
    pieces, faults = cut(Source.whole("", text))
    if faults or len(pieces) != 1:
        return None
    return _attempt(Source.whole("", text)).statement


def _target(source: Source, span: Span) -> ast.Name | None:
    match = _TARGET.match(source.text, span.start, span.end)
    return ast.Name(match.group(1), Span(*match.span(1))) if match else None
