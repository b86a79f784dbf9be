"""Large and deep programs end in SQL or in diagnostics, never in a traceback."""

from __future__ import annotations

import pytest

import carlang
from carlang.diagnostics import has_errors

HEAD = "p = search Process:Create\n"


def _compiled(text: str) -> tuple[set[str], int]:
    """Return the codes of a program's diagnostics and, where it has no errors, the length of its SQL."""
    analytic = carlang.load_text(text)
    found = analytic.check()
    size = 0 if has_errors(found) else sum(len(sql) for sql in analytic.sql().values())
    return {d.code.name for d in found}, size


def _filter(condition: str) -> str:
    return f"{HEAD}q = filter p where {condition}\noutput q"


@pytest.mark.parametrize(
    "text",
    [
        _filter("(" * 1000 + 'exe == "x"' + ")" * 1000),
        _filter("exe == " + "(" * 1000 + '"x"' + ")" * 1000),
        _filter(" or ".join(f'exe == "a{i}"' for i in range(2000))),
        _filter(" and ".join(f'exe != "a{i}*"' for i in range(2000))),
        _filter("exe in [" + ",".join(f'"a{i}"' for i in range(5000)) + "]"),
        _filter("exe in [" + ",".join(f'"*a{i}*"' for i in range(5000)) + "]"),
        _filter(" < ".join(["pid"] * 2000)),
        _filter('exe == "' + "x" * 1_000_000 + '"'),
        _filter('exe == "' + "*x" * 10_000 + '"'),
        _filter('exe match "' + "x" * 100_000 + '"'),
        _filter("(\n" + "\nor ".join(f"pid == {i}" for i in range(3000)) + "\n)"),
        "xs = [" + ",\n".join(f'"a{i}"' for i in range(5000)) + f"]\n{_filter('exe in xs or parent_exe not in xs')}",
        _filter("exe == concat(" + ",".join(["exe"] * 1000) + ")"),
        HEAD + "# comment\n" * 10_000 + "q = filter p where pid == 1\noutput q",
        HEAD + "\n" * 100_000 + "q = filter p where pid == 1\noutput q",
    ],
    ids=lambda text: text[26:60],
)
def test_what_is_long_but_flat_compiles(text: str) -> None:
    codes, size = _compiled(text)
    assert not codes
    assert size > 0


@pytest.mark.parametrize(
    "text",
    [
        _filter("not " * 1000 + 'exe == "x"'),
        _filter("not (" * 1000 + 'exe == "x"' + ")" * 1000),
        _filter("(" * 1000 + 'exe == "x"' + " and pid == 1) or pid == 2)" * 500),
        _filter("exe == " + "lower(" * 1000 + "exe" + ")" * 1000),
        _filter("pid == " + "1 + (" * 1000 + "1" + ")" * 1000),
        _filter("pid == " + " + ".join(["1"] * 5000)),
        _filter("exe == a" + ".a" * 3000),
        _filter("exe in " + "[" * 1000 + "]" * 1000),
        _filter("exe.lower()" + ".lower()" * 1000 + ' == "x"'),
        _filter("pid == " + "-(" * 1000 + "1" + ")" * 1000),
        HEAD + "q = filter p" + "(" * 1000 + "exe == 'x'" + ")" * 1000 + "(" + "\noutput q",
        "(" * 20_000,
        ")" * 20_000,
        '"\n' * 5000,
        HEAD + "q = " + "(" * 1000 + "filter p where pid == 1" + ")" * 1000 + "\noutput q",
        "x = [" * 500,
        _filter("pid == " + "9" * 100_000),
        _filter("a" * 1_000_000),
        _filter("proto_info" + ".a" * 500 + ' == "x"'),
    ],
    ids=lambda text: text[26:60].replace("\n", " "),
)
def test_what_is_deep_ends_in_sql_or_in_diagnostics(text: str) -> None:
    codes, size = _compiled(text)
    assert codes or size


def test_too_deep_a_condition_is_said_so_once_or_twice_and_not_for_every_level() -> None:
    found = carlang.check(_filter("not (" * 1000 + 'exe == "x"' + ")" * 1000))
    assert "CL106" in {d.code.name for d in found}
    assert len(found) < 5


def test_calls_within_calls_do_not_multiply_the_sql() -> None:
    sizes = [_compiled(_filter(f"exe == {'dirname(' * depth}exe{')' * depth}"))[1] for depth in (2, 4, 8)]
    assert sizes[2] < 64 * sizes[0]


def test_ten_thousand_lines() -> None:
    lines = "\n".join(f'q{i} = filter p where exe == "a{i}"' for i in range(10_000))
    codes, size = _compiled(f"{HEAD}{lines}\noutput q0, q9999")
    assert codes == {"CL405"}
    assert size > 0


def test_ten_thousand_faulty_lines_are_all_reported() -> None:
    lines = "\n".join(f'q{i} = filter p where exf == "a{i}"' for i in range(10_000))
    found = carlang.check(f"{HEAD}{lines}\noutput p")
    assert sum(d.code.name == "CL201" for d in found) == 10_000


def test_a_thousand_lines_with_unknown_streams_are_all_reported() -> None:
    lines = "\n".join(f"q{i} = filter zz{i} where pid == 1" for i in range(1000))
    assert sum(d.code.name == "CL202" for d in carlang.check(lines)) == 1000


@pytest.mark.parametrize("count", [100, 1500])
def test_a_stream_filtered_again_and_again(count: int) -> None:
    lines = "\n".join(f'p = filter p where exe != "a{i}"' for i in range(count))
    codes, size = _compiled(f"{HEAD}{lines}\noutput p")
    assert codes or size


@pytest.mark.parametrize("count", [100, 1000])
def test_a_pipe_of_many_stages(count: int) -> None:
    codes, size = _compiled("search Process:Create" + '| filter exe != "x"' * count)
    assert codes or size


@pytest.mark.parametrize("count", [10, 300])
def test_many_derived_fields(count: int) -> None:
    lines = "\n".join(f"p.f{i} = pid + {i}" for i in range(count))
    codes, size = _compiled(f"{HEAD}{lines}\noutput p")
    assert codes or size
