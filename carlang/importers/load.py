"""Read an analytic from a file or text in any of its forms.

Reading never fails: what cannot be read, or is wrong around the programs, comes back as diagnostics of the analytic.
A text is decoded, its newlines made one kind, its form told from its name or content; then the reader of that form
finds the metadata and the programs, and hands both on with the places they stand at.
"""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import assert_never

from carlang import importers, sigma
from carlang.cache import Codec, Kept
from carlang.diagnostics import Diagnostic
from carlang.diagnostics.codes import CODES, FILE_UNREADABLE, NOT_UTF8
from carlang.importers.analytic_file import AnalyticFile, Case, Form
from carlang.importers.front_matter import COMMENT, Extent
from carlang.source import Source, Span

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


def load_file(path: Path, *, shipped: bool = False, pipelines: Pipelines = ()) -> AnalyticFile:
    """Return the analytic of a file, with the tests of the file of tests beside it, if there is one.

    `shipped` says that the file came with the package, so that its front matter is known to be right; `pipelines` are
    applied to Sigma rules.
    """
    text, fault = read_file(path)
    if fault:
        form = SUFFIXES.get(path.suffix.casefold(), Form.CAR)
        return AnalyticFile(path.stem, str(path), form, diagnostics=(fault,))
    analytic = load_text(text, str(path), shipped=shipped, pipelines=pipelines)
    beside = path.with_name(path.stem + TESTS_SUFFIX)
    if beside == path or not beside.is_file():
        return analytic
    cases, faults = _tests_beside(beside)
    return replace(analytic, tests=(*analytic.tests, *cases), diagnostics=(*analytic.diagnostics, *faults))


def load_text(
    text: str, name: str, form: Form | None = None, *, shipped: bool = False, pipelines: Pipelines = ()
) -> AnalyticFile:
    """Return the analytic of a text; `name` is what diagnostics call it, and says the form where `form` does not."""
    if len(text) > _LARGEST_KEPT:
        return _loaded(text, name, form, shipped=shipped, pipelines=pipelines)
    return _kept(text, name, form, shipped=shipped, pipelines=pipelines)


def _loaded(text: str, name: str, form: Form | None, *, shipped: bool, pipelines: Pipelines) -> AnalyticFile:
    """Return the analytic as an earlier run has read it, or read it: most of the time goes into its YAML."""
    document = _newlines(text.removeprefix("\ufeff"))
    pipeline_texts = (text for pipeline in pipelines for text in pipeline)
    sources = (name, document, form.value if form else "", "shipped" if shipped else "", *pipeline_texts)
    kept = _analytics.get(sources, (document,))
    if isinstance(kept, AnalyticFile):
        return kept
    analytic = _read_form(Source.whole(name, document), form, shipped=shipped, pipelines=pipelines)
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


def _read_form(source: Source, form: Form | None, *, shipped: bool, pipelines: Pipelines) -> AnalyticFile:
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
            return importers.read_sigma(source, pipelines)
        case _:
            assert_never(chosen)


_LARGEST_KEPT = 64 * 2**10
"""How many characters a text may have that is kept with its analytic: four times the longest that ships."""

# The same text under the same name is the same analytic. Most of a catalogue's loading goes into its YAML, and a
# process that lists, checks and runs it asks for it again and again.
_kept = lru_cache(maxsize=512)(_loaded)


def form_of(document: str) -> Form:
    """Tell a document's form from its content.

    CAR's YAML has a key of its own at the margin, outside front matter; Markdown has a code fence.
    """
    lines = document.split("\n")
    front = Extent.of(lines, COMMENT)
    closing = front.closing if front else None
    body = lines if closing is None else lines[closing + 1 :]
    if any(_YAML_KEY.fullmatch(line) for line in body):
        return Form.YAML  # or Sigma's, which is looked for in all YAML
    return Form.MARKDOWN if any(_FENCE.fullmatch(line) for line in body) else Form.CAR


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


LARGEST = 64 * 2**20
"""How many bytes a file of an analytic may have: many times what its program may, which is read as a whole."""


def is_special(path: Path) -> bool:
    """Tell whether a path is a FIFO, a socket or a device: to read one may wait for ever, or never end."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # said when it is read
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def too_large(path: Path) -> bool:
    """Tell whether a file is larger than one of an analytic may be."""
    try:
        return path.stat().st_size > LARGEST
    except OSError:
        return False  # the same


def read_file(path: Path) -> tuple[str, Diagnostic | None]:
    """Return a file's text, or a diagnostic of why there is none."""
    if is_special(path) or too_large(path):
        reason = "no regular file" if is_special(path) else f"larger than {LARGEST // 2**20} MiB"
        return "", Diagnostic(FILE_UNREADABLE, f"`{path}` is {reason}", Source.whole(str(path), ""), Span(0, 0))
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"`{path}` cannot be read: {error.strerror or error}"
        return "", Diagnostic(FILE_UNREADABLE, message, Source.whole(str(path), ""), Span(0, 0))
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        source = Source.whole(str(path), _newlines(data.decode("utf-8-sig", errors="replace")))
        offset = len(_newlines(data[: error.start].decode("utf-8-sig")))
        fault = Diagnostic(NOT_UTF8, f"`{path}` is not UTF-8 text", source, Span(offset, offset + 1))
        byte = data[error.start]
        return "", fault.with_label(f"the byte 0x{byte:02X} stands for nothing here").with_help("save it as UTF-8")


def _tests_beside(path: Path) -> tuple[tuple[Case, ...], tuple[Diagnostic, ...]]:
    text, fault = read_file(path)
    if fault:
        return (), (fault,)
    document = _newlines(text)
    sources = (str(path), document)
    kept = _tests.get(sources, (document,))
    if kept is not None:
        cases, faults = kept
        return cases, faults
    made = importers.read_tests_beside(Source.whole(str(path), document))
    _tests.put(sources, made, (document,))
    return made
