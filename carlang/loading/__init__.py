"""Events into committed files: an ingest from its sources to the store's log, and what it says of them."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.loading.explain import ExplainedEvent, ExplainedField, ExplainedRecord, explain
    from carlang.loading.progress import Progress
    from carlang.loading.report import (
        Guessed,
        Hollow,
        IngestReport,
        NotGuessed,
        PassedOver,
        Rejection,
        SourceReport,
        Status,
    )
    from carlang.loading.run import LEAST_MEMORY, ingest
else:
    __getattr__ = hand_on(
        __name__,
        {
            "loading.explain": "ExplainedEvent ExplainedField ExplainedRecord explain",
            "loading.progress": "Progress",
            "loading.report": "Guessed Hollow IngestReport NotGuessed PassedOver Rejection SourceReport Status",
            "loading.run": "LEAST_MEMORY ingest",
        },
    )

__all__ = [
    "LEAST_MEMORY",
    "ExplainedEvent",
    "ExplainedField",
    "ExplainedRecord",
    "Guessed",
    "Hollow",
    "IngestReport",
    "NotGuessed",
    "PassedOver",
    "Progress",
    "Rejection",
    "SourceReport",
    "Status",
    "explain",
    "ingest",
]
