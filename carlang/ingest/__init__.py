"""Raw logs into events: readers by container, mappings by sensor."""

from carlang.ingest.explain import ExplainedEvent, ExplainedField, ExplainedRecord, explain
from carlang.ingest.mapping import EventMapping, Sensors
from carlang.ingest.progress import Progress
from carlang.ingest.report import IngestReport, Rejection, SourceReport, Status
from carlang.ingest.run import ingest
from carlang.ingest.sensors import builtin_sensors, load_sensors

__all__ = [
    "EventMapping",
    "ExplainedEvent",
    "ExplainedField",
    "ExplainedRecord",
    "IngestReport",
    "Progress",
    "Rejection",
    "Sensors",
    "SourceReport",
    "Status",
    "builtin_sensors",
    "explain",
    "ingest",
    "load_sensors",
]
