"""The mapping files that ship with the package."""

from __future__ import annotations

from importlib.resources import files as package_files


def builtin_files() -> list[tuple[str, str]]:
    """Return the mapping files that ship with the package, each with its name and text."""
    folder = package_files("carlang.mapping") / "sensors"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return [(name, (folder / name).read_text("utf-8")) for name in names]
