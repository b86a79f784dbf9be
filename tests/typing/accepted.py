"""What a type checker accepts of the library, with the types that it sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

import carlang


def accepted() -> None:
    """Never run."""
    store = assert_type(carlang.open_store(Path("events")), carlang.Store)
    now = datetime.now(UTC)
    result = assert_type(carlang.run("search Process", store, now=now, since="2020-09-01"), carlang.Result)
    carlang.run("search Process", "events", timeout="60s", memory_limit="2GB", limit=3)
    carlang.run("search Process", Path("events"), timeout=timedelta(minutes=1), until=now, params={"x": 1})
    output = assert_type(result["result"], carlang.Output)
    assert_type([row["exe"] for row in output], list[Any])
    assert_type(len(output), int)
    assert_type(result.not_run, tuple[carlang.NotRun, ...])
    analytics = assert_type(carlang.catalogue(), tuple[carlang.Analytic, ...])
    report = assert_type(carlang.run_all(analytics, store, timeout=60), carlang.RunReport)
    carlang.run_all((a for a in analytics if a.techniques), "events")
    assert_type(report.results[0].output, carlang.Output)
    project = assert_type(carlang.Project.find(), carlang.Project)
    assert_type(carlang.load("CAR-2013-05-004", project=project), carlang.Analytic)
    assert_type(carlang.load(Path("x.car"), model=carlang.builtin_model()).check(), list[carlang.Diagnostic])
    ingested = assert_type(carlang.ingest("log.evtx", "events"), carlang.IngestReport)
    carlang.ingest(["log.evtx", Path("logs")], store, sensor=Path("mine.yaml"), project=project)
    carlang.ingest((Path("log.evtx"),), Path("events"), dedupe="record")
    assert_type(ingested.sources[0].status, carlang.Status)
    assert_type(carlang.check("search Process")[0].location.line, int)
    assert_type(carlang.load_text("search Process").sql(now="2020-09-01"), dict[str, str])
