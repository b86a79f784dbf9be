"""Analytics as `.car` files: front matter from what another form says, then the program."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from carlang.importers.analytic_file import AnalyticFile, AtLeast, Case, Coverage, Expected, Implementation
from carlang.importers.cases import AT_LEAST
from carlang.source import Source

_FIRST = (
    "id",
    "title",
    "submission_date",
    "update_date",
    "information_domain",
    "subtypes",
    "platforms",
    "analytic_types",
    "analytic_type",
    "level",
    "levels",
    "author",
    "status",
    "license",
    "tags",
    "contributors",
    "coverage",
    "description",
    "references",
    "related",
)
"""The keys that come first, in this order; the others follow in the order of their document."""

_WIDTH = 120
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


def program_id(analytic: AnalyticFile, number: int) -> str:
    """Return the id of a file that holds one program of an analytic: its own for the first, `ID-2` for the second."""
    return analytic.id if number == 0 else f"{analytic.id}-{number + 1}"


def car_text(analytic: AnalyticFile, number: int, program: str) -> str:
    """Return the `.car` file of one program of an analytic.

    `program` is the text to write for `analytic.sources[number]`. A label that the program has in a file of several
    stands above it as a comment.
    """
    label = " ".join(analytic.labels[number].split()) if number < len(analytic.labels) else ""
    remark = f"# {label}\n" if label and len(analytic.sources) > 1 else ""
    return f"---\n{_dumped(_Metadata(_front_matter(analytic, number)))}---\n{remark}{program.rstrip()}\n"


def tests_text(analytic: AnalyticFile, folder: Path) -> str | None:
    """Return the file of those tests of an analytic that do not stand in its own, to lie in a folder; None for none.

    Paths of logs are relative to the folder, as far as there is a way from it to them.
    """
    tests = [_test(case, analytic, folder) for case in analytic.tests if not _is_within(case, analytic)]
    return _dumped({"tests": tests}, _VerbatimDumper) if tests else None


def _is_within(case: Case, analytic: AnalyticFile) -> bool:
    return case.origin is not None and case.origin.source.name == analytic.file


def _test(case: Case, analytic: AnalyticFile, folder: Path) -> dict[str, Any]:
    """Return a test as it is written: as it stands in its file, else what it says."""
    written: Any = case.origin.data.data if case.origin else None
    for part in case.path if case.origin else ():
        written = written[part]
    if case.log is None:
        return dict(written)
    beside = Path(case.origin.source.name if case.origin else analytic.file).parent
    said = written or {"name": case.name, "expect": {name: _expected(rows) for name, rows in case.expect.items()}}
    return {**said, "log": _way(folder, beside / case.log)}


def _expected(rows: Expected) -> Any:
    return {AT_LEAST: rows.rows} if isinstance(rows, AtLeast) else rows


def _way(folder: Path, file: Path) -> str:
    try:
        return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another drive of Windows
        return file.resolve().as_posix()


def _dumped(data: Any, dumper: type[yaml.SafeDumper] | None = None) -> str:
    dumped: str = yaml.dump(
        data, Dumper=dumper or _Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=_WIDTH
    )
    return dumped


def plain_program(source: Source) -> str:
    """Return a program as it is written, without blanks at the ends of its lines."""
    return "\n".join(line.rstrip() for line in source.text.strip("\n").rstrip().split("\n"))


def _front_matter(analytic: AnalyticFile, number: int) -> dict[str, Any]:
    metadata: dict[str, Any] = dict(analytic.metadata)
    metadata["implementations"] = [_by_name(entry) for entry in analytic.implementations]
    metadata["id"] = program_id(analytic, number)
    metadata["title"] = analytic.title
    metadata["description"] = analytic.description
    # A sub-technique that is written in the place of its technique gets the form that CAR's own tools read.
    if not metadata.get("coverage") or _has_subtechnique_alone(metadata["coverage"]):
        metadata["coverage"] = [_entry(entry) for entry in analytic.coverage]
    keys = [*_FIRST, *(key for key in metadata if key not in _FIRST)]
    return {key: metadata[key] for key in keys if metadata.get(key) not in (None, "", [])}


def _has_subtechnique_alone(written: Any) -> bool:
    entries = written if isinstance(written, list) else []
    return any(isinstance(entry, dict) and "." in str(entry.get("technique")) for entry in entries)


def _by_name(implementation: Implementation) -> dict[str, str]:
    entry = {"type": implementation.type, "name": implementation.name, "data_model": implementation.data_model}
    return {key: value for key, value in entry.items() if value}


def _entry(coverage: Coverage) -> dict[str, Any]:
    entry = {
        "technique": coverage.technique,
        "subtechniques": list(coverage.subtechniques),
        "tactics": list(coverage.tactics),
        "coverage": coverage.level,
    }
    return {key: value for key, value in entry.items() if value}


class _Metadata(dict[str, Any]):
    """The outermost mapping, which is written a key a line."""


class _Dumper(yaml.SafeDumper):
    """Writes dates without quotes, texts of several lines as blocks, and no aliases."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # the class attribute is PyYAML's own way to set them
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
    }

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value that occurs twice twice."""
        return data is not None


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    clean = "\n".join(line.rstrip() for line in text.split("\n")) if "\n" in text else text
    return dumper.represent_scalar("tag:yaml.org,2002:str", clean, style="|" if "\n" in clean else None)


def _block(dumper: yaml.SafeDumper, metadata: _Metadata) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", list(metadata.items()), flow_style=False)


class _VerbatimDumper(_Dumper):
    """Writes texts as they are: a blank at the end of a line of an event's is one that the program may ask for."""


_Dumper.add_representer(str, _text)
_VerbatimDumper.add_representer(str, yaml.SafeDumper.represent_str)
_Dumper.add_representer(_Metadata, _block)
