"""Records into events: each sensor's YAML says which records are its own, and which SQL over them gives each field."""

from carlang.mapping.called import called_by_any, called_by_sensor, sensors_of
from carlang.mapping.event_mapping import EventMapping, Sensors
from carlang.mapping.sensors import (
    builtin_sensors,
    classes_of_one_record,
    load_sensors,
    sensor_channels,
    sensor_logs,
    sensor_platforms,
)

__all__ = [
    "EventMapping",
    "Sensors",
    "builtin_sensors",
    "called_by_any",
    "called_by_sensor",
    "classes_of_one_record",
    "load_sensors",
    "sensor_channels",
    "sensor_logs",
    "sensor_platforms",
    "sensors_of",
]
