"""What a store can say of an output, as plain data: a state, the reasons, and the hosts by state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pyarrow as pa

from carlang.results.reasons import Reason, reason_json


class State(Enum):
    """What finding nothing would mean.

    `answered`: that there is nothing. `partly`: nothing in that part of the events that the store has. `blind`: no row
    could be found. `not_asked`: the analytic is for other platforms than the hosts'.
    """

    ANSWERED = "answered"
    PARTLY = "partly"
    BLIND = "blind"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class HostGroup:
    """Hosts of one state for the same reasons.

    `hosts` are their names as an Arrow array of texts in order; a null stands for the events that name no host.
    """

    state: State
    reasons: tuple[Reason, ...]
    hosts: pa.Array = field(repr=False)

    @property
    def count(self) -> int:
        """The number of hosts."""
        return len(self.hosts)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a store can say of an output: its state as a whole, the reasons if it is not answered, and the hosts."""

    state: State
    reasons: tuple[Reason, ...] = ()
    groups: tuple[HostGroup, ...] = ()

    def count(self, *states: State) -> int:
        """Return the number of hosts of some states, of all where none is named."""
        return sum(group.count for group in self.groups if not states or group.state in states)

    def names(self, state: State, limit: int | None = None) -> list[str | None]:
        """Return the names of the hosts of a state, the first `limit` of them; None for events that name no host."""
        names: list[str | None] = []
        for group in self.groups:
            if group.state is state:
                left = None if limit is None else limit - len(names)
                names += group.hosts.slice(0, left).to_pylist()
        return names

    def reasons_of(self, state: State) -> tuple[Reason, ...]:
        """Return the reasons that hosts of a state have, each once."""
        return distinct(reason for group in self.groups if group.state is state for reason in group.reasons)


def distinct(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return reasons in their order, each once."""
    return tuple(dict.fromkeys(reasons))


def judgement_json(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement as a JSON object, with the names of all hosts."""
    return {
        "state": judgement.state.value,
        "reasons": [reason_json(reason) for reason in judgement.reasons],
        "hosts": {state.value: judgement.count(state) for state in State},
        "by_host": [
            {
                "state": group.state.value,
                "reasons": [reason_json(reason) for reason in group.reasons],
                "count": group.count,
                "hosts": group.hosts.to_pylist(),
            }
            for group in judgement.groups
        ],
    }
