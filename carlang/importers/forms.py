"""The forms of an analytic file that hold programs: `.car`, Markdown and CAR's YAML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from carlang.datafile import DataFileError, read_yaml
from carlang.diagnostics import Diagnostic
from carlang.diagnostics.codes import ID_MISMATCH, NO_PROGRAM
from carlang.importers.analytic_file import CAR_ID, AnalyticFile, Coverage, DataSource, Form
from carlang.importers.annotations import (
    changes,
    d3fend_mappings,
    equivalent_mutants,
    other_implementations,
    related,
    true_positives,
    unit_tests,
)
from carlang.importers.cases import read_tests
from carlang.importers.front_matter import BLANK, COMMENT, FrontMatter, without_data, yaml_diagnostics
from carlang.importers.markdown import PROGRAM, Markdown
from carlang.importers.metadata import (
    ANALYTIC_TYPE,
    ANALYTIC_TYPES,
    AUTHOR,
    CONTRIBUTORS,
    DATA_MODEL_REFERENCES,
    DESCRIPTION,
    FALSE_POSITIVES,
    ID,
    INFORMATION_DOMAIN,
    LICENSE,
    PLATFORMS,
    REFERENCES,
    STATUS,
    SUBMISSION_DATE,
    SUBTYPES,
    TAGS,
    TITLE,
    UPDATE_DATE,
    Reader,
)
from carlang.importers.scalar import scalar_offsets
from carlang.source import Source, Span

_TITLE_WITH_ID = re.compile(rf"({CAR_ID.pattern})\s*:\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Content:
    """What a form's reader found beside the metadata; `title`, `description`, `coverage` hold where that has none."""

    form: Form
    programs: Sequence[tuple[Source, str]] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    title: str = ""
    description: str = ""
    coverage: tuple[Coverage, ...] = ()


def read_car(source: Source, *, shipped: bool = False) -> AnalyticFile:
    """Read a `.car` file: the program, with front matter before it or without."""
    front = FrontMatter.read(source, COMMENT, shipped=shipped)
    programs = []
    if front.body is not None:
        text = "\n".join(source.text.split("\n")[front.body :])
        programs.append((Source.block(source.name, source.text, text, front.body + 1), ""))
    return analytic_of(front.data, Content(Form.CAR, programs, front.diagnostics))


def read_markdown(source: Source) -> AnalyticFile:
    """Read a Markdown document: programs in code fences under a heading that says "Pseudocode"."""
    front = FrontMatter.read(source, BLANK)
    lines = source.text.split("\n")
    document = Markdown.read(lines, len(lines) if front.body is None else front.body)
    programs = document.programs()
    diagnostics = front.diagnostics
    if not programs and front.body is not None:
        fault = Diagnostic(NO_PROGRAM, "no code fence stands under a heading `Pseudocode`", source, Span(0, 0))
        diagnostics += (fault.with_help("put the program between lines of ``` under `## Pseudocode`"),)
    content = Content(
        Form.MARKDOWN,
        [(Source(source.name, fence.text, source.text, fence.origins), _label(heading)) for heading, fence in programs],
        diagnostics,
        title=document.title(),
        description=document.description(),
        coverage=document.coverage(),
    )
    return analytic_of(front.data, content)


def read_yaml_form(source: Source) -> AnalyticFile:
    """Read a file in CAR's YAML: programs in the implementations whose type is pseudocode."""
    try:
        data = DataSource(read_yaml(source.name, source.text), source)
    except DataFileError as error:
        return analytic_of(without_data(source), Content(Form.YAML, (), yaml_diagnostics(error, source)))
    value = data.data.data
    implementations = value.get("implementations") if isinstance(value, dict) else None
    entries = implementations if isinstance(implementations, list) else []
    read = [(_program(data, index, entry), entry) for index, entry in enumerate(entries)]
    programs = [(program, str(entry.get("name") or "")) for program, entry in read if program]
    diagnostics: tuple[Diagnostic, ...] = ()
    if not programs:
        span = data.span(("implementations",), at_key=True) if entries else Span(0, 0)
        message = "none of the implementations is in pseudocode" if entries else "the analytic has no implementations"
        diagnostics = (Diagnostic(NO_PROGRAM, message, source, span),)
    return analytic_of(data, Content(Form.YAML, programs, diagnostics))


def _program(data: DataSource, index: int, entry: Any) -> Source | None:
    """Return the program of an implementation, or None where it is in another language."""
    if not isinstance(entry, dict) or not PROGRAM.fullmatch(str(entry.get("type", "")).strip()):
        return None
    node = data.data.node(("implementations", index, "code"))
    code = entry.get("code")
    if not isinstance(code, str) or not isinstance(node, yaml.ScalarNode):
        return None
    source = data.source
    return Source.mapped(source.name, source.text, code, scalar_offsets(source.text, node))


def analytic_of(data: DataSource, content: Content) -> AnalyticFile:
    """Return the analytic of what is known of it and what its form has beside that."""
    reader = Reader(data)
    reader.check_keys()
    stem = Path(data.source.name).stem
    titled_id, title = _titled(reader.get(TITLE, content.title))
    identifier = reader.get(ID, titled_id or stem)
    if CAR_ID.fullmatch(stem) and identifier != stem:
        message = f"the id `{identifier}` differs from the file's name `{stem}`"
        key = "id" if ID.name in reader.mapping else "title"
        reader.diagnostics.append(Diagnostic(ID_MISMATCH, message, data.source, data.span((key,))))
    cases = read_tests(reader, ("tests",), reader.mapping.get("tests"))
    return AnalyticFile(
        id=identifier,
        file=data.source.name,
        form=content.form,
        title=title,
        description=reader.get(DESCRIPTION, content.description).strip(),
        submission_date=reader.get(SUBMISSION_DATE, None),
        platforms=reader.get(PLATFORMS, ()),
        analytic_types=reader.get(ANALYTIC_TYPES, ()) or reader.get(ANALYTIC_TYPE, ()),
        coverage=reader.coverage() or content.coverage,
        contributors=reader.get(CONTRIBUTORS, ()),
        references=reader.get(REFERENCES, ()),
        update_date=reader.get(UPDATE_DATE, None),
        information_domain=reader.get(INFORMATION_DOMAIN, ()),
        subtypes=reader.get(SUBTYPES, ()),
        data_model_references=reader.get(DATA_MODEL_REFERENCES, ()),
        d3fend_mappings=d3fend_mappings(reader),
        unit_tests=unit_tests(reader, cases),
        true_positives=true_positives(reader),
        implementations=other_implementations(reader),
        false_positives=reader.get(FALSE_POSITIVES, ()),
        level=reader.level(),
        levels=reader.levels(),
        level_places=reader.level_places(),
        author=reader.get(AUTHOR, "").strip(),
        status=reader.get(STATUS, "").strip(),
        license=reader.get(LICENSE, "").strip(),
        tags=reader.get(TAGS, ()),
        related=related(reader),
        equivalent_mutants=equivalent_mutants(reader),
        changes=changes(reader),
        sources=tuple(program for program, _ in content.programs),
        labels=tuple(label for _, label in content.programs),
        tests=cases,
        diagnostics=_in_order((*content.diagnostics, *reader.diagnostics)),
        metadata=reader.mapping,
    )


def _label(heading: str) -> str:
    """Return the heading over a program as its label, unless it says no more than that it is one."""
    return "" if PROGRAM.fullmatch(heading) else heading


def _titled(title: str) -> tuple[str, str]:
    """Return the id and the title of "CAR-2013-05-004: Execution with AT"; the id is empty where there is none."""
    match = _TITLE_WITH_ID.fullmatch(title.strip())
    return (match.group(1), match.group(2)) if match else ("", title.strip())


def _in_order(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(diagnostics, key=lambda fault: fault.span))
