# ruff: noqa: INP001  # a folder of commands, not a package
"""What Zircolite needs before it can hunt; for an interpreter that has its requirements, and needs no carlang.

    PYTHON bench/peer_hunt.py rules RULES RULESET
    PYTHON bench/peer_hunt.py read LOGS FOLDER

`rules` makes a ruleset of a folder of Sigma rules, as Zircolite 2 does where it is given one: pySigma's backend for
SQLite with the pipelines `sysmon` and `windows-logsources`, sorted by the names of the levels. It prints how many rules
there were, and of how many a query was made. `read` makes lines of JSON of each .evtx file below LOGS by the library
and the call that Zircolite 2 has for that, one after the other.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def make_ruleset(rules: Path, ruleset: Path) -> None:
    """Write a ruleset of a folder of rules; one that cannot be converted is left out, as Zircolite leaves it out."""
    from sigma.backends.sqlite import sqliteBackend  # noqa: PLC0415  # only the peers' interpreter has it
    from sigma.collection import SigmaCollection  # noqa: PLC0415
    from sigma.pipelines.sysmon import sysmon_pipeline  # noqa: PLC0415
    from sigma.pipelines.windows import windows_logsource_pipeline  # noqa: PLC0415

    backend = sqliteBackend(sysmon_pipeline() + windows_logsource_pipeline())
    read = SigmaCollection.load_ruleset(sorted(rules.rglob("*.yml")), collect_errors=True)
    converted = []
    for rule in read:
        try:
            converted.append(backend.convert_rule(rule, "zircolite")[0])
        except Exception as error:  # noqa: BLE001  # whatever a rule has that the backend has not
            print(f"{rule.title}: {error}", file=sys.stderr)
    ruleset.write_text(json.dumps(sorted(converted, key=lambda each: str(each["level"]))), "utf-8")
    print(json.dumps({"rules": len(read.rules), "converted": len(converted)}))


def read_logs(logs: Path, folder: Path) -> None:
    """Write the records of each .evtx file as a file of lines of JSON that has its name."""
    import orjson  # noqa: PLC0415  # as above
    from evtx import PyEvtxParser  # noqa: PLC0415

    for file in sorted(logs.rglob("*.evtx")):
        records = PyEvtxParser(str(file)).records_json()
        with Path(folder, f"{file.name}.json").open("wb") as lines:
            try:
                lines.writelines(orjson.dumps(orjson.loads(record["data"])) + b"\n" for record in records if record)
            except Exception as error:  # noqa: BLE001  # the rest of the file is left out, as Zircolite leaves it out
                print(f"{file.name}: {error}", file=sys.stderr)


if __name__ == "__main__":
    name, source, target = sys.argv[1:]
    {"rules": make_ruleset, "read": read_logs}[name](Path(source), Path(target))
