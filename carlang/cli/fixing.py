"""`carlang check --fix`: repairs applied to the documents that programs stand in, certain ones, or likely ones too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from carlang.analytic import CompiledAnalytic
from carlang.cli.rewriting import document_of, is_text, require_paths, rewritten, save, unified
from carlang.importers import RewriteError, load_file, load_text
from carlang.repair import CERTAIN, LIKELY, repair_analytic


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


def _fix(analytic: CompiledAnalytic, agrees: Agrees | None) -> Fixed:
    certain = repair_analytic(analytic, CERTAIN)
    repaired = repair_analytic(analytic, LIKELY) if agrees else certain
    try:
        document = document_of(analytic)
        text = rewritten(document, [(each.source, each.text) for each in repaired])
        # Asked of what is more than the certain repairs, and told of all: they are made together.
        if agrees and repaired != certain and not agrees(analytic.file, unified(analytic.file, document.text, text)):
            repaired = certain
            text = rewritten(document, [(each.source, each.text) for each in repaired])
        count = sum(len(each.applied) for each in repaired)
        if not count:
            return Fixed(analytic, text=document.text if is_text(analytic) else "")
        diff = unified(analytic.file, document.text, text)
        if is_text(analytic):
            data = load_text(text, analytic.file, document.form)
            return Fixed(replace(analytic, data=data), count, diff, text)
        save(document, text)
    except RewriteError as error:
        return Fixed(analytic, problem=str(error)) if any(each.applied for each in repaired) else Fixed(analytic)
    return Fixed(replace(analytic, data=load_file(Path(analytic.file))), count, diff)
