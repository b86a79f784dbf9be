from __future__ import annotations

import pytest

from carlang.source import Source
from carlang.syntax import format_program


def formatted(text: str) -> str | None:
    return format_program(Source.whole("p.car", text))


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("p=SEARCH Process:Create", "p = search Process:Create\n"),
        ("p = search  User   Session : Login , Logout", "p = search User Session:Login,Logout\n"),
        ("p = search (Registry:Add OR Registry:Edit)", "p = search Registry:Add or Registry:Edit\n"),
        ("p = search Process:*", "p = search Process:*\n"),
        ("q = filter p where exe = 'a.exe'", 'q = filter p where (exe == "a.exe")\n'),
        ("q = filter p (where exe <> 'a.exe')", 'q = filter p where (exe != "a.exe")\n'),
        ("q = filter (exe == “a”)", 'q = filter where (exe == "a")\n'),
        # Behind `match` a constant stands for its text as it is written.
        ("x = 'C:\\\\Windows\\\\'", 'x = "C:\\\\Windows\\\\"\n'),
        ("f = filter p where (x == 'C:\\\\Windows\\\\')", 'f = filter p where (x == "C:\\Windows\\\\")\n'),
        (r"f = filter p where (x match 'C:\\W\d\"')", 'f = filter p where (x match "C:\\\\W\\d\\"")\n'),
        ("x = '\"a\"'", 'x = "\\"a\\""\n'),
        ("q = filter p where ((a) and ((b or c)))", "q = filter p where (a and (b or c))\n"),
        ("q = filter p where (a or b and c)", "q = filter p where (a or (b and c))\n"),
        ("q = filter p where ((a and b) and c)", "q = filter p where ((a and b) and c)\n"),
        ("q = filter p where (not (a) and not (b or c))", "q = filter p where (not a and not (b or c))\n"),
        ("q = filter p where (((a + b) * c) - (d - e) > 1)", "q = filter p where ((a + b) * c - (d - e) > 1)\n"),
        ("q = filter p where ([exe] = *x*)", 'q = filter p where (exe == "*x*")\n'),
        ("q = filter p where (a.matches('x{{pipe}}y'))", 'q = filter p where (a match "x|y")\n'),
        ("q = filter p where (a includes one of ('x', 'y'))", 'q = filter p where (a contains ["x", "y"])\n'),
        ("q = filter p where (a NOT EXISTS or a does not match 'x')", None),
        ("q = filter p where (t > now - 1sec and n in ( - 1, 2.50 ))", None),
        ("g = group a,b by h WHERE (max time between two events is 30min)", "g = group a, b by h within 30 minutes\n"),
        (
            "g = group a by h HAVING count>2 WITHIN  ANY 10min",
            "g = group a by h having (count > 2) within any 10 minutes\n",
        ),
        ("g = group a by h every 90min having (a or b)", "g = group a by h having (a or b) every 90 minutes\n"),
        ("COUNT(a) by h EVERY 1 d", "COUNT(a) by h every 1 day\n"),
        ("together(a,b) by h within 5 m", "together (a, b) by h within 5 minutes\n"),
        ("j = join a , b where a.pid == b.pid", "j = join (a, b) where (a.pid == b.pid)\n"),
        ("d = a-b by x . y", "d = a - b by x.y\n"),
        ("n = COUNT( DISTINCT user )", "n = COUNT(distinct user)\n"),
        ("s.f = lower( exe )", "s.f = lower(exe)\n"),
        ("input since :time = now-1 day", "input since: time = now - 1 day\n"),
        ("RETURN ( a , b )", "return a, b\n"),
        ("a.b.c = [f]", "a.b.c = [f]\n"),
        ("sequence(a,b) by h within 5 m until c", "sequence (a, b) by h within 5 minutes until c\n"),
        ("r = RUN Analytic : CAR-2013-05-003", "r = run Analytic:CAR-2013-05-003\n"),
        ("p {{pipe}} filter where (lower(a) == 'x') | count by h", 'p | filter lower(a) == "x" | count by h\n'),
        ("search Process | join b where exe == b.exe", "search Process | join b where (exe == b.exe)\n"),
    ],
)
def test_a_statement_has_one_form(written: str, canonical: str | None) -> None:
    found = formatted(written)
    assert found is not None
    assert canonical is None or found == canonical
    assert formatted(found) == found


def test_a_filter_in_a_pipe_keeps_its_where_where_a_call_begins_the_condition() -> None:
    assert formatted('p | filter where (odd("x") == "y")') == 'p | filter where (odd("x") == "y")\n'


LONG = '"{}"'.format("x" * 40)


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        (
            f"q = filter p where (exe == {LONG} and parent_exe == {LONG} and (a or b))",
            [
                "q = filter p where (",
                f"    exe == {LONG}",
                f"    and parent_exe == {LONG}",
                "    and (a or b)",
                ")",
            ],
        ),
        (
            f"xs = [{LONG}, {LONG}, {LONG}]",
            ["xs = [", f"    {LONG}, {LONG},", f"    {LONG}", "]"],
        ),
        (
            f"p | filter exe == {LONG} | filter exe == {LONG} | count by h",
            ["p", f"    | filter exe == {LONG}", f"    | filter exe == {LONG}", "    | count by h"],
        ),
        (
            f"from g select concat(a, {LONG}) as one, concat(b, {LONG}) as two",
            [f"from g select concat(a, {LONG}) as one,", f"    concat(b, {LONG}) as two"],
        ),
    ],
)
def test_what_is_too_long_is_broken_at_its_outermost_operators(written: str, lines: list[str]) -> None:
    assert formatted(written) == "\n".join(lines) + "\n"
    assert formatted("\n".join(lines)) == "\n".join(lines) + "\n"


COMMENTED = """\
# about the program

p = search Process:Create  # every process
// about the filter
q = filter p where (
    # either shell
    (
        exe == "cmd.exe"  # the old one
        or exe == "powershell.exe"
        # nothing else
    )  # so far
    and parent_exe != "explorer.exe"
    # last words
)  # done
xs = [
    "a",  # first
    # before b
    "b"
]

output q,  # this
    p

# the end
"""


def test_comments_stay_where_they_are() -> None:
    assert formatted(COMMENTED) == COMMENTED


def test_comments_of_a_crowded_statement_stay_with_their_operands() -> None:
    written = "q = filter p where ( # opens\n a = 1 # one\n AND b == 2 )  # end\n\n\n\noutput q # out\n"
    assert formatted(written) == (
        "q = filter p where (\n    # opens\n    a == 1  # one\n    and b == 2\n)  # end\n\noutput q  # out\n"
    )


def test_a_comment_that_no_line_of_the_layout_can_hold_stands_above_the_statement() -> None:
    assert formatted("x = # why\n search Process") == "# why\nx = search Process\n"


def test_a_program_with_errors_is_not_formatted() -> None:
    assert formatted('q = filter p where (exe == "a') is None
    assert formatted("") is None


def test_what_is_nested_beyond_all_reason_is_left_as_it_is() -> None:
    deep = "x = a" + ".a" * 3000
    found = formatted(deep)
    assert found in (None, deep, deep + "\n")


def test_windows_newlines_do_not_get_into_the_layout() -> None:
    assert formatted("p = search Process\r\noutput p\r\n") == "p = search Process\noutput p\n"


def test_a_parenthesis_that_may_lack_an_operator_before_it_stays_on_its_line() -> None:
    text = "j = join (a, b) where (\n a.x == b.x\n (a.y == b.y)\n)\n"
    assert formatted(text) == text
