"""The catalogue finds analytics by id over a search path."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from carlang.project import Catalogue, CatalogueError, analytic_files, shipped_catalogue
from carlang.project.catalogue import quick_id


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def car(id_: str, title: str = "") -> str:
    return f"---\nid: {id_}\ntitle: {title or id_}\n---\noutput a\n"


def test_files_that_ship_are_called_by_their_ids_so_that_one_is_found_without_reading_the_others() -> None:
    root = resources.files("carlang.analytics")
    assert all(file.name == f"{quick_id(file).upper()}.car" for file in analytic_files(root))
    catalogue = Catalogue()
    analytic = catalogue.find("car-2013-05-004")
    assert analytic
    assert analytic.id == "CAR-2013-05-004"
    assert "entries" not in catalogue.folders[0].__dict__
    assert catalogue.find("CAR-2013-05-999") is None
    assert catalogue.find("../CAR-2013-05-004") is None


def test_the_shipped_catalogue_holds_the_first_analytic() -> None:
    analytic = shipped_catalogue().find("CAR-2013-05-004")
    assert analytic
    assert analytic.title == "Execution with AT"
    assert analytic.techniques == ("T1053.002",)
    assert "CAR-2013-05-004" in shipped_catalogue().ids


def test_what_ships_is_without_fault_and_carries_tests() -> None:
    for analytic in shipped_catalogue().all():
        assert analytic.diagnostics == ()
        assert analytic.tests
        assert len(analytic.sources) == 1
        assert Path(analytic.file).stem == analytic.id


def test_an_id_is_found_in_any_case_and_a_near_one_is_suggested() -> None:
    catalogue = shipped_catalogue()
    assert catalogue.find("car-2013-05-004")
    assert catalogue.find("CAR-2013-05-04") is None
    assert catalogue.suggest("CAR-2013-05-04") == "CAR-2013-05-004"
    assert catalogue.suggest("nothing like it at all") is None


def test_a_users_folder_comes_before_what_ships(tmp_path: Path) -> None:
    first = tmp_path / "first"
    second = tmp_path / "second"
    write(first, "at.car", car("CAR-2013-05-004", "ours"))
    write(second, "x.car", car("CAR-2013-05-004", "hidden"))
    write(second, "y.car", "output a\n")
    catalogue = Catalogue([first, second])
    found = catalogue.find("CAR-2013-05-004")
    assert found
    assert found.title == "ours"
    assert [a.title for a in catalogue.all() if a.id == "CAR-2013-05-004"] == ["ours"]
    assert "y" in catalogue.ids
    assert Catalogue([second], shipped=False).ids == ("CAR-2013-05-004", "y")


def test_an_id_that_two_files_of_a_folder_have_is_an_error_that_names_both(tmp_path: Path) -> None:
    one = write(tmp_path, "one.car", car("A-1"))
    two = write(tmp_path, "deep/two.md", "---\nid: a-1\n---\n## Pseudocode\n```\noutput a\n```\n")
    catalogue = Catalogue([tmp_path], shipped=False)
    found = catalogue.find("A-1")
    assert found
    (diagnostic,) = found.diagnostics
    assert diagnostic.code.name == "CL503"
    assert {str(one), str(two)} <= set(f"{diagnostic.message} {diagnostic.help}".replace("`", " ").split())
    assert diagnostic.location.line == 2
    assert [len(a.diagnostics) for a in catalogue.all()] == [1, 1]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="is not there"):
        Catalogue([tmp_path / "none"])


def test_a_single_file_is_a_catalogue_of_one(tmp_path: Path) -> None:
    file = write(tmp_path, "notes.md", "nothing here\n")
    assert Catalogue([file], shipped=False).ids == ("notes",)


def test_files_that_are_no_analytics_are_passed_over(tmp_path: Path) -> None:
    kept = [
        write(tmp_path, "a.car", "output a\n"),
        write(tmp_path, "b.md", "## Pseudocode\n```\noutput a\n```\n"),
        write(tmp_path, "c/d.yaml", "id: d\n"),
        write(tmp_path, "e.yml", "title: e\nimplementations: []\n"),
        write(tmp_path, "f.md", "```car\noutput a\n```\n"),
    ]
    for name, text in [
        ("README.md", "# About\n"),
        ("a.tests.yaml", "- {name: a, expect: {}}\n"),
        ("ours.yaml", "objects: {}\n"),
        (".hidden.car", "output a\n"),
        (".git/x.car", "output a\n"),
        ("__init__.py", ""),
        ("data.json", "{}"),
    ]:
        write(tmp_path, name, text)
    assert analytic_files(tmp_path) == kept


def test_an_id_is_that_of_the_loaded_analytic(tmp_path: Path, real_corpus: Path) -> None:
    write(tmp_path, "q.car", "# above\n---\nid: 'Q-1'  # quoted\n---\noutput a\n")
    write(tmp_path, "t.md", '---\ntitle: "CAR-2000-01-001: T"\n---\n## Pseudocode\n```\nid: no\n```\n')
    write(tmp_path, "n.car", "---\ntitle: none\n---\nid: no\n")
    for folder in (tmp_path, real_corpus):
        catalogue = Catalogue([folder], shipped=False)
        for id_ in catalogue.ids:
            found = catalogue.find(id_)
            assert found
            assert found.id == id_


def test_the_corpus_is_a_catalogue(real_corpus: Path) -> None:
    catalogue = Catalogue([real_corpus / "car"], shipped=False)
    assert len(catalogue.ids) == 102
    assert len(catalogue.all()) == 102
