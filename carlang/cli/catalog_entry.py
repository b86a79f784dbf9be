"""An analytic of the catalogue, and what a store can say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from carlang.analytic import CompiledAnalytic, Judged, RunOptions, judge_analytics
from carlang.cli.declared import Option
from carlang.cli.options import path_option, say_counted
from carlang.diagnostics import has_errors
from carlang.resolve.lineage import references
from carlang.results import Judgement, State, judgement_json, judgement_text, reasons_text
from carlang.store import Store

StoreOption = Annotated[
    Path | None, Option("--store", metavar="PATH", parser=path_option, help="Say what can run on this store.")
]
NowOption = Annotated[
    str | None, Option("--now", metavar="T", help="The instant that programs call now, as the store is judged.")
]


@dataclass(frozen=True)
class Entry:
    """An analytic of the catalogue, and where a store was named, what that can say of each of its outputs."""

    analytic: CompiledAnalytic
    judged: Judged | None

    @property
    def lacking(self) -> str | None:
        """Why it cannot run on the store; where one of its outputs can, it can."""
        if has_errors(self.analytic.diagnostics):
            return "it has errors"
        if self.judged is None or not self.judged.blind:
            return None
        return reasons_text(self.judged.outputs[0][1].reasons)

    @property
    def remark(self) -> str:
        """What to say of it beside its name: that it runs, what it does not see, why it cannot run."""
        if self.lacking is not None or self.judged is None:
            return self.lacking or ""
        if all(judgement.state is State.ANSWERED for judgement in self.judgements.values()):
            return "runs"
        texts = {name: judgement_text(judgement) for name, judgement in self.judgements.items()}
        if len(set(texts.values())) == 1:
            return f"runs; {next(iter(texts.values()))}"
        return "runs; " + "; ".join(f"{name}: {text}" for name, text in texts.items())

    @property
    def judgements(self) -> dict[str, Judgement]:
        """What the store can say of its outputs, by name."""
        return {output.name: judgement for output, judgement in self.judged.outputs} if self.judged else {}

    def row(self, store: Store | None) -> dict[str, Any]:
        """Return what a listing shows."""
        data = self.analytic.data
        row: dict[str, Any] = {
            "analytic": data.id,
            "title": data.title,
            "level": data.level.text if data.level else None,
            "techniques": list(data.techniques),
            "tactics": list(data.tactics),
            "platforms": list(data.platforms),
            "tests": len(data.tests),
            "events": sorted({"/".join(r.split("/")[:2]) for r in asked_for(self.analytic)}),
            "file": data.file,
        }
        if store is None:
            return row
        judgements = {name: judgement_json(judgement) for name, judgement in self.judgements.items()}
        return row | {"runs": self.lacking is None, "reason": self.lacking, "judgements": judgements}


def judged_entries(analytics: Sequence[CompiledAnalytic], store: Store | None, now: str | None) -> list[Entry]:
    """Return analytics with what a store can say of them as it is judged at `now`, without that where there is none."""
    options = RunOptions.of(now=now, command=True)
    if store is None:
        return [Entry(analytic, None) for analytic in analytics]
    say_counted(store.silent_files())
    return [Entry(each.analytic, each) for each in judge_analytics(analytics, store, options, {})]


def asked_for(analytic: CompiledAnalytic) -> list[str]:
    """Return the classes and fields of the data model that programs ask for; none where they have errors."""
    if has_errors(analytic.diagnostics):
        return []
    return sorted({r for program in analytic.compiled for r in references(program.require())})
