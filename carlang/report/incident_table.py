"""What a run comes to, first on the screen: its incidents or groups, the heaviest first, a line or two each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from carlang.escapes import printable
from carlang.importers.attack import TACTICS
from carlang.levels import Level
from carlang.report.layout import fold
from carlang.report.screen import is_bounded
from carlang.results import Group, GroupBy, Hit, Incident, Triage, counted, second_text, shortened

MOST_INCIDENTS = 20
"""How many incidents a table shows: a screenful. JSON has all."""
_MOST_NAMES = 3
"""How many hosts, titles or fields a line names before it counts the others."""
_MOST_TEXT = 100
"""How many characters of what tells most of a hit are shown: they fold to two lines of a narrow terminal."""

LEVEL_STYLES = {
    Level.CRITICAL: "bold red",
    Level.HIGH: "red",
    Level.MEDIUM: "yellow",
    Level.LOW: "cyan",
    Level.INFORMATIONAL: "dim",
}


def print_summary(triage: Triage, console: Console, numbers: Sequence[int | None] = ()) -> None:
    """Print the groups of a run where it has some, else its incidents; `numbers` are those of outputs' first rows."""
    if triage.grouped_by is not None:
        _print_groups(triage.grouped_by, triage, console)
    elif triage.incidents:
        _print_incidents(triage.incidents, numbers, console)
    if triage.unranked:
        rows = counted(sum(triage.unranked.values()), "row")
        text = (
            f"{rows} of {counted(len(triage.unranked), 'output')} with too many to be ranked one by one left out above"
        )
        console.print(Text(text, style="dim"))
        console.print()


def _print_incidents(incidents: Sequence[Incident], numbers: Sequence[int | None], console: Console) -> None:
    rows = sum(incident.count for incident in incidents)
    heading = f"{counted(len(incidents), 'incident')}, the heaviest first ({counted(rows, 'hit')})"
    console.print(Text(heading, style="bold"))
    shown = [(incident, _number(incident.leading, numbers)) for incident in incidents[:MOST_INCIDENTS]]
    width = max(len(number) for _, number in shown)
    console.print(Text(f"{'#':>{width}}  weight  {'level':<13}  {'first':<19}  hosts", style="dim"), soft_wrap=True)
    for incident, number in shown:
        _print_incident(incident, number, width, console)
    if (more := len(incidents) - MOST_INCIDENTS) > 0:
        console.print(Text(f"{counted(more, 'more incident')} (`--format json` has all)", style="dim"))
    console.print()


def _number(hit: Hit, numbers: Sequence[int | None]) -> str:
    """Return the number of a row that a hit is of, under which `--show` has all of it."""
    at = min(((row.output, row.row) for occurrence in hit.occurrences for row in occurrence.rows), default=None)
    first = numbers[at[0]] if at is not None and at[0] < len(numbers) else None
    return "" if at is None or first is None else str(first + at[1])


def _print_incident(incident: Incident, number: str, width: int, console: Console) -> None:
    """Print an incident: how heavy, when and where on a line, what on those below it; all on one in a pipe."""
    head = Text.assemble(
        f"{number:>{width}}  {incident.weight.points:6.1f}  ",
        (f"{incident.level.text:<13}", LEVEL_STYLES[incident.level]),
        f"  {_moment(incident.first).plain:<19}  ",
    )
    texts = [_named(incident.hosts), _what(incident), *_others(incident)]
    if not is_bounded(console):
        console.print(Text("  ").join([head, *texts]), soft_wrap=True)
        return
    indent = " " * (width + 2)
    hosts, *below = [*_folded(texts[0], console.width - head.cell_len)] or [Text()]
    console.print(Text.assemble(head, hosts), soft_wrap=True)
    for line in below:
        console.print(Text.assemble(" " * head.cell_len, line), soft_wrap=True)
    for text in texts[1:]:
        for line in _folded(text, console.width - len(indent)):
            console.print(Text.assemble(indent, line), soft_wrap=True)


def _folded(text: Text, width: int) -> Iterator[Text]:
    """Yield a text in lines of a width, painted as it is."""
    begin = 0
    for line in fold(text.plain, max(width, 1)):
        yield text[begin : begin + len(line)]
        begin += len(line)


def _print_groups(by: GroupBy, triage: Triage, console: Console) -> None:
    grid = _grid(("weight", "level", "hits", "first, last", by.value))
    meanings = _meanings(by, triage)
    for group in triage.groups:
        hits = Text(f"{group.count:,}", justify="right")
        moments = [_moment(moment) for moment in dict.fromkeys((group.first, group.last))]
        between = Text("\n" if is_bounded(console) else "  ")
        names = between.join(_of_group(by, group, meanings))
        grid.add_row(*_head(group.weight, group.level), hits, between.join(moments), names)
    console.print(grid)
    console.print()


def _meanings(by: GroupBy, triage: Triage) -> Mapping[str, str]:
    """Return what the names of groups stand for, where these are ids."""
    match by:
        case GroupBy.TACTIC:
            return TACTICS
        case GroupBy.ANALYTIC:
            return {hit.analytic: hit.title for hit in triage.hits if hit.title}
        case GroupBy.HOST | GroupBy.USER | GroupBy.PROCESS:
            return {}
        case _:
            assert_never(by)


def _of_group(by: GroupBy, group: Group, meanings: Mapping[str, str]) -> list[Text]:
    """Return a group's name, where, and what: below one another, as beside it 80 cells have a letter for each."""
    texts = [Text(printable(group.name), "bold") if group.name is not None else Text("(none)", "dim")]
    if meaning := meanings.get(group.name or ""):
        texts.append(Text(printable(meaning)))
    if by is not GroupBy.HOST and group.hosts:
        texts.append(Text.assemble("on ", _named(group.hosts)))
    if group.techniques:
        texts.append(Text(_named(group.techniques, 2 * _MOST_NAMES).plain, "dim"))
    return texts


def _grid(headings: Sequence[str]) -> Table:
    grid = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    folding = {"hosts", "what", "user", "process", "analytic", "host", "tactic"}
    for heading in headings:
        grid.add_column(heading, overflow="fold", no_wrap=heading not in folding)
    return grid


def _head(points: float, level: Level) -> tuple[Text, Text]:
    return Text(f"{points:.1f}", justify="right"), Text(level.text, style=LEVEL_STYLES[level])


def _moment(moment: int | None) -> Text:
    """Return a time to the second: which of them came first is told by the order in JSON."""
    return Text(second_text(moment))


def _named(names: Sequence[str], most: int = _MOST_NAMES) -> Text:
    more = f" +{len(names) - most}" if len(names) > most else ""
    return Text(printable(", ".join(names[:most]) + more))


def _what(incident: Incident) -> Text:
    """Return what an incident is led by."""
    leading = incident.leading
    counts = f" x{leading.count}" if leading.count > 1 else ""
    return Text.assemble(
        (printable(leading.title or leading.analytic), "bold"), counts, f": {printable(told(leading))}"
    )


def _others(incident: Incident) -> list[Text]:
    """Return what happened beside the hit that leads an incident, if anything did."""
    others = [hit for hit in incident.hits if hit is not incident.leading]
    if not others:
        return []
    titles = dict.fromkeys(hit.title or hit.analytic for hit in others)
    named = "; ".join(list(titles)[:_MOST_NAMES])
    more = f" +{len(titles) - _MOST_NAMES}" if len(titles) > _MOST_NAMES else ""
    return [Text(f"with {counted(sum(hit.count for hit in others), 'hit')} more: {printable(named + more)}", "dim")]


_TOLD_BY = {"image_path": "exe", "file_name": "file_path"}


def told(hit: Hit, *, is_cut: bool = True) -> str:
    """Return what tells most of a hit: what started which command line, else the fields that tell what happened.

    A path and its last part are told once: of a program the name, of any other file the path. Where it is cut, it fits
    on a line or two.
    """
    fields = [
        f"{name} {value}"
        for name, value in hit.values.items()
        if name != "user" and _TOLD_BY.get(name, name) not in hit.values.keys() - {name}
    ]
    text = ", ".join(fields[:_MOST_NAMES] if is_cut else fields)
    if line := hit.values.get("command_line"):
        parent = hit.values.get("parent_exe")
        text = f"{parent} → {line.strip()}" if parent else line
    return shortened(text, _MOST_TEXT) if is_cut else text
