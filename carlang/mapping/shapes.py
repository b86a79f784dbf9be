"""The shapes in which exports write a record, and the SQL that reads the same header out of each.

A header is what the log says of every record: channel, event id, provider, computer, number, level, message, time. The
data are the record's own members. Which shape a record has is decided by the members it has, record by record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from carlang.readers.records import XML

HEADER_FIELDS = ("channel", "event_id", "provider", "computer", "record_id", "level")

WRAPPERS = ("_source", "result")
"""Members into which Elasticsearch's and Splunk's exports put the record."""

UNKNOWN = "unknown"
"""The shape of a record that has none of the others."""

NAME_MEMBERS = ('$."@Name"', "$.Name", '$."#attributes".Name', '$."$".Name')
TEXT_MEMBERS = ('$."#text"', "$.text", "$.Text", "$.Value", "$.content", '$."_"')
"""What exports that go by the XML call the name and the text of a piece of data, as JSON paths."""


@dataclass(frozen=True)
class Shape:
    """A shape: the members that give it away, where its header and its data stand, and how its time is found.

    A record has the shape if, of each group in `evidence`, it has at least one member. `header` lists for each part
    of the header the members that may hold it, the best first; `message` does so for the message. `data` lists the
    objects that may hold the data, `no_data` is SQL for what stands for them where there are none; null stands for the
    record itself. `time` is SQL over `{member}` references.
    """

    name: str
    evidence: tuple[tuple[str, ...], ...]
    header: Mapping[str, tuple[str, ...]]
    time: str
    message: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    no_data: str = "NULL"
    constants: Mapping[str, str] = field(default_factory=dict)


_SYSTEM = "Event.System"

_WINLOGBEAT_HEADER = {
    "channel": ("winlog.channel",),
    "event_id": ("winlog.event_id", "event.code"),
    "provider": ("winlog.provider_name", "event.provider"),
    "computer": ("winlog.computer_name", "host.name"),
    "record_id": ("winlog.record_id",),
    "level": ("log.level", "winlog.level"),
}

SHAPES = (
    Shape(
        name=XML,
        evidence=((f"{_SYSTEM}.EventID", f"{_SYSTEM}.Provider", f"{_SYSTEM}.Channel"),),
        header={
            "channel": (f"{_SYSTEM}.Channel",),
            "event_id": (f"{_SYSTEM}.EventID.#text", f"{_SYSTEM}.EventID"),
            "provider": (
                f"{_SYSTEM}.Provider.#attributes.Name",
                f"{_SYSTEM}.Provider.@Name",
                f"{_SYSTEM}.Provider.Name",
            ),
            "computer": (f"{_SYSTEM}.Computer",),
            "record_id": (f"{_SYSTEM}.EventRecordID",),
            "level": (f"{_SYSTEM}.Level",),
        },
        message=("Event.RenderingInfo.Message",),
        time=(
            f"coalesce(instant({{{_SYSTEM}.TimeCreated.#attributes.SystemTime}}),"
            f" instant({{{_SYSTEM}.TimeCreated.@SystemTime}}), instant({{{_SYSTEM}.TimeCreated.SystemTime}}))"
        ),
        data=("Event.EventData", "Event.UserData.*", "Event.ProcessingErrorData"),
        no_data="'{}'",
    ),
    Shape(  # HELK over winlogbeat 7: the header as winlogbeat has it, the data renamed and put on top
        name="helk",
        evidence=(("winlog.event_id", "winlog.channel"), ("@event_date_creation", "z_logstash_pipeline")),
        header=_WINLOGBEAT_HEADER,
        message=("message", "z_original_message"),
        time="coalesce(instant({@event_date_creation}), instant({@timestamp}))",
    ),
    Shape(
        name="winlogbeat",
        evidence=(("winlog.event_id", "winlog.channel"),),
        header=_WINLOGBEAT_HEADER,
        message=("message",),
        time="instant({@timestamp})",
        data=("winlog.event_data", "winlog.user_data"),
        no_data="'{}'",
    ),
    Shape(  # winlogbeat 6, and HELK, which renames the members of `event_data` and puts them on top
        name="beats",
        evidence=(("event_id",), ("log_name", "source_name")),
        header={
            "channel": ("log_name",),
            "event_id": ("event_id",),
            "provider": ("source_name",),
            "computer": ("computer_name", "host_name"),
            "record_id": ("record_number",),
            "level": ("level",),
        },
        message=("message", "z_original_message"),
        time="coalesce(instant({@event_date_creation}), instant({@timestamp}))",
        data=("event_data", "user_data"),
    ),
    Shape(  # NXLog, Logstash, Splunk, Get-WinEvent | ConvertTo-Json
        name="flat",
        evidence=(("EventID", "EventCode", "Id"), ("Channel", "LogName", "SourceName", "ProviderName")),
        header={
            "channel": ("Channel", "LogName"),
            "event_id": ("EventID", "EventCode", "Id"),
            "provider": ("SourceName", "ProviderName", "Provider"),
            "computer": ("Hostname", "Computer", "ComputerName", "MachineName"),
            "record_id": ("RecordNumber", "EventRecordID", "RecordId", "RecordID"),
            "level": ("LevelDisplayName", "Level", "Severity"),
        },
        message=("Message",),
        time=(
            "coalesce(instant({TimeCreated}), CASE WHEN has_zone({EventTime}) THEN instant({EventTime}) END,"
            " local_instant({EventTime}, {EventReceivedTime}, {@timestamp}), instant({EventTime}),"
            " instant({SystemTime}), instant({_time}), instant({@timestamp}))"
        ),
    ),
    Shape(  # documents that are in the CAR model already, flat or with their fields in a member
        name="car",
        evidence=(("object", "data_model.object"), ("action", "data_model.action")),
        header={
            "computer": tuple(
                outer + name
                for outer in ("", "fields.", "data_model.", "data_model.fields.")
                for name in ("fqdn", "hostname")
            )
        },
        constants={
            "channel": (
                "'car/' || lower(replace(coalesce({object}, {data_model.object}), ' ', '_'))"
                " || '/' || lower(replace(coalesce({action}, {data_model.action}), ' ', '_'))"
            )
        },
        time=(
            "coalesce(instant({time}), instant({fields.time}), instant({data_model.time}),"
            " instant({data_model.fields.time}), instant({timestamp}), instant({@timestamp}))"
        ),
        data=("data_model.fields", "fields", "data_model"),
    ),
    Shape(
        name="zeek",
        evidence=(("@stream", "_path", "uid", "fuid"), ("@proc", "ts")),
        header={"computer": ()},
        constants={
            "channel": "'zeek' || coalesce('/' || {@stream}, '/' || {_path}, '/' || zeek_stream(line), '')",
            "provider": "'zeek'",
        },
        time="instant({ts})",
    ),
    Shape(  # a row of a query's result
        name="osquery",
        evidence=(("columns",), ("hostIdentifier", "host_identifier", "unixTime", "unix_time")),
        header={"computer": ("hostIdentifier", "host_identifier")},
        constants={"channel": "'osquery' || coalesce('/' || {name}, '')", "provider": "'osquery'"},
        time="coalesce(instant({unixTime}), instant({unix_time}))",
        data=("columns",),
    ),
    Shape(
        name=UNKNOWN,
        evidence=(),
        header={
            "channel": ("Channel", "channel", "log_name"),
            "event_id": ("EventID", "EventId", "eventID", "event_id", "EventCode", "event.code"),
            "provider": ("provider", "SourceName"),
            "computer": ("Hostname", "hostname", "Computer", "computer", "ComputerName", "computer_name", "host_name"),
            "record_id": ("RecordNumber", "EventRecordID", "RecordId", "RecordID", "record_id"),
        },
        message=("message", "Message"),
        time=(
            "coalesce(instant({UtcTime}), instant({TimeCreated}), instant({@timestamp}), instant({timestamp}),"
            " instant({time}), instant({ts}))"
        ),
        data=("EventData", "event_data", "eventData"),
    ),
)
"""The first shape whose evidence a record has is the record's."""

MESSAGE_MEMBERS = ("Message", "message", "z_original_message", "_raw")
"""Members that repeat the record as text; they are not data."""
