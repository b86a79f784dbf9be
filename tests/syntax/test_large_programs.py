"""Large and deep programs end in SQL or in diagnostics, never in a traceback."""

from __future__ import annotations

from collections.abc import Callable

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


def _lines(first: str, line: str, count: int, last: str) -> str:
    """Return a program with a line for each number, `{n}` in it, which is `{m}` in the line before."""
    between = "".join(line.format(n=n, m=n - 1) + "\n" for n in range(1, count))
    return f"{HEAD}{first}\n{between}{last.format(m=count - 1)}"


# What may stand behind or inside one another, by how often, and the last program that works: within its limit, and in
# time that does not double with each line although each uses the one before it twice.
_VALUE = "x = filter p where pid < k{m}"
CHAINS: dict[str, tuple[Callable[[int], str], int]] = {
    "filters": (lambda n: _lines("x0 = p", "x{n} = filter x{m} where pid > {n}", n, "output x{m}"), 390),
    "differences": (lambda n: _lines("x0 = p", "x{n} = x{m} - x{m} by pid", n, "output x{m}"), 390),
    "fields": (lambda n: _lines("p.f0 = pid", "p.f{n} = f{m} + f{m}", n, "output p"), 200),
    "pipes": (lambda n: "search Process:Create" + " | filter pid > 1 | select pid" * n, 31),
    "filters in a pipe": (lambda n: "search Process:Create" + " | filter pid > 1" * n, 5000),
    "unions": (lambda n: f"{HEAD}x = " + " + ".join(["p"] * n) + "\noutput x", 60),
    "values": (lambda n: _lines("k0 = count(p)", "k{n} = k{m} + 1", n, f"{_VALUE}\noutput x"), 30),
    "doubled": (
        lambda n: _lines("k0 = count(p)", "k{n} = k{m} + k{m}", n, "x = filter p where pid < k{m}\noutput x"),
        8,
    ),
    "aggregates": (
        lambda n: _lines("x0 = p", "n{n} = count(x{m})\nx{n} = filter x{m} where pid > n{n}", n, "output x{m}"),
        100,
    ),
    "joins": (lambda n: _lines("x0 = p", "y{n} = x{m}\nx{n} = join (x{m}, y{n})", n, "output x{m}"), 6),
    "narrow joins": (
        lambda n: _lines(
            "x0 = from p select pid",
            "y{n} = x{m}\nj{n} = join (x{m}, y{n})\nx{n} = from j{n} select x{m}.pid as pid",
            n,
            "output x{m}",
        ),
        9,
    ),
}


@pytest.mark.parametrize("kind", CHAINS)
def test_chains_compile_up_to_their_limit_and_are_refused_beyond_it(kind: str) -> None:
    chain, longest = CHAINS[kind]
    codes, size = _compiled(chain(longest))
    assert not codes & {"CL106"}
    assert size > 0
    if kind not in ("filters in a pipe", "aggregates", "fields"):
        assert "CL106" in _compiled(chain(longest * 8))[0]


def test_a_program_that_is_too_long_is_refused_at_once() -> None:
    text = _filter('exe == "' + "x" * 10_000_000 + '"')
    (fault,) = carlang.check(text)
    assert fault.code.name == "CL112"
    assert fault.location.line == 2


@pytest.mark.parametrize("tail", ["'", "\\", '\\"', "\n"])
def test_a_long_string_that_does_not_end_takes_no_longer_than_its_length(tail: str) -> None:
    codes, _ = _compiled(_filter('exe == "' + "x\\" * 200_000 + tail))
    assert codes


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
