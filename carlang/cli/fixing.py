"""`carlang check --fix`: repairs applied to the documents that programs stand in, certain ones, or likely ones too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from carlang.analytic import CompiledAnalytic
from carlang.cli.rewriting import document_of, is_text, require_paths, rewritten, save, unified, with_lines
from carlang.diagnostics import Applicability
from carlang.importers import Document, RewriteError, load_file, load_text
from carlang.repair import CERTAIN, LIKELY, Repaired, repair_analytic, repair_metadata


@dataclass(frozen=True, slots=True)
class Fixed:
    """An analytic after its repair: how many repairs were applied, the diff, and why it could not be written, if so.

    `text` is the whole new document where the analytic did not come from a file.
    """

    analytic: CompiledAnalytic
    repairs: int = 0
    diff: str = ""
    text: str = ""
    problem: str = ""


Agrees = Callable[[str, str], bool]
"""Is shown the name of a file and the diff of its likely repairs, and tells whether they are to be applied."""


def fix_all(analytics: Sequence[CompiledAnalytic], targets: Sequence[str], agrees: Agrees | None = None) -> list[Fixed]:
    """Repair analytics and write their files; what cannot be written is left as it is.

    Likely repairs are applied only where `agrees` is there, and to those of which it says yes.
    """
    require_paths(analytics, targets)
    return [_fix(analytic, agrees) for analytic in analytics]


@dataclass(frozen=True, slots=True)
class _Rewritten:
    """The new text of a document, and how many repairs made it."""

    text: str
    repairs: int


def _fix(analytic: CompiledAnalytic, agrees: Agrees | None) -> Fixed:
    certain = repair_analytic(analytic, CERTAIN)
    programs = repair_analytic(analytic, LIKELY) if agrees else certain
    try:
        document = document_of(analytic)
        new = _rewritten(analytic, document, programs, LIKELY if agrees else CERTAIN)
        # Asked of what is more than the certain repairs, and told of all: they are made together.
        if agrees and new != (sure := _rewritten(analytic, document, certain, CERTAIN)):
            new = new if agrees(analytic.file, unified(analytic.file, document.text, new.text)) else sure
        if not new.repairs:
            return Fixed(analytic, text=document.text if is_text(analytic) else "")
        diff = unified(analytic.file, document.text, new.text)
        if is_text(analytic):
            data = load_text(new.text, analytic.file, document.form)
            return Fixed(replace(analytic, data=data), new.repairs, diff, new.text)
        save(document, new.text)
    except RewriteError as error:
        return Fixed(analytic, problem=str(error)) if any(each.applied for each in programs) else Fixed(analytic)
    return Fixed(replace(analytic, data=load_file(Path(analytic.file))), new.repairs, diff)


def _rewritten(
    analytic: CompiledAnalytic,
    document: Document,
    programs: Sequence[Repaired],
    applicable: frozenset[Applicability],
) -> _Rewritten:
    """Return a document with its programs repaired, and then what stands around them, names in its tests above all."""
    text = rewritten(document, [(each.source, each.text) for each in programs])
    count = sum(len(each.applied) for each in programs)
    data = load_text(text, analytic.file, document.form)
    around = repair_metadata(replace(analytic, data=data), applicable)
    return (
        _Rewritten(with_lines(text, around.text), count + len(around.applied))
        if around.changed
        else _Rewritten(text, count)
    )
