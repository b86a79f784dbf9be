"""Somebody else's program: no string and no name of it becomes SQL, and no file outside the store is read."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

import carlang
from carlang.syntax.literal import string_literal
from tests.engine.trees import flags, numbered, run, where, write

SECRET = "hush-hush-hush"  # noqa: S105  # a word to look for
ATTACKS = [
    "'; DROP TABLE events.process; --",
    "' OR 1=1 --",
    "' UNION SELECT content FROM read_text('/etc/passwd') --",
    "x' || (SELECT content FROM read_text('{secret}')) || 'x",
    "'; COPY (SELECT 1) TO '{folder}/out.csv'; --",
    "'; ATTACH '{folder}/x.db'; --",
    "'; SET enable_external_access = true; --",
    '"; DROP TABLE events.process; --',
    "\" FROM read_text('{secret}') --",
    "$$ || read_text('{secret}') || $$",
    "$tag$; SELECT 1; $tag$",
    "\\'; SELECT 1; --",
    "\\\\' OR 1=1 --",
    "’; DROP TABLE x; --",
    "ʼ OR ʼ1ʼ=ʼ1",
    "＇ OR 1=1 --",
    "/* */ '/**/ OR 1=1",
    "E'\\x27 OR 1=1 --'",
    "U&'\\0027 OR 1=1'",
    "{{secret}}",
    "$1 ? :name %s %(name)s",
    "read_csv('/etc/passwd')",
    "/etc/passwd",
    "../../../../etc/passwd",
    "\x1f\x1f",
    "__SQLGLOT__LBREAK__",
]
PLACES = [
    "command_line == {}",
    "not command_line != {}",
    "command_line in [{}, {}]",
    "command_line contains {}",
    "command_line startswith {}",
    "command_line endswith {}",
    "{} == command_line",
    "concat(command_line, '') == {}",
    "coalesce(command_line, {}) == {}",
    "replace(command_line, {}, {}) == {}",
    "command_line in {}",
    "length(split({}, {})) == 2 and command_line == {}",
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "secret.txt").write_text(SECRET)
    root = folder / "store"
    texts = [_attack(root, attack) for attack in ATTACKS]
    write(root, "process/create", numbered([*texts, "innocent"], "command_line"))
    return root


def _attack(store: Path, attack: str) -> str:
    return attack.replace("{secret}", str(store.parent / "secret.txt")).replace("{folder}", str(store.parent))


@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_string_finds_the_event_that_has_it_and_not_the_innocent(store: Path, place: str) -> None:
    literals = [string_literal(_attack(store, attack)) for attack in ATTACKS]
    for number, found in enumerate(flags(store, [place.replace("{}", literal) for literal in literals])):
        assert number in found
        assert len(ATTACKS) not in found
        assert found == [number] or "==" not in place or "*" in ATTACKS[number]
    assert sorted(path.name for path in store.parent.iterdir()) == ["secret.txt", "store"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_string_stays_one_literal_in_every_form_of_test(store: Path, attack: str) -> None:
    literal = string_literal(_attack(store, attack))
    program = (
        f"k = {literal}\nxs = [{literal}, k]\np = search Process:Create\n"
        f"p.a = {literal}\np.b = concat(k, {literal})\n"
        f"q = filter p where command_line == k or command_line in xs or command_line contains xs or a == b\noutput q"
    )
    for text in carlang.load_text(program).sql().values():
        (statement,) = sqlglot.parse(text, dialect="duckdb")
        assert isinstance(statement, exp.Query)
        tables = {table.name for table in statement.find_all(exp.Table)}
        assert tables <= {"process", "p", "p_2", "p_3", "q"}
        assert not list(statement.find_all(exp.Command, exp.Drop, exp.Copy, exp.Attach))
    assert all(SECRET not in str(row) for row in run(store, program))


@pytest.mark.parametrize(
    "regex", ["'; DROP TABLE x; --", "\\Q'\\E", "[']", "\\x27", "(?P<x>')", "' OR 1=1 --|^zzz$", "\\\\'"]
)
def test_a_hostile_regular_expression_is_only_that(store: Path, regex: str) -> None:
    program = f"p = search Process:Create\np.x = regex_extract(command_line, {string_literal(regex)})\noutput p"
    assert len(run(store, program)) == len(ATTACKS) + 1
    assert len(ATTACKS) not in where(store, f"command_line match {string_literal(regex)}")


@pytest.mark.parametrize(
    "name",
    [
        "select",
        "from",
        "table",
        "at",
        "drop",
        "process",
        "events",
        "stage",
        "read_text",
        "main",
        "information_schema",
        "duckdb_settings",
        "sqlite_master",
        "pg_catalog",
        "e",
        "_",
        "ª",
        "ﬁ",
        "K",
        "İ",
        "名前",
        "a" * 500,
    ],
)
def test_a_stream_an_output_and_a_field_may_have_any_name(store: Path, name: str) -> None:
    program = (
        f"{name} = search Process:Create\n{name}.{name}_x = lower(command_line)\n"
        f'{name} = filter {name} where ({name}.command_line == "INNOCENT" and {name}_x == "innocent")\noutput {name}'
    )
    found = carlang.run(program, carlang.open_store(store))
    assert list(found) == [name]
    (row,) = found[name].rows()
    assert row[f"{name}_x"] == "innocent"


@pytest.mark.parametrize(
    "name", ["read_text", "read_csv", "getenv", "query", "glob", "eval", "system", "version", "random"]
)
def test_a_function_of_the_engine_is_no_function_of_the_language(name: str) -> None:
    for expression in (f"{name}('/etc/passwd')", f"command_line.{name}()"):
        found = carlang.check(f"p = search Process:Create\nq = filter p where {expression} == 'x'\noutput q")
        assert "CL205" in {d.code.name for d in found}


@pytest.mark.parametrize(
    "text",
    [
        "p = search Process:Create\nq = filter p where read_text.content == 'x'\noutput q",
        "p = search Process:Create\nq = filter p where \"exe\".content == 'x'\noutput q",
        "p = search read_text('/etc/passwd')\noutput p",
        "p = search '/etc/passwd'\noutput p",
        "p = search events.process\noutput p",
        "p = search Process:Create\nq = filter p where (SELECT 1)\noutput q",
        "p = search Process:Create; DROP TABLE x\noutput p",
        "p = search Process:Create\noutput p; SELECT 1",
        "p = search Process:Create\np.`x` = 1\noutput p",
        'p = search Process:Create\np."x; DROP" = 1\noutput p',
    ],
)
def test_sql_in_the_place_of_a_name_is_an_error(text: str) -> None:
    assert any(d.severity is carlang.Severity.ERROR for d in carlang.check(text))


@pytest.mark.parametrize("member", ["pipe", "PIPE", "é", "_x", "select"])
def test_a_member_of_a_record_is_no_path_and_no_sql(tmp_path: Path, member: str) -> None:
    write(tmp_path, "flow/message", numbered([f'{{"{member}": "yes", "$.x": "no", "a.b": "no"}}'], "proto_info"))
    assert where(tmp_path, f'proto_info.{member} == "YES"', "Flow:Message") == [0]


def test_the_title_of_an_analytic_is_data_and_its_id_has_a_form() -> None:
    hostile = string_literal("'; DROP TABLE x; -- \\\" $$")
    analytic = carlang.load_text(f"---\nid: CAR-2020-01-001\ntitle: {hostile}\n---\nsearch Process:Create\n")
    assert analytic.run()["result"].total > 0
    refused = carlang.load_text(f"---\nid: {hostile}\ntitle: x\n---\nsearch Process:Create\n")
    assert "CL503" in {d.code.name for d in refused.check()}


def test_a_string_with_a_null_character_is_an_answer_or_an_error_and_no_other_query(tmp_path: Path) -> None:
    rows = [{"record_id": 99, "command_line": "a\0' OR 1=1 --"}, {"record_id": 1, "command_line": "innocent"}]
    write(tmp_path, "process/create", rows)
    try:
        assert where(tmp_path, 'command_line == "a\0\' OR 1=1 --"') == [99]
    except carlang.CarlangError as error:
        assert str(error)  # noqa: PT017  # a refusal is right as well


def test_a_lone_surrogate_in_a_program_is_no_traceback(store: Path) -> None:
    for text in ('command_line == "\ud800"', 'command_line match "\ud800"', "command_line == \ud800"):
        program = f"p = search Process:Create\nq = filter p where {text}\noutput q"
        found = carlang.check(program)
        if not [d for d in found if d.severity is carlang.Severity.ERROR]:
            with pytest.raises(carlang.CarlangError):
                run(store, program)
