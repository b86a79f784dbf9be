"""Analytics ready to be checked, compiled and run; a run of many over one store, and what may bound it."""

from carlang.analytic.compiled import PROGRAM, CompiledAnalytic, load, load_text
from carlang.analytic.options import OptionError, RunOptions, instant, opened_store, shown, values_by_name
from carlang.analytic.parameters import Parameter, known_parameters, parameters
from carlang.analytic.run import run_analytics, run_one

__all__ = [
    "PROGRAM",
    "CompiledAnalytic",
    "OptionError",
    "Parameter",
    "RunOptions",
    "instant",
    "known_parameters",
    "load",
    "load_text",
    "opened_store",
    "parameters",
    "run_analytics",
    "run_one",
    "shown",
    "values_by_name",
]
