"""Incidents, hits and groups as JSON objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from carlang.results import Group, Hit, Incident, ProcessNode, Triage, Weight, moment_text


def incident_json(incident: Incident, shown: Sequence[int]) -> dict[str, Any]:
    """Return an incident as an object; of its rows those that are there, `shown` of each result."""
    return {
        "id": incident.id,
        "level": incident.level.text,
        "weight": incident.weight.points,
        "times": incident.times,
        "count": incident.count,
        "first": moment_text(incident.first),
        "last": moment_text(incident.last),
        "hosts": list(incident.hosts),
        "users": list(incident.users),
        "techniques": list(incident.techniques),
        "analytics": list(incident.analytics),
        "hits": [hit_json(hit, shown) for hit in incident.hits],
        "processes": [process_json(node) for node in incident.processes],
    }


def process_json(node: ProcessNode) -> dict[str, Any]:
    """Return a process of a tree as an object."""
    return {
        "key": node.key,
        "parent": node.parent,
        "host": node.host,
        "time": moment_text(node.time),
        "pid": node.pid,
        "exe": node.exe,
        "command_line": node.command_line,
    }


def hit_json(hit: Hit, shown: Sequence[int]) -> dict[str, Any]:
    """Return a hit as an object, with the terms of its weight."""
    rows = [at for occurrence in hit.occurrences for at in occurrence.rows if at.row < shown[at.output]]
    return {
        "analytic": hit.analytic,
        "output": hit.output,
        "title": hit.title,
        "level": hit.level.text,
        **weight_json(hit.weight),
        "count": hit.count,
        "first": moment_text(hit.first),
        "last": moment_text(hit.last),
        "hosts": list(hit.hosts),
        "users": list(hit.users),
        "techniques": list(hit.techniques),
        "also": [{"analytic": analytic, "output": output} for analytic, output in hit.also],
        "values": dict(hit.values),
        "rows": [{"result": at.output, "row": at.row} for at in rows],
    }


def group_json(group: Group) -> dict[str, Any]:
    """Return a group as an object."""
    return {
        "name": group.name,
        "level": group.level.text,
        "weight": group.weight,
        "count": group.count,
        "first": moment_text(group.first),
        "last": moment_text(group.last),
        "hosts": list(group.hosts),
        "techniques": list(group.techniques),
        "analytics": list(group.analytics),
        "incidents": list(group.incidents),
    }


def groups_json(triage: Triage) -> dict[str, Any]:
    """Return the groups of a run as an object; nothing where none were asked for."""
    if triage.grouped_by is None:
        return {}
    return {"grouped_by": triage.grouped_by.value, "groups": [group_json(group) for group in triage.groups]}


def weight_json(weight: Weight) -> dict[str, Any]:
    """Return a weight with the terms that it is the sum of."""
    terms = [{"name": term.name, "points": term.points, "text": term.text} for term in weight.terms]
    return {"weight": weight.points, "terms": terms}
