"""Templates of events: what one kind of event has in common, drawn from a seed; a few of them make most events.

The n-th template has a weight after Zipf and Mandelbrot, so that the commonest of 1,800 makes one event of 23.
What differs from event to event of one template stands in braces:

- `{hex}` and `{guid}` are new with nearly every event, in about a fifth of process starts;
- `{few}` is one of sixty; `{user}` is the user of the host.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Sequence

import pyarrow as pa

from bench.events.programs import CONSPICUOUS, FILES, MICROSOFT, ORDINARY, PROFILE, SYSTEM32, WINDOWS, Program

SLOTS = 1 << 16
"""Draws that are told apart: a template has a number of them after its weight, and one at least."""

_FLATTENING = 2.7
"""What Mandelbrot adds to a rank: without it the first template alone would make every eighth event."""

_DRAWN = re.compile(r"<(\w+)>")
_SYLLABLES = (  # noqa: SIM905  # easier to read, and to add to
    "ac ba ber cor da del dis do en ex fa fi ge gra ha in jo ka la lo ma me mi mon na ne no or pa per po pro qua ra re "
    "ro sa se si so sta ta te ti to tra u va ve vi wa xe zo"
).split()
_EXTENSIONS = ("docx", "xlsx", "pdf", "txt", "pptx", "csv", "html")
_FOLDERS = ("Documents", "Downloads", "Desktop", "Projekte\\Übersicht", "AppData\\Local\\Temp")
_BUILDS = ("10.0.17763.1", "10.0.18362.1", "10.0.19041.1865", "10.0.19041.3636")

Row = dict[str, str | bool | int]

PROCESS_TEMPLATES, OTHER_TEMPLATES = 1800, 900
_CONSPICUOUS_EVERY, _FIRST_CONSPICUOUS = 16, 12
_UNIQUE_EVERY = 6


class Draw:
    """Chance, and the words that are made by it."""

    def __init__(self, seed: int, name: str) -> None:
        self.random = random.Random(f"{seed} {name}")  # noqa: S311  # nothing secret
        self._made: dict[str, Callable[[], str]] = {
            "word": lambda: "".join(self.random.choices(_SYLLABLES, k=self.random.randint(2, 4))).capitalize(),
            "number": lambda: str(self.random.randrange(1, 10 ** self.random.randint(1, 7))),
            "hex": lambda: f"{self.random.getrandbits(32):08x}",
            "guid": lambda: guid(self.random.getrandbits(128)),
            "lang": lambda: self.random.choice(("en-US", "en-GB", "de", "fr")),
            "version": lambda: (
                f"{self.random.randint(90, 126)}.0.{self.random.randint(4000, 6500)}.{self.random.randint(1, 200)}"
            ),
            "url": lambda: self.filled("https://<word>.example.com/<word>/<word>?id=<number>"),
            "document": lambda: self.filled(
                f"C:\\Users\\{{user}}\\{self.choice(_FOLDERS)}\\<word> <word>.{self.choice(_EXTENSIONS)}"
            ),
        }

    def choice(self, values: Sequence[str]) -> str:
        """Return one of some texts."""
        return self.random.choice(values)

    def filled(self, pattern: str) -> str:
        """Return a pattern with a word, a number and so on for each name in angle brackets."""
        return _DRAWN.sub(lambda match: self._made[match[1]](), pattern)


def guid(number: int) -> str:
    """Return a number of 128 bits as Windows writes a GUID, without braces."""
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def weighted(count: int) -> pa.Table:
    """Return for each of `SLOTS` draws the number of the template that it stands for."""
    weights = [1 / (rank + _FLATTENING) for rank in range(1, count + 1)]
    total, reached = sum(weights), 0.0
    slots: list[int] = []
    for number, weight in enumerate(weights):
        reached += weight
        least = len(slots) + 1
        slots += [number] * (max(least, round(reached / total * SLOTS)) - len(slots))
    return pa.table({"slot": pa.array(range(len(slots)), pa.uint64()), "template": slots})


def process_templates(seed: int) -> list[Row]:
    """Return templates of process starts; one in so many is of a program that analytics ask about."""
    draw = Draw(seed, "process")
    rows = []
    for rank in range(PROCESS_TEMPLATES):
        conspicuous = rank % _CONSPICUOUS_EVERY == _FIRST_CONSPICUOUS
        program = draw.random.choice(CONSPICUOUS if conspicuous else ORDINARY)
        rows.append(_process(draw, program, rank))
    return rows


def _process(draw: Draw, program: Program, rank: int) -> Row:
    image = program.folder + program.exe
    shown = image.replace("C:\\Windows\\System32", draw.choice(("C:\\Windows\\System32", "C:\\WINDOWS\\system32")))
    called = draw.choice((f'"{shown}"', shown, shown if " " not in shown else f'"{shown}"'))
    build = draw.choice(_BUILDS)
    level = "System" if program.is_system else draw.choice(("Medium", "Medium", "High", "Low"))
    parent_exe = program.parent.rpartition("\\")[2]
    return {
        "exe": program.exe,
        "image_path": image,
        "command_line": f"{called} {draw.filled(draw.choice(program.calls))}{_tail(draw, rank)}".strip(),
        "parent_exe": parent_exe,
        "parent_image_path": program.parent,
        "parent_command_line": draw.filled(f"{program.parent} -k <word> -p" if program.is_system else program.parent),
        "current_working_directory": SYSTEM32 if program.is_system else "C:\\Users\\{user}\\",
        "company": program.company,
        "description": program.exe.partition(".")[0],
        "product": "Microsoft® Windows® Operating System" if program.company == MICROSOFT else program.company,
        "original_file_name": program.exe.upper(),
        "file_version": build,
        "integrity_level": level,
        "is_system": program.is_system,
        **_hashes(image + build),
    }


def _tail(draw: Draw, rank: int) -> str:
    """Return what ends a command line: in one template of six what is new each time, in two what is one of some."""
    match (rank + 1) % _UNIQUE_EVERY:
        case 0:
            return draw.choice(
                (" --session={guid}", " /tmp:C:\\Users\\{user}\\AppData\\Local\\Temp\\{hex}.tmp", " -{hex}")
            )
        case 2:
            return draw.choice((" --slot {few}", " /n:{few}", " {few}"))
        case _:
            return ""


def _hashes(content: str) -> Row:
    names = {"md5_hash": "md5", "sha1_hash": "sha1", "sha256_hash": "sha256"}
    hashes: Row = {name: hashlib.new(kind, content.encode()).hexdigest() for name, kind in names.items()}
    return hashes | {"imphash": hashlib.sha1(content.lower().encode(), usedforsecurity=False).hexdigest()[:32]}


def _images(draw: Draw) -> str:
    program = draw.random.choice(ORDINARY)
    return program.folder + program.exe


def file_templates(seed: int) -> list[Row]:
    """Return templates of files that are made."""
    draw = Draw(seed, "file")
    patterns = (
        "C:\\Users\\{user}\\AppData\\Local\\Temp\\{hex}.tmp", f"{PROFILE}<word>\\Cache\\f_{{few}}",
        "C:\\ProgramData\\<word>\\<word>.log", "C:\\Users\\{user}\\AppData\\Roaming\\<word>\\<word>.json", "<document>",
        "C:\\Windows\\Prefetch\\<word>.EXE-<hex>.pf", "C:\\Windows\\Temp\\<word>{few}.etl",
        f"{FILES}<word>\\<word>.dll",
        "C:\\Windows\\SoftwareDistribution\\Download\\<hex>\\<word>.cab", "C:\\build\\<word>\\classes\\<word>.class",
    )  # fmt: skip
    rows: list[Row] = []
    for _ in range(OTHER_TEMPLATES):
        path = draw.filled(draw.choice(patterns))
        rows.append({"image_path": _images(draw), "file_path": path, "extension": path.rpartition(".")[2]})
    return rows


def registry_templates(seed: int) -> list[Row]:
    """Return templates of values that are set in the registry."""
    draw = Draw(seed, "registry")
    patterns = (
        "HKLM\\SOFTWARE\\<word>\\<word>\\<word>", "HKU\\S-1-5-21-<number>-<number>-1107\\Software\\<word>\\<word>",
        "HKLM\\System\\CurrentControlSet\\Services\\<word>\\Parameters\\<word>",
        "HKU\\S-1-5-21-<number>-<number>-1107\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\<word>\\{few}",
        "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\<word>\\{hex}",
    )  # fmt: skip
    rows: list[Row] = []
    for _ in range(OTHER_TEMPLATES):
        kind = draw.choice(("DWORD (0x{hex})", "<word>", "Binary Data", "C:\\Program Files\\<word>\\<word>.exe"))
        key = draw.filled(draw.choice(patterns))
        hive = "HKEY_LOCAL_MACHINE" if key.startswith("HKLM") else "HKEY_USERS"
        rows.append({"image_path": _images(draw), "key": key, "new_content": draw.filled(kind), "hive": hive})
    return rows


def flow_templates(seed: int) -> list[Row]:
    """Return templates of connections: from a program, in or out, to a machine of the fleet or elsewhere."""
    draw = Draw(seed, "flow")
    rows: list[Row] = []
    for _ in range(OTHER_TEMPLATES):
        path = _images(draw)
        port = draw.random.choices((443, 80, 53, 88, 389, 445, 135, 3389, 8080), (60, 12, 8, 6, 5, 3, 3, 1, 2))[0]
        outside = port in (443, 80, 8080)
        numbers = [draw.random.randrange(1, 255) for _ in range(3)]
        rows.append({
            "image_path": path, "exe": path.rpartition("\\")[2], "dest_port": port,
            "dest_ip": f"{numbers[0]}.{numbers[1]}.{numbers[2]}.9" if outside else f"10.0.{numbers[0]}.{numbers[1]}",
            "dest_hostname": draw.filled("<word>"),
            "transport_protocol": "udp" if port == 53 else "tcp",  # noqa: PLR2004  # DNS
            "network_direction": "out" if draw.random.random() < 0.9 else "in",  # noqa: PLR2004  # nine of ten
        })  # fmt: skip
    return rows


def module_templates(seed: int) -> list[Row]:
    """Return templates of modules that programs load."""
    draw = Draw(seed, "module")
    rows: list[Row] = []
    for _ in range(OTHER_TEMPLATES):
        name = draw.filled(draw.choice(("<word>.dll", "<word>32.dll", "api-ms-win-<word>-l1-1-0.dll", "<word>.drv")))
        folder = draw.choice((SYSTEM32, SYSTEM32, SYSTEM32, f"{WINDOWS}SysWOW64\\", draw.filled(f"{FILES}<word>\\")))
        build = draw.choice(_BUILDS)
        rows.append({
            "image_path": _images(draw), "module_path": folder + name, "module_name": name, "file_version": build,
            "company": MICROSOFT, "signer": "Microsoft Windows", "description": name.partition(".")[0],
            "product": "Microsoft® Windows® Operating System", "original_file_name": name.upper(),
            "signature_valid": draw.random.random() < 0.97,  # noqa: PLR2004  # most modules are signed
            **_hashes(folder + name + build),
        })  # fmt: skip
    return rows
