"""AST and model to a bound program, and a table of its symbols.

The way of a program, in order:

1. **The analytics that it runs** (`analytics`). Before anything is resolved, the tree is walked for `run
   Analytic:ID`; each of these is read and parsed once, and so on for what it runs itself. They come out in an order
   in which each stands behind those that it runs, so the rest of the room never looks anything up and never calls
   itself for another program. A circle shows here.

2. **Statements** (`program`), from the top. Each binds a name to a stream or a value, adds a field to a stream,
   declares an input, or gives outputs. A name means what the nearest binding above it says; names live in one flat
   scope (`scope`). A statement with errors leaves a name behind that is known to be broken: its uses are not reported
   again, and the statements below it are still checked.

3. **Streams** (`streams`, which hands what is not recursive to `groups` and `joins`). A stream comes out as a *flow*:
   its bound form, the objects of the model that its rows come from, the names that reach them. From a flow comes a
   *row*, which says what a condition over the stream may ask for.

4. **Conditions and values** (`conditions`, `values`). A condition is made of conditions and of values, a value of
   values only. A name is looked for among the columns of the row, then among the names of the program, then among the
   model's other names for fields; where it means nothing, `names` says what was probably meant. A literal takes its
   type from what stands beside it (`literals`), so both sides of a comparison are resolved together. A call is
   checked, once its arguments are resolved, against the function's entry in `carlang.model.functions` (`calls`).

5. **Outputs and lints** (`program`, `lints`). What no statement gives as output is settled, and what runs but is
   probably not meant is remarked on.

Each of these reports what is wrong and goes on: None in place of a result says that the fault has been reported. Along
the way every name is entered in the table of symbols (`symbols`), and every bound node gets the span it was written at.

`bound` is the tree that comes out, with its walks; `lineage` traces its columns to the fields of the model; `inputs`
turns what a run gives into the values of a program's inputs.
"""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.resolve.analytics import AnalyticFinder, Analytics, gather
    from carlang.resolve.inputs import Given, MissingParameterError, ParameterError, WrongParameterError, given_values
    from carlang.resolve.program import DEFAULT_OUTPUT, Resolved, resolve
    from carlang.resolve.scope import PatternCheck, Scope
    from carlang.resolve.symbols import Symbol, SymbolKind, Symbols
else:
    __getattr__ = hand_on(
        __name__,
        {
            "resolve.analytics": "AnalyticFinder Analytics gather",
            "resolve.inputs": "Given MissingParameterError ParameterError WrongParameterError given_values",
            "resolve.program": "DEFAULT_OUTPUT Resolved resolve",
            "resolve.scope": "PatternCheck Scope",
            "resolve.symbols": "Symbol SymbolKind Symbols",
        },
    )

__all__ = [
    "DEFAULT_OUTPUT",
    "AnalyticFinder",
    "Analytics",
    "Given",
    "MissingParameterError",
    "ParameterError",
    "PatternCheck",
    "Resolved",
    "Scope",
    "Symbol",
    "SymbolKind",
    "Symbols",
    "WrongParameterError",
    "gather",
    "given_values",
    "resolve",
]
