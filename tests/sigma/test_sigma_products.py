"""A rule for one product finds nothing in the events of another, whoever told of them."""

from __future__ import annotations

from typing import Any

import pytest

import carlang
from carlang.analytic import load_text
from carlang.testing.survivors import candidates
from tests.ingesting import write_lines

# The first letter of a host's name says what it runs; of the last ones nothing tells.
_PROGRAMS = {"W1": "C:\\tool.exe", "W2": "\\\\server\\tool.exe", "L1": "/usr/bin/tool", "U1": None}
_FILES = {"W1": "C:\\made", "W2": "\\\\server\\made", "L1": "/srv/made", "L2": "made", "U1": None}
_EVENTS = {"process/create": "process_creation", "flow/start": "network_connection", "dns/query": "dns_query"}
_AUDITED = """\
node=L3 type=SYSCALL msg=audit(1711015200.1:1): arch=c000003e syscall=59 success=yes pid=3 exe="/usr/bin/tool"
node=L3 type=EXECVE msg=audit(1711015200.1:1): argc=1 a0="tool"
"""


_RULE = """\
title: T
logsource: {%s}
detection:
    selection: {ProcessId: [1, 3]}
    condition: selection
"""


def _documents() -> list[dict[str, Any]]:
    documents = [
        {"object": name.partition("/")[0], "action": name.partition("/")[2], "hostname": host, "image_path": program}
        for name in _EVENTS
        for host, program in _PROGRAMS.items()
    ]
    documents += [
        {"object": "file", "action": "create", "hostname": host, "file_path": path} for host, path in _FILES.items()
    ]
    return [{name: value for name, value in each.items() if value is not None} | {"pid": 1} for each in documents]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> carlang.Store:
    """Events of hosts of three kinds in one store."""
    folder = tmp_path_factory.mktemp("fleet")
    write_lines(folder / "events.ndjson", _documents())
    (folder / "audit.log").write_text(_AUDITED, "utf-8")
    carlang.ingest([folder / "events.ndjson", folder / "audit.log"], folder / "store")
    return carlang.open_store(folder / "store")


@pytest.mark.parametrize("category", [*_EVENTS.values(), "file_event"])
@pytest.mark.parametrize("product", ["windows", "linux", "macos", None])
def test_a_rule_finds_what_is_of_its_product_or_of_an_unknown_one(
    product: str | None, category: str, fleet: carlang.Store
) -> None:
    rule = _RULE % (f"category: {category}" + (f", product: {product}" if product else ""))
    (output,) = carlang.load_text(rule, "rule.yml").run(fleet).values()
    hosts = {str(row["hostname"]) for row in output.rows()}
    known = {"file_event": set(_FILES), "process_creation": {*_PROGRAMS, "L3"}}.get(category, set(_PROGRAMS))
    match product:
        case None:
            assert hosts == known
        case "windows":
            assert {host for host in hosts if host != "L2"} == {host for host in known if host[0] in "WU"}
        case "linux":
            assert hosts == {host for host in known if host[0] in "LU"}
        case _:
            # That a path is of Linux it does not say, but auditd runs there alone.
            assert hosts == {host for host in known if host[0] in "LU" and host != "L3"}


def test_the_program_says_which_events_it_is_for() -> None:
    program = carlang.load_text(_RULE % "category: process_creation, product: windows", "rule.yml").program
    assert 'search Process:Create where (image_path not startswith "/")' in program


def test_mutants_are_of_what_the_author_wrote() -> None:
    rule = _RULE % "category: process_creation, product: windows"
    changed = [each.survivor.text for each in candidates(load_text(rule, "rule.yml"))]
    assert changed
    assert not any("/" in text for text in changed)
