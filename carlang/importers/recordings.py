"""The regression tests of Sigma rules: recordings that a rule has to find something in, as tests that it carries.

SigmaHQ's rules name a file by `regression_tests_path`, such as `regression_data/rules/…/info.yml`. It lists recordings,
and of each how many events the rule has to find at least, one where it does not say. Both paths are relative, to the
folder of the rule or to one above it, as SigmaHQ's own runner has it. Where somebody names a folder of recordings, a
rule's are the files in there that are called by its id; an `info.yml` of the rule beside one says which of them count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt

from carlang import sigma
from carlang.datafile import DataFileError, read_yaml, validate
from carlang.datafile import Path as DataPath
from carlang.diagnostics import Diagnostic
from carlang.diagnostics.codes import MISFIT_IN_TEST, UNKNOWN_IN_TEST, Code
from carlang.importers.analytic_file import AnalyticFile, AtLeast, Case, DataSource, Expected, Form
from carlang.importers.load import SUFFIXES
from carlang.importers.texts import is_special, newlines, read_file
from carlang.sigma import RuleDocument
from carlang.source import Source, Span

MEMBER = "regression_tests_path"
"""The key of a rule that names its regression tests."""

INFO = "info.yml"
"""What SigmaHQ calls the file of a rule's regression tests."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _listed(value: Any) -> Any:
    """Refuse a list of nothing: a rule without tests has no such file."""
    if not isinstance(value, list) or not value:
        raise ValueError("expected a list with an entry at least")  # pydantic asks for it
    return value


class _Test(BaseModel):
    """A recording and what is to be found in it. How other programs have to convert the rule is theirs: `pipelines`."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, BeforeValidator(str)] = "Regression test"
    type: Literal["evtx", "json", "ndjson", "jsonl"]
    path: str
    match_count: Annotated[StrictInt, Field(ge=0)] | None = None
    filters: tuple[Any, ...] = ()


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: Annotated[str, BeforeValidator(str)]


class _Info(BaseModel):
    """A file of regression tests, as SigmaHQ writes it."""

    model_config = ConfigDict(frozen=True)

    rule_metadata: Annotated[tuple[_Rule, ...], BeforeValidator(_listed)]
    regression_tests_info: Annotated[tuple[_Test, ...], BeforeValidator(_listed)]


@dataclass(frozen=True)
class RecordingFolder:
    """A folder of recordings, and those in it by what their names have before the first dot, without case."""

    path: Path
    by_id: Mapping[str, tuple[Path, ...]]

    @classmethod
    def of(cls, path: Path) -> RecordingFolder:
        """Return the recordings of a folder and those within it; raises `OSError` where it cannot be read."""
        if not path.is_dir():
            raise NotADirectoryError(f"{path} is no folder")
        by_id: dict[str, list[Path]] = {}
        for file in sorted(path.rglob("*")):
            if file.suffix.casefold() not in SUFFIXES and file.is_file():
                by_id.setdefault(file.name.partition(".")[0].casefold(), []).append(file)
        return cls(path, {id_: tuple(files) for id_, files in by_id.items()})


def with_recordings(analytic: AnalyticFile, folder: RecordingFolder | None = None) -> AnalyticFile:
    """Return a Sigma rule with the tests that its recordings are, and what is wrong with them; others as they are.

    Recordings of the folder, where it has some of the rule, take the place of those that the rule names.
    """
    if analytic.form is not Form.SIGMA:
        return analytic
    search = _Search(analytic, [])
    cases = search.of_folder(folder) if folder else ()
    cases = cases or search.of_rule()
    return replace(analytic, tests=(*analytic.tests, *cases), diagnostics=(*analytic.diagnostics, *search.faults))


@dataclass
class _Search:
    """The search for the recordings of a rule; `faults` grows by what is wrong with them."""

    analytic: AnalyticFile
    faults: list[Diagnostic]

    def of_folder(self, folder: RecordingFolder) -> tuple[Case, ...]:
        """Return the tests of the recordings that a folder has of the rule."""
        files = folder.by_id.get(self.analytic.id.casefold(), ())
        infos = dict.fromkeys(info for file in files if (info := file.with_name(INFO)).is_file())
        for info in infos:
            if (read := self._read(info)) and self._is_of_rule(read[1], self.analytic.id):
                return self._cases(*read)
        return tuple(self._case(f"Recording {file.name}", file, AtLeast(1)) for file in files)

    def of_rule(self) -> tuple[Case, ...]:
        """Return the tests of the recordings that the rule itself names."""
        source = Source.whole(self.analytic.file, self._text())
        if MEMBER not in source.text:
            return ()
        try:
            documents = sigma.rule_documents(source)
        except DataFileError:  # it is no YAML, and the rule's own faults say so
            return ()
        of_this_rule = [each for each in documents if len(documents) == 1 or self._is_own(each)]
        return tuple(
            case
            for document in of_this_rule
            if MEMBER in document.mapping
            for case in self._of_document(source, document)
        )

    def _is_own(self, document: RuleDocument) -> bool:
        """Tell which of several rules of a file this one is."""
        named = document.mapping.get("id") or document.mapping.get("name")
        return str(named).casefold() == self.analytic.id.casefold()

    def _text(self) -> str:
        """Return the text of the rule; that of one without a program, which is refused, is read again."""
        if self.analytic.sources:
            return self.analytic.sources[0].document
        text, _ = read_file(Path(self.analytic.file))
        return newlines(text)

    def _of_document(self, source: Source, document: RuleDocument) -> tuple[Case, ...]:
        named, id_ = document.mapping[MEMBER], str(document.mapping.get("id"))
        at_member = document.span((MEMBER,))
        if not isinstance(named, str) or not named.strip():
            self._report(MISFIT_IN_TEST, f"`{MEMBER}` is the path of a file", source, at_member)
            return ()
        file = _beside_or_above(Path(self.analytic.file), named)
        if file is None:
            message = f"there is no file `{named}` beside the rule or in a folder above it"
            help_ = "`--recordings DIR` names a folder that has recordings by the ids of their rules"
            self._report(UNKNOWN_IN_TEST, message, source, at_member, help_)
            return ()
        read = self._read(file)
        if read is None:
            return ()
        if not self._is_of_rule(read[1], id_):
            message = f"these are the tests of the rule `{read[1].rule_metadata[0].id}`, and not of `{id_}`"
            span = read[0].span(("rule_metadata", 0, "id"))
            self._report(MISFIT_IN_TEST, message, read[0].source, span)
            return ()
        return self._cases(*read)

    def _read(self, file: Path) -> tuple[DataSource, _Info] | None:
        """Return a file of tests, or None where it is none, which is reported."""
        text, fault = read_file(file)
        if fault:
            self.faults.append(fault)
            return None
        source = Source.whole(str(file), newlines(text))
        try:
            data = read_yaml(source.name, source.text)
            return DataSource(data, source), validate(_Info, data)
        except DataFileError as error:
            for each in error.faults:
                self._report(MISFIT_IN_TEST, each.message, source, Span(each.start, each.end))
            return None

    @staticmethod
    def _is_of_rule(info: _Info, id_: str) -> bool:
        return id_.casefold() in {each.id.casefold() for each in info.rule_metadata}

    def _cases(self, data: DataSource, info: _Info) -> tuple[Case, ...]:
        """Return the tests of a file; what cannot be run as it says is reported at its place in there."""
        cases = []
        for index, test in enumerate(info.regression_tests_info):
            path: DataPath = ("regression_tests_info", index)
            recording = _beside_or_above(Path(data.source.name), test.path)
            if test.filters:
                message = "a filter changes what the rule means: beside the rule, in its file, it is part of it"
                self._report(MISFIT_IN_TEST, message, data.source, data.span((*path, "filters")))
            elif recording is None:
                message = f"there is no recording `{test.path}`"
                self._report(UNKNOWN_IN_TEST, message, data.source, data.span((*path, "path")))
            elif _UUID.fullmatch(recording.stem) and not self._is_called(recording, info.rule_metadata):
                message = f"`{recording.name}` is called by the id of another rule"
                self._report(MISFIT_IN_TEST, message, data.source, data.span((*path, "path")))
            else:
                # SigmaHQ's runner takes more matches than `match_count` with a warning; none is what 0 says.
                wanted = 1 if test.match_count is None else test.match_count
                cases.append(self._case(f"{test.name} ({test.type})", recording, AtLeast(wanted) if wanted else 0))
        return tuple(cases)

    @staticmethod
    def _is_called(recording: Path, rules: Sequence[_Rule]) -> bool:
        return recording.stem.casefold() in {each.id.casefold() for each in rules}

    def _case(self, name: str, recording: Path, wanted: Expected) -> Case:
        outputs = (name for program in self.analytic.sources for name in sigma.output_names(program))
        return Case(name, log=str(recording.resolve()), expect=dict.fromkeys(outputs, wanted))

    def _report(self, code: Code, message: str, source: Source, span: Span, help_: str = "") -> None:
        fault = Diagnostic(code, message, source, span)
        self.faults.append(fault.with_help(help_) if help_ else fault)


def _beside_or_above(file: Path, named: str) -> Path | None:
    """Return the file that a path names, which is relative to a file's folder or to one above; the nearest counts."""
    relative = named.strip().replace("\\", "/")  # rules that are written on Windows
    candidates = (folder / relative for folder in _folders(file))
    return next((path for path in candidates if _is_regular(path)), None)


def _folders(file: Path) -> Iterator[Path]:
    folder = file.parent.absolute()
    yield folder
    yield from folder.parents


def _is_regular(path: Path) -> bool:
    try:
        return path.is_file() and not is_special(path)
    except (OSError, ValueError):  # a name that is too long, or has a NUL
        return False
