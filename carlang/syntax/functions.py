"""The names of the language's functions."""

FUNCTIONS = frozenset(
    {
        "abs",
        "basename",
        "cidr_match",
        "coalesce",
        "concat",
        "day_of_week",
        "dirname",
        "extension",
        "hour",
        "length",
        "lower",
        "max",
        "min",
        "regex_extract",
        "replace",
        "round",
        "split",
        "substring",
        "to_int",
        "to_string",
        "trim",
        "upper",
        "year",
    }
)


def is_function(name: str) -> bool:
    """Tell whether a function of the language has this name, in any case of letters."""
    return name.casefold() in FUNCTIONS
