"""What a program asks of a store, and what of it the store lacks: an empty answer is not always "found nothing"."""

from __future__ import annotations

from carlang.model.schema import Model
from carlang.resolve.bound import BoundOutput, Events, EventSet
from carlang.resolve.lineage import asked_fields, searches
from carlang.results import FieldNeverFilled, HollowRecords, NoEvents, Reason
from carlang.store import Store, StoreFile


def missing_events(output: BoundOutput, store: Store, model: Model) -> tuple[Reason, ...]:
    """Return why an output cannot be computed at all: every class of events of one of its searches is absent.

    Empty where the store has some events for each search. Where records would be such events, and are hollow, that is
    a reason, too.
    """
    for events in searches(output.stream):
        if not any(_files(store, event_set) for event_set in events.sets):
            absent = [NoEvents(e.object, action) for e in events.sets for action in _actions(e, model)]
            return (*absent, *_of_search(events, store))
    return ()


def hollow_records(output: BoundOutput, store: Store) -> tuple[HollowRecords, ...]:
    """Return the hollow records of the classes that an output searches: it sees only a part of what was logged."""
    return tuple(dict.fromkeys(each for events in searches(output.stream) for each in _of_search(events, store)))


def unsure_absence(output: BoundOutput, store: Store, model: Model) -> tuple[Reason, ...]:
    """Return why finding no row says little: a class of events, or a field that conditions ask for, is absent.

    Or records would be events of such a class, and are hollow: what the row is to be found of may be in them.

    Empty where finding no row means that there is none. A search for a whole object does not lack an action: no
    sensor records them all, and nobody named that one.
    """
    for events in searches(output.stream):
        for event_set in events.sets:
            held = {file.action for file in _files(store, event_set)}
            absent = [action for action in event_set.actions if action not in held]
            if absent and not _is_whole(event_set, model):
                return (*(NoEvents(event_set.object, action) for action in absent), *_of_search(events, store))
        if hollow := _of_search(events, store):
            return hollow
    for events, fields in asked_fields(output.stream):
        files = [file for event_set in events.sets for file in _files(store, event_set)]
        unfilled = [name for name in sorted(fields) if not any(file.filled.get(name, 0) for file in files)]
        if unfilled:
            classes = [(e.object, action) for e in events.sets for action in _actions(e, model)]
            return tuple(FieldNeverFilled(owner, action, name) for name in unfilled for owner, action in classes)
    return ()


def _of_search(events: Events, store: Store) -> tuple[HollowRecords, ...]:
    """Return the hollow records of a search's classes."""
    counts = store.hollow()
    classes = ((event_set.object, action) for event_set in events.sets for action in event_set.actions)
    return tuple(HollowRecords(*each, counts[each]) for each in dict.fromkeys(classes) if each in counts)


def _files(store: Store, event_set: EventSet) -> list[StoreFile]:
    return [file for file in store.files(event_set.object, event_set.actions) if file.rows]


def _is_whole(event_set: EventSet, model: Model) -> bool:
    owner = model.objects.get(event_set.object)
    return owner is not None and len(event_set.actions) == len(owner.actions)


def _actions(event_set: EventSet, model: Model) -> tuple[str | None, ...]:
    """Return the actions to name in a reason; None stands for all of a whole object's."""
    return (None,) if _is_whole(event_set, model) else event_set.actions
