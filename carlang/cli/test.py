"""`carlang test`: run the tests that analytics carry."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

from carlang.analytic import CompiledAnalytic, seconds
from carlang.cli import exits
from carlang.cli.baselines import read_target, split_targets
from carlang.cli.console import put_program, say
from carlang.cli.declared import Option
from carlang.cli.exits import UsageError
from carlang.cli.options import (
    SigmaPipelines,
    Targets,
    check_format,
    open_project,
    output_option,
)
from carlang.cli.recordings import Recordings, recordings_of
from carlang.cli.targets import catalogue_analytics, compiled, find_analytics
from carlang.database import Limits
from carlang.importers import AnalyticFile, with_recordings
from carlang.project import Project, catalogue_of
from carlang.results import counted
from carlang.testing import BASELINE, AnalyticResult, junit, render_result, run_exclusion_tests, run_tests

FORMATS = ("text", "junit")


def test(  # noqa: PLR0913  # the options that the command has
    targets: Targets = None,
    format_: Annotated[str, Option("--format", metavar="FORMAT", help=" | ".join(FORMATS))] = "text",
    output: Annotated[
        Path | None, Option(metavar="PATH", parser=output_option, help="Write the report to a file.")
    ] = None,
    jobs: Annotated[int | None, Option("--jobs", "-j", min=1, help="Processes; one a core by default.")] = None,
    timeout: Annotated[str | None, Option(metavar="60s", help="Time to compile an analytic, and for a query.")] = None,
    recordings: Recordings = None,
    pipeline: SigmaPipelines = None,
    *,
    tested: Annotated[
        bool, Option("--tested", help="Leave out analytics that carry no tests; say how many these are.")
    ] = False,
    mutate: Annotated[
        bool, Option("--mutate", help="Change each part of a program in turn; list what no test notices.")
    ] = False,
    records_apart: Annotated[
        bool, Option("--records-apart", help="An event for each record, also where two tell of one occurrence.")
    ] = False,
) -> int:
    """Run the tests that analytics carry; without a target, those of the whole catalogue."""
    check_format(format_, FORMATS)
    project = open_project(pipelines=pipeline)
    baselines, others = split_targets(targets)
    analytics = find_analytics(others, None, project) if others else []
    analytics = analytics if targets else catalogue_analytics(project)
    analytics = _with_recordings(analytics, recordings, tested=tested)
    limits = Limits(seconds=seconds("--timeout", timeout))
    results = _run(analytics, jobs, partial(run_tests, mutate=mutate, limits=limits, records_apart=records_apart))
    results += [_test_baseline(target, project, limits, records_apart=records_apart) for target in baselines]
    text = junit(results) if format_ == "junit" else _text(results, mutate=mutate)
    if output is not None:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--output: {output} cannot be written: {error.strerror or error}") from error
    else:
        put_program(text.rstrip("\n"))
    return exits.DONE if all(result.passed for result in results) else exits.FAULTY


def _with_recordings(
    analytics: Sequence[CompiledAnalytic], recordings: Path | None, *, tested: bool
) -> list[CompiledAnalytic]:
    """Return analytics with the tests that recordings are; those that carry `tested` alone, the others are counted."""
    folder = recordings_of(recordings)
    kept = []
    for analytic in analytics:
        data = with_recordings(analytic.data, folder)
        # What is wrong with recordings is told, also where no test is left.
        if not tested or data.tests or data.diagnostics != analytic.data.diagnostics:
            kept.append(replace(analytic, data=data))
    if len(kept) < len(analytics):
        say(f"left out, as they carry no tests: {counted(len(analytics) - len(kept), 'analytic')}")
    if analytics and not kept:
        raise UsageError("--tested: none of these analytics carries tests")
    return kept


def _test_baseline(target: str, project: Project, limits: Limits, *, records_apart: bool) -> AnalyticResult:
    """Run the tests of a baseline with the analytics of the catalogue."""
    baseline, catalogue = read_target(target), catalogue_of(project)

    def find(id_: str) -> CompiledAnalytic | None:
        analytic = catalogue.find(id_)
        return None if analytic is None else compiled(analytic, project)

    return run_exclusion_tests(baseline, find, catalogue.ids, project.model, limits=limits, records_apart=records_apart)


def _run(
    analytics: list[CompiledAnalytic], jobs: int | None, tested: Callable[[CompiledAnalytic], AnalyticResult]
) -> list[AnalyticResult]:
    workers = min(jobs or os.cpu_count() or 1, len(analytics))
    if workers <= 1:
        return [tested(analytic) for analytic in analytics]
    # Processes, not threads: compiling is Python's own work. One file at a time: some have many more
    # tests than others, and a share that is dealt out in advance would leave processes idle.
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(_run_file, tested), (analytic.data for analytic in analytics), chunksize=1))


def _run_file(tested: Callable[[CompiledAnalytic], AnalyticResult], file: AnalyticFile) -> AnalyticResult:
    """Run one file's tests in a process of its own, which reads the settings anew."""
    return tested(compiled(file, Project.find()))


def _text(results: list[AnalyticResult], *, mutate: bool) -> str:
    shown = [text for result in results if (text := render_result(result))]
    cases = [case for result in results for case in result.cases]
    failed = sum(not case.passed for case in cases)
    faulty = sum(not result.passed for result in results)
    of_baselines = sum(result.analytic == BASELINE for result in results)
    others = len(results) - of_baselines
    tested = [counted(others, "analytic")] if others or not of_baselines else []
    tested += [counted(of_baselines, "baseline")] if of_baselines else []
    run = f"{', '.join(tested)}, {counted(len(cases), 'test')}"
    said = f"{run}: {len(cases) - failed} passed, {failed} failed"
    if mutate:
        survivors = sum(len(result.survivors) for result in results)
        equivalent = sum(len(result.equivalent) for result in results)
        said += f"; {counted(sum(result.mutants for result in results), 'mutant')}, {survivors} survived"
        said += f", {equivalent} mean the same" if equivalent else ""
    if faulty:
        say(f"not right: {faulty} of {', '.join(tested)}")
    return "\n\n".join([*shown, said])
