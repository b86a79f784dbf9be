"""Analytics ready to be checked, compiled and run; a run of many over one store, and what may bound it."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.analytic.cases import CaseError, case_faults, case_instant, checked, read_event
    from carlang.analytic.compiled import PROGRAM, CompiledAnalytic, load, load_text
    from carlang.analytic.explaining import ExplainedStream, explain
    from carlang.analytic.judging import Judged, judge_analytics
    from carlang.analytic.options import (
        NO_STORE,
        OptionError,
        RunOptions,
        instant,
        memory,
        of_type,
        opened_store,
        path_text,
        seconds,
        shown,
        size,
        values_by_name,
    )
    from carlang.analytic.parameters import Parameter, known_parameters, parameters
    from carlang.analytic.planning import PlannedOutput, planned_output
    from carlang.analytic.run import RunListener, explain_plan, run_analytics, run_one
    from carlang.analytic.whys import Outcome, with_whys
else:
    __getattr__ = hand_on(
        __name__,
        {
            "analytic.cases": "CaseError case_faults case_instant checked read_event",
            "analytic.compiled": "PROGRAM CompiledAnalytic load load_text",
            "analytic.explaining": "ExplainedStream explain",
            "analytic.judging": "Judged judge_analytics",
            "analytic.options": (
                "NO_STORE OptionError RunOptions instant memory of_type opened_store path_text seconds shown size "
                "values_by_name"
            ),
            "analytic.parameters": "Parameter known_parameters parameters",
            "analytic.planning": "PlannedOutput planned_output()",
            "analytic.run": "RunListener explain_plan run_analytics run_one",
            "analytic.whys": "Outcome with_whys()",
        },
    )

__all__ = [
    "NO_STORE",
    "PROGRAM",
    "CaseError",
    "CompiledAnalytic",
    "ExplainedStream",
    "Judged",
    "OptionError",
    "Outcome",
    "Parameter",
    "PlannedOutput",
    "RunListener",
    "RunOptions",
    "case_faults",
    "case_instant",
    "checked",
    "explain",
    "explain_plan",
    "instant",
    "judge_analytics",
    "known_parameters",
    "load",
    "load_text",
    "memory",
    "of_type",
    "opened_store",
    "parameters",
    "path_text",
    "planned_output",
    "read_event",
    "run_analytics",
    "run_one",
    "seconds",
    "shown",
    "size",
    "values_by_name",
    "with_whys",
]
