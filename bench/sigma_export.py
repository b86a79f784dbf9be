# ruff: noqa: INP001  # a folder of commands, not a package
"""The catalogue's rules, as queries of pySigma's SQLite backend over raw records, beside what the catalogue finds.

    python -m bench.sigma_export ../shared/data

The recordings are read twice: by an ingest, and by Python's own JSON and the `evtx` package into tables with the
members' own names. Every output that goes out is asked of both, and has to find the same records: those of Sysmon, and
those that are kept as they were written. What differs is listed, and the status is 1.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import carlang
from carlang.analytic import CompiledAnalytic, RunOptions, run_analytics
from carlang.model import builtin_model
from carlang.project import shipped_catalogue
from tests.catalogue.exported_rules import Records, queries, rows_of
from tests.catalogue.independent_records import read, recordings


def main() -> int:
    """Compare, and print what differs."""
    files = list(recordings(Path(sys.argv[1])))
    analytics = [CompiledAnalytic(each, builtin_model()) for each in shipped_catalogue().all()]
    records = Records(record for file in files for record in read(file))
    with tempfile.TemporaryDirectory() as folder:
        carlang.ingest(files, Path(folder, "store"))
        store = carlang.open_store(Path(folder, "store"))
        report = run_analytics(analytics, store, RunOptions.of(now=datetime(2023, 1, 1, tzinfo=UTC)), {})
        by_output = rows_of(report, [file.name for file in files])
    status = rows = with_hits = 0
    written = queries(analytics)
    for output, pieces in written.items():
        theirs = sum((records.found(piece.value) for piece in pieces), start=Counter())
        ours = by_output.get(output, Counter())
        rows += theirs.total()
        with_hits += bool(theirs)
        if ours != theirs:
            status = 1
            print(*output, f"here alone {dict(ours - theirs)}, there alone {dict(theirs - ours)}")
    print(f"{len(written)} outputs, of which {with_hits} find {rows} records in {len(files)} recordings")
    return status


if __name__ == "__main__":
    sys.exit(main())
