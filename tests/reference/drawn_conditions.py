"""Drawn conditions as program text, of all kinds, well typed over the columns of a row."""

from __future__ import annotations

from collections.abc import Callable

from carlang.model.types import Kind
from tests.reference.drawn_events import ADDRESSES
from tests.reference.drawn_values import REGEXES, Values, is_text, quoted, single, span, time_literal

_BLOCKS = ("10.0.0.0/8", "10.0.0.0/31", "::ffff:0:0/96", "fe80::/10", "::/0", "0.0.0.0/0", "192.168.0.1", "::1")
_STARRED = ('"10.*"', '"*:*"', '"*1"')
_PIECES = ('"10."', '":"', '"*.0.*"')
_ORDERS = ("<", "<=", ">", ">=", "==", "!=", "<>", "=")


def condition(values: Values, depth: int) -> str:
    """Return a condition with `and`, `or` and `not` up to some levels deep."""
    choose = values.choose
    if depth <= 1 or choose.chance(35):
        return _leaf(values)
    form = choose.integer(0, 5)
    if form == 0:
        return f"not ({condition(values, depth - 1)})"
    if form == 5:
        parts = [condition(values, depth - 1) for _ in range(3)]
        return "(if ({}) then {} else {})".format(*parts)
    word = choose.pick(("and", "or", "AND"))
    pieces = [condition(values, depth - 1) for _ in range(choose.integer(2, 3))]
    return f" {word} ".join(f"({piece})" for piece in pieces)


def _leaf(values: Values) -> str:
    kinds: list[Callable[[Values], str]] = [_text, _text, _presence, _number]
    if values.fields(is_text):
        kinds.append(_any)
    if values.fields(lambda kind: kind.kind is Kind.TIME):
        kinds += [_time, _duration]
    if values.fields(lambda kind: kind.kind is Kind.IP):
        kinds += [_address, _address]
    if values.fields(lambda kind: kind.kind is Kind.BOOLEAN):
        kinds.append(_truth)
    if values.fields(lambda kind: kind.kind is Kind.LIST):
        kinds.append(_list)
    if values.aggregates:
        kinds.append(_aggregate)
    return values.choose.pick(kinds)(values)


def _text(values: Values) -> str:
    choose = values.choose
    subject = values.text(1)
    form = choose.integer(0, 13)
    match form:
        case 12 if values.lists:
            return f"{subject} {choose.pick(('in', 'not in', 'contains'))} {choose.pick(values.lists)}"
        case 13 if column := values.field(is_text):
            test = choose.pick(("contains", "startswith", "endswith", "matches"))
            pattern = quoted(choose.pick(REGEXES)) if test == "matches" else values.literal()
            return f"{column}.{test}({pattern})"
        case 0 | 1:
            return f"{subject} {choose.pick(('==', '!=', '<>', '='))} {values.literal()}"
        case 2:
            return f"{subject} {choose.pick(_ORDERS)} {values.text(0)}"
        case 3:
            return f"{subject} {choose.pick(('<', '<=', '>', '>='))} {values.literal(stars=False)}"
        case 4 | 5:
            return f"{subject} {choose.pick(('in', 'not in'))} [{_texts(values)}]"
        case 6:
            return f"{subject} {_test(values)} {values.literal()}"
        case 7:
            return f"{subject} {_test(values)} [{_texts(values)}]"
        case 8:
            return f"{subject} {_test(values)} {values.text(0)}"
        case 9:
            return f"{subject} {choose.pick(('match', 'not match', 'matches'))} {quoted(choose.pick(REGEXES))}"
        case 10:
            return f"{values.text(0)} {choose.pick(('in', 'not in'))} {subject}"
        case _:
            return f"{values.literal(stars=False)} {choose.pick(('==', '<', '!='))} {values.text(0)}"


def _any(values: Values) -> str:
    choose = values.choose
    parts = sorted({name.rpartition(".")[0] for name in values.fields(is_text)} - {""})
    any_ = f"{choose.pick(parts)}.any" if parts and choose.chance(50) else choose.pick(("any", "ANY"))
    return choose.pick(
        (
            f"{any_} {choose.pick(('==', '!='))} {values.literal()}",
            f"{any_} {choose.pick(('==', '!='))} {values.text(0)}",
            f"{any_} {choose.pick(('in', 'not in'))} [{_texts(values)}]",
            f"{any_} {_test(values)} {values.literal()}",
            f"{any_} {_test(values)} [{_texts(values)}]",
            f"{any_} {choose.pick(('match', 'not match'))} {quoted(choose.pick(REGEXES))}",
            f"{values.text(0)} {choose.pick(('in', 'not in'))} {any_}",
        )
    )


def _test(values: Values) -> str:
    return values.choose.pick(
        ("contains", "startswith", "endswith", "does not contain", "not startswith", "not endswith", "includes one of")
    )


def _texts(values: Values) -> str:
    choose = values.choose
    items = [values.literal() for _ in range(choose.integer(1, 3))]
    if choose.chance(15):
        items.append(values.text(0))
    return ", ".join(items)


def _presence(values: Values) -> str:
    subject = values.field(lambda _: True) or values.text(1)
    if values.choose.chance(25):
        subject = values.text(1)
    return f"{subject} {values.choose.pick(('exists', '== null', '!= null', 'not exists', 'does not exist'))}"


def _number(values: Values) -> str:
    choose = values.choose
    subject = values.number(2)
    number = choose.pick((str(choose.integer(0, 6)), "1.5", "-1", '"3"', str(choose.integer(0, 500)), "0.5"))
    match choose.integer(0, 6):
        case 0 | 1:
            return f"{subject} {choose.pick(_ORDERS)} {number}"
        case 5:
            return f"{subject} {choose.pick(('between', 'not between'))} -1 and {choose.integer(0, 6)}"
        case 6:
            return f"-{choose.integer(0, 6)} {choose.pick(_ORDERS)} -{values.number(0)}"
        case 2:
            return f"{subject} {choose.pick(_ORDERS)} {values.number(1)}"
        case 3:
            return f"{subject} {choose.pick(('in', 'not in'))} [{number}, {choose.integer(0, 6)}]"
        case _:
            return f"{choose.integer(0, 3)} {choose.pick(('<', '<='))} {subject} < {choose.integer(2, 9)}"


def _time(values: Values) -> str:
    choose = values.choose
    subject = values.time(1)
    if choose.chance(40):
        return f"{subject} {choose.pick(_ORDERS)} {time_literal(choose)}"
    if choose.chance(50):
        return f"{subject} {choose.pick(_ORDERS)} {values.time(1)}"
    return f"{values.time(0)} <= {subject} < {values.time(0)} + {span(choose)}"


def _duration(values: Values) -> str:
    choose = values.choose
    return f"{values.duration()} {choose.pick(_ORDERS)} {choose.pick((span(choose), values.duration(0)))}"


def _address(values: Values) -> str:
    choose = values.choose
    subject = values.named(choose.pick(values.fields(lambda kind: kind.kind is Kind.IP)))
    addresses = [a for a in ADDRESSES[:12] if "." in a or ":" in a][:11]
    one = quoted(choose.pick(addresses))
    match choose.integer(0, 7):
        case 0:
            return f"{subject} {choose.pick(('==', '!='))} {one}"
        case 1:
            return f"{subject} {choose.pick(('in', 'not in'))} {choose.pick(_BLOCKS)}"
        case 2:
            blocks = [choose.pick((quoted(block), block)) for block in choose.some(_BLOCKS, 1, 2)]
            return f"{subject} {choose.pick(('in', 'not in'))} [{', '.join([*blocks, one])}]"
        case 3:
            return f"{subject} {choose.pick(('<', '<=', '>', '>='))} {one}"
        case 4:
            return f"cidr_match({subject}, {', '.join(quoted(b) for b in choose.some(_BLOCKS, 1, 2))})"
        case 5:
            return f"{subject} {choose.pick(('==', '!=', 'in'))} {choose.pick(_STARRED)}"
        case 6:
            return f"{subject} {_test(values)} {choose.pick(_PIECES)}"
        case _:
            return f"{subject} == {values.named(choose.pick(values.fields(lambda kind: kind.kind is Kind.IP)))}"


def _truth(values: Values) -> str:
    subject = values.named(values.choose.pick(values.fields(lambda kind: kind.kind is Kind.BOOLEAN)))
    return values.choose.pick(
        (subject, f"not {subject}", f"{subject} == false", f"{subject} != true", f'{subject} == "True"')
    )


def _list(values: Values) -> str:
    choose = values.choose
    name = choose.pick(values.fields(lambda kind: kind.kind is Kind.LIST))
    item = values.columns[name].item
    if item is None or not is_text(item):
        return f"length({values.named(name)}) {choose.pick(_ORDERS)} {choose.integer(0, 3)}"
    text = values.literal(stars=False)
    return choose.pick((f"{values.named(name)} contains {text}", f"{text} in {values.named(name)}"))


def _aggregate(values: Values) -> str:
    written, kind = values.aggregate()
    choose = values.choose
    if kind.is_number:
        return f"{written} {choose.pick(_ORDERS)} {choose.integer(0, 4)}"
    if is_text(kind):
        return f"{written} {choose.pick(('==', '!='))} {values.literal()}"
    if kind.kind is Kind.TIME:
        return f"{written} {choose.pick(_ORDERS)} {time_literal(choose)}"
    return f"{written} exists" if single(kind) else f"length({written}) > {choose.integer(0, 2)}"
