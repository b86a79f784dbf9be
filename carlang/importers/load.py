"""Read an analytic from a file or text in any of its forms.

Reading never fails: what cannot be read, or is wrong around the programs, comes back as diagnostics of the analytic.
A text is decoded, its newlines made one kind, its form told from its name or content; then the reader of that form
finds the metadata and the programs, and hands both on with the places they stand at.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import assert_never

from carlang import importers, sigma
from carlang.cache import Codec, Kept
from carlang.diagnostics import Diagnostic
from carlang.diagnostics.codes import CODES
from carlang.importers.analytic_file import AnalyticFile, Case, Form
from carlang.importers.front_matter import COMMENT, Extent
from carlang.importers.rule_files import ALONE, RuleFiles, neighbours_of
from carlang.importers.texts import newlines, read_file
from carlang.sigma import Neighbours
from carlang.source import Source

SUFFIXES = {
    ".car": Form.CAR,
    ".md": Form.MARKDOWN,
    ".markdown": Form.MARKDOWN,
    ".yaml": Form.YAML,
    ".yml": Form.YAML,
}
"""The form that a file's suffix stands for."""

TESTS_SUFFIX = ".tests.yaml"
"""The end of the name of a file of tests, which stands beside the analytic of the same stem."""

_YAML_KEY = re.compile(r"(?:id|title|implementations)[ \t]*:(?:[ \t].*)?")
_FENCE = re.compile(r" {0,3}(?:```|~~~).*")


Pipelines = tuple[tuple[str, str], ...]
"""The names and texts of pySigma's processing pipelines."""


def load_file(
    path: Path, *, shipped: bool = False, pipelines: Pipelines = (), rules: RuleFiles | None = None
) -> AnalyticFile:
    """Return the analytic of a file, with the tests of the file of tests beside it, if there is one.

    `shipped` says that the file came with the package, so that its front matter is known to be right; `pipelines` are
    applied to Sigma rules. What these refer to is looked for among `rules`, else in the files of the same folder.
    """
    text, fault = read_file(path)
    if fault:
        form = SUFFIXES.get(path.suffix.casefold(), Form.CAR)
        return AnalyticFile(path.stem, str(path), form, diagnostics=(fault,))
    neighbours = neighbours_of(path, newlines(text), rules)
    analytic = load_text(text, str(path), shipped=shipped, pipelines=pipelines, neighbours=neighbours)
    beside = path.with_name(path.stem + TESTS_SUFFIX)
    if beside == path or not beside.is_file():
        return analytic
    cases, faults = _tests_beside(beside)
    tested = replace(analytic, tests=(*analytic.tests, *cases), diagnostics=(*analytic.diagnostics, *faults))
    if not analytic.rules:
        return tested
    # Of several rules of a file its tests are of the first, whose outputs have the names that it knows.
    first = replace(analytic.rules[0], tests=tested.tests, diagnostics=(*analytic.rules[0].diagnostics, *faults))
    return replace(tested, rules=(first, *analytic.rules[1:]))


def load_text(
    text: str,
    name: str,
    form: Form | None = None,
    *,
    shipped: bool = False,
    pipelines: Pipelines = (),
    neighbours: Neighbours = ALONE,
) -> AnalyticFile:
    """Return the analytic of a text; `name` is what diagnostics call it, and says the form where `form` does not.

    `neighbours` is what other files have to do with one of Sigma rules.
    """
    read = _loaded if len(text) > _LARGEST_KEPT else _kept
    return read(text, name, form, shipped=shipped, pipelines=pipelines, neighbours=neighbours)


def _loaded(
    text: str, name: str, form: Form | None, *, shipped: bool, pipelines: Pipelines, neighbours: Neighbours
) -> AnalyticFile:
    """Return the analytic as an earlier run has read it, or read it: most of the time goes into its YAML."""
    document = newlines(text.removeprefix("\ufeff"))
    pipeline_texts = (text for pipeline in pipelines for text in pipeline)
    neighbour_texts = (text for file in neighbours.files for text in (file.name, file.text))
    referred = "\n".join(sorted(neighbours.referred))
    how = (form.value if form else "", "shipped" if shipped else "", referred, str(len(neighbours.files)))
    sources = (name, document, *how, *neighbour_texts, *pipeline_texts)
    kept = _analytics.get(sources, (document,))
    if isinstance(kept, AnalyticFile):
        return kept
    source = Source.whole(name, document)
    analytic = _read_form(source, form, shipped=shipped, pipelines=pipelines, neighbours=neighbours)
    _analytics.put(sources, analytic, (document,))
    return analytic


_CODEC = Codec(
    (
        "carlang.importers.analytic_file",
        "carlang.importers.series",
        "carlang.datafile.document",
        "carlang.diagnostics.diagnostic",
        "carlang.levels",
        "carlang.source",
    ),
    CODES,
)
_analytics = Kept("analytic", _CODEC)
_tests = Kept("tests", _CODEC)


def _read_form(
    source: Source, form: Form | None, *, shipped: bool, pipelines: Pipelines, neighbours: Neighbours
) -> AnalyticFile:
    chosen = form or SUFFIXES.get(Path(source.name).suffix.casefold()) or form_of(source.text)
    if chosen is Form.YAML and sigma.is_rule(source.text):
        chosen = Form.SIGMA
    match chosen:
        case Form.CAR:
            return importers.read_car(source, shipped=shipped)
        case Form.MARKDOWN:
            return importers.read_markdown(source)
        case Form.YAML:
            return importers.read_yaml_form(source)
        case Form.SIGMA:
            return importers.read_sigma(source, pipelines, neighbours)
        case _:
            assert_never(chosen)


_LARGEST_KEPT = 64 * 2**10
"""How many characters a text may have that is kept with its analytic: four times the longest that ships."""

# The same text under the same name is the same analytic. Most of a catalogue's loading goes into its YAML, and a
# process that lists, checks and runs it asks for it again and again.
_kept = lru_cache(maxsize=512)(_loaded)


def is_sigma_rule(text: str) -> bool:
    """Tell whether a YAML text is a file of Sigma rules."""
    return sigma.is_rule(text)


def form_of(document: str) -> Form:
    """Tell a document's form from its content.

    CAR's YAML has a key of its own at the margin, outside front matter; Markdown has a code fence. A Sigma rule may
    be written as JSON, or indented as a whole.
    """
    if document[:1] in ("{", " ", "\t") and is_sigma_rule(document):
        return Form.YAML
    lines = document.split("\n")
    front = Extent.of(lines, COMMENT)
    closing = front.closing if front else None
    body = lines if closing is None else lines[closing + 1 :]
    if any(_YAML_KEY.fullmatch(line) for line in body):
        return Form.YAML  # or Sigma's, which is looked for in all YAML
    return Form.MARKDOWN if any(_FENCE.fullmatch(line) for line in body) else Form.CAR


def _tests_beside(path: Path) -> tuple[tuple[Case, ...], tuple[Diagnostic, ...]]:
    text, fault = read_file(path)
    if fault:
        return (), (fault,)
    document = newlines(text)
    sources = (str(path), document)
    kept = _tests.get(sources, (document,))
    if kept is not None:
        cases, faults = kept
        return cases, faults
    made = importers.read_tests_beside(Source.whole(str(path), document))
    _tests.put(sources, made, (document,))
    return made
