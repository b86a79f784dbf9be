"""Carlang runs the analytics of MITRE's Cyber Analytics Repository over stores of host and network events.

```python
import carlang

store = carlang.open_store()                                     # the sample store
carlang.run('search Process:Create | filter exe == "at.exe"', store)
```
"""

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
