"""What is taken for granted of records that do not say it, as options of every command that reads logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from carlang.cli.declared import Option, Together


@dataclass(frozen=True, slots=True)
class Reading(Together):
    """Options whose names are those of the library's arguments, so that they can be handed on as they are."""

    hostname: Annotated[str | None, Option(metavar="H", help="The host of records that name none.")] = None
    timezone: Annotated[
        str | None, Option(metavar="ZONE", help="The zone of times that name none: Europe/Berlin, +02:00.")
    ] = None
