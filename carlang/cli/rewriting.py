"""Files rewritten: which ones a command may write, and what changes as a diff."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from carlang.analytic import CompiledAnalytic
from carlang.cli.exits import UsageError
from carlang.cli.targets import EXPRESSION_NAME, STANDARD_INPUT_NAME
from carlang.importers import Document, RewriteError, write_file
from carlang.source import Source

_MARK = "\ufeff"
"""What may stand before the first line of a file, which no diagnostic counts."""


def is_text(analytic: CompiledAnalytic) -> bool:
    """Tell whether an analytic came as text, with `-e` or on standard input."""
    return analytic.file in (EXPRESSION_NAME, STANDARD_INPUT_NAME)


def require_paths(analytics: Sequence[CompiledAnalytic], targets: Sequence[str]) -> None:
    """Raise a usage error for an analytic that was named by its id: its file may be anywhere, also within carlang."""
    for analytic in analytics:
        file = Path(analytic.file)
        if is_text(analytic) or any(Path(t).exists() and file.is_relative_to(Path(t)) for t in targets):
            continue
        raise UsageError(f"`{analytic.id}` is not named by its file; to change it, name a copy of {analytic.file}")


def document_of(analytic: CompiledAnalytic) -> Document:
    """Return the document of an analytic as it stands on disk, or as it came."""
    if is_text(analytic):
        sources = analytic.data.sources
        return Document(analytic.file, sources[0].document if sources else "", analytic.data.form)
    try:
        return Document.read(analytic.data)
    except (OSError, UnicodeDecodeError) as error:
        raise RewriteError(f"{analytic.file}: {error}") from error


def rewritten(document: Document, programs: Sequence[tuple[Source, str]]) -> str:
    """Return a document's text with its programs exchanged where they differ."""
    changed = [(source, text) for source, text in programs if source.text.rstrip() != text.rstrip()]
    return document.with_programs(changed) if changed else document.text


def with_lines(text: str, lines: str) -> str:
    """Return a text with other lines, as many as it has, each with the ending that it has there."""
    endings = [line[len(line.rstrip("\r\n")) :] for line in text.splitlines(keepends=True)]
    mark = _MARK if text.startswith(_MARK) else ""
    return mark + "".join(line + ending for line, ending in zip(lines.split("\n"), endings, strict=False))


def save(document: Document, text: str) -> None:
    """Write a document's new text to its file."""
    try:
        write_file(Path(document.name), text)
    except OSError as error:
        raise RewriteError(f"{document.name} cannot be written: {error.strerror or error}") from error


def unified(name: str, before: str, after: str) -> str:
    """Return what changes in a file as a unified diff, without a newline at its end."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="")
    return "\n".join(lines)
