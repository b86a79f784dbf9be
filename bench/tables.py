# ruff: noqa: INP001  # a folder of commands, not a package
"""What was measured, as tables of Markdown and as plots, and their place in a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

BEGIN, END = "<!-- measured -->", "<!-- end of what was measured -->"


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines over the same numbers, both axes logarithmic."""

    name: str
    title: str
    across: str
    upward: str
    lines: Mapping[str, Sequence[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of what one part measured, with what there is to say of it, and a plot of it."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    plot: Plot | None = field(default=None)

    def markdown(self, plots: str = "") -> str:
        """Return it as Markdown; `plots` is the folder in which its plot lies, seen from the page."""
        lines = [f"### {self.title}", ""]
        lines += [self.note, ""] if self.note else []
        lines += [_row(self.header), _row(["---", *("---:" for _ in self.header[1:])])]
        lines += [_row(row) for row in self.rows]
        if self.plot and plots:
            lines += ["", f"![{self.plot.title}]({plots}/{self.plot.name}.svg)"]
        return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def draw(plot: Plot, folder: Path) -> None:
    """Write a plot as SVG, the same bytes for the same numbers; needs matplotlib."""
    import matplotlib as mpl  # noqa: PLC0415  # only who writes the page has it
    from matplotlib.figure import Figure  # noqa: PLC0415

    mpl.rcParams["svg.hashsalt"] = plot.name
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, points in plot.lines.items():
        axes.plot([x for x, _ in points], [y for _, y in points], marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel=plot.across, ylabel=plot.upward, title=plot.title)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{plot.name}.svg", metadata={"Date": None})


def write_page(page: Path, said: str, tables: Sequence[Table]) -> None:
    """Put tables into a page, between its two marks, each with what is `said` of where and when it was measured.

    A table takes the place of the one with its title; others stay. Plots go into the folder of the page's name.
    """
    before, mark, rest = page.read_text("utf-8").partition(BEGIN)
    measured, end, after = rest.partition(END)
    if not mark or not end:
        raise SystemExit(f"{page} has no `{BEGIN}` and `{END}`; put them where the tables are to stand")
    sections = {text.partition("\n")[0]: text.strip() for text in re.split("^### ", measured, flags=re.MULTILINE)[1:]}
    folder = page.with_suffix("")
    for table in tables:
        if table.plot:
            draw(table.plot, folder)
        sections[table.title] = f"{table.markdown(folder.name).removeprefix('### ').strip()}\n\n{said.strip()}"
    text = "".join(f"\n### {section}\n" for section in sections.values())
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")
