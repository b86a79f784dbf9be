"""The tables of other languages' forms, functions and wildcards, read from the YAML files beside this one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict

from carlang.datafile import read_builtin_yaml, validate
from carlang.foreign.conversions import filled

_STRING = r"""(?:"(?:\\["\\]|\\(?!["\\])|[^"\\\n])*"|'(?:\\['"\\]|\\(?!['"\\])|[^'\\\n])*')"""
_WORD = r"[^\W\d]\w*"
_PATH = rf"{_WORD}(?:\.{_WORD})*"
# What the patterns of the tables call by name: `<value:f>` is an operand in the group f.
_OPERANDS = {
    "text": _STRING,
    "name": _WORD,
    "path": _PATH,
    "list": r"""(?:\((?:"[^"\n]*"|'[^'\n]*'|[^()"'])*\)|\[(?:"[^"\n]*"|'[^'\n]*'|[^\[\]"'])*\])""",
    "value": rf"(?:{_STRING}|(?<![\w.]){_PATH}\s*\((?:[^()]|\([^()]*\))*\)|(?<![\w.]){_PATH}|(?<![\w.])-?\d[\w.]*)",
}
_OPERAND = re.compile(r"<(text|name|path|list|value):(\w+)>")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Form(_Part):
    """A form of another language, and the one that it has here; the head of `forms.yaml` says what each part is."""

    form: str
    of: str
    pattern: str
    here: str | None = None
    says: str
    at: Literal["statement", "anywhere"] = "anywhere"
    code: str = "CL114"
    applies: Literal["likely", "sketch"] = "likely"

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Its pattern, with what it calls by name written out."""
        pattern = _OPERAND.sub(lambda match: f"(?P<{match.group(2)}>{_OPERANDS[match.group(1)]})", self.pattern)
        ends = r"\s*\Z" if self.at == "statement" else ""
        return re.compile(pattern + ends, re.IGNORECASE | re.DOTALL)

    def replacement(self, match: re.Match[str]) -> str | None:
        """Return what is written here in the place of what matched, or None where nothing can be."""
        if self.here is None:
            return None
        return filled(self.here, {name: text or "" for name, text in match.groupdict().items()})


class ForeignFunction(_Part):
    """A function of another language by its names, and what is written here in the place of a call."""

    names: tuple[str, ...]
    of: str
    here: str

    @property
    def least(self) -> int:
        """How many arguments a call has to have."""
        return max((int(number) + 1 for number in re.findall(r"\{(\d+)", self.here)), default=0)

    def call(self, arguments: Sequence[str]) -> str | None:
        """Return what is written here in the place of a call with these arguments, or None where there are too few."""
        if len(arguments) < self.least:
            return None
        return filled(self.here, {str(number): text for number, text in enumerate(arguments)})


class ForeignText(_Part):
    """A text that has another language's wildcards in it; `unless` are texts that mean something else."""

    form: str
    of: str
    pattern: str
    unless: str | None = None
    here: str
    says: str

    def repaired(self, text: str) -> str | None:
        """Return what was probably meant by a text, or None where it has no such wildcards."""
        if not re.fullmatch(self.pattern, text, re.IGNORECASE):
            return None
        if self.unless and re.fullmatch(self.unless, text, re.IGNORECASE):
            return None
        return filled(f"{{x:{self.here}}}", {"x": text})


class _Forms(_Part):
    forms: tuple[Form, ...]


class _Functions(_Part):
    functions: tuple[ForeignFunction, ...]


class _Texts(_Part):
    texts: tuple[ForeignText, ...]


# Read when a program has a fault that asks for them: most have none, and an editor loads this room at every key.
@cache
def forms() -> tuple[Form, ...]:
    """Return the forms of other languages, in the order in which they are tried."""
    return validate(_Forms, read_builtin_yaml("forms.yaml", _text("forms.yaml"))).forms


@cache
def functions() -> Mapping[str, ForeignFunction]:
    """Return the functions of other languages by their names, without case and underscores."""
    table = validate(_Functions, read_builtin_yaml("functions.yaml", _text("functions.yaml"))).functions
    return {folded(name): function for function in table for name in function.names}


@cache
def texts() -> tuple[ForeignText, ...]:
    """Return the wildcards of other languages."""
    return validate(_Texts, read_builtin_yaml("texts.yaml", _text("texts.yaml"))).texts


def foreign_function(name: str) -> ForeignFunction | None:
    """Return the function of another language that has this name, or None."""
    return functions().get(folded(name))


def foreign_wildcards(text: str) -> Iterator[tuple[ForeignText, str]]:
    """Yield the entries whose wildcards a text has, each with the text that was probably meant."""
    for entry in texts():
        if (meant := entry.repaired(text)) is not None:
            yield entry, meant


def folded(name: str) -> str:
    """Return a name as these tables compare it."""
    return name.casefold().replace("_", "")


def _text(name: str) -> str:
    return files("carlang.foreign").joinpath(name).read_text(encoding="utf-8")
