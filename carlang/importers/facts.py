"""What is known of an analytic as plain data, for JSON: every key of its front matter but the tests' events."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from carlang.importers.analytic_file import AnalyticFile, Coverage


def facts(data: AnalyticFile) -> dict[str, Any]:
    """Return the metadata of an analytic file; instants and days are text, what has no value is empty or null."""
    return {
        "analytic": data.id,
        "title": data.title,
        "description": data.description,
        "submission_date": _day(data.submission_date),
        "update_date": _day(data.update_date),
        "information_domain": list(data.information_domain),
        "subtypes": list(data.subtypes),
        "platforms": list(data.platforms),
        "analytic_types": list(data.analytic_types),
        "contributors": list(data.contributors),
        "coverage": [_coverage(entry) for entry in data.coverage],
        "d3fend_mappings": [asdict(entry) for entry in data.d3fend_mappings],
        "false_positives": list(data.false_positives),
        "level": None if data.level is None else data.level.text,
        "levels": {output: level.text for output, level in data.levels.items()},
        "author": data.author or None,
        "status": data.status or None,
        "license": data.license or None,
        "tags": list(data.tags),
        "related": [asdict(entry) for entry in data.related],
        "data_model_references": list(data.data_model_references),
        "implementations": [asdict(entry) for entry in data.implementations],
        "true_positives": [asdict(entry) for entry in data.true_positives],
        "unit_tests": [asdict(entry) for entry in data.unit_tests],
        "equivalent_mutants": [
            {"part": entry.part, "change": entry.change, "reason": entry.reason} for entry in data.equivalent_mutants
        ],
        "tests": [case.name for case in data.tests],
        "references": list(data.references),
        "changes": dict(data.changes),
        "programs": [source.text.strip() for source in data.sources],
        "file": data.file,
    }


def _day(day: object) -> str | None:
    return None if day is None else str(day)


def _coverage(entry: Coverage) -> dict[str, Any]:
    return {
        "technique": entry.technique,
        "subtechniques": list(entry.subtechniques),
        "tactics": list(entry.tactics),
        "coverage": entry.level,
    }
