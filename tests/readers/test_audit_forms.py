"""Audit logs in the forms that auditd, ausearch and syslog give them, and the paths that an operation changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingesting import load, query

_CALL = 'type=SYSCALL msg=audit(1711015200.123:90): arch=%s syscall=%s success=%s a1=%s ppid=10 pid=20 exe="/bin/x"\n'
_CWD = 'type=CWD msg=audit(1711015200.123:90): cwd="/home"\n'


def _path(item: int, name: str, kind: str) -> str:
    return f"type=PATH msg=audit(1711015200.123:90): item={item} name={name} inode=1 mode=0100644 nametype={kind}\n"


def _file_events(folder: Path, log: str) -> list[tuple[str, str]]:
    source = folder / "audit.log"
    source.write_text(log, "utf-8")
    report = load(folder / "store", source)
    if not any(object_name == "file" for object_name, _ in report.events):
        return []
    return query(folder / "store", "SELECT action, file_path FROM events ORDER BY ALL", "file")


@pytest.mark.parametrize(
    ("call", "paths", "expected"),
    [
        pytest.param(
            ("c000003e", 264),
            [("/x", "PARENT"), ("/y", "PARENT"), ("a", "DELETE"), ("b", "DELETE"), ("b", "CREATE")],
            [("create", "/y/b"), ("delete", "/x/a"), ("delete", "/y/b")],
            id="renameat of bare names from folder to folder, over a file",
        ),
        pytest.param(
            ("c000003e", 316),
            [("/x", "PARENT"), ("/y", "PARENT"), ("a", "DELETE"), ("b", "DELETE"), ("b", "CREATE"), ("a", "CREATE")],
            [("create", "/x/a"), ("create", "/y/b"), ("delete", "/x/a"), ("delete", "/y/b")],
            id="exchange",
        ),
        pytest.param(
            ("c000003e", 86),
            [("old", "NORMAL"), ("sub/", "PARENT"), ("sub/new", "CREATE")],
            [("create", "/home/sub/new")],
            id="link",
        ),
        pytest.param(
            ("c000003e", 88), [("/srv/l", "PARENT"), ("l/ln", "CREATE")], [("create", "/srv/l/ln")], id="symlinkat"
        ),
        pytest.param(("c000003e", 83), [("/home", "PARENT"), ("./d/", "CREATE")], [("create", "/home/d")], id="mkdir"),
        pytest.param(("c000003e", 84), [("sub/", "PARENT"), ("d", "DELETE")], [("delete", "/home/sub/d")], id="rmdir"),
        pytest.param(("c00000b7", 45), [("f", "NORMAL")], [("modify", "/home/f")], id="truncate on arm64"),
        pytest.param(("40000003", 15), [("/f", "NORMAL")], [("acl_modify", "/f")], id="chmod on i386"),
        pytest.param(("c000003e", 280), [("/f", "NORMAL")], [("timestomp", "/f")], id="utimensat"),
        pytest.param(("c000003e", 2), [("/f", "NORMAL")], [], id="open"),
    ],
)
def test_each_path_that_a_call_changed_is_an_event(
    call: tuple[str, int], paths: list[tuple[str, str]], expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    lines = [_path(item, f'"{name}"', kind) for item, (name, kind) in enumerate(paths)]
    log = _CALL % (*call, "yes", "1") + _CWD + "".join(lines)
    assert _file_events(tmp_path, log) == expected
    (tmp_path / "other").mkdir()
    assert _file_events(tmp_path / "other", log.replace("success=yes", "success=no")) == []


def test_opening_a_file_to_empty_it_changes_it(tmp_path: Path) -> None:
    log = _CALL % ("c000003e", 2, "yes", "241") + _CWD + _path(0, '"f"', "NORMAL")
    assert _file_events(tmp_path, log) == [("modify", "/home/f")]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('a0="x" a1_len=6 a1[0]=C3\n%s a1[1]=A9FF', "x é\ufffd"),
        ('a0="x" a1[0]="plain "\n%s a1[1]=20C3A9', "x plain  é"),
        ('a0="x" a10="k"\n%s a2="c" a1=""', "x  c k"),
    ],
)
def test_pieces_of_arguments_are_joined_in_their_order(arguments: str, expected: str, tmp_path: Path) -> None:
    begin = "type=EXECVE msg=audit(1711015200.123:7):"
    log = tmp_path / "audit.log"
    log.write_text(f"{begin} argc=2 {arguments % begin}\n", "utf-8")
    load(tmp_path / "store", log)
    assert query(tmp_path / "store", "SELECT command_line FROM events", "process") == [(expected,)]


@pytest.mark.parametrize(
    "date",
    [
        "03/21/2024",
        "21/03/24",
        "21/03/2024",
        "21.03.2024",
        "21-03-2024",
        "2024-03-21",
        "2024年03月21日",
        "2024. 03. 21.",
    ],
)
def test_interpreted_output_of_every_locale(date: str, tmp_path: Path) -> None:
    begin = f"msg=audit({date} 10:00:00.123:91) :"
    log = tmp_path / "ausearch.txt"
    log.write_text(
        "----\n"
        f"node=web1 type=PROCTITLE {begin} proctitle=sh -c x=1 y=2 \n"
        f"node=web1 type=CWD {begin} cwd=/home/ann/my docs \n"
        f'node=web1 type=EXECVE {begin} argc=3 a0=sh a1=-c a2=x=1 y=2 "z" \n'
        f"node=web1 type=SYSCALL {begin} arch=aarch64 syscall=execve success=yes exit=0 ppid=10 pid=11 auid=unset "
        "uid=ann ses=unset comm=sh exe=/usr/bin/my sh key=(null) \n",
        "utf-8",
    )
    report = load(tmp_path / "store", log)
    assert (report.records, report.rejected) == (1, 0)
    columns = "command_line, current_working_directory, image_path, user, uid, login_id, hostname, time::VARCHAR"
    assert query(tmp_path / "store", f"SELECT {columns} FROM events", "process") == [  # noqa: S608  # as above
        (
            'sh -c x=1 y=2 "z"',
            "/home/ann/my docs",
            "/usr/bin/my sh",
            "ann",
            None,
            None,
            "web1",
            "2024-03-21 10:00:00.123+00",
        )
    ]


def test_a_date_whose_slashes_may_mean_either_is_not_guessed(tmp_path: Path) -> None:
    line = "type=EXECVE msg=audit(%s 10:00:00.123:%d) : argc=1 a0=id \n"
    log = tmp_path / "ausearch.txt"
    log.write_text(line % ("03/04/2024", 1), "utf-8")
    load(tmp_path / "store", log)
    assert query(tmp_path / "store", "SELECT time FROM events", "process") == [(None,)]
    log.write_text(line % ("03/04/2024", 1) + line % ("03/13/2024", 2), "utf-8")
    load(tmp_path / "other", log)
    assert query(tmp_path / "other", "SELECT time::DATE::VARCHAR FROM events ORDER BY ALL", "process") == [
        ("2024-03-04",),
        ("2024-03-13",),
    ]


def test_interpreted_addresses(tmp_path: Path) -> None:
    log = tmp_path / "ausearch.txt"
    log.write_text(
        "type=SOCKADDR msg=audit(21.03.2024 10:00:00.123:1) : saddr={ saddr_fam=inet laddr=10.0.0.2 lport=443 } \n"
        "type=SYSCALL msg=audit(21.03.2024 10:00:00.123:1) : arch=x86_64 syscall=connect success=no "
        "exit=EINPROGRESS(Operation now in progress) pid=3 exe=/bin/nc \n",
        "utf-8",
    )
    load(tmp_path / "store", log)
    assert query(tmp_path / "store", "SELECT dest_ip, dest_port, pid FROM events", "flow") == [("10.0.0.2", 443, 3)]


def test_what_was_renamed_has_the_path_that_it_had(tmp_path: Path) -> None:
    lines = [("/x", "PARENT"), ("/y", "PARENT"), ("a", "DELETE"), ("b", "CREATE")]
    call = _CALL % ("c000003e", 264, "yes", "1")
    link = call.replace("264", "265").replace(":90)", ":91)")
    paths = "".join(_path(item, f'"{name}"', kind) for item, (name, kind) in enumerate(lines))
    log = tmp_path / "audit.log"
    log.write_text(call + paths + link + paths.replace(":90)", ":91)"), "utf-8")
    load(tmp_path / "store", log)
    sql = "SELECT record_id, file_path, previous_file_path FROM events WHERE action = 'create' ORDER BY ALL"
    assert query(tmp_path / "store", sql, "file") == [("90", "/y/b", "/x/a"), ("91", "/y/b", None)]
