"""Which name was meant, where there is no doubt: what a repair may put in the place of one that means nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from carlang.diagnostics import unmistakable
from carlang.resolve.scope import MOST_SUGGESTIONS, BrokenName, Context, StreamName
from carlang.syntax import ast


def surely_field(ctx: Context, word: str, near: str, candidates: Iterable[str]) -> bool:
    """Tell whether a field can only be the one that `near` names: a slip of one letter, and no field of elsewhere."""
    return unmistakable(word, candidates) == near and not list(ctx.model.objects_with_field(word))


def lone_stream(ctx: Context, name: ast.Name, *, output: bool) -> str | None:
    """Return the one stream that nothing has used, if an unknown name can only mean it.

    It must be the last one bound and not be named again below. Only the output of a program may have a name that has
    nothing in common with it.
    """
    if ctx.suggested > MOST_SUGGESTIONS or any(isinstance(meaning, BrokenName) for meaning in ctx.names.values()):
        return None
    unused = [
        ident
        for ident, meaning in ctx.names.items()
        if isinstance(meaning, StreamName) and meaning.stream.key not in ctx.used
    ]
    if len(unused) != 1 or not ctx.named or ctx.named[-1].name != unused[0]:
        return None
    below = ctx.source.text[name.span.end :]
    if re.search(rf"\b{re.escape(unused[0])}\b", below):
        return None
    return unused[0] if output or _words(name.ident) <= _words(unused[0]) else None


def _words(name: str) -> set[str]:
    return set(name.casefold().split("_"))
