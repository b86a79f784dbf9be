"""What fits on one screen of a run: what was not seen first, then the heaviest incidents, their hosts and times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from carlang.diagnostics import Severity
from carlang.escapes import printable
from carlang.levels import Level
from carlang.report.incident_table import LEVEL_STYLES, told
from carlang.report.screen import Look, console_for
from carlang.report.streams import Stream
from carlang.report.view import View
from carlang.results import Incident, NoEvents, RunReport, counted, moment_text

_IN_A_PIPE = 10
"""How many incidents are shown where nobody says how high a screen is."""
_LEAST = 3
_BESIDE = 12
"""The lines of a screen that are not for incidents: what was read and not seen, headings, what was written, the prompt
and the command."""
_LINES = 2
"""The lines of an incident."""
_MOST_CLASSES = 3
_LEAST_TITLE = 12
"""Cells of a title that are left to it however many hits there are beside it."""
_HOST = 16
"""Cells for hosts: NetBIOS names have 15 letters, and of names in a domain the first label tells them apart."""
_MOST_TITLES = 12
"""How many titles of analytics that failed are tried on a line: more have room on none."""
_LEVEL = 10
"""Cells for levels with the blank behind; informational, the longest of their names, has more where it is shown."""
_BEFORE_WHAT = 7 + 18 + _HOST + 2
"""Cells before what happened, but for the level's."""


def write_overview(report: RunReport, stream: Stream, *, width: int | None = None) -> None:
    """Write what an analyst is to look at first, on as many lines as the terminal has.

    Nothing in it is broken to a second line: what does not fit is cut, and the report in another format has it all.
    """
    console = console_for(stream, Look(width))
    view = View.of(report)
    for line in _unseen(view, console.width):
        console.print(Text(_fitted(line, console.width), style="yellow"), soft_wrap=True)
    if view.failed:
        console.print(Text(_fitted(_failed(view, console.width), console.width), style="red"), soft_wrap=True)
    incidents = view.triage.incidents if view.triage else ()
    console.print(Text(_fitted(_heading(view, incidents), console.width), style="bold"), soft_wrap=True)
    if not incidents:
        return
    shown = incidents[: _how_many(console)]
    level = max(_LEVEL, *(len(incident.level.text) + 1 for incident in shown))
    head = f"{'weight':>6} {'level':<{level}}{'first':<18}{'host':<{_HOST + 2}}what"
    console.print(Text(_fitted(head, console.width), style="dim"), soft_wrap=True)
    for incident in shown:
        _print_incident(incident, console, level)
    if more := len(incidents) - len(shown):
        console.print(Text(counted(more, "lighter incident"), style="dim"), soft_wrap=True)


def _how_many(console: Console) -> int:
    if not console.is_terminal:
        return _IN_A_PIPE
    return max(_LEAST, (console.height - _BESIDE) // _LINES)


def _unseen(view: View, width: int) -> Iterator[str]:
    """Yield what could not be answered or was taken away: to be read before what was found."""
    if view.excluded_text:
        yield view.excluded_text
    if view.blind:
        lacking = Counter(
            f"{reason.object}/{reason.action}" if reason.action else reason.object
            for entry in view.blind
            for reason in entry.reasons
            if isinstance(reason, NoEvents)
        )
        blind = f"Blind: {_how_many_blind(view)}"
        longer = [f"{blind}: no {_named(lacking, most)}" for most in range(min(_MOST_CLASSES, len(lacking)), 0, -1)]
        yield next((line for line in longer if cell_len(line) <= width), blind)
    if partly := sum(len(outputs) for outputs in view.partly.values()):
        yield f"Partly blind: {counted(partly, 'output')} did not see every host: no hit there is no answer"


def _how_many_blind(view: View) -> str:
    """Return how many analytics could not run, and how many of those that ran could not with all of their outputs."""
    unanswered, answered = {entry.analytic for entry in view.blind}, {output.analytic for output in view.outputs}
    partly = len(unanswered & answered)
    in_part = f"{counted(partly, 'analytic')} could not run in part"
    if partly == len(unanswered):
        return in_part
    none = f"{counted(len(unanswered) - partly, 'analytic')} could not run"
    return f"{none}, {partly} in part" if partly else none


def _failed(view: View, width: int) -> str:
    """Return how many analytics failed, by which codes, and the titles of as many as a line has room for."""
    faults = [
        {each.code.name for each in entry.diagnostics if each.severity is Severity.ERROR} for entry in view.failed
    ]
    codes = Counter(code for each in faults for code in each)
    counts = f"Failed: {counted(view.tally.failed, 'analytic')}"
    head = f"{counts}, {_named(codes, _MOST_CLASSES)}" if codes else counts
    titles = list(dict.fromkeys(printable(entry.title or entry.analytic) for entry in view.failed))
    longer = [f"{head}: {_listed(titles, most)}" for most in range(min(_MOST_TITLES, len(titles)), 0, -1)]
    return next((line for line in longer if cell_len(line) <= width), longer[-1])


def _listed(names: Sequence[str], most: int) -> str:
    """Return the first of some names, and how many more there are."""
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join([*names[:most], *more])


def _named(counts: Counter[str], most: int) -> str:
    """Return the commonest of some names with their numbers, and how many more there are."""
    names = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return _listed([f"{name} ({count})" for name, count in names], most)


def _heading(view: View, incidents: Sequence[Incident]) -> str:
    tally = view.tally
    if not tally.rows:
        return f"Nothing found by {counted(tally.ran, 'analytic')} that ran"
    levels = Counter(incident.level for incident in incidents)
    said = ", ".join(f"{levels[level]} {level.text}" for level in sorted(Level, reverse=True) if levels[level])
    rows = f"{counted(tally.rows, 'row')} of {counted(tally.hits, 'analytic')}"
    return f"{counted(len(incidents), 'incident')}: {said} ({rows}; {tally.ran} ran)" if said else f"{rows}; not ranked"


def _print_incident(incident: Incident, console: Console, level: int) -> None:
    """Print an incident on two lines: what leads it, and the command line or the values that tell what happened.

    `level` is the number of cells for its level.
    """
    leading = incident.leading
    times = f" x{leading.count}" if leading.count > 1 else ""
    more = f" +{counted(others, 'hit')}" if (others := incident.count - leading.count) else ""
    title = leading.title or leading.analytic
    room = console.width - _BEFORE_WHAT - level
    what = _fitted(title, max(room - len(times + more), _LEAST_TITLE)) + times + more
    moment = (moment_text(incident.first) or "no time")[:16].replace("T", " ")
    line = Text.assemble(
        f"{incident.weight.points:6.1f} ",
        (f"{incident.level.text:<{level}}", LEVEL_STYLES[incident.level]),
        f"{moment:<18}",
        f"{_fitted(_hosts(incident.hosts), _HOST, filled=True)}  ",
        (_fitted(what, room), "bold"),
    )
    console.print(line, soft_wrap=True)
    indent = " " * 7
    # What leads is named first: the others may be dozens, and the earliest of them is seldom what the line is about.
    techniques = leading.techniques[:_MOST_CLASSES]
    further = len(incident.techniques) - len(techniques)
    named = f"{', '.join(techniques)}{f' +{further}' if further else ''}  " if techniques else ""
    console.print(
        Text(indent + _fitted(named + told(leading).strip(), console.width - len(indent)), style="dim"),
        soft_wrap=True,
    )


def _hosts(hosts: Sequence[str]) -> str:
    if not hosts:
        return "-"
    more = f" +{len(hosts) - 1}" if len(hosts) > 1 else ""
    return _fitted(hosts[0], _HOST - len(more)) + more


def _fitted(text: str, width: int, *, filled: bool = False) -> str:
    """Return a text cut to a width, harmless as it is shown; filled with blanks where that is wanted."""
    shown = printable(text)
    if cell_len(shown) > width:
        return set_cell_size(shown, width - 1).rstrip() + "…" if width > 0 else ""
    return set_cell_size(shown, width) if filled else shown
