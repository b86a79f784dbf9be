"""Literals with wildcards, and Windows variables at their head, as patterns."""

from __future__ import annotations

import re

from carlang.resolve.bound import Pattern, Wildcard

# Where a variable usually points, by drive: `?` stands for the drive's letter, `*` for a user's folder.
_VARIABLES: dict[str, tuple[str, ...]] = {
    "allusersprofile": ("?:\\ProgramData",),
    "appdata": ("?:\\Users\\*\\AppData\\Roaming",),
    "commonprogramfiles": ("?:\\Program Files\\Common Files", "?:\\Program Files (x86)\\Common Files"),
    "commonprogramfiles(x86)": ("?:\\Program Files (x86)\\Common Files",),
    "comspec": ("?:\\Windows\\System32\\cmd.exe",),
    "homepath": ("?:\\Users\\*",),
    "localappdata": ("?:\\Users\\*\\AppData\\Local",),
    "programdata": ("?:\\ProgramData",),
    "programfiles": ("?:\\Program Files", "?:\\Program Files (x86)"),
    "programfiles(x86)": ("?:\\Program Files (x86)",),
    "programw6432": ("?:\\Program Files",),
    "public": ("?:\\Users\\Public",),
    "systemdrive": ("?:",),
    "systemroot": ("?:\\Windows",),
    "temp": ("?:\\Users\\*\\AppData\\Local\\Temp", "?:\\Windows\\Temp"),
    "tmp": ("?:\\Users\\*\\AppData\\Local\\Temp", "?:\\Windows\\Temp"),
    "userprofile": ("?:\\Users\\*",),
    "windir": ("?:\\Windows",),
}
_HEAD = re.compile(r"%([^%\\/]+)%")


def wildcards(text: str) -> Pattern:
    """Return the pattern of a literal: `*` is any run of characters, everything else stands for itself."""
    pieces: list[str | Wildcard] = []
    for index, piece in enumerate(text.split("*")):
        if index and (not pieces or pieces[-1] is not Wildcard.RUN):
            pieces.append(Wildcard.RUN)
        if piece:
            pieces.append(piece)
    return tuple(pieces)


def is_plain(pattern: Pattern) -> bool:
    """Tell whether a pattern has no wildcard: it is a text that must be there as a whole."""
    return all(isinstance(part, str) for part in pattern)


def plain_text(pattern: Pattern) -> str:
    """Return the text of a pattern without wildcards."""
    return "".join(part for part in pattern if isinstance(part, str))


def path_patterns(text: str) -> tuple[Pattern, ...]:
    """Return the patterns of a literal against a path: the literal, and what a variable at its head stands for."""
    head = _HEAD.match(text)
    places = _VARIABLES.get(head.group(1).casefold(), ()) if head else ()
    rest = wildcards(text[head.end() :]) if head else ()
    return (wildcards(text), *(_joined(_place(place), rest) for place in places))


def _place(text: str) -> Pattern:
    pieces: list[str | Wildcard] = []
    for part in re.split(r"([?*])", text):
        if part in ("?", "*"):
            pieces.append(Wildcard(part))
        elif part:
            pieces.append(part)
    return tuple(pieces)


def _joined(head: Pattern, tail: Pattern) -> Pattern:
    if head and tail:
        last, first = head[-1], tail[0]
        if isinstance(last, str) and isinstance(first, str):
            return (*head[:-1], last + first, *tail[1:])
        if last is Wildcard.RUN and first is Wildcard.RUN:
            return (*head, *tail[1:])
    return (*head, *tail)
