"""What a type checker refuses of the library: each line with the error that it must raise there.

Without its error, a line's comment is one that is not needed, which is an error as well.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import carlang


def refused(analytic: carlang.Analytic, output: carlang.Output, report: carlang.RunReport) -> None:
    """Never run."""
    carlang.run("search Process", limitt=3)  # type: ignore[call-arg]
    carlang.run("search Process", limit="3")  # type: ignore[arg-type]
    carlang.run("search Process", store=3)  # type: ignore[arg-type]
    carlang.run("search Process", None, {"x": 1})  # type: ignore[call-arg]
    carlang.run("search Process", now=3)  # type: ignore[arg-type]
    carlang.run("search Process", since=timedelta(1))  # type: ignore[arg-type]
    carlang.run("search Process", timeout=Path("x"))  # type: ignore[arg-type]
    carlang.run("search Process", memory_limit=2_000)  # type: ignore[arg-type]
    carlang.run(Path("x.car"))  # type: ignore[arg-type]
    carlang.run_all([analytic], limitt=3)  # type: ignore[call-arg]
    carlang.run_all(analytic)  # type: ignore[arg-type]
    carlang.run_all(["CAR-2013-05-004"])  # type: ignore[list-item]
    carlang.check("search Process", model="ours.yaml")  # type: ignore[arg-type]
    carlang.check("search Process", modell=None)  # type: ignore[call-arg]
    carlang.ingest("log.evtx")  # type: ignore[call-arg]
    carlang.ingest("log.evtx", None)  # type: ignore[arg-type]
    carlang.ingest(3, "events")  # type: ignore[arg-type]
    carlang.ingest("log.evtx", "events", keepraw=True)  # type: ignore[call-arg]
    carlang.load(3)  # type: ignore[arg-type]
    carlang.runn("search Process")  # type: ignore[attr-defined]
    analytic.run(limitt=3)  # type: ignore[call-arg]
    analytic.run(params=["x"])  # type: ignore[arg-type]
    analytic.compiled  # type: ignore[attr-defined]  # noqa: B018
    analytic.title = "x"  # type: ignore[misc]
    output.name = "x"  # type: ignore[misc]
    carlang.write_report(report, "x.pdf", "pdf")  # type: ignore[arg-type]
    output["exe"]  # type: ignore[index]
