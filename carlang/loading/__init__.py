"""Events into committed files: an ingest from its sources to the store's log, and what it says of them."""

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
