"""The stable codes of everything that carlang says about a program or an analytic file.

A code is never reused for another fault. CL0xx: files, CL1xx: syntax, CL2xx: names, CL3xx: types, CL4xx: remarks on
programs that run, CL5xx: front matter and metadata, CL6xx: Sigma rules, CL7xx: baselines.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a diagnostic weighs: an error stops a run, a warning and a hint do not."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of fault: its stable name, its weight, and what it is in a few words."""

    name: str
    severity: Severity
    title: str


def _error(name: str, title: str) -> Code:
    return Code(name, Severity.ERROR, title)


def _warning(name: str, title: str) -> Code:
    return Code(name, Severity.WARNING, title)


def _hint(name: str, title: str) -> Code:
    return Code(name, Severity.HINT, title)


# A new code takes the next free number of its hundred; numbers that were given up stay unused, as people have them in
# their notes and in the settings of their editors.
FILE_UNREADABLE = _error("CL001", "file cannot be read")
NO_PROGRAM = _error("CL002", "document holds no pseudocode")
NOT_UTF8 = _error("CL003", "file is not UTF-8 text")

SYNTAX = _error("CL101", "syntax error")
UNTERMINATED_STRING = _error("CL102", "unterminated string")
UNCLOSED_BRACKET = _error("CL103", "bracket is never closed")
STRAY_BRACKET = _error("CL104", "bracket closes nothing")
STRAY_CHARACTER = _error("CL105", "character has no meaning here")
TOO_DEEP = _error("CL106", "nested too deeply")
TYPOGRAPHIC_QUOTES = _warning("CL107", "typographic quotes")
UNQUOTED_PATTERN = _warning("CL108", "unquoted pattern")
EMPTY_PROGRAM = _error("CL109", "program is empty")
UNFILLED = _error("CL110", "placeholder among values")
UNQUOTED_TEXT = _error("CL111", "text without quotes")
TOO_LONG = _error("CL112", "program is too long")
OUT_OF_TIME = _error("CL113", "program takes too long to compile")
FOREIGN_FORM = _error("CL114", "form of another language")
MISSPELT_KEYWORD = _error("CL115", "misspelt keyword")

UNKNOWN_FIELD = _error("CL201", "unknown field")
UNKNOWN_STREAM = _error("CL202", "unknown name")
UNKNOWN_OBJECT = _error("CL203", "unknown object")
UNKNOWN_ACTION = _error("CL204", "unknown action")
UNKNOWN_FUNCTION = _error("CL205", "unknown function")
FIELD_ALIAS = _warning("CL206", "another name for a field")
WRONG_NAME_KIND = _error("CL207", "name stands for another kind of thing")
FIELD_AND_CONSTANT = _warning("CL208", "name is a field and a constant")
CLASS_ALIAS = _warning("CL209", "another name for an object or action")
DUPLICATE_OUTPUT = _warning("CL210", "output given twice")
AMBIGUOUS_FIELD = _error("CL211", "more than one part of a join has the field")
UNKNOWN_ANALYTIC = _error("CL212", "unknown analytic")
ANALYTIC_CYCLE = _error("CL213", "analytics that run one another")
DUPLICATE_INPUT = _error("CL214", "input declared twice")
UNKNOWN_TYPE = _error("CL215", "unknown type")
UNNAMED_PART = _error("CL216", "part of a join without a name of its own")
DUPLICATE_COLUMN = _error("CL217", "column given twice")
NO_PROCESS = _error("CL218", "rows that are of no process")

NOT_A_CONDITION = _error("CL301", "not a condition")
INCOMPARABLE = _error("CL302", "types cannot be compared")
BAD_LITERAL = _error("CL303", "literal does not fit the field's type")
BAD_OPERAND = _error("CL304", "operator does not take this type")
BAD_PATTERN = _error("CL305", "regular expression cannot be compiled")
BAD_ARGUMENTS = _error("CL306", "wrong arguments of a function")
BAD_CIDR = _error("CL307", "not an address block")
LITERAL_CONVERTED = _hint("CL308", "literal read as another type")
BAD_STEP = _error("CL309", "step that a sequence cannot have")

IMPLICIT_OUTPUT = _warning("CL401", "no output statement")
IMPLICIT_INPUT = _warning("CL402", "filter without a stream")
EVENTS_AND = _warning("CL403", "event classes joined by and")
NEVER_TRUE = _warning("CL404", "comparison can never be true")
UNUSED_STREAM = _warning("CL405", "stream is never used")
BARE_CONDITION = _warning("CL406", "program is a bare condition")
MEMBER_BY_BARE_NAME = _warning("CL408", "member of a record by its bare name")
WHOLE_STREAM = _warning("CL409", "aggregate of a whole stream")
UNFILTERED_OUTPUT = _warning("CL410", "output repeats a search unfiltered")
EMPTY_WINDOW = _warning("CL411", "window of time is empty")
PLACEHOLDER = _warning("CL412", "placeholder in the place of a value")
OPERATOR_IN_STRING = _warning("CL413", "operator inside a string")
FOREIGN_WILDCARD = _warning("CL414", "wildcard of another language")
PATTERN_HARDLY_MEANT = _warning("CL415", "regular expression hardly meant")
ALWAYS_TRUE = _warning("CL416", "condition always holds")
TEXT_FOR_LIST = _warning("CL417", "text where a list was meant")
NULL_IN_LIST = _hint("CL418", "null in a list")
UNBOUNDED_TIME = _hint("CL419", "times held together on one side")
NO_OUTPUT = _error("CL407", "program has no stream to output")

BAD_FRONT_MATTER = _error("CL501", "front matter cannot be read")
UNKNOWN_KEY = _warning("CL502", "unknown key in the front matter")
BAD_METADATA = _error("CL503", "front matter has a bad value")
ID_MISMATCH = _warning("CL504", "id differs from the file's name")
SHADOWED = _warning("CL505", "id hides another analytic")
UNKNOWN_IN_TEST = _error("CL506", "unknown name in a test")
MISFIT_IN_TEST = _error("CL507", "value in a test does not fit")

SIGMA_UNREADABLE = _error("CL601", "Sigma rule cannot be read")
SIGMA_LOG_SOURCE = _error("CL602", "log source without events")
SIGMA_FIELD = _error("CL603", "field of a Sigma rule is not known")
SIGMA_UNSAID = _error("CL604", "Sigma rule says what a program cannot")
UNWRITABLE = _error("CL605", "program says what a Sigma rule cannot")
SIGMA_REFERENCE = _error("CL606", "Sigma rule refers to one that is not there")

BAD_BASELINE = _error("CL701", "baseline cannot be read")
UNKNOWN_BASELINE_KEY = _warning("CL702", "unknown key in a baseline")
EXCLUDES_EVERYTHING = _error("CL703", "exclusion of everything")
UNKNOWN_EXCLUDED = _warning("CL704", "exclusion of an unknown analytic")
UNKNOWN_EXCLUDED_FIELD = _warning("CL705", "exclusion by an unknown field")

CODES: dict[str, Code] = {code.name: code for code in list(globals().values()) if isinstance(code, Code)}
