"""What texts of events have in common: their random parts, and the names of persons in paths, become `*`.

A random part is what differs each time that the same happens: an id, a number, the name of a temporary file. What is
longer than any of these stays, as it may be what the text is about: an encoded command, a script.
"""

from __future__ import annotations

import re
from functools import lru_cache

ANYTHING = "*"
"""What stands for a part that was taken out, as in patterns of the language."""

_KEPT_TEXTS = 16_384
"""How many texts are remembered: hits repeat theirs."""
_LONGEST = 64
"""The digits of a SHA-256. What runs on longer is more likely a payload than a name."""
_NUMBER = 4
"""How many digits make a number by itself random: ids of processes have as many, most switches and parts of versions
fewer."""
_NUMBER_IN_WORD = 5
"""The same within a word: `KB5012170` and `tmp48213`, not `System32` and `T1053`."""
_SHORTEST_WORD = 8
"""Letters of a random word, and digits of a hexadecimal number without `0x`: `dead` and `v4a` are words."""
_CHANGES = 3
"""How often letters and digits have to take turns in a random word: in `n4vz2bqf` they do four times, in `x86` once."""

_ENDS = "(?![0-9a-z])"
_GUID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_FORMS = {
    # A class of COM has the same name on every machine, which tells a way past the prompt for consent from a printer.
    "class": rf"(?:(?:clsid|appid|typelib|interface)[\\= ]|processid:|-sta |::)\{{?{_GUID}\}}?"
    rf"|\{{?{_GUID}\}}?(?=\s+-embedding)",
    "address": r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])",
    "payload": rf"[0-9a-z+/]{{{_LONGEST + 1},}}",
    "guid": rf"\{{?(?<![0-9a-z]){_GUID}{_ENDS}\}}?",
    # Accounts below 1000, such as the administrator's 500, are the same in every domain.
    "domain": r"(?<=S-1-5-21-)(?:[0-9]+-[0-9]+-[0-9]+(?=-[0-9]{3}(?![0-9-]))|[0-9]+(?:-[0-9]+)*)",
    # Rights and flags are shorter than addresses, and are what dumps of memory are told by.
    "rights": rf"(?<![0-9a-z])0x[0-9a-f]{{1,6}}{_ENDS}",
    "moment": r"(?<![0-9])[12][0-9]{3}[-._][01][0-9][-._][0-3][0-9]"
    r"(?:[T_ -][0-2][0-9][-.:_]?[0-5][0-9](?:[-.:_]?[0-5][0-9])?)?(?![0-9])",
    "pointer": rf"(?<![0-9a-z])0x[0-9a-f]{{7,16}}{_ENDS}",
    "temporary": rf"""(?<![^\\/"'\s=])[^\\/"'\s:*?<>|=]+(?=\.tmp{_ENDS})""",
    # What PyInstaller, 7-Zip and Office call what they unpack and write, and PowerShell what it tries.
    "unpacked": r"(?<=_)MEI[0-9]+|7zS[0-9a-f]{6,}|(?<=~)DF[0-9a-f]+",
    "tried": r"(?<=PSScriptPolicyTest_)[0-9a-z.]+(?=\.ps1)",
    "word": "[0-9a-z]+",
}
# In this order: what comes first is not looked at again, so that an address keeps its numbers.
_PARTS = re.compile("|".join(f"(?P<{name}>{form})" for name, form in _FORMS.items()), re.IGNORECASE)
_UNPACKED = re.compile("MEI|7zS|DF", re.IGNORECASE)
_DIGITS = re.compile(rf"[0-9]{{{_NUMBER_IN_WORD},}}")
_HEX = re.compile(r"[0-9a-f]{8,}", re.IGNORECASE)
_TURN = re.compile(r"(?<=[0-9])(?=[a-z])|(?<=[a-z])(?=[0-9])", re.IGNORECASE)
_PERSON = re.compile(
    r"""(?<=\\Users\\)[^\\/"*]+(?=[\\/])|(?<=/home/)[^/"*\s]+(?=/)|(?<=/Users/)[^/"*]+(?=/)""", re.IGNORECASE
)
_NOBODY = frozenset({"public", "default", "all users", "default user"})


@lru_cache(_KEPT_TEXTS)
def without_random_parts(text: str) -> str:
    """Return a text with `*` for each of its random parts; neighbours that are random are one.

    GUIDs that name no class of COM, the part of a SID that is a domain's, pointers, hexadecimal of eight digits and
    more, numbers of four, names of temporary files, and words in which letters and digits take turns. Addresses of
    networks stay, and rights such as `0x1fffff`.
    """
    return _PARTS.sub(_replaced, text)


def without_persons(text: str) -> str:
    r"""Return a text with `*` for the names of persons' folders in paths: `C:\Users\*\AppData`, `/home/*/bin`."""
    return _PERSON.sub(lambda match: match.group() if match.group().casefold() in _NOBODY else ANYTHING, text)


def _replaced(match: re.Match[str]) -> str:
    part = match.group()
    match match.lastgroup:
        case "address" | "payload" | "class" | "rights":
            return part
        case "word":
            return _word(part)
        case "unpacked":
            head = _UNPACKED.match(part)
            return (head.group() if head else "") + ANYTHING
        case _:
            return ANYTHING


def _word(word: str) -> str:
    """Return a word of letters and digits, or what is left of it."""
    if word.isdigit():
        return ANYTHING if len(word) >= _NUMBER else word
    if len(word) >= _SHORTEST_WORD and not word.isalpha():
        # Base64 has both cases: what is encoded there tells one command from another.
        is_mixed = (word.islower() or word.isupper()) and len(_TURN.findall(word)) >= _CHANGES
        if is_mixed or _HEX.fullmatch(word):
            return ANYTHING
    return _DIGITS.sub(ANYTHING, word)
