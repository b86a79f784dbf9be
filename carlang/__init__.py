"""Carlang runs the analytics of MITRE's Cyber Analytics Repository over stores of host and network events.

```python
import carlang

store = carlang.open_store()                                     # the sample store
carlang.run('search Process:Create | filter exe == "at.exe"', store)
```
"""

# DuckDB, Arrow, Delta, sqlglot and Lark take a good second to load. A name is imported when it is first asked for, so
# that an editor that wants diagnostics, or a program that may never run an analytic, does not pay for them.

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carlang.analytic import OptionError, Parameter
    from carlang.api import Analytic, catalogue, check, ingest, load, load_text, run, run_all
    from carlang.diagnostics import Diagnostic, Severity
    from carlang.errors import CarlangError, CompileError, EngineError, IngestError, StoreError
    from carlang.loading import IngestReport
    from carlang.model import Model, builtin_model, load_model
    from carlang.project import Project
    from carlang.resolve import ParameterError
    from carlang.results import AnalyticOutput, Failed, NotRun, Output, Result, RunReport
    from carlang.store import Store, open_store

__version__ = "0.1.0"

_ROOMS = {
    "analytic": ("OptionError", "Parameter"),
    "api": ("Analytic", "catalogue", "check", "ingest", "load", "load_text", "run", "run_all"),
    "diagnostics": ("Diagnostic", "Severity"),
    "errors": ("CarlangError", "CompileError", "EngineError", "IngestError", "StoreError"),
    "loading": ("IngestReport",),
    "model": ("Model", "builtin_model", "load_model"),
    "project": ("Project",),
    "resolve": ("ParameterError",),
    "results": ("AnalyticOutput", "Failed", "NotRun", "Output", "Result", "RunReport"),
    "store": ("Store", "open_store"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "Analytic",
    "AnalyticOutput",
    "CarlangError",
    "CompileError",
    "Diagnostic",
    "EngineError",
    "Failed",
    "IngestError",
    "IngestReport",
    "Model",
    "NotRun",
    "OptionError",
    "Output",
    "Parameter",
    "ParameterError",
    "Project",
    "Result",
    "RunReport",
    "Severity",
    "Store",
    "StoreError",
    "__version__",
    "builtin_model",
    "catalogue",
    "check",
    "ingest",
    "load",
    "load_model",
    "load_text",
    "open_store",
    "run",
    "run_all",
]

if not TYPE_CHECKING:  # a type checker would take any name for one that there is

    def __getattr__(name: str) -> object:
        """Import a public name when it is first asked for."""
        room = _ROOM_OF.get(name)
        if room is None:
            raise AttributeError(f"module 'carlang' has no attribute {name!r}")
        value = getattr(import_module(f"carlang.{room}"), name)
        globals()[name] = value  # the next look finds it here
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
