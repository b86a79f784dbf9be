"""Drawn programs as text: statements one after another, each over the streams that those before it have made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from carlang.model.types import BOOLEAN, DURATION, INTEGER, STRING, TIME, Kind, Type
from tests.reference.chooser import Chooser
from tests.reference.drawn_conditions import condition
from tests.reference.drawn_events import COMMON, FIELDS, MODEL, Event
from tests.reference.drawn_orders import among, optional_parts, order, order_stage
from tests.reference.drawn_sequences import sequence
from tests.reference.drawn_shapes import (
    KINS,
    MOST_ROWS,
    Program,
    Shape,
    alike,
    drawn_keys,
    event_classes,
    fit,
    group_shape,
    identified,
    meet,
    pause,
    seeing,
    tree_shape,
)
from tests.reference.drawn_values import Values, is_text, quoted, single, span


def program(choose: Chooser, events: Sequence[Event]) -> tuple[str, dict[str, Any]]:
    """Return the text of a program over these events, and the values of its inputs."""
    sizes: dict[str, int] = {}
    for event in events:
        sizes[event["object"]] = sizes.get(event["object"], 0) + 1
    made = Program(choose, sizes)
    if choose.chance(10):
        return _chain(made), {}
    _search(made)
    if choose.chance(40):
        _search(made)
    for _ in range(choose.integer(1, 6)):
        choose.pick(_STATEMENTS)(made)
    made.lines.append(_outputs(made))
    return "\n".join(made.lines), made.params


def _outputs(made: Program) -> str:
    names = made.choose.some(list(made.streams)[::-1], 1, 4)
    word = made.choose.pick(("output", "return", "OUTPUT"))
    return f"{word} ({', '.join(names)})" if len(names) > 1 and made.choose.chance(30) else f"{word} {', '.join(names)}"


def _search(made: Program) -> None:
    written, shape = event_classes(made)
    if made.choose.chance(25):
        written += f" where ({condition(made.values(shape, aggregates=False), 2)})"
    made.bind(f"search {written}", shape)


def _filter(made: Program) -> None:
    source, shape = made.some() or ("", Shape({}, 0))
    name = made.fresh()
    test = condition(made.values(shape, made.choose.pick((source, name))), made.choose.integer(1, 4))
    form = made.choose.pick((f"{source} where ({test})", f"{source} where {test}", f"{source} ({test})"))
    made.bind(f"filter {form}", shape, name)


def _join(made: Program) -> None:
    choose = made.choose
    if choose.chance(35) and (one := made.some(lambda s: s.size**2 <= MOST_ROWS)):
        made.bind(one[0], one[1])
    parts: dict[str, Shape] = {}
    size = 1
    for _ in range(choose.integer(2, 3)):
        taken, bound = tuple(parts), size
        found = made.some(lambda s: bound * max(s.size, 1) <= MOST_ROWS and len(s.columns) < 60)  # noqa: B023  # used at once
        if found and found[0] not in taken:
            parts[found[0]] = found[1]
            size *= max(found[1].size, 1)
    if len(parts) < 2:
        return
    columns = {f"{name}.{c}": kind for name, shape in parts.items() for c, kind in shape.columns.items()}
    joined = Shape(columns, size)
    listed = optional_parts(made, parts) if choose.chance(40) else ", ".join(parts)
    test = _join_condition(made, parts, joined)
    made.bind(f"join ({listed})" if choose.chance(5) else f"join ({listed}) where ({test})", joined)


def _join_condition(made: Program, parts: Mapping[str, Shape], joined: Shape) -> str:
    choose = made.choose
    names = list(parts)
    tests = []
    for a, b in pairwise(names):
        pairs = [
            (x, y) for x in parts[a].columns for y in parts[b].columns if meet(parts[a].columns[x], parts[b].columns[y])
        ]
        same = [pair for pair in pairs if pair[0] == pair[1]]
        for x, y in choose.some(same if same and choose.chance(80) else pairs, 1, 2):
            tests.append(f"{a}.{x} {choose.pick(('==', '==', '==', '!=', '<'))} {b}.{y}")
        if parts[a].timed and parts[b].timed and choose.chance(60):
            tests.append(
                choose.pick(
                    (
                        f"{a}.time < {b}.time",
                        f"{a}.time <= {b}.time < {a}.time + {span(choose)}",
                        f"{b}.time - {a}.time <= {span(choose)}",
                        f"{a}.time - {span(choose)} <= {b}.time <= {a}.time",
                    )
                )
            )
    if not tests or choose.chance(25):
        tests.append(f"({condition(made.values(joined, aggregates=False), 2)})")
    return " and ".join(tests)


def _group(made: Program) -> None:
    found = made.some(lambda shape: any(single(kind) for kind in shape.columns.values()))
    if found is None:
        return
    source, shape = found
    second = made.some()
    if second and made.choose.chance(20) and fit(shape, second[1]):
        source = f"{source}, {second[0]}"
        shape = Shape({**second[1].columns, **shape.columns}, shape.size + second[1].size)
    shape = seeing(made.choose, shape)
    keys = drawn_keys(made, shape.columns)
    made.bind(*_grouped(made, f"group {source}", shape, keys))


def _grouped(made: Program, head: str, shape: Shape, keys: Sequence[str]) -> tuple[str, Shape]:
    """Return a group by keys, or by none at times, where something else stands behind it."""
    by = "" if shape.timed and made.choose.chance(8) else f" by {', '.join(keys)}"
    cut, result = _of_groups(made, shape, keys if by else ())
    return (f"{head}{by}{cut}", result) if by or cut else (f"{head} by {', '.join(keys)}", group_shape(shape, keys))


def _of_groups(made: Program, shape: Shape, keys: Sequence[str]) -> tuple[str, Shape]:
    """Return what stands behind the keys of a group, and what is known of the groups."""
    choose = made.choose
    cut = ""
    if shape.timed and choose.chance(65):
        prose = f"where(max time between two events is {span(choose)})"
        any_window = f"within any {pause(made)}"
        cut = choose.pick((f"within {pause(made)}", prose, any_window, any_window, f"every {_length(made)}"))
    result = group_shape(shape, keys, intervals=cut.startswith("every"))
    if not choose.chance(75 if cut.startswith("within any") else 25):
        return f" {cut}" if cut else "", result
    having = f"having ({condition(made.values(result), choose.integer(1, 2))})"
    words = [having, cut] if choose.chance(75) else [cut, having]
    return " ".join(("", *(word for word in words if word))), result


def _length(made: Program) -> str:
    """Return the length of intervals: some divide the day, some do not, and one is weeks."""
    return made.choose.pick(("1 second", "7 seconds", "1 hour", "1 day", "1 week", "3 weeks", "11 days", pause(made)))


def _select(made: Program) -> None:
    source, shape = made.some() or ("", Shape({}, 0))
    items, columns = _items(made, shape)
    size = 1 if "count()" in items[0] and shape.members is None else shape.size
    made.bind(f"from {source} select {', '.join(items)}", Shape(columns, size))


def _items(made: Program, shape: Shape) -> tuple[list[str], dict[str, Type]]:
    choose = made.choose
    columns: dict[str, Type] = {}
    items: list[str] = []
    aggregated = shape.members is not None or (choose.chance(35) and not shape.of_groups)
    if aggregated:
        whole = made.values(shape) if shape.members else Values(choose, shape.columns)
        if shape.members is not None:
            own = ("end", "count", "first_time", "last_time")
            columns |= {name: kind for name, kind in shape.columns.items() if name not in own}
        for number in range(choose.integer(1, 4)):
            written, kind = whole.aggregate() if number or shape.members else ("count()", INTEGER)
            items.append(f"{written} as a{number}")
            columns[f"a{number}"] = kind
        return items, columns
    for name in choose.some([n for n, kind in shape.columns.items() if "." not in n], 1, 4):
        items.append(name)
        columns[name] = shape.columns[name]
    seen = [n for n in seeing(choose, shape).columns if "process." in n and n not in shape.columns]
    for name in seen if "pid" in shape.columns else ():
        items.append(name)
        columns[name] = MODEL.field_types[name.rpartition(".")[2]]
    values = made.values(shape, aggregates=False)
    if not items or choose.chance(50):
        written, kind = _typed(values)
        items.append(f"{written} as e1")
        columns["e1"] = kind
    return items, columns


def _typed(values: Values) -> tuple[str, Type]:
    pick = values.choose.integer(0, 4)
    if pick == 0 and values.fields(lambda kind: kind.kind is Kind.TIME):
        return values.time(1), TIME
    if pick == 1:
        return f"length({values.text(2)})", INTEGER
    if pick == 2:
        return condition(values, 2).join("()"), BOOLEAN
    return f"concat({values.text(2)})", STRING


def _count_by(made: Program) -> None:
    found = made.some(lambda shape: shape.members is None and any(single(kind) for kind in shape.columns.values()))
    if found is None:
        return
    keys = [key for key in drawn_keys(made, found[1].columns) if key != "count"]
    if keys:
        columns = {key: found[1].columns[key] for key in keys}
        every = f" every {_length(made)}" if found[1].timed and made.choose.chance(30) else ""
        start = {"start": TIME} if every and "start" not in columns else {}
        counts = Shape({**columns, **start, "count": INTEGER}, found[1].size)
        made.bind(f"count({found[0]}) by {', '.join(keys)}{every}", counts)
    elif found[1].timed:
        made.bind(f"count({found[0]}) every {_length(made)}", Shape({"start": TIME, "count": INTEGER}, found[1].size))


def _unique(made: Program) -> None:
    found = made.some(lambda shape: any(single(k) and "." not in n for n, k in shape.columns.items()))
    if found:
        column = made.choose.pick([n for n, kind in found[1].columns.items() if single(kind) and "." not in n])
        made.bind(f"unique({found[0]}.{column})", Shape({column: found[1].columns[column]}, found[1].size))


def _set(made: Program) -> None:
    choose = made.choose
    left, right = made.some(), made.some()
    if left is None or right is None or not fit(left[1], right[1]):
        return
    if choose.chance(45):
        columns = {**left[1].columns, **right[1].columns}
        made.bind(f"{left[0]} + {right[0]}", Shape(columns, left[1].size + right[1].size))
        return
    shared = [n for n, kind in left[1].columns.items() if n in right[1].columns and single(kind)]
    if shared and choose.chance(60):
        keys = ", ".join(choose.some(shared, 1, 2))
        made.bind(f"{left[0]} - {right[0]} by {keys}", replace(left[1], members=None))
    elif any(is_text(left[1].columns[name]) and name != "source" for name in shared):
        made.bind(f"{left[0]} - {right[0]}", replace(left[1], members=None))


def _derive(made: Program) -> None:
    found = made.some(lambda shape: shape.members is None)
    if found is None:
        return
    source, shape = found
    written, kind = _typed(made.values(shape, source))
    column = made.choose.pick(("d1", "d2", *(n for n, k in shape.columns.items() if "." not in n and k == kind)))
    made.lines.append(f"{source}.{column} = {written}")
    made.streams[source] = replace(shape, columns={**shape.columns, column: kind}, members=None)


def _tree(made: Program) -> None:
    """Write the relatives of the processes that a stream's rows are of."""
    found = made.some(lambda shape: identified(shape.columns))
    starts = made.sizes.get("process", 0)
    if found and (starts or made.choose.chance(20)):
        made.bind(f"{made.choose.pick(KINS)} of {found[0]}", tree_shape(found[1], starts))


def _constant(made: Program) -> None:
    choose = made.choose
    name = f"k{len(made.constants)}"
    source = made.some(lambda shape: any(kind.is_number for kind in shape.columns.values()))
    if source and choose.chance(40):
        numbers = [n for n, k in source[1].columns.items() if k.is_number and k.kind is not Kind.FLOAT and "." not in n]
        if numbers:
            made.lines.append(f"{name} = {choose.pick(('max', 'min', 'sum'))}({source[0]}.{choose.pick(numbers)})")
            made.constants[name] = INTEGER
            _use(made, name, INTEGER)
        return
    if choose.chance(30):
        texts = ", ".join(Values(choose, {}).literal() for _ in range(choose.integer(1, 3)))
        made.lines.append(f"xs{len(made.lists)} = [{texts}]")
        made.lists.append(f"xs{len(made.lists)}")
    elif choose.chance(50):
        made.lines.append(f"{name} = {quoted(choose.pick(('cmd.exe', 'a', 'H1', 'ADMIN')))}")
        made.constants[name] = STRING
    else:
        made.lines.append(f"{name} = {choose.integer(0, 6)}")
        made.constants[name] = INTEGER


def _input(made: Program) -> None:
    choose = made.choose
    name = f"i{len(made.constants)}"
    word, kind, default, given = choose.pick(
        (
            ("integer", INTEGER, "3", choose.integer(0, 5)),
            ("integer", INTEGER, "3", str(choose.integer(0, 5))),
            ("text", STRING, '"H1"', choose.pick(("h1", "cmd.exe", "İ*"))),
            ("time", TIME, "now - 25 seconds", "2024-01-01T00:00:04Z"),
            ("duration", DURATION, "2 seconds", choose.pick(("3s", timedelta(seconds=1)))),
        )
    )
    written = f"input {name}: {word}"
    if choose.chance(60):
        written += f" = {default}"
    if "=" not in written or choose.chance(50):
        made.params[name] = given
    made.lines.append(written)
    made.constants[name] = kind
    _use(made, name, kind)


def _use(made: Program, name: str, kind: Type) -> None:
    """Filter some stream by a value of the program, where a field can be compared with it."""
    found = made.some(lambda shape: any(alike(kind, other) for other in shape.columns.values()))
    if found is None or made.choose.chance(25):
        return
    column = made.choose.pick([column for column, other in found[1].columns.items() if alike(kind, other)])
    operator = (
        made.choose.pick(("==", "!=", "<", ">=", "in")) if kind.is_string else made.choose.pick(("==", "<", ">="))
    )
    made.bind(f"filter {found[0]} where {column} {operator} {name}", found[1])


def _together(made: Program) -> None:
    choose = made.choose
    timed = [(name, shape) for name, shape in made.streams.items() if shape.timed and shape.members is None]
    if len(timed) == 1:
        made.bind(timed[0][0], timed[0][1])
        timed = [(name, shape) for name, shape in made.streams.items() if shape.timed and shape.members is None]
    if len(timed) < 2:
        return
    parts = choose.some(timed, 2, 3)
    first = parts[0][1].columns
    common = [n for n, k in first.items() if single(k) and all(s.columns.get(n) == k for _, s in parts)]
    liked = [name for name in common if name in ("hostname", "pid", "user")]
    by = f" by {', '.join(choose.some(liked or common, 1, 2))}" if common and choose.chance(75) else ""
    columns = {f"{name}.{c}": kind for name, shape in parts for c, kind in shape.columns.items()}
    listed = ", ".join(name for name, _ in parts)
    made.bind(f"together ({listed}){by} within {pause(made)}", Shape(columns, parts[-1][1].size))


def _pipe(made: Program) -> None:
    source, shape = made.some() or ("", Shape({}, 0))
    other = made.some()
    if other and other[0] != source and made.choose.chance(20) and shape.size * max(other[1].size, 1) <= MOST_ROWS:
        parts = {source: shape, other[0]: other[1]}
        shape = Shape({f"{n}.{c}": kind for n, s in parts.items() for c, kind in s.columns.items()}, MOST_ROWS)
        word = made.choose.pick(("", "", " optional"))
        source = f"{source} | join {other[0]}{word} where ({_join_condition(made, parts, shape)})"
    written, result = _stages(made, source, shape)
    made.bind(written, result)


def _chain(made: Program) -> str:
    if made.choose.chance(15):
        columns = {name: MODEL.field_types[name] for name in (*FIELDS["event"], *COMMON)}
        return condition(Values(made.choose, columns, aggregates=False), 3)
    written, shape = event_classes(made)
    return _stages(made, f"search {written}", shape)[0]


def _stages(made: Program, written: str, shape: Shape) -> tuple[str, Shape]:
    choose = made.choose
    for _ in range(choose.integer(1, 3)):
        form = choose.integer(0, 6)
        keyed = any(single(kind) for kind in shape.columns.values())
        if form == 1 and keyed:
            keys = drawn_keys(made, shape.columns)
            written, shape = _grouped(made, f"{written} | group", shape, keys)
        elif form == 2 and not any("." in name for name in shape.columns):
            items, columns = _items(made, shape)
            written += f" | select {', '.join(items)}"
            shape = Shape(columns, shape.size)
        elif form == 3 and keyed and shape.members is None and "count" not in shape.columns:
            keys = drawn_keys(made, shape.columns)
            written += f" | count by {', '.join(keys)}"
            shape = Shape({**{key: shape.columns[key] for key in keys}, "count": INTEGER}, shape.size)
        elif form == 6 and identified(shape.columns) and made.sizes.get("process"):
            written += f" | {choose.pick(KINS)}"
            shape = tree_shape(shape, made.sizes["process"])
        elif form == 4:
            stage, shape = order_stage(made, shape)
            written += f" | {stage}"
        else:
            written += f" | filter {condition(made.values(shape), 3)}"
    return written, shape


_STATEMENTS: tuple[Callable[[Program], None], ...] = (
    *(_filter, _filter, _filter, _join, _join, _group, _group, _select, _select, _count_by, _unique, _set, _set),
    *(order, order, among),
    *(_derive, _constant, _constant, _input, _input, sequence, sequence, _together, _together, _pipe, _search),
    *(_tree, _tree),
)
