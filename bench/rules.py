# ruff: noqa: INP001  # a folder of commands, not a package
"""Rules made up from a seed, after those for process starts that people share: lists of endings and parts, exceptions.

A rule asks for the end of an image, for some part of the command line out of a list, now and then for all parts out of
another and for a parent, and has exceptions in a third of all cases. One rule is written for each engine that it is
given to, such that all of them mean the same over texts of ASCII.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bench.events.programs import CONSPICUOUS, ORDINARY
from bench.events.templates import Draw

# As of the rules for process starts that the Sigma project shares: how many of ten have it.
_IMAGES, _PARTS, _ALL, _PARENTS, _EXCEPTIONS = 9, 8, 3, 2, 3
_ODD = ("🚀", "\u017fervice", "Müller", "\u202e")
_ODD_EVERY = 50
# One in ten is met by what administrators do.
_MET_EVERY = 10
_MET = (
    ("\\ipconfig.exe", "flushdns"), ("\\whoami.exe", "/groups"), ("\\rundll32.exe", "Control_RunDLL"),
    ("\\powershell.exe", "-EncodedCommand"), ("\\schtasks.exe", "/run"), ("\\git.exe", "rev-parse"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: each list that is not empty has to be met, of `all_parts` all, of the others one, `exceptions` none."""

    name: str
    images: tuple[str, ...]
    parts: tuple[str, ...]
    all_parts: tuple[str, ...]
    parents: tuple[str, ...]
    exceptions: tuple[str, ...]

    def car(self) -> str:
        """Return the rule as a program of carlang."""
        conditions = [
            *([f"image_path endswith {_list(self.images)}"] if self.images else []),
            *([f"command_line contains {_list(self.parts)}"] if self.parts else []),
            *(f"command_line contains {_list([part])}" for part in self.all_parts),
            *([f"parent_image_path endswith {_list(self.parents)}"] if self.parents else []),
            *([f"not (command_line contains {_list(self.exceptions)})"] if self.exceptions else []),
        ]
        return f"process = search Process:Create\nhit = filter process where {' and '.join(conditions)}\noutput hit\n"

    def sigma(self) -> dict[str, object]:
        """Return the rule as Sigma has it, with carlang's names of fields."""
        lists = {
            "image_path|endswith": self.images, "command_line|contains": self.parts,
            "command_line|contains|all": self.all_parts, "parent_image_path|endswith": self.parents,
        }  # fmt: skip
        detection: dict[str, object] = {
            f"selection{number}": {name: list(texts)} for number, (name, texts) in enumerate(lists.items()) if texts
        }
        condition = " and ".join(detection)
        if self.exceptions:
            detection["exceptions"] = {"command_line|contains": list(self.exceptions)}
            condition += " and not exceptions"
        source = {"category": "process_creation", "product": "windows"}
        return {"title": self.name, "logsource": source, "detection": {**detection, "condition": condition}}

    def eql(self) -> str:
        """Return the rule as a query of EQL."""
        conditions = [
            *([_any("endsWith(image_path, {})", self.images)] if self.images else []),
            *([_any("stringContains(command_line, {})", self.parts)] if self.parts else []),
            *(_any("stringContains(command_line, {})", [part]) for part in self.all_parts),
            *([_any("endsWith(parent_image_path, {})", self.parents)] if self.parents else []),
            *([f"not {_any('stringContains(command_line, {})', self.exceptions)}"] if self.exceptions else []),
        ]
        return f"process where {' and '.join(conditions)}"


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(_quoted(text) for text in texts)}]"


def _any(pattern: str, texts: Sequence[str]) -> str:
    return f"({' or '.join(pattern.format(_quoted(text)) for text in texts)})"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def rules(count: int, seed: int = 7, *, ascii_only: bool = False) -> list[Rule]:
    """Return rules; one in fifty looks for what is no letter of ASCII, where not `ascii_only`."""
    draw = Draw(seed, "rules")
    return [_rule(draw, number, odd=number % _ODD_EVERY == 0 and not ascii_only) for number in range(count)]


def _rule(draw: Draw, number: int, *, odd: bool) -> Rule:
    def has(share: int) -> bool:
        return draw.random.randrange(10) < share

    def texts(pattern: str, most: int) -> tuple[str, ...]:
        # Lists are short, and a few are long: half of a rule's lists have two members or fewer.
        count = min(most, 1 + int(draw.random.expovariate(0.4)))
        return tuple(dict.fromkeys(draw.filled(pattern) for _ in range(count)))

    if number % _MET_EVERY == _MET_EVERY - 1:
        image, part = _MET[number // _MET_EVERY % len(_MET)]
        return Rule(f"rule {number}", (image,), (part, *texts("<word>", 8)), (), (), texts("\\<word>", 4))
    programs = [f"\\{draw.random.choice(CONSPICUOUS + ORDINARY).exe}" for _ in range(draw.random.randint(1, 3))]
    has_images = has(_IMAGES)
    has_parts = has(_PARTS) or not has_images
    parts = (
        texts(draw.choice((" -<word>", "<word>.", "\\<word>\\", "/<word>:", "<word> <word>")), 40) if has_parts else ()
    )
    return Rule(
        name=f"rule {number}",
        # Some name programs that run all day: then the command line alone tells the events apart.
        images=tuple(dict.fromkeys((*programs, *texts("\\<word>.exe", 8)))) if has_images else (),
        parts=(*parts, draw.choice(_ODD)) if odd else parts,
        all_parts=texts("<word>", 3) if has(_ALL) or not has_parts else (),
        parents=texts("\\<word>.exe", 6) if has(_PARENTS) else (),
        exceptions=texts("\\<word>\\<word>", 8) if has(_EXCEPTIONS) else (),
    )
