"""Many small things kept between runs: what comes back is what was put there, or nothing."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from carlang.cache import VARIABLE, Codec, Kept, digest_of
from carlang.cache import folder as folders
from carlang.cache import segments as store
from tests.conftest import POSIX


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    colours: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Pair:
    left: Any
    right: Any


class Stranger:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("echo",)


KNOWN = Leaf("known")
CODEC = Codec((__name__,), {"known": KNOWN})
KEPT = Kept("pair", CODEC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "kept"
    monkeypatch.setenv(VARIABLE, str(path))
    yield path
    forget()


def forget() -> None:
    """Be a process that has not looked into the cache yet."""
    store.flush()
    vars(store)["_opened"].clear()


def put(*values: Any) -> None:
    for number, value in enumerate(values):
        KEPT.put((str(number),), value)
    forget()


def test_data_comes_back_as_it_was_the_same_where_it_was_the_same() -> None:
    leaf, text = Leaf("a", frozenset("xyz")), "at hand"
    value = {"k": [Pair(leaf, leaf), Pair(KNOWN, text), Pair(Colour.RED, (None, 1, 2.5, "ſ", frozenset({3})))]}
    back = CODEC.loads(CODEC.dumps(value, (text,)), (text,))
    assert back == value
    same, others, colours = back["k"]
    assert same.left is same.right
    assert others.left is KNOWN
    assert others.right is text
    assert colours.left is Colour.RED


@pytest.mark.parametrize("value", [Stranger(), print, [Pair(1, Stranger())], Path("x")])
def test_what_is_no_data_of_the_codecs_is_not_written(value: Any) -> None:
    with pytest.raises(pickle.PicklingError):
        CODEC.dumps(value)


@pytest.mark.parametrize("value", [Stranger(), print, Path("x"), Codec, pickle.loads, folders.read_whole])
def test_what_is_no_data_of_the_codecs_is_not_read(value: Any) -> None:
    with pytest.raises(pickle.UnpicklingError):
        CODEC.loads(pickle.dumps(value))


def test_a_function_of_the_codecs_own_modules_is_not_called() -> None:
    with pytest.raises(pickle.UnpicklingError):
        CODEC.loads(pickle.dumps(put))


def test_another_process_finds_what_one_has_kept(folder: Path) -> None:
    assert KEPT.get(("0",)) is None
    put(Leaf("a"), Leaf("b"))
    assert [KEPT.get((key,)) for key in "012"] == [Leaf("a"), Leaf("b"), None]
    assert Kept("other", CODEC).get(("0",)) is None
    assert len(list(folder.iterdir())) == 1


def test_two_that_write_at_once_both_keep_what_they_have(folder: Path) -> None:
    def process(number: int) -> None:
        other = store.Segments(folder, "env")
        for each in range(20):
            other.put(digest_of(str(number), str(each)), b"%d" % each)
        other.flush()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(process, range(30)))
    last = store.Segments(folder, "env")
    assert [last.get(digest_of(str(n), str(each))) for n in range(30) for each in range(20)].count(None) == 0
    assert len(list(folder.iterdir())) <= 30


@pytest.mark.parametrize("cut", [0, 10, 40, 60, -1])
def test_what_was_cut_off_or_changed_is_not_there_and_is_kept_again(folder: Path, cut: int) -> None:
    put(Leaf("a"))
    (segment,) = folder.iterdir()
    content = segment.read_bytes()
    for damaged in (content[:cut], content[:cut] + b"?" + content[cut:][1:]):
        segment.write_bytes(damaged)
        assert KEPT.get(("0",)) is None
        forget()
    put(Leaf("a"))
    assert KEPT.get(("0",)) == Leaf("a")


def test_another_version_keeps_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(Leaf("a"))
    monkeypatch.setattr(store, "environment", lambda: "of another version")
    assert KEPT.get(("0",)) is None
    put(Leaf("b"))
    assert KEPT.get(("0",)) == Leaf("b")
    monkeypatch.undo()
    monkeypatch.setenv(VARIABLE, str(folder))
    forget()
    assert KEPT.get(("0",)) == Leaf("a")


@POSIX
def test_what_others_can_write_to_is_not_read(folder: Path) -> None:
    put(Leaf("a"))
    (segment,) = folder.iterdir()
    segment.chmod(0o620)
    assert KEPT.get(("0",)) is None
    segment.chmod(0o600)
    forget()
    assert KEPT.get(("0",)) == Leaf("a")
    forget()
    link = folder / segment.name
    segment.rename(folder.parent / "elsewhere")
    link.symlink_to(folder.parent / "elsewhere")
    assert KEPT.get(("0",)) is None


def test_the_folder_may_go_while_somebody_works(folder: Path) -> None:
    put(Leaf("a"), Leaf("b"))
    assert KEPT.get(("0",)) == Leaf("a")
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    KEPT.get(("1",))  # what it is, if anything, depends on the system
    KEPT.put(("2",), Leaf("c"))
    assert KEPT.get(("2",)) == Leaf("c")
    forget()
    assert KEPT.get(("2",)) == Leaf("c")


@pytest.mark.parametrize("named", ["off", "file", "file/below"])
def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    (tmp_path / "file").write_text("in its place")
    monkeypatch.setenv(VARIABLE, named if named == "off" else str(tmp_path / named))
    put(Leaf("a"))
    assert KEPT.get(("0",)) is None


def test_many_small_segments_become_one(folder: Path) -> None:
    for number in range(12):
        KEPT.put((str(number),), Leaf(str(number)))
        forget()
    assert len(list(folder.iterdir())) <= 8
    assert [KEPT.get((str(number),)) for number in range(12)] == [Leaf(str(number)) for number in range(12)]


def test_the_oldest_go_where_there_are_too_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_LARGEST", 4000)
    monkeypatch.setattr(folders, "LARGEST", 20_000)
    for number in range(40):
        KEPT.put((str(number),), Leaf(f"{number} " + "x" * 400))
        forget()
    there = [number for number in range(40) if KEPT.get((str(number),)) is not None]
    assert there == list(range(40 - len(there), 40))
    assert 5 < len(there) < 20
    assert sum(file.stat().st_size for file in folder.iterdir()) < 20_000


def test_what_many_share_is_kept_once_and_is_the_same_object(folder: Path) -> None:
    kept = Kept("sharing", Codec((__name__,), shared=Leaf))
    for number in range(50):
        kept.put((str(number),), Pair(number, tuple(Leaf(f"of {each}") for each in range(200))))
    forget()
    first, second = kept.get(("0",)), kept.get(("49",))
    assert first == Pair(0, second.right)
    assert len(second.right) == 200
    assert first.right is second.right
    assert sum(file.stat().st_size for file in folder.iterdir()) < 20_000
