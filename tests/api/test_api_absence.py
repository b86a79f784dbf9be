"""Whether finding nothing is an answer depends on what the program named: an object, or actions of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import carlang
from carlang.results import judgement_text
from tests.boundaries.tables import START, store_of

NOTHING = '| filter exe == "nothing.exe"'


@pytest.fixture
def store(tmp_path: Path) -> carlang.Store:
    """A store with process/create events alone."""
    return carlang.open_store(store_of(tmp_path, "process/create", [{"time": START, "exe": "at.exe"}]))


def _outcome(program: str, store: carlang.Store) -> tuple[list[int], list[str]]:
    report = carlang.run_all([carlang.load_text(program)], store)
    assert report.failed == ()
    return [result.output.total for result in report.results], [str(each.reason) for each in report.not_run]


@pytest.mark.parametrize("search", ["search Process", "search Process:*"])
def test_a_search_of_a_whole_object_answers_with_whichever_actions_the_store_has(
    search: str, store: carlang.Store
) -> None:
    assert _outcome(f"{search} {NOTHING}", store) == ([0], [])
    assert _outcome(search, store) == ([1], [])


@pytest.mark.parametrize(
    ("search", "absent"),
    [
        ("search Process:Create,Terminate", "process/terminate"),
        ("search (Process:Create or Process:Access)", "process/access"),
        ("search Process:Create,Terminate,Access", "process/terminate or access"),
    ],
)
def test_a_search_that_names_an_action_is_partly_blind_without_it(
    search: str, absent: str, store: carlang.Store
) -> None:
    assert _outcome(f"{search} {NOTHING}", store) == ([0], [])
    judgement = carlang.run(f"{search} {NOTHING}", store)["result"].judgement
    assert judgement is not None
    assert judgement.state is carlang.State.PARTLY
    assert judgement_text(judgement) == f"partly blind: the store holds no {absent} events"


def test_a_search_that_names_every_action_asks_for_each_of_them(store: carlang.Store) -> None:
    first, *others = [action.name for action in carlang.builtin_model().objects["process"].actions]
    judgement = carlang.run(f"search Process:{','.join([first, *others])} {NOTHING}", store)["result"].judgement
    assert (first, judgement and judgement.state) == ("create", carlang.State.PARTLY)
    assert judgement is not None
    assert set(judgement.reasons) == {carlang.NoEvents("process", action) for action in others}
    whole = carlang.run(f"search Process {NOTHING}", store)["result"].judgement
    assert whole is not None
    assert whole.state is carlang.State.ANSWERED


def test_an_object_of_which_the_store_has_no_event_is_named_alone(store: carlang.Store) -> None:
    assert _outcome("search Thread", store) == ([], ["the store holds no thread events"])
    assert _outcome("search Thread:Create", store) == ([], ["the store holds no thread/create events"])
