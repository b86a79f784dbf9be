"""What exports lack of the records that they are made of, each with its reason.

What is listed and is the same after all makes the test of its export fail, so that the list is true.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tests.exports.comparison import Aside
from tests.exports.shapes import SHAPES


@dataclass(frozen=True)
class Lack:
    """Fields, `object.field` with `*` for any object, which these exports do not have as the recording has them."""

    shapes: tuple[str, ...]
    fields: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Coarse:
    """Times that these exports write to a unit only."""

    shapes: tuple[str, ...]
    unit: timedelta
    reason: str


ELASTIC = ("winlogbeat", "ecs", "ecs_hits", "kibana_dotted")
ECS = ("ecs", "ecs_hits", "kibana_dotted")

WITHOUT_MESSAGE = ("splunk_xml", "splunk_xml_csv", "splunk_ta", "sentinel", "sentinel_windows_event")
MESSAGE_ALONE = ("getwinevent_selected", "splunk_classic")
EVERY = tuple(SHAPES)

LACKS: tuple[Lack, ...] = (
    Lack(EVERY, ("event.event_data",), "it is the record's data as its exporter wrote them, in its names and spelling"),
    Lack(
        MESSAGE_ALONE,
        ("handle.access_list", "share.access_list"),
        "a message spells out what the record has as numbers of texts, `%%4432`",
    ),
    Lack(
        MESSAGE_ALONE,
        ("registry.data", "registry.new_content"),
        "the message of one record has texts of Windows in place of signs of percent, and no escapes of XML",
    ),
    Lack(WITHOUT_MESSAGE, ("event.message",), "the message is not part of what Windows hands on as XML"),
    Lack(
        (*ELASTIC, "splunk_ta"),
        ("event.workstation",),
        "members without a value are left out, where the recording has a text without characters",
    ),
    Lack(("sentinel",), ("*.record_id",), "the tables SecurityEvent and Event have no column for the record's number"),
    Lack(("splunk_classic",), ("event.level",), "a failed audit is of the type Information, in NXLog an error"),
    Lack(
        ("splunk_classic",),
        ("handle.access_mask", "process.access_level"),
        "messages have the digits of hexadecimal numbers in upper case",
    ),
    Lack(ECS, ("flow.src_ip", "flow.dest_ip"), "Elasticsearch writes an IPv6 address in its short form"),
    Lack(ECS, ("process.parent_guid",), "the pipeline of Sysmon removes GUIDs of zeros"),
)

COARSE: tuple[Coarse, ...] = (
    Coarse(("getwinevent_51",), timedelta(milliseconds=1), "`/Date(…)/` counts milliseconds"),
    Coarse(ELASTIC, timedelta(milliseconds=1), "beats write `@timestamp` in milliseconds"),
)


def aside(shape: str) -> Aside:
    """Return what is left out of the comparison of an export."""
    fields = [field for lack in LACKS if shape in lack.shapes for field in lack.fields]
    units = [coarse.unit for coarse in COARSE if shape in coarse.shapes]
    pairs = ((kind, name) for kind, _, name in (field.partition(".") for field in fields))
    return Aside(frozenset(pairs), max(units, default=timedelta(microseconds=1)))
