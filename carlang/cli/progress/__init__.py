"""Bars on standard error that say how far a command is. A run that shows none does not load what draws them."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.cli.progress.bars import RunBar, ingest_bar, run_bar
else:
    __getattr__ = hand_on(__name__, {"cli.progress.bars": "RunBar ingest_bar() run_bar()"})

__all__ = ["RunBar", "ingest_bar", "run_bar"]
