"""Texts and patterns as values of rules: which modifier, which escapes, and of parts of a path which expression.

What a mapping makes of a member of a record is undone here: of a path the last part is kept as `exe`, and a rule asks
for how the path ends.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

from carlang.model.types import Kind, Type
from carlang.outgoing.detection import NEVER, Detection, Item, every, negated
from carlang.outgoing.unwritable import UnwritableError
from carlang.resolve.bound import Pattern, Wildcard

_MISSING = ("", "-")
"""What a mapping keeps as a missing value, and stands in records."""
_UNKNOWN = "?"
"""What Sysmon writes for the path of a process that it does not know."""


def missing_texts(kind: Type) -> tuple[str, ...]:
    """Return the texts of records that are a missing value here, in a field of a type."""
    return (*_MISSING, _UNKNOWN) if kind.kind is Kind.PATH else _MISSING


def absent(name: str, missing: Sequence[str]) -> Item:
    """Return that a field has no value: it is not there, or holds a text that stands for none."""
    return Item(name, (), (None, *map(_literal, missing)))


def text_test(name: str, pattern: Pattern, missing: Sequence[str]) -> Detection:
    """Return the test that a field's text, as a whole, is what a pattern stands for, and none of the missing ones."""
    pattern = tuple(part for part in pattern if part)
    if not pattern:
        return NEVER if "" in missing else Item(name, (), ("",))
    if all(part is Wildcard.RUN for part in pattern):
        return negated(absent(name, missing))
    return without_missing(_item(name, pattern), name, [text for text in missing if _fits(pattern, text)])


def without_missing(test: Detection, name: str, missing: Sequence[str]) -> Detection:
    """Return a test and that a field holds none of some texts that stand for a missing value."""
    if not missing:
        return test
    return every([test, negated(Item(name, (), tuple(map(_literal, missing))))])


def keyword(pattern: Pattern) -> Item:
    """Return that some text of an event contains a text; raises `UnwritableError` for any other test of all of them."""
    match pattern:
        case [Wildcard.RUN, str(text), Wildcard.RUN]:
            return Item("", (), (_literal(text),))
        case _:
            raise UnwritableError("of any text of an event a rule can only ask whether it contains another")


def _item(name: str, pattern: Pattern) -> Item:
    match pattern:
        case [Wildcard.RUN, *inner, Wildcard.RUN] if inner:
            return Item(name, ("contains",), (text_value(inner),))
        case [Wildcard.RUN, *inner] if inner:
            return Item(name, ("endswith",), (text_value(inner),))
        case [*inner, Wildcard.RUN] if inner:
            return Item(name, ("startswith",), (text_value(inner),))
        case _:
            return Item(name, (), (text_value(pattern),))


def text_value(pattern: Sequence[str | Wildcard]) -> str:
    """Return a pattern as the value of a rule, with escapes where a character would mean something else."""
    followers = (*pattern[1:], "")
    return "".join(
        part.value if isinstance(part, Wildcard) else _literal(part, before_wildcard=isinstance(behind, Wildcard))
        for part, behind in zip(pattern, followers, strict=True)
    )


def _literal(text: str, *, before_wildcard: bool = False) -> str:
    """Return a text as a value without wildcards. A backslash is doubled where it would escape what stands behind."""
    written = []
    for at, character in enumerate(text):
        behind = text[at + 1 : at + 2] or ("*" if before_wildcard else "")
        is_escape = character == "\\" and behind in ("*", "?", "\\")
        written.append(f"\\{character}" if character in "*?" or is_escape else character)
    return "".join(written)


def _fits(pattern: Pattern, text: str) -> bool:
    body = "".join(_ANY[part] if isinstance(part, Wildcard) else re.escape(part) for part in pattern)
    return re.fullmatch(body, text, re.DOTALL | re.IGNORECASE) is not None


_ANY = {Wildcard.RUN: ".*", Wildcard.ONE: "."}


# ---- parts of a path -------------------------------------------------------------------------------------------------

_SEPARATORS = re.compile(r"[\\/]")
_PART = {Wildcard.RUN: r"[^\\/]*", Wildcard.ONE: r"[^\\/]"}
_STEM = {Wildcard.RUN: r"[^.\\/:]*", Wildcard.ONE: r"[^.\\/:]"}


def base_name_test(name: str, pattern: Pattern, missing: Sequence[str]) -> Detection:
    """Return the test that the last part of a path is what a pattern stands for."""
    for part in pattern:
        if isinstance(part, str) and _SEPARATORS.search(part):
            raise UnwritableError(f"it is the last part of `{name}`, in which no `{part}` is")
    match pattern:
        case [str(text)] if text:
            # A path may be a name alone, as those of `System` and `Registry` are.
            ends = tuple(
                text_value(each) for each in ((text,), (Wildcard.RUN, f"\\{text}"), (Wildcard.RUN, f"/{text}"))
            )
            return without_missing(Item(name, (), ends), name, [each for each in missing if each == text])
        case [Wildcard.RUN, str(text)] if text:
            return text_test(name, pattern, missing)
    if all(part is Wildcard.RUN for part in pattern):
        regex = r"[^\\/]$"  # an empty last part is a missing one
    else:
        # What begins with a run is found wherever the rest of it is the end.
        is_open = pattern[0] is Wildcard.RUN
        inner = pattern[1:] if is_open else pattern
        body = "".join(_PART[part] if isinstance(part, Wildcard) else _in_regex(part) for part in inner)
        regex = f"{body}$" if is_open else rf"(^|[\\/]){body}$"
    fitting = [text for text in missing if text and _fits(pattern, text)]
    return without_missing(Item(name, ("re", "i"), (regex,)), name, fitting)


def extension_test(name: str, pattern: Pattern) -> Detection:
    """Return the test that the extension of a path's last part, before the name of a stream, is a pattern."""
    first, *rest = pattern
    is_one = isinstance(first, str) and re.fullmatch(r"\.[^.\\/:]*", first) and pattern != (".",)
    if not is_one or any(isinstance(part, str) and re.search(r"[.\\/:]", part) for part in rest):
        raise UnwritableError(f"an extension, which is made of `{name}`, begins with a point and has no other")
    body = "".join(_STEM[part] if isinstance(part, Wildcard) else _in_regex(part) for part in pattern)
    if pattern == (".", Wildcard.RUN):
        body = r"\.[^.\\/:]+"  # a point alone is none
    return Item(name, ("re", "i"), (rf"(^|[\\/])[^\\/:]*{body}(:[^\\/]*)?$",))


def host_test(name: str, pattern: Pattern) -> Detection:
    """Return the test that a host is called so, where records have its name with the domain or without."""
    match pattern:
        case [str(text)] if "." not in text:
            return Item(name, (), (text_value((text,)), text_value((f"{text}.", Wildcard.RUN))))
        case _:
            raise UnwritableError(f"the domain stands in `{name}` too, so that a rule asks for a host's whole name")


def _in_regex(text: str) -> str:
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", text)


# ---- regular expressions ---------------------------------------------------------------------------------------------

_FLAGS = re.compile(r"\(\?([ims]*)(?:-([ims]*))?\)")
_BY_NUMBER = re.compile(r"(?<!\\)((?:\\\\)*)\\x\{([0-9A-Fa-f]+)\}")
_POSIX = re.compile(r"\[:\^?\w+:\]")


def regex_test(name: str, regex: str, missing: Sequence[str]) -> Detection:
    """Return the test that a regular expression of a program is found in a field's text.

    Those of programs are without case unless they say otherwise, Sigma's the other way round.
    """
    on, off, body = "", "", regex
    if flags := _FLAGS.match(regex):
        on, off, body = flags.group(1), flags.group(2) or "", regex[flags.end() :]
    modifiers = ["re"]
    if "i" not in off:
        modifiers.append("i")
    modifiers += [flag for flag in "ms" if flag in on and flag not in off]
    body = _BY_NUMBER.sub(_character, body)
    # Python's own expressions know these as sets of single characters, and PCRE's as what RE2 knows them as.
    if posix := _POSIX.search(body):
        raise UnwritableError(f"`{posix.group()}` means something else to other engines than to RE2")
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):
            compiled = re.compile(body, re.ASCII | re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise UnwritableError(f"only RE2 takes the regular expression: {error}") from None
    return without_missing(
        Item(name, tuple(modifiers), (body,)), name, [text for text in missing if compiled.search(text)]
    )


def _character(match: re.Match[str]) -> str:
    number = int(match.group(2), 16)
    if number <= 0xFF:  # noqa: PLR2004  # two digits, as every engine has them
        return rf"{match.group(1)}\x{number:02x}"
    return match.group(1) + re.escape(chr(number))
