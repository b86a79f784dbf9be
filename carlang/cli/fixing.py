"""`carlang check --fix`: certain repairs applied to the documents that programs stand in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from carlang.analytic import CompiledAnalytic
from carlang.cli.rewriting import document_of, is_text, require_paths, rewritten, save, unified
from carlang.importers import RewriteError, load_file, load_text
from carlang.repair import repair_analytic


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


def fix_all(analytics: Sequence[CompiledAnalytic], targets: Sequence[str]) -> list[Fixed]:
    """Repair analytics and write their files; what cannot be written is left as it is."""
    require_paths(analytics, targets)
    return [_fix(analytic) for analytic in analytics]


def _fix(analytic: CompiledAnalytic) -> Fixed:
    repaired = repair_analytic(analytic)
    count = sum(len(each.applied) for each in repaired)
    if not count:
        return Fixed(analytic, text=document_of(analytic).text if is_text(analytic) else "")
    try:
        document = document_of(analytic)
        text = rewritten(document, [(each.source, each.text) for each in repaired])
        diff = unified(analytic.file, document.text, text)
        if is_text(analytic):
            data = load_text(text, analytic.file, document.form)
            return Fixed(replace(analytic, data=data), count, diff, text)
        save(document, text)
    except RewriteError as error:
        return Fixed(analytic, problem=str(error))
    return Fixed(replace(analytic, data=load_file(Path(analytic.file))), count, diff)
