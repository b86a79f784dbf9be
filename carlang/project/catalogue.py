"""The catalogue: analytics by id, over the user's folders and the one that ships with the package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from carlang.diagnostics import Diagnostic, nearest
from carlang.diagnostics.codes import BAD_METADATA, SHADOWED
from carlang.errors import CarlangError
from carlang.importers.analytic_file import CAR_ID, AnalyticFile, Form
from carlang.importers.front_matter import BLANK, COMMENT, Extent
from carlang.importers.load import (
    SUFFIXES,
    TESTS_SUFFIX,
    Pipelines,
    is_sigma_rule,
    load_file,
    load_text,
)
from carlang.importers.rule_files import RuleFiles
from carlang.importers.texts import is_special, too_large
from carlang.source import Source, Span

_ID = re.compile(r"id[ \t]*:[ \t]*[\"']?([^\s\"'#]+)[\"']?[ \t]*(?:#.*)?")
_TITLE_ID = re.compile(rf"title[ \t]*:[ \t]*[\"']?({CAR_ID.pattern})[ \t]*:.*")
_IMPLEMENTATIONS = re.compile(r"^(?:implementations|id|detection|correlation)[ \t]*:", re.MULTILINE)
_PSEUDOCODE = re.compile(
    r"^(?: {0,3}#.*\bps(?:eu|ue)docode\b|ps(?:eu|ue)docode[ \t]*$|[ \t]*(?:```|~~~)[ \t]*(?:car|carlang|pseudocode)\b)",
    re.MULTILINE | re.IGNORECASE,
)


class CatalogueError(CarlangError):
    """A folder of the search path cannot be used."""


@dataclass(frozen=True)
class Entry:
    """A file of the catalogue and the id it has, found without reading all of it."""

    id: str
    file: Path | Traversable
    shipped: bool = False
    pipelines: Pipelines = ()
    rules: RuleFiles | None = None

    def load(self) -> AnalyticFile:
        """Return the analytic."""
        if isinstance(self.file, Path):
            file = load_file(self.file, shipped=self.shipped, pipelines=self.pipelines, rules=self.rules)
            return next((each for each in file.each if each.id.casefold() == self.id.casefold()), file)
        text = self.file.read_text(encoding="utf-8-sig")
        return load_text(text, str(self.file), shipped=self.shipped)


@dataclass(frozen=True)
class Folder:
    """A folder, or a single file, of analytics; an id means a file of the nearest folder of a search path."""

    root: Path | Traversable
    shipped: bool = False
    pipelines: Pipelines = ()

    @cached_property
    def entries(self) -> dict[str, list[Entry]]:
        """The files by id, without case; more than one under an id is the fault of the folder."""
        by_id: dict[str, list[Entry]] = {}
        files = analytic_files(self.root)
        rules = RuleFiles(tuple(file for file in files if isinstance(file, Path))) if not self.shipped else None
        for file in files:
            for id_ in self._ids(file, rules):
                by_id.setdefault(id_.casefold(), []).append(Entry(id_, file, self.shipped, self.pipelines, rules))
        return by_id

    def _ids(self, file: Path | Traversable, rules: RuleFiles | None) -> Sequence[str]:
        """Return the ids of a file's analytics: of Sigma rules those that have an output."""
        if rules is None or not isinstance(file, Path) or not rules.concern(file):
            return (quick_id(file),)
        return [each.id for each in load_file(file, pipelines=self.pipelines, rules=rules).each]

    def _named(self, id_: str) -> list[Entry]:
        """Return the file that is called by an id, where that says all: those that ship are, and no two have one id.

        To look into all of them for their ids takes longer than anything else that is done to find one.
        """
        name = id_.upper()
        if not self.shipped or "entries" in self.__dict__ or not CAR_ID.fullmatch(name):
            return []
        file = self.root.joinpath(f"{name}.car")
        return [Entry(name, file, shipped=True)] if file.is_file() else []

    def load(self, id_: str) -> tuple[AnalyticFile, ...]:
        """Return the analytics of an id; each of several carries a diagnostic that names the others."""
        entries = self._named(id_) or self.entries.get(id_.casefold(), [])
        analytics = [entry.load() for entry in entries]
        if len(entries) < 2:  # noqa: PLR2004  # one file an id
            return tuple(analytics)
        return tuple(_clashing(analytic, analytics) for analytic in analytics)


class Catalogue:
    """Analytics by id over a search path: the folders `paths` in order, then those that ship with the package.

    An id found in an earlier folder hides the same id in later ones, and carries a warning that says so. Raises
    `CatalogueError` for a path that is not there. `pipelines` are for Sigma rules.
    """

    def __init__(self, paths: Sequence[Path] = (), *, shipped: bool = True, pipelines: Pipelines = ()) -> None:
        for path in paths:
            if not path.exists():
                raise CatalogueError(f"`{path}` is not there; a catalogue is a folder of analytics, or one file")
        self.folders = [Folder(path, pipelines=pipelines) for path in paths]
        if shipped:
            self.folders.append(Folder(resources.files("carlang.analytics"), shipped=True))

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids, in alphabetical order."""
        ids = {key: entries[0].id for folder in reversed(self.folders) for key, entries in folder.entries.items()}
        return tuple(sorted(ids.values()))

    def find(self, id_: str) -> AnalyticFile | None:
        """Return the analytic of an id, in whatever case, or None.

        Where the folder has two files of that id, the first of them comes back with an error that names both.
        """
        for number, folder in enumerate(self.folders):
            if analytics := folder.load(id_):
                return self._shadowing(analytics[0], number)
        return None

    def file_of(self, id_: str) -> Path | Traversable | None:
        """Return the file that an id means, without reading more of it than its id."""
        entries = (folder.entries.get(id_.casefold()) for folder in self.folders)
        return next((of_id[0].file for of_id in entries if of_id), None)

    def all(self) -> tuple[AnalyticFile, ...]:
        """Return every analytic, in the order of ids; files that clash over an id all appear, each with an error."""
        by_id: dict[str, tuple[AnalyticFile, ...]] = {}
        for number, folder in enumerate(self.folders):
            for key in folder.entries:
                if key not in by_id:
                    by_id[key] = tuple(self._shadowing(analytic, number) for analytic in folder.load(key))
        return tuple(analytic for key in sorted(by_id) for analytic in by_id[key])

    def _shadowing(self, analytic: AnalyticFile, number: int) -> AnalyticFile:
        """Return an analytic of a folder by its number, with a warning where it hides one of a later folder."""
        for folder in self.folders[number + 1 :]:
            if hidden := folder.entries.get(analytic.id.casefold()):
                return shadowing(analytic, hidden[0].file)
        return analytic

    def suggest(self, id_: str) -> str | None:
        """Return the id most probably meant, or None."""
        return nearest(id_, self.ids)


def shipped_catalogue() -> Catalogue:
    """Return the catalogue of what ships with the package, and nothing else."""
    return _shipped()


_shipped = cache(Catalogue)


def analytic_files(root: Path | Traversable) -> list[Path | Traversable]:
    """Return the files of analytics in a folder and the folders within it, in the order of their names.

    All `.car` files are; Markdown counts if it has a section or fence of pseudocode, YAML if it has CAR's keys or
    Sigma's, and a single file always. Names that begin with a dot, files of tests, and FIFOs, sockets and devices,
    which may never end, are passed over.
    """
    if root.is_file():
        return [root]
    return list(_walk(root))


def _walk(folder: Path | Traversable, above: tuple[Path, ...] = ()) -> Iterable[Path | Traversable]:
    # A link to a folder above would give the same files again until the names are too long.
    here = folder.resolve() if isinstance(folder, Path) else None
    if here in above:
        return
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_dir():
            yield from _walk(entry, (*above, here) if here else above)
        elif not (isinstance(entry, Path) and is_special(entry)) and _is_analytic(entry):
            yield entry


def _is_analytic(file: Path | Traversable) -> bool:
    if file.name.endswith(TESTS_SUFFIX):
        return False
    match SUFFIXES.get(Path(file.name).suffix.casefold()):
        case None:
            return False
        case Form.CAR:
            return True
        case Form.MARKDOWN:
            return bool(_PSEUDOCODE.search(_text(file)))
        case _:
            return bool(_IMPLEMENTATIONS.search(_text(file))) or is_sigma_rule(_text(file))


def quick_id(file: Path | Traversable) -> str:
    """Return the id of an analytic without parsing its YAML: from its metadata's lines, else its name."""
    suffix = Path(file.name).suffix.casefold()
    form = SUFFIXES.get(suffix, Form.CAR)
    lines = _text(file).splitlines()
    if form is not Form.YAML:
        extent = Extent.of(lines, COMMENT if form is Form.CAR else BLANK)
        lines = lines[extent.opening + 1 : extent.closing] if extent else []
    for pattern in (_ID, _TITLE_ID):
        for line in lines:
            if match := pattern.fullmatch(line):
                return match.group(1)
    return Path(file.name).stem


def _text(file: Path | Traversable) -> str:
    """Return a file's text for a look at it; one that cannot be read is reported when it is loaded."""
    if isinstance(file, Path) and (is_special(file) or too_large(file)):
        return ""
    try:
        return file.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError:
        return ""


def shadowing(analytic: AnalyticFile, hidden: Path | Traversable) -> AnalyticFile:
    """Return an analytic with a warning that it hides another of its id, in another file."""
    ships = not isinstance(hidden, Path) or hidden.is_relative_to(str(resources.files("carlang.analytics")))
    which = "the one that ships with carlang" if ships else f"`{hidden}`"
    document = analytic.sources[0].document if analytic.sources else ""
    start = document.find(analytic.id)
    span = Span(start, start + len(analytic.id)) if start >= 0 else Span(0, 0)
    source = Source.whole(analytic.file, document)
    fault = Diagnostic(SHADOWED, f"`{analytic.id}` hides {which}", source, span)
    fault = fault.with_help("give it an id of its own, unless it is to take the place of the other")
    return replace(analytic, diagnostics=(*analytic.diagnostics, fault))


def _clashing(analytic: AnalyticFile, all_of_them: Sequence[AnalyticFile]) -> AnalyticFile:
    others = ", ".join(f"`{other.file}`" for other in all_of_them if other.file != analytic.file)
    message = f"the id `{analytic.id}` is also that of {others}"
    document = analytic.sources[0].document if analytic.sources else ""
    source = Source.whole(analytic.file, document)
    start = document.find(analytic.id)
    span = Span(start, start + len(analytic.id)) if start >= 0 else Span(0, 0)
    fault = Diagnostic(BAD_METADATA, message, source, span).with_help(f"`{analytic.file}` and {others} need ids apart")
    return replace(analytic, diagnostics=(*analytic.diagnostics, fault))
