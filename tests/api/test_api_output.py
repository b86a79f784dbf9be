"""An output as Python and notebooks show it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import carlang
from carlang.report import FORMATS

STRING = carlang.Type(carlang.Kind.STRING)


def output(*values: str | None, total: int | None = None) -> carlang.Output:
    """Return an output of one column of texts, and one that is never filled."""
    table = pa.table({"x": pa.array(values, pa.string()), "y": pa.array([None] * len(values), pa.string())})
    columns = (carlang.Column("x", STRING), carlang.Column("y", STRING))
    return carlang.Output("name", columns, table, len(values) if total is None else total)


def test_an_output_has_a_length_and_is_iterated_by_rows(store: carlang.Store) -> None:
    found = carlang.run('search Process:Create | filter exe == "at.exe"', store)["result"]
    assert len(found) == found.count == 2
    assert list(found) == found.rows()
    assert [row["pid"] for row in found] == [2, 3]


def test_its_repr_is_one_short_line(store: carlang.Store) -> None:
    found = carlang.run("search Process:Create", store, limit=1)["result"]
    assert repr(found) == f"Output(result: 1 of 4 rows, {len(found.columns)} columns)"
    assert repr(output("a")) == "Output(name: 1 row, 2 columns)"
    assert repr(output()) == "Output(name: 0 rows, 2 columns)"


def test_a_notebook_shows_rows_without_empty_columns() -> None:
    assert output("a", None)._repr_html_() == (
        "<table><caption>name: 2 rows</caption><thead><tr><th>x</th></tr></thead>"
        "<tbody><tr><td>a</td></tr><tr><td></td></tr></tbody></table>"
    )


def test_a_notebook_takes_nothing_of_an_event_for_markup_and_shows_what_would_turn_text_around() -> None:
    html = output('<script>alert("1")</script> & \u202egnp.exe\n\x1b[31m')._repr_html_()
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; \\u202egnp.exe\\n\\x1b[31m" in html


def test_a_notebook_shows_some_rows_and_says_how_many_there_are() -> None:
    html = output(*map(str, range(50)), total=1234)._repr_html_()
    assert html.count("<tr>") == 21
    assert "<td>19</td>" in html
    assert "<td>20</td>" not in html
    assert "<caption>name: 50 of 1,234 rows, the first 20 shown</caption>" in html
    assert len(output("x" * 100_000)._repr_html_()) < 1000


def test_a_result_knows_which_of_its_outputs_the_store_cannot_answer(store: carlang.Store) -> None:
    program = "p = search Process:Create\nt = search Thread:RemoteCreate\noutput p, t\n"
    result = carlang.run(program, store)
    assert [(each.output, each.reason) for each in result.not_run] == [
        ("t", "the store holds no thread/remote_create events")
    ]
    assert result.not_run[0].reasons == (carlang.NoEvents("thread", "remote_create"),)
    assert repr(result) == "Result(p: 4 rows, t: not run)"
    assert "<p>t: the store holds no thread/remote_create events</p>" in result._repr_html_()
    assert carlang.run("search Process:Create", store).not_run == ()


def test_a_result_says_the_same_of_its_outputs_as_a_run_of_many(store: carlang.Store) -> None:
    for program in (
        "search Process:Create,Terminate | filter exe == 'at.exe'",
        "search Process:Create,Terminate | filter exe == 'nothing.exe'",
        "search Process:Create | filter md5_hash == 'x'",
        "search Thread:RemoteCreate",
    ):
        analytic = carlang.load_text(program)
        assert analytic.run(store).not_run == carlang.run_all([analytic], store).not_run


def test_a_report_is_written_from_the_library(store: carlang.Store, tmp_path: Path) -> None:
    report = carlang.run_all([carlang.load_text("search Process:Create")], store, now=datetime(2024, 3, 6, tzinfo=UTC))
    carlang.write_report(report, tmp_path / "report.csv", "csv")
    assert len((tmp_path / "report.csv").read_bytes().splitlines()) == 5
    with (tmp_path / "same.csv").open("wb") as stream:
        carlang.write_report(report, stream, "csv")
    assert (tmp_path / "same.csv").read_bytes() == (tmp_path / "report.csv").read_bytes()
    unknown: Any = "pdf"
    with pytest.raises(carlang.ReportError, match="no format `pdf`: there are table, json"):
        carlang.write_report(report, tmp_path / "x", unknown)
    assert not (tmp_path / "x").exists()


def test_the_catalogue_is_every_analytic_that_ships() -> None:
    analytics = carlang.catalogue()
    assert [a.id for a in analytics] == sorted(a.id for a in analytics)
    (at,) = [a for a in analytics if a.id == "CAR-2013-05-004"]
    assert (at.title, at.run()["at"].count) == ("Execution with AT", 3)


def test_a_report_that_cannot_be_written_so_is_refused_by_what_is_wrong(store: carlang.Store, tmp_path: Path) -> None:
    report = carlang.run_all([], store)
    closed = io.BytesIO()
    closed.close()
    (tmp_path / "log").write_bytes(b"")
    wrong: Any
    with (tmp_path / "log").open("rb") as only_read:
        for wrong, message in (
            (closed, "is closed"),
            (only_read, "is only read"),
            (None, "None is neither a path nor a stream"),
            (b"report.json", "is neither a path nor a stream"),
        ):
            for format_ in FORMATS.values():
                with pytest.raises(carlang.ReportError, match=message):
                    carlang.write_report(report, wrong, format_.name)
    for wrong in (None, 3, [], b"json"):
        with pytest.raises(carlang.ReportError, match="no format"):
            carlang.write_report(report, io.BytesIO(), wrong)
    for wrong in ("80", 1.5, 0):
        with pytest.raises(ValueError, match="a table is at least one cell wide"):
            carlang.write_report(report, io.BytesIO(), "table", width=wrong)
    wrong = carlang.run("search Process:Create", store)
    with pytest.raises(carlang.ReportError, match="made of what `run_all` gives, not of a Result"):
        carlang.write_report(wrong, io.BytesIO(), "json")
