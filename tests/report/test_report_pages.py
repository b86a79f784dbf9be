"""The formats for other programs' eyes and for people without a terminal: HTML, the Navigator; and the registry."""

from __future__ import annotations

import io
import json
import re
import tempfile
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carlang.errors import CarlangError
from carlang.levels import Level
from carlang.report import FORMATS, FormatName, ReportError, write_report
from carlang.results import (
    Failed,
    Group,
    GroupBy,
    HostGroup,
    Judgement,
    MissingParameter,
    NoEvents,
    NotRun,
    OtherPlatform,
    State,
    Triage,
)
from tests.report.runs import HOSTILE, diagnostic, events, full_run, no_events, output, result, run, written

VOID = {"meta", "br", "link", "img"}


class Page(HTMLParser):
    """A page's text, elements and links; it fails on an element that is closed in the wrong place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.cells: list[str] = []
        self.policy = ""
        self.code: list[str] = []
        self.styles: list[str] = []
        self.data: list[tuple[str, Any]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert not [name for name in values if name.startswith("on") or name == "style"]
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"] or ""
        if tag == "script":
            assert "src" not in values
            self._kind = values.get("data-kind") if values.get("type") == "application/json" else None
        self.elements.append(tag)
        self.links.append(values["href"] or "") if "href" in values else None
        self.ids.append(values["id"] or "") if "id" in values else None
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"td", "dd", "th"}:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            if self._kind is None:
                self.code.append(data)
            else:
                self.data.append((self._kind, json.loads(data)))
        elif "style" in self.open:
            self.styles.append(data)
        else:
            self.text += data
        if self.open and self.open[-1] in {"td", "dd", "th"}:
            self.cells[-1] += data


def page(*results: Any, **other: Any) -> Page:
    return Page(written(run(*results, **other), "html"))


def layer(report: Any, **options: Any) -> Any:
    return json.loads(written(report, "navigator", **options))


def test_a_page_tells_all_of_a_run() -> None:
    whole = Page(written(full_run(), "html"))
    for part in (
        *("events/", "2026-01-01T00:00:00Z", "Execution with AT", "Ran and found nothing", "Quiet", "Could not run"),
        *("the store holds no thread/remote_create events", "Failed", "did you mean `command_line`?"),
        *("out of time after 60 s", "of 2 analytics found something", "Every row: object process, action create"),
    ):
        assert part in whole.text
    assert "at  13:20 /interactive cmd" in whole.cells
    assert "https://attack.mitre.org/techniques/T1053/002/" in whole.links


def test_a_page_has_above_the_rows_what_is_known_to_match_without_being_an_attack() -> None:
    text = page(replace(result(events()), false_positives=("Backups <b>every</b> night.",))).text
    assert "Known to match without being an attack" in text
    assert "Backups <b>every</b> night." in text


def test_a_page_loads_nothing_and_runs_its_own_script_alone() -> None:
    text = written(full_run(), "html")
    shown = Page(text)
    assert not {"img", "link", "iframe", "object"} & set(shown.elements)
    assert "url(" not in text
    (code,), (style,) = shown.code, shown.styles
    hashes = [b64encode(sha256(part.encode()).digest()).decode() for part in (style, code)]
    assert shown.policy.split("; ") == [
        *("default-src 'none'", f"style-src 'sha256-{hashes[0]}'", f"script-src 'sha256-{hashes[1]}'"),
        *("base-uri 'none'", "form-action 'none'"),
    ]
    # What could make markup of data, or take it elsewhere.
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "fetch(",
        "import(",
    ):
        assert word not in code


def test_the_data_of_a_page_are_the_rows_and_the_outputs() -> None:
    lines = [events(command_line=[f"line {n}"]) for n in range(3)]
    table = pa.concat_tables(lines).combine_chunks()
    data = page(result(table)).data
    (output,) = [read for kind, read in data if kind == "output"]
    (rows,) = [read for kind, read in data if kind == "rows"]
    assert (output["analytic"], output["level"], output["constants"]) == (
        *("CAR-2013-05-004", "medium"),
        [["object", "process"], ["action", "create"]],
    )
    columns = dict(zip(output["names"], rows["columns"], strict=True))
    assert [rows["texts"][number] for number in columns["command_line"]] == ["line 0", "line 1", "line 2"]
    assert rows["texts"][columns["exe"]] == "at.exe"  # the same in all rows, and said once
    assert rows["times"] == [1556367635123] * 3


def test_a_page_has_the_programs_with_what_they_look_at_marked() -> None:
    program = 'p = search Process\nat = filter p where (exe == "<b>at.exe" and parent_exe != "exe_x")\n'
    tested = replace(output(events()), tested=("exe", "part.parent_exe"))
    text = written(run(replace(result(events()), output=tested, program=program)), "html")
    assert (
        "filter p where (<mark>exe</mark> == &#34;&lt;b&gt;at.<mark>exe</mark>&#34; and <mark>parent_exe</mark>" in text
    )
    assert program in Page(text).text


def test_a_page_has_what_was_tested_beside_what_identifies_an_event_and_the_rest_in_the_details() -> None:
    event = events(record_id=["7"], parent_exe=["cmd.exe"], **{f"field_{number}": ["x"] for number in range(12)})
    tested = replace(output(event), tested=("field_7",))
    text = written(run(replace(result(event), output=tested)), "html")
    heads = re.findall(r"<th(?: [^>]*)?>(.*?)</th>", text[text.index('<table class="rows">') :])
    assert heads[:7] == ["time", "hostname", "user", "command_line", "exe", "parent_exe", "field_7"]
    assert "<dt>field_3</dt>" in text


def test_a_page_shows_what_of_attack_is_hit_answered_and_blind() -> None:
    text = written(full_run(), "html", techniques={"CAR-2013-10-002": ("T1055.001",)})
    for state, technique in (("hit", "T1053.002"), ("answered", "T1000"), ("blind", "T1055.001")):
        assert f'class="technique {state}" data-technique="{technique}"' in text
    assert text.index("<h3>Execution</h3>") < text.index("<h3>Privilege Escalation</h3>") < text.index("<h3>Other</h3>")


def test_a_page_has_the_groups_of_a_run_and_says_what_was_left_out_of_its_ranking() -> None:
    group = Group("IEWIN7", 61.5, Level.HIGH, 3, 0, 60_000_000, ("IEWIN7",), ("T1053.002",), ("A",), ("abcd",))
    triage = Triage(unranked={0: 12}, grouped_by=GroupBy.HOST, groups=(group,))
    shown = page(result(events()), triage=triage)
    row = ["61.5", "", "IEWIN7", "3", "1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z", "T1053.002"]
    assert shown.cells[7:14] == row  # the level is in an element of its own within its cell
    assert "high" in shown.text
    assert "12 rows of 1 output with too many to be ranked one by one" in shown.text


def test_a_page_is_the_same_bytes_each_time() -> None:
    assert written(full_run(), "html") == written(full_run(), "html")


def test_links_within_a_page_lead_somewhere() -> None:
    shown = page(result(no_events(), "A"), result(events(), "B"), result(events(), "C"))
    assert [link[1:] for link in shown.links if link.startswith("#")] == ["r2", "r3"]
    for each in (shown, Page(written(full_run(), "html"))):
        assert {link[1:] for link in each.links if link.startswith("#")} <= set(each.ids)
        assert len(each.ids) == len(set(each.ids))


def test_hostile_text_is_text_in_a_page() -> None:
    table = pa.table({"command_line": [HOSTILE], "</style><script>": ["x"], "l": [[HOSTILE]]})
    shown = page(
        result(table, HOSTILE, title=HOSTILE, name=HOSTILE, techniques=(HOSTILE, 'T1053" onclick="x')),
        result(no_events(), HOSTILE, title=HOSTILE, name=HOSTILE, techniques=()),
        not_run=(NotRun(HOSTILE, HOSTILE, (MissingParameter(HOSTILE),), HOSTILE),),
        failed=(Failed(HOSTILE, HOSTILE, (diagnostic(f"command_lin {HOSTILE}"),), HOSTILE),),
        warnings=(diagnostic(f"command_lin {HOSTILE}"),),
    )
    assert (len(shown.code), len(shown.styles)) == (1, 1)
    assert shown.elements.count("script") == 1 + len(shown.data)
    assert [link for link in shown.links if not link.startswith("#")] == []
    assert not [char for char in shown.text if not char.isprintable() and char != "\n"]
    assert r'x \x1b[2J\x9b31m\x07 [red]no[/red] <script>alert("1")</script> \u202egpj.exe' in shown.text


def test_columns_beyond_those_that_fit_are_in_the_details_of_their_row() -> None:
    shown = page(result(events(**{f"field_{i}": [f"value {i}"] for i in range(20)})))
    assert "summary" in shown.elements
    assert "19 more" in shown.text
    assert all(f"value {i}" in shown.cells for i in range(20))


def test_a_page_says_when_where_and_that_rows_were_cut() -> None:
    shown = page(result(events(), total=50))
    assert "showing 1 of 50 rows" in shown.text
    times = ["2019-04-27T12:20:35.123Z"] * 2
    assert shown.cells[7:14] == ["", "", "T1053.002", "50", *times, "1"]  # name and level are elements of their own


def test_a_page_of_nothing_says_so() -> None:
    assert "The analytics that ran found nothing." in page(result(no_events())).text
    assert "No analytic ran." in page().text


def test_a_layer_is_one_that_the_navigator_reads() -> None:
    whole = layer(full_run(), techniques={"CAR-2013-10-002": ("T1055.001",)})
    assert whole["versions"]["layer"] == "4.5"
    assert whole["domain"] == "enterprise-attack"
    assert whole["gradient"]["maxValue"] > whole["gradient"]["minValue"]
    quiet, hit, not_run = whole["techniques"]
    assert hit == {
        "techniqueID": "T1053.002",
        "score": 100,
        "color": "#ff6666",
        "comment": "CAR-2013-05-004 Execution with AT (at): 1 row found",
        "enabled": True,
    }
    assert (quiet["techniqueID"], quiet["score"], quiet["color"]) == ("T1000", 100, "#8ec843")
    assert (not_run["techniqueID"], not_run["score"], not_run["color"]) == ("T1055.001", 0, "#bdbdbd")
    assert [item["color"] for item in whole["legendItems"]] == ["#ff6666", "#8ec843", "#bdbdbd"]
    assert "could not run: the store holds no thread/remote_create events" in not_run["comment"]


def test_a_technique_is_hit_if_one_of_its_analytics_is_and_counts_what_a_limit_cut() -> None:
    techniques = ("T1021", "T1053.002")
    whole = layer(run(result(events(), total=40), result(no_events(), "B", techniques=techniques)))
    colours = {t["techniqueID"]: t["color"] for t in whole["techniques"]}
    assert colours == {"T1021": "#8ec843", "T1053.002": "#ff6666"}
    assert "40 rows found" in whole["techniques"][1]["comment"]


def test_a_score_is_the_share_of_hosts_on_which_the_best_output_is_answered() -> None:
    def judged(answered: int, blind: int) -> Judgement:
        groups = [
            HostGroup(state, reasons, pa.array([f"H{n}" for n in range(count)]))
            for state, reasons, count in (
                (State.ANSWERED, (), answered),
                (State.BLIND, (NoEvents("thread"),), blind),
                (State.NOT_ASKED, (OtherPlatform("Linux", "Windows"),), 7),
            )
        ]
        return Judgement(State.PARTLY, (NoEvents("thread"),), tuple(groups))

    outputs = [replace(result(no_events(), f"A{n}"), techniques=("T1021",)) for n in range(2)]
    outputs = [
        replace(output, output=replace(output.output, judgement=judged(n, 200 - n)))
        for output, n in zip(outputs, (1, 60), strict=True)
    ]
    (technique,) = layer(run(*outputs))["techniques"]
    assert technique["score"] == 30
    assert "answered on 60 of 200 hosts; blind on 140: no thread events; not asked on 7" in technique["comment"]


def test_what_belongs_to_no_technique_is_in_the_metadata() -> None:
    report = run(
        result(events(), "A", title="free", techniques=("none",)),
        not_run=(NotRun("B", "b", (NoEvents("thread"),)),),
        failed=(Failed("C", "c", (diagnostic(),)),),
    )
    found = {entry["name"]: entry["value"] for entry in layer(report)["metadata"]}
    assert found["A free (at)"] == "1 row found"
    assert found["B b"] == "could not run: the store holds no thread events"
    assert found["C c"] == "failed: process has no field `command_lin`"


def test_an_output_that_could_not_run_is_remarked_on_the_techniques_of_its_analytic() -> None:
    report = run(result(events()), not_run=(NotRun("CAR-2013-05-004", "Execution with AT", (NoEvents("x"),), "other"),))
    (technique,) = layer(report)["techniques"]
    assert (
        technique["comment"].splitlines()[1]
        == "CAR-2013-05-004 Execution with AT (other): could not run: the store holds no x events"
    )


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_any_run_to_bytes(name: FormatName) -> None:
    for report in (run(), full_run(), run(result(no_events())), run(result(pa.table({"a": pa.nulls(3)})))):
        stream = io.BytesIO()
        write_report(report, stream, name)
        assert not stream.closed
        assert stream.getvalue() or name in {"ndjson", "timesketch"}


@pytest.mark.parametrize("name", [name for name, fmt in FORMATS.items() if not fmt.binary])
def test_text_and_bytes_get_the_same(name: FormatName) -> None:
    text = io.StringIO()
    write_report(full_run(), text, name)
    assert text.getvalue() == written(full_run(), name)
    with tempfile.NamedTemporaryFile("w+", encoding="cp1252", newline="\r\n") as file:
        if name != "table":
            write_report(run(result(events(user=["日本"]))), file, name)
            file.flush()
            file.buffer.seek(0)
            assert file.buffer.read().decode("utf-8") == written(run(result(events(user=["日本"]))), name)


def test_a_report_is_written_to_the_file_of_a_path(tmp_path: Path) -> None:
    for path in (tmp_path / "a.json", str(tmp_path / "b.json")):
        write_report(full_run(), path, "json")
        assert Path(path).read_text(encoding="utf-8") == written(full_run(), "json")
    write_report(full_run(), tmp_path / "rows.parquet", "parquet")
    assert pq.read_table(tmp_path / "rows.parquet").num_rows == 1
    with pytest.raises(ReportError, match="nowhere"):
        write_report(full_run(), tmp_path / "nowhere" / "a.json", "json")
    with pytest.raises(ValueError, match="width=0"):
        write_report(full_run(), tmp_path / "a.txt", "table", width=0)


def test_a_page_of_many_rows_is_written_in_pieces() -> None:
    pieces: list[int] = []

    class Counting(io.BytesIO):
        def write(self, data: Any) -> int:
            pieces.append(len(data))
            return len(data)

    lines = pa.array([f"at {number} ".ljust(100, "x") for number in range(20_000)])
    write_report(
        run(result(events().take(pa.array([0] * 20_000)).set_column(3, "command_line", lines))), Counting(), "html"
    )
    assert sum(pieces) > 20_000 * 100
    assert max(pieces) < 100_000


def test_an_unknown_format_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(ReportError, match="did you mean `json`") as caught:
        write_report(run(), io.StringIO(), "jsn")  # type: ignore[arg-type]  # whoever has no type checker may
    assert isinstance(caught.value, CarlangError)


def test_the_registry_names_the_formats_of_the_interface() -> None:
    assert list(FORMATS) == [
        "table", "json", "ndjson", "csv", "parquet", "html", "navigator", "timesketch",
        "timeline", "xlsx",
        "markdown",
    ]  # fmt: skip
    assert [name for name, fmt in FORMATS.items() if not fmt.whole] == [
        "ndjson",
        "csv",
        "parquet",
        "timesketch",
        "timeline",
    ]
    assert [name for name, fmt in FORMATS.items() if fmt.binary] == ["parquet", "xlsx"]
