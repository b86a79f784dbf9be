"""What a run comes to, first on the screen: its incidents or groups, the heaviest first, a line or two each."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from carlang.escapes import printable
from carlang.levels import Level
from carlang.results import Group, Hit, Incident, Triage, counted, moment_text

MOST_INCIDENTS = 20
"""How many incidents a table shows: a screenful. JSON has all."""
_MOST_NAMES = 3
_MOST_TEXT = 100

LEVEL_STYLES = {
    Level.CRITICAL: "bold red",
    Level.HIGH: "red",
    Level.MEDIUM: "yellow",
    Level.LOW: "cyan",
    Level.INFORMATIONAL: "dim",
}


def print_summary(triage: Triage, console: Console) -> None:
    """Print the groups of a run where it has some, else its incidents."""
    if triage.grouped_by is not None:
        _print_groups(triage.grouped_by.value, triage.groups, console)
    elif triage.incidents:
        _print_incidents(triage.incidents, console)
    if triage.unranked:
        rows = counted(sum(triage.unranked.values()), "row")
        text = (
            f"{rows} of {counted(len(triage.unranked), 'output')} with too many to be ranked one by one left out above"
        )
        console.print(Text(text, style="dim"))
        console.print()


def _print_incidents(incidents: Sequence[Incident], console: Console) -> None:
    rows = sum(incident.count for incident in incidents)
    heading = f"{counted(len(incidents), 'incident')}, the heaviest first ({counted(rows, 'hit')})"
    console.print(Text(heading, style="bold"))
    grid = _grid(("weight", "level", "first", "hosts", "what"))
    for incident in incidents[:MOST_INCIDENTS]:
        grid.add_row(
            *_head(incident.weight.points, incident.level),
            _moment(incident.first),
            _named(incident.hosts),
            _what(incident),
        )
    console.print(grid)
    if (more := len(incidents) - MOST_INCIDENTS) > 0:
        console.print(Text(f"{counted(more, 'more incident')} (`--format json` has all)", style="dim"))
    console.print()


def _print_groups(by: str, groups: Sequence[Group], console: Console) -> None:
    grid = _grid(("weight", "level", "hits", "first, last", by))
    for group in groups:
        hits = Text(f"{group.count:,}", justify="right")
        moments = [_moment(moment) for moment in dict.fromkeys((group.first, group.last))]
        grid.add_row(*_head(group.weight, group.level), hits, Text("\n").join(moments), _of_group(by, group))
    console.print(grid)
    console.print()


def _of_group(by: str, group: Group) -> Text:
    """Return a group's name, and below it where and what: beside it, 80 cells have a letter for each."""
    name = (printable(group.name), "bold") if group.name is not None else ("(none)", "dim")
    text = Text.assemble(name)
    if by != "host" and group.hosts:
        text.append("\non ").append_text(_named(group.hosts))
    if group.techniques:
        text.append("\n").append(_named(group.techniques, 2 * _MOST_NAMES).plain, style="dim")
    return text


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
    text = moment_text(moment) or ""
    return Text(text[:19].replace("T", " ") if text.endswith("Z") else text)


def _named(names: Sequence[str], most: int = _MOST_NAMES) -> Text:
    more = f" +{len(names) - most}" if len(names) > most else ""
    return Text(printable(", ".join(names[:most]) + more))


def _what(incident: Incident) -> Text:
    """Return what an incident is led by, in a line, and in another one what happened beside it."""
    leading = incident.leading
    counts = f" x{leading.count}" if leading.count > 1 else ""
    text = Text.assemble((printable(leading.title or leading.analytic), "bold"), counts, "\n", printable(told(leading)))
    others = [hit for hit in incident.hits if hit is not leading]
    if others:
        titles = dict.fromkeys(hit.title or hit.analytic for hit in others)
        named = "; ".join(list(titles)[:_MOST_NAMES]) + (
            f" +{len(titles) - _MOST_NAMES}" if len(titles) > _MOST_NAMES else ""
        )
        text.append(f"\nwith {counted(sum(hit.count for hit in others), 'hit')} more: {printable(named)}", style="dim")
    return text


def told(hit: Hit) -> str:
    """Return what tells most of a hit: the command line, else the fields that tell what happened."""
    fields = [f"{name} {value}" for name, value in hit.values.items() if name != "user"]
    text = hit.values.get("command_line") or ", ".join(fields[:_MOST_NAMES])
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"
