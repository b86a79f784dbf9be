from __future__ import annotations

import json

import pytest

from carlang import load_text, run_all
from carlang.resolve import MissingParameterError, ParameterError, WrongParameterError
from carlang.results import (
    FieldNeverFilled,
    MissingParameter,
    NoEvents,
    NotRun,
    Reason,
    WrongParameter,
    reason_json,
    reasons_text,
)


@pytest.mark.parametrize(
    ("reasons", "text"),
    [
        ((NoEvents("thread", "remote_create"),), "the store holds no thread/remote_create events"),
        ((NoEvents("thread"),), "the store holds no thread events"),
        (
            (NoEvents("process", "create"), NoEvents("process", "terminate"), NoEvents("file", "create")),
            "the store holds no process/create or terminate or file/create events",
        ),
        (
            (FieldNeverFilled("process", "create", "md5_hash"),),
            "no process/create event in the store has `md5_hash`",
        ),
        (
            tuple(
                FieldNeverFilled(owner, action, field)
                for field in ("a", "b", "c")
                for owner, action in (("process", "create"), ("process", "access"), ("file", None))
            ),
            "no process/create or access and file event in the store has `a`, `b` or `c`",
        ),
        (
            (FieldNeverFilled("process", None, "a"), FieldNeverFilled("file", None, "b")),
            "no process event in the store has `a`; no file event in the store has `b`",
        ),
        ((MissingParameter("host"),), "`host` needs a value: --param host=…"),
        ((WrongParameter("pid", "'many'", "an integer"),), "`pid`: 'many' is not an integer"),
    ],
)
def test_reasons_in_english(reasons: tuple[Reason, ...], text: str) -> None:
    assert reasons_text(reasons) == text
    assert NotRun("A", "t", reasons).reason == text


def test_a_reason_is_json_of_its_code_and_its_parts() -> None:
    reasons = (
        NoEvents("process", "create"),
        FieldNeverFilled("process", None, "md5_hash"),
        MissingParameter("host"),
        WrongParameter("pid", "'many'", "an integer"),
    )
    assert json.loads(json.dumps([reason_json(reason) for reason in reasons])) == [
        {"code": "no_events", "object": "process", "action": "create"},
        {"code": "field_never_filled", "object": "process", "action": None, "field": "md5_hash"},
        {"code": "missing_parameter", "name": "host"},
        {"code": "wrong_parameter", "name": "pid", "value": "'many'", "expected": "an integer"},
    ]


def test_a_run_of_many_gives_the_reason_that_a_run_of_one_raises() -> None:
    analytic = load_text("input least\np = search Process:Create\nh = filter p where (pid > least)\noutput h\n")
    other = load_text("input least = 1\np = search Process:Create\nh = filter p where (pid > least)\noutput h\n")
    for params, kind, reason in (
        ({}, MissingParameterError, MissingParameter("least")),
        ({"least": "many"}, WrongParameterError, WrongParameter("least", "'many'", "an integer")),
    ):
        with pytest.raises(ParameterError) as caught:
            analytic.run(params=params)
        assert type(caught.value) is kind
        not_run = run_all([analytic, other], params=params).not_run[0]
        assert not_run.reasons == (reason,)
        assert not_run.reason == str(caught.value)
