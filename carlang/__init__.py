"""Carlang runs the analytics of MITRE's Cyber Analytics Repository over stores of host and network events.

```python
import carlang

store = carlang.open_store()                                     # the sample store
carlang.run('search Process:Create | filter exe == "at.exe"', store)
```
"""

# DuckDB, Arrow, Delta, sqlglot and Lark take a good second to load. A name is imported when it is first asked for, so
# that an editor that wants diagnostics, or a program that may never run an analytic, does not pay for them.

from typing import TYPE_CHECKING

from carlang.exports import hand_on

__version__ = "0.1.0"

if TYPE_CHECKING:
    from carlang.analytic import OptionError, Parameter
    from carlang.api import Analytic, catalogue, check, fields, ingest, load, load_text, rank, run, run_all
    from carlang.datafile import DataFileError
    from carlang.diagnostics import Applicability, Code, Diagnostic, Edit, Label, Repair, Severity
    from carlang.errors import CarlangError, CompileError, EngineError, IngestError, StoreError
    from carlang.levels import Level
    from carlang.loading import (
        Guessed,
        Hollow,
        IngestReport,
        NotGuessed,
        PassedOver,
        Progress,
        Rejection,
        SourceReport,
        Status,
    )
    from carlang.model import Action, Column, Field, Kind, Model, Object, Tie, Type, builtin_model, load_model
    from carlang.outgoing import Exported, ExportedOutput, ExportError, OutgoingRule
    from carlang.project import Project, SettingsError
    from carlang.report import ReportError, write_report
    from carlang.resolve import MissingParameterError, ParameterError, WrongParameterError
    from carlang.results import (
        AnalyticOutput,
        BaselineUse,
        ClassGaps,
        ConditionRows,
        Excluded,
        Failed,
        FieldNeverFilled,
        Group,
        GroupBy,
        Hit,
        HollowRecords,
        HostGroup,
        Incident,
        Judgement,
        LogBroken,
        LogCleared,
        MissingParameter,
        Nearest,
        NearRows,
        NoEvents,
        NoLog,
        NoRecords,
        NotOnOneHost,
        NotRun,
        Occurrence,
        OtherPlatform,
        Output,
        ProcessNode,
        Result,
        RowOf,
        Rows,
        RunReport,
        State,
        StreamRows,
        Term,
        ToldRow,
        ToldRows,
        ToldTest,
        Triage,
        Unmatched,
        Unmet,
        ValueAt,
        Weight,
        Why,
        WindowWithoutEvents,
        WrittenCondition,
        WrongParameter,
    )
    from carlang.source import LineOrigin, Location, Source, Span
    from carlang.store import (
        ClassInfo,
        HollowInfo,
        HostClass,
        HostInfo,
        StagedFile,
        Staging,
        Store,
        StoreFile,
        StoreInfo,
        open_store,
    )
    from carlang.vocabulary import ActionEntry, ClassEntry, FieldEntry
else:
    __getattr__ = hand_on(
        __name__,
        {
            "analytic": "OptionError Parameter",
            "api": "Analytic catalogue check fields ingest load load_text rank run run_all",
            "datafile": "DataFileError",
            "diagnostics": "Applicability Code Diagnostic Edit Label Repair Severity",
            "errors": "CarlangError CompileError EngineError IngestError StoreError",
            "levels": "Level",
            "loading": "Guessed Hollow IngestReport NotGuessed PassedOver Progress Rejection SourceReport Status",
            "model": "Action Column Field Kind Model Object Tie Type builtin_model load_model",
            "outgoing": "ExportError Exported ExportedOutput OutgoingRule",
            "project": "Project SettingsError",
            "report": "ReportError write_report",
            "resolve": "MissingParameterError ParameterError WrongParameterError",
            "results": (
                "AnalyticOutput BaselineUse ClassGaps Excluded Failed FieldNeverFilled Group GroupBy Hit HollowRecords "
                "HostGroup Incident Judgement LogBroken Occurrence ProcessNode RowOf Rows Term Triage Unmatched Weight "
                "LogCleared MissingParameter NoEvents NoLog NoRecords NotOnOneHost NotRun OtherPlatform Output "
                "Result RunReport State WindowWithoutEvents WrongParameter ConditionRows Nearest NearRows StreamRows "
                "ToldRow ToldRows ToldTest Unmet ValueAt Why WrittenCondition"
            ),
            "source": "LineOrigin Location Source Span",
            "store": "ClassInfo HollowInfo HostClass HostInfo StagedFile Staging Store StoreFile StoreInfo open_store",
            "vocabulary": "ActionEntry ClassEntry FieldEntry",
        },
    )

__all__ = [
    "Action",
    "ActionEntry",
    "Analytic",
    "AnalyticOutput",
    "Applicability",
    "BaselineUse",
    "CarlangError",
    "ClassEntry",
    "ClassGaps",
    "ClassInfo",
    "Code",
    "Column",
    "CompileError",
    "ConditionRows",
    "DataFileError",
    "Diagnostic",
    "Edit",
    "EngineError",
    "Excluded",
    "ExportError",
    "Exported",
    "ExportedOutput",
    "Failed",
    "Field",
    "FieldEntry",
    "FieldNeverFilled",
    "Group",
    "GroupBy",
    "Guessed",
    "Hit",
    "Hollow",
    "HollowInfo",
    "HollowRecords",
    "HostClass",
    "HostGroup",
    "HostInfo",
    "Incident",
    "IngestError",
    "IngestReport",
    "Judgement",
    "Kind",
    "Label",
    "Level",
    "LineOrigin",
    "Location",
    "LogBroken",
    "LogCleared",
    "MissingParameter",
    "MissingParameterError",
    "Model",
    "NearRows",
    "Nearest",
    "NoEvents",
    "NoLog",
    "NoRecords",
    "NotGuessed",
    "NotOnOneHost",
    "NotRun",
    "Object",
    "Occurrence",
    "OptionError",
    "OtherPlatform",
    "OutgoingRule",
    "Output",
    "Parameter",
    "ParameterError",
    "PassedOver",
    "ProcessNode",
    "Progress",
    "Project",
    "Rejection",
    "Repair",
    "ReportError",
    "Result",
    "RowOf",
    "Rows",
    "RunReport",
    "SettingsError",
    "Severity",
    "Source",
    "SourceReport",
    "Span",
    "StagedFile",
    "Staging",
    "State",
    "Status",
    "Store",
    "StoreError",
    "StoreFile",
    "StoreInfo",
    "StreamRows",
    "Term",
    "Tie",
    "ToldRow",
    "ToldRows",
    "ToldTest",
    "Triage",
    "Type",
    "Unmatched",
    "Unmet",
    "ValueAt",
    "Weight",
    "Why",
    "WindowWithoutEvents",
    "WrittenCondition",
    "WrongParameter",
    "WrongParameterError",
    "__version__",
    "builtin_model",
    "catalogue",
    "check",
    "fields",
    "ingest",
    "load",
    "load_model",
    "load_text",
    "open_store",
    "rank",
    "run",
    "run_all",
    "write_report",
]
