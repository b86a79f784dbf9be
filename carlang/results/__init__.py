"""What a run gives, as plain data: outputs, what could not run and why, what failed."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.results.exclusions import BaselineUse, Excluded, Unmatched
    from carlang.results.gaps import ClassGaps, gaps_json, hour_text
    from carlang.results.incidents import (
        Group,
        GroupBy,
        Hit,
        Incident,
        Occurrence,
        ProcessNode,
        RowOf,
        Term,
        Triage,
        Weight,
        in_order,
        with_depths,
    )
    from carlang.results.judgement import HostGroup, Judgement, State, distinct, judgement_json
    from carlang.results.moments import instant_text, moment_text, second_text, short_moment_text
    from carlang.results.output import Output
    from carlang.results.reasons import (
        FieldNeverFilled,
        HollowRecords,
        LogBroken,
        LogCleared,
        MissingParameter,
        NoEvents,
        NoLog,
        NoRecords,
        NotOnOneHost,
        OtherPlatform,
        Reason,
        WindowWithoutEvents,
        WrongParameter,
        reason_json,
    )
    from carlang.results.record import HitRecord, RawRecord
    from carlang.results.result import Result
    from carlang.results.rows import CastRows, Rows, Spool, SpooledRows, Stored, TakenRows, first_rows, table_of
    from carlang.results.run_report import AnalyticOutput, Failed, NotRun, RunReport
    from carlang.results.why import (
        ConditionRows,
        Nearest,
        NearRows,
        StreamRows,
        ToldRow,
        ToldRows,
        ToldTest,
        Unmet,
        ValueAt,
        Why,
        WrittenCondition,
    )
    from carlang.results.wording import (
        counted,
        counted_files_text,
        excluded_text,
        gaps_text,
        judgement_text,
        reasons_text,
        share_text,
        short_reasons,
        shortened,
    )
else:
    __getattr__ = hand_on(
        __name__,
        {
            "results.exclusions": "BaselineUse Excluded Unmatched",
            "results.gaps": "ClassGaps gaps_json hour_text",
            "results.incidents": (
                "Group GroupBy Hit Incident Occurrence ProcessNode RowOf Term Triage Weight in_order with_depths"
            ),
            "results.judgement": "HostGroup Judgement State distinct judgement_json",
            "results.moments": "instant_text moment_text second_text short_moment_text",
            "results.output": "Output",
            "results.reasons": (
                "FieldNeverFilled HollowRecords LogBroken LogCleared MissingParameter NoEvents NoLog NoRecords "
                "NotOnOneHost OtherPlatform Reason WindowWithoutEvents WrongParameter reason_json"
            ),
            "results.record": "HitRecord RawRecord",
            "results.result": "Result",
            "results.rows": "CastRows Rows Spool SpooledRows Stored TakenRows first_rows table_of",
            "results.run_report": "AnalyticOutput Failed NotRun RunReport",
            "results.why": (
                "ConditionRows Nearest NearRows StreamRows ToldTest ToldRow ToldRows Unmet ValueAt Why WrittenCondition"
            ),
            "results.wording": (
                "counted counted_files_text excluded_text gaps_text judgement_text reasons_text share_text "
                "short_reasons shortened"
            ),
        },
    )

__all__ = [
    "AnalyticOutput",
    "BaselineUse",
    "CastRows",
    "ClassGaps",
    "ConditionRows",
    "Excluded",
    "Failed",
    "FieldNeverFilled",
    "Group",
    "GroupBy",
    "Hit",
    "HitRecord",
    "HollowRecords",
    "HostGroup",
    "Incident",
    "Judgement",
    "LogBroken",
    "LogCleared",
    "MissingParameter",
    "NearRows",
    "Nearest",
    "NoEvents",
    "NoLog",
    "NoRecords",
    "NotOnOneHost",
    "NotRun",
    "Occurrence",
    "OtherPlatform",
    "Output",
    "ProcessNode",
    "RawRecord",
    "Reason",
    "Result",
    "RowOf",
    "Rows",
    "RunReport",
    "Spool",
    "SpooledRows",
    "State",
    "Stored",
    "StreamRows",
    "TakenRows",
    "Term",
    "ToldRow",
    "ToldRows",
    "ToldTest",
    "Triage",
    "Unmatched",
    "Unmet",
    "ValueAt",
    "Weight",
    "Why",
    "WindowWithoutEvents",
    "WrittenCondition",
    "WrongParameter",
    "counted",
    "counted_files_text",
    "distinct",
    "excluded_text",
    "first_rows",
    "gaps_json",
    "gaps_text",
    "hour_text",
    "in_order",
    "instant_text",
    "judgement_json",
    "judgement_text",
    "moment_text",
    "reason_json",
    "reasons_text",
    "second_text",
    "share_text",
    "short_moment_text",
    "short_reasons",
    "shortened",
    "table_of",
    "with_depths",
]
