"""A project: the nearest `carlang.toml`, found and used by commands and by the library in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest

import carlang
from carlang.project import Project, SettingsError
from tests.cli.commands import AT, process_record, write_log
from tests.cli.commands import carlang as command

TOML = """\
store = "events"

[model]
extend = ["ours.yaml"]

[catalogue]
path = ["detections"]
"""
OURS = "---\nid: OUR-1\ntitle: Ours\n---\nodd = search Process:Create | filter score > 5\noutput odd\n"
MODEL = "objects:\n  process:\n    fields:\n      score: {type: integer, description: How odd it is.}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a store of two events, a field and an analytic of its own, and a folder below it."""
    (tmp_path / "carlang.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "ours.yaml").write_text(MODEL, encoding="utf-8")
    (tmp_path / "detections").mkdir()
    (tmp_path / "detections" / "ours.car").write_text(OURS, encoding="utf-8")
    (tmp_path / "below").mkdir()
    log = write_log(tmp_path / "log.ndjson", process_record(1), process_record(2, "cmd.exe"))
    carlang.ingest(log, tmp_path / "events", project=Project.find(tmp_path))
    return tmp_path


def test_the_nearest_file_at_or_above_a_folder_counts(folder: Path) -> None:
    for start in (folder, folder / "below", str(folder / "below")):
        project = Project.find(start)
        assert project.settings_file == folder / "carlang.toml"
        assert project.store == folder / "events"
        assert project.extensions == (folder / "ours.yaml",)
        assert project.search_path == (folder / "detections",)
    (folder / "below" / "carlang.toml").write_text("", encoding="utf-8")
    assert Project.find(folder / "below").store is None


def test_without_a_start_it_is_the_working_directory_that_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "below")
    assert Project.find().settings_file == folder / "carlang.toml"


def test_without_a_file_it_is_the_built_in_model_and_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARLANG_STORE", raising=False)
    project = Project()
    assert (project.settings_file, project.store_path(), project.search_path) == (None, None, ())
    assert project.model is carlang.builtin_model()


def test_a_store_that_is_named_comes_before_the_environments_and_that_before_the_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project.find(folder)
    monkeypatch.delenv("CARLANG_STORE", raising=False)
    assert project.store_path() == folder / "events"
    monkeypatch.setenv("CARLANG_STORE", "elsewhere")
    assert project.store_path() == Path("elsewhere")
    assert project.store_path("here") == Path("here")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("store = 3", r'`store` is a path, such as store = "events"'),
        ("stor = 'x'", "unknown key `stor`; did you mean `store`?"),
        ("model = 'x'", r"`model` is a table, \[model\]"),
        ("[model]\nextent = []", r"\[model\] unknown key `extent`; did you mean `extend`?"),
        ("[catalogue]\npath = 'x'", r"\[catalogue\] `path` is a list of paths"),
        ("store = ", "cannot be read"),
        ("store = ''", "'' is not a path"),
        ("[model]\nextend = ['']", "'' is not a path"),
        ("[catalogue]\npath = ['']", "'' is not a path"),
        ('[model]\nextend = ["a\\u0000b"]', r"'a\\x00b' is not a path"),
        ("store = '~nobody-of-this-name/events'", "`~nobody-of-this-name/events` is in the home of nobody"),
    ],
)
def test_a_faulty_file_is_named_with_what_is_wrong_in_it(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "carlang.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message) as raised:
        Project.find(tmp_path)
    assert str(tmp_path / "carlang.toml") in str(raised.value)


def test_a_byte_order_mark_as_editors_on_windows_write_it_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "carlang.toml").write_text('\ufeffstore = "events"\n', encoding="utf-8")
    assert Project.find(tmp_path).store == tmp_path / "events"


def test_a_folder_of_the_search_path_that_is_not_there_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "carlang.toml").write_text("[catalogue]\npath = ['none']\n", encoding="utf-8")
    for call in (carlang.catalogue, lambda project: carlang.load("CAR-2013-05-004", project=project)):
        with pytest.raises(carlang.SettingsError, match="none` is not there") as raised:
            call(Project.find(tmp_path))
        assert str(tmp_path / "carlang.toml") in str(raised.value)
    assert command("catalog", "list", cwd=tmp_path).status == 2


def test_the_library_uses_a_project_as_the_commands_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARLANG_STORE", raising=False)
    project = carlang.Project.find(folder)
    ours = carlang.load("our-1", project=project)
    assert (ours.title, ours.check()) == ("Ours", [])
    assert ours.run(project.store_path())["odd"].count == 0
    assert "OUR-1" in [a.id for a in carlang.catalogue(project)]
    assert "OUR-1" not in [a.id for a in carlang.catalogue()]
    program = "search Process:Create | filter score > 5"
    assert carlang.check(program, project=project) == []
    assert [d.code.name for d in carlang.check(program)] == ["CL201"]
    assert carlang.run(program, project.store_path(), project=project)["result"].count == 0
    done = command("run", "OUR-1", "--format", "json", cwd=folder)
    assert (done.status, done.json()["store"]) == (0, str(folder / "events"))


COMMANDS = [
    ("run", "-e", AT),
    ("check", "-e", AT),
    ("test", "CAR-2013-05-004"),
    ("catalog", "list", "no such word"),
    ("catalog", "coverage", "--format", "json"),
    ("store", "schema"),
    ("ingest", "log.ndjson"),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda a: " ".join(a[:2]))
def test_settings_of_a_folder_above_are_named_on_standard_error_and_those_here_are_not(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    write_log(folder / "below" / "log.ndjson", process_record(3))
    said = f"settings: {folder / 'carlang.toml'}"
    assert said in command(*arguments, cwd=folder / "below").err.splitlines()
    assert said not in command(*arguments, cwd=folder).err


def test_store_info_names_the_settings_it_uses(folder: Path) -> None:
    for cwd in (folder, folder / "below"):
        done = command("store", "info", cwd=cwd)
        assert (done.status, done.err) == (0, "")
        assert f"settings: {folder / 'carlang.toml'}" in done.out.splitlines()
        assert command("store", "info", "--format", "json", cwd=cwd).json()["settings"] == str(folder / "carlang.toml")


def test_store_info_says_that_there_are_no_settings(folder: Path) -> None:
    (folder / "carlang.toml").unlink()
    assert "settings: none, there is no carlang.toml" in command("store", "info", "events", cwd=folder).out
    assert command("store", "info", "events", "--format", "json", cwd=folder).json()["settings"] is None
