from __future__ import annotations

import importlib.resources
import inspect

import pytest

import carlang


def test_every_public_name_is_there_and_documented() -> None:
    for name in set(carlang.__all__) - {"__version__"}:
        assert inspect.getdoc(getattr(carlang, name)), name
    assert carlang.__all__ == sorted(carlang.__all__)


def test_the_promised_names_are_public() -> None:
    promised = {"open_store", "ingest", "load", "run", "check", "run_all", "Store", "Analytic", "Result", "Output"}
    promised |= {
        "IngestReport",
        "Diagnostic",
        "CarlangError",
        "CompileError",
        "StoreError",
        "IngestError",
        "EngineError",
    }
    assert promised <= set(carlang.__all__)


@pytest.mark.parametrize(
    "error",
    [carlang.CompileError, carlang.StoreError, carlang.IngestError, carlang.EngineError, carlang.ParameterError],
)
def test_every_error_is_a_carlang_error(error: type[Exception]) -> None:
    assert issubclass(error, carlang.CarlangError)


def test_the_package_says_that_it_is_typed() -> None:
    assert importlib.resources.files("carlang").joinpath("py.typed").is_file()
