"""Records into events: each sensor's YAML says which records are its own, and which SQL over them gives each field."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.mapping.called import called_by_any, called_by_sensor, sensors_of
    from carlang.mapping.event_mapping import EventMapping, Sensors
    from carlang.mapping.facts import read_facts
    from carlang.mapping.sensor_facts import classes_of_one_record, sensor_channels, sensor_logs, sensor_platforms
    from carlang.mapping.sensors import builtin_sensors, load_sensors
else:
    __getattr__ = hand_on(
        __name__,
        {
            "mapping.called": "called_by_any called_by_sensor sensors_of",
            "mapping.event_mapping": "EventMapping Sensors",
            "mapping.facts": "read_facts",
            "mapping.sensor_facts": "classes_of_one_record sensor_channels sensor_logs sensor_platforms",
            "mapping.sensors": "builtin_sensors load_sensors",
        },
    )

__all__ = [
    "EventMapping",
    "Sensors",
    "builtin_sensors",
    "called_by_any",
    "called_by_sensor",
    "classes_of_one_record",
    "load_sensors",
    "read_facts",
    "sensor_channels",
    "sensor_logs",
    "sensor_platforms",
    "sensors_of",
]
