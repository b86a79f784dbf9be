"""Files looked through for guards: what passes is what guards admit, wherever values lie and however they are kept."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carlang.plan import portions
from carlang.plan.files import FILE_SHIFT, EventFile, Leaf, UnfitError
from carlang.plan.guards import Atom, Form, Some
from carlang.plan.portions import COMBINATION, LEAF, NUMBER, Portion
from carlang.plan.prices import cheapest
from carlang.plan.scanning import long_columns, shares, survivors
from tests.plan.admitted import admits
from tests.seeds import run_seed

PIECES = ("a", "AB", "abc", "Ab", "", "\u212a", "İ", "é", "k", "i.exe", "cmd.exe", "\\")
ATOMS = (
    Atom("exe", Form.EQUAL, "cmd.exe"),
    Atom("exe", Form.EQUAL, ""),
    Atom("exe", Form.PREFIX, "abc"),
    Atom("exe", Form.SUFFIX, "abc"),
    Atom("exe", Form.CONTAINS, "abc"),
    Atom("exe", Form.CONTAINS, "bcab"),
    Atom("exe", Form.SUFFIX, ".exe"),
    Atom("exe", Form.NOT_ASCII, ""),
    Atom("exe", Form.MATCHES, "^ab+c?$"),
    Atom("exe", Form.MATCHES, "k.*[é]"),
    Atom("exe", Form.MATCHES, "(?P<n>k)|(?-i)AB"),
    Atom("command_line", Form.MATCHES, "(?P<n>k)"),
    Atom("command_line", Form.MATCHES, "(?P<n>i)"),
    Atom("command_line", Form.EQUAL, "abcabc"),
    Atom("command_line", Form.PREFIX, "cmd"),
    Atom("pid", Form.EQUAL, 4),
    Atom("user", Form.EQUAL, "no file has it"),
)


def drawn_rows(count: int) -> list[dict[str, str | int | None]]:
    draw = random.Random(run_seed())  # noqa: S311  # cases, not secrets
    texts = ["".join(draw.choices(PIECES, k=draw.randint(0, 4))) for _ in range(60)]
    one_of = [*texts, None]
    return [
        {"exe": draw.choice(one_of), "command_line": draw.choice(one_of), "pid": draw.choice((4, 5, None))}
        for _ in range(count)
    ]


def pairs_of(portions: Iterable[Portion]) -> list[tuple[int, int]]:
    return sorted(
        pair for each in portions for pair in zip(*each.pairs.select([0, 1]).to_pydict().values(), strict=True)
    )


TEXT_TYPES = (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()))


@pytest.mark.parametrize("text_type", TEXT_TYPES, ids=str)
def test_the_events_that_pass_are_those_that_guards_admit(tmp_path: Path, text_type: pa.DataType) -> None:
    rows = drawn_rows(500)
    files = []
    for number, (first, end) in enumerate([(0, 300), (300, 301), (301, 500)]):
        columns = {name: [row[name] for row in rows[first:end]] for name in ("exe", "command_line", "pid")}
        types = {"exe": text_type, "command_line": text_type, "pid": pa.int64()}
        table = pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})
        pq.write_table(table, tmp_path / f"{number}.parquet", row_group_size=128, use_dictionary=number != 1)
        files.append(EventFile(tmp_path / f"{number}.parquet", "create", number + 7))
    leaves = [Leaf(frozenset({"create"}), (atom,)) for atom in ATOMS]
    leaves += [Leaf(frozenset({"create", "terminate"}), ATOMS[2:9]), Leaf(frozenset({"terminate"}), ATOMS)]
    numbers = [(n + 7 << FILE_SHIFT) + i for n, size in enumerate((300, 1, 199)) for i in range(size)]
    expected = [
        (index, number)
        for index, leaf in enumerate(leaves)
        for number, row in zip(numbers, rows, strict=True)
        if "create" in leaf.actions and admits(Some(leaf.atoms), row)
    ]
    assert pairs_of(survivors(files, leaves)) == sorted(expected)


def test_shares_are_those_of_a_sample_that_is_the_whole_of_a_small_store(tmp_path: Path) -> None:
    rows = drawn_rows(400)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "0.parquet")
    known = shares([EventFile(tmp_path / "0.parquet", "create", 0)], ATOMS)
    assert known == {atom: sum(admits(atom, row) for row in rows) / len(rows) for atom in ATOMS}


def test_the_cheapest_guard_is_the_one_that_fewest_events_pass(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(drawn_rows(400)), tmp_path / "0.parquet")
    known = shares([EventFile(tmp_path / "0.parquet", "create", 0)], ATOMS)
    chosen = cheapest(Some((ATOMS[0], ATOMS[3])), known)
    assert chosen is not None
    assert chosen[1] == (ATOMS[0], ATOMS[3])
    assert chosen[0] == pytest.approx(known[ATOMS[0]] + known[ATOMS[3]], abs=1e-5)


@pytest.mark.parametrize(
    "values", [pa.array([1.5]), pa.array([b"cmd.exe"]), pa.array(["cmd.exe"], pa.string_view())], ids=str
)
def test_values_that_are_neither_texts_nor_whole_numbers_are_not_guessed_at(tmp_path: Path, values: pa.Array) -> None:
    pq.write_table(pa.table({"exe": values}), tmp_path / "0.parquet")
    with pytest.raises(UnfitError, match="cannot be read for their guards"):
        list(survivors([EventFile(tmp_path / "0.parquet", "create", 0)], [Leaf(frozenset({"create"}), ATOMS[:8])]))


def test_a_text_is_not_looked_for_among_numbers(tmp_path: Path) -> None:
    pq.write_table(pa.table({"exe": [1, 2]}), tmp_path / "0.parquet")
    for atom in ATOMS[:9]:
        with pytest.raises(UnfitError, match="cannot be read for their guards"):
            list(survivors([EventFile(tmp_path / "0.parquet", "create", 0)], [Leaf(frozenset({"create"}), (atom,))]))


def test_a_file_that_is_no_parquet_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "0.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(UnfitError, match="cannot be read for their guards"):
        list(survivors([EventFile(tmp_path / "0.parquet", "create", 0)], [Leaf(frozenset({"create"}), ATOMS[:1])]))


@pytest.mark.parametrize("text_type", TEXT_TYPES, ids=str)
def test_an_event_of_a_leaf_that_is_tested_has_the_combination_of_its_texts(
    tmp_path: Path, text_type: pa.DataType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "_MANY", 5)
    monkeypatch.setattr(portions, "_COMBINATIONS", 30)
    rows = drawn_rows(600)
    types = {"exe": text_type, "command_line": text_type, "pid": pa.int64()}
    table = pa.table({name: pa.array([row[name] for row in rows], type_) for name, type_ in types.items()})
    pq.write_table(table, tmp_path / "0.parquet", row_group_size=200)
    asked = ("command_line", "exe", "user")
    action = frozenset({"create"})
    leaves = [Leaf(action, ATOMS[6:9], asked), Leaf(action, ATOMS[13:14], asked), Leaf(action, ATOMS[:1])]
    known = list(survivors([EventFile(tmp_path / "0.parquet", "create", 0)], leaves, ["command_line"]))
    expected = [(i, n) for i, leaf in enumerate(leaves) for n, row in enumerate(rows) if admits(Some(leaf.atoms), row)]
    assert pairs_of(known) == expected
    assert len(known) > 1
    tested = 0
    for portion in known:
        texts = {(each[COMBINATION], each[LEAF]): each for each in portion.combinations.to_pylist()}
        for pair in portion.pairs.to_pylist():
            row = rows[pair[NUMBER]]
            assert pair["command_line"] == row["command_line"]
            if pair[COMBINATION] is not None:
                tested += 1
                of_pair = texts[pair[COMBINATION], pair[LEAF]]
                assert [of_pair[name] for name in asked] == [row["command_line"], row["exe"], None]
    assert tested > 20


def test_long_texts_are_those_that_take_room_in_a_file(tmp_path: Path) -> None:
    texts = [f"{number:040}" for number in range(1000)]
    pq.write_table(pa.table({"command_line": texts, "exe": ["a" * 40] * 1000, "user": texts}), tmp_path / "0.parquet")
    assert long_columns([EventFile(tmp_path / "0.parquet", "create", 0)], {"command_line", "exe"}) == ("command_line",)
