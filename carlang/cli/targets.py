"""What a command works on: files, folders, catalogue ids, standard input, or text given with `-e`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from carlang import importers  # the reader of Sigma rules is loaded where it is asked
from carlang.analytic import CompiledAnalytic
from carlang.cli.console import say_diagnostics
from carlang.cli.exits import UsageError
from carlang.diagnostics.codes import SHADOWED, SIGMA_UNREADABLE
from carlang.importers import AnalyticFile, Form, load_text
from carlang.project import Project, catalogue_of, load_targets

STANDARD_INPUT = "-"
STANDARD_INPUT_NAME = "<stdin>"
EXPRESSION_NAME = "<-e>"


def find_analytics(targets: Sequence[str], expression: str | None, project: Project) -> list[CompiledAnalytic]:
    """Return the analytics that targets name, in order, each once.

    Raises a usage error where there is no target, and `TargetError` for one that is neither a path nor an id.
    """
    files: list[AnalyticFile] = []
    if expression is not None:
        files += load_text(_unicode("-e", expression), EXPRESSION_NAME, pipelines=project.sigma_pipelines).each
    for target in targets:
        if target == STANDARD_INPUT:
            files += load_text(_standard_input(), STANDARD_INPUT_NAME, pipelines=project.sigma_pipelines).each
        else:
            files += load_targets(project, target)
    if not files:
        raise UsageError("name an analytic: a file, a folder, a catalogue id, `-`, or `-e` and the program itself")
    check_sigma(files, project)
    unique = {(file.file, file.id): file for file in files}
    return [compiled(file, project) for file in unique.values()]


def check_sigma(files: Sequence[AnalyticFile], project: Project) -> None:
    """Raise `UsageError` where no Sigma rule can be read, whatever it says: each of thousands would say so.

    Where pySigma is not installed, other analytics among the files are worked on all the same.
    """
    rules = [file for file in files if file.form is Form.SIGMA]
    unreadable = any(fault.code is SIGMA_UNREADABLE for file in rules for fault in file.diagnostics)
    if (
        unreadable
        and (project.pipelines or len(rules) == len(files))
        and (why := importers.sigma_problem(project.sigma_pipelines))
    ):
        raise UsageError(why)


def say_shadowing(analytics: Sequence[CompiledAnalytic]) -> None:
    """Name analytics of folders that take the place of others with their ids, where no other fault is shown."""
    hiding = [d for analytic in analytics for d in analytic.data.diagnostics if d.code is SHADOWED]
    if hiding:
        say_diagnostics(hiding)


def _standard_input() -> str:
    try:
        return _unicode("standard input", sys.stdin.read())
    except UnicodeDecodeError as error:
        raise UsageError("standard input: the program is not UTF-8 text") from error


def _unicode(name: str, text: str) -> str:
    """Return a text that is Unicode; Python has the bytes that are none of it as lone surrogates."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(f"{name}: the program is not UTF-8 text") from error
    return text


def catalogue_analytics(project: Project) -> list[CompiledAnalytic]:
    """Return the analytics of the whole catalogue, in the order of ids."""
    return [compiled(file, project) for file in catalogue_of(project).all()]


def compiled(file: AnalyticFile, project: Project) -> CompiledAnalytic:
    """Return an analytic with the data model and the catalogue of a project."""
    return CompiledAnalytic(file, project.model, catalogue_of(project))
